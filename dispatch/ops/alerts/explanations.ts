// What lies behind each alert, in a few sections an operator can read at a glance. Reading alone.

import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import type { AlertCode } from "../../api/alert-list.ts";
import { codesOf, type Signal } from "../../contract/errors.ts";
import { lockHolders } from "../../db/lock-holders.ts";
import { serverConnections } from "../../db/server-connections.ts";
import type { Database } from "../../db/pool.ts";
import type { AuditFault } from "../../kernel/chain-faults.ts";
import { diskSpace, freePercent } from "../../process/disk-space.ts";
import { openStore } from "../../process/open-desk.ts";
import { rosterReasons } from "../../field/attention.ts";
import type { Settings } from "../../process/settings.ts";
import { messageOf } from "../../process/command-line.ts";
import * as sql from "./statements.ts";

export type Section = {
  readonly title: string;
  /** What stands behind the title in place of the number of rows. */
  readonly note?: string;
  readonly rows: readonly object[];
};

export type Reading = { readonly db: Database; readonly settings: Settings; readonly now: Date };

type Part = (reading: Reading) => Promise<Section>;

/** So many rows fit on a screen; the worst come first. */
const most = 20;
const hourMs = 3_600_000;
const minuteMs = 60_000;
const storeWithinMs = 5_000;

const ago = ({ now }: Reading, ms: number): string => new Date(now.getTime() - ms).toISOString();

const stuckTickets: Part = async (reading) => ({
  title: `tickets in scheduling without a move for ${reading.settings.alertStuckMinutes} minutes, the longest first`,
  rows: await reading.db.rows(sql.selectStuck, [
    ago(reading, reading.settings.alertStuckMinutes * minuteMs),
    reading.now.toISOString(),
    most,
  ]),
});

const waitingTickets: Part = async (reading) => ({
  title: "scheduled tickets without a technician, by why the last look sent nobody",
  rows: await reading.db.rows(sql.selectWaiting, [reading.now.toISOString()]),
});

const missedVisits: Part = async (reading) => ({
  title: "promised visits at which nobody has arrived, the longest first",
  rows: await reading.db.rows(sql.selectMissed, [reading.now.toISOString(), most]),
});

const unstaffedVisits: Part = async (reading) => ({
  title: "promised visits for which the roster has nobody, the next first",
  rows: await reading.db.rows(sql.selectUnstaffed, [[...rosterReasons], most]),
});

const workers: Part = async (reading) => ({ title: "workers", rows: await reading.db.rows(sql.selectWorkers) });

const pauses: Part = async (reading) => ({ title: "paused scopes", rows: await reading.db.rows(sql.selectPauses) });

const refusals =
  (signal: Signal): Part =>
  async (reading) => ({
    title: "refused in the last hour, the most frequent first",
    rows: await reading.db.rows(sql.selectRejections, [ago(reading, hourMs), codesOf(signal), most]),
  });

const transactions: Part = async (reading) => ({
  title: "transactions on the whole server that have run for more than five seconds",
  rows: await reading.db.rows(sql.selectTransactions, [most]),
});

const lockHolding: Part = async (reading) => ({
  title:
    "who holds locks: what waits for them goes on when `pnpm dispatch:alerts --end-transaction PID` ends the transaction",
  rows: await lockHolders(reading.db, most),
});

const lockWaits: Part = async (reading) => ({
  title: "who waits for locks, the longest first",
  rows: await reading.db.rows(sql.selectLockWaits, [most]),
});

const heldBack: Part = async (reading) => {
  const row = await reading.db.row(sql.selectHeldBack, [reading.now.toISOString()]);
  return { title: "events held back", note: `${row?.events ?? 0}, the oldest for ${row?.seconds ?? 0} s`, rows: [] };
};

const webhooks: Part = async (reading) => ({
  title: "webhooks",
  rows: await reading.db.rows(sql.selectWebhooks, [reading.now.toISOString(), most]),
});

const connections: Part = async (reading) => ({
  title: "connections to this database by use",
  rows: await reading.db.rows(sql.selectConnections),
});

const ofTheServer: Part = async ({ db, settings }) => {
  const server = await serverConnections(db);
  return {
    title: "connections of the whole server",
    note: `${server.used} of ${server.most} for logins without reserved ones; the alert fires at ${settings.alertConnections} %`,
    rows: [],
  };
};

const disks: Part = async ({ settings }) => ({
  title: `disks of this machine, the fullest first; the alert fires below ${settings.alertDiskFree} % free`,
  rows: (await diskSpace(settings))
    .toSorted((one, other) => freePercent(one) - freePercent(other))
    .map((disk) => ({
      use: disk.use,
      free_percent: freePercent(disk),
      free_mb: Math.floor(disk.free / 1024 ** 2),
      size_mb: Math.floor(disk.size / 1024 ** 2),
      folder: disk.folder,
    })),
});

const objectStore: Part = async ({ settings }) => {
  const inFiles = settings.objectStoreEndpoint === null;
  const where = inFiles ? filesOf(settings) : `${settings.objectStoreEndpoint} bucket ${settings.objectStoreBucket}`;
  const found = await (inFiles ? lookAtFiles(settings) : lookAtServer(settings)).catch((error: unknown) =>
    messageOf(error),
  );
  return { title: "object store", note: `${found}, ${where}`, rows: [] };
};

const filesOf = (settings: Settings): string => join(settings.dataDir, "objects");

/** Opening the file store would create a missing folder, and so hide that the evidence is gone. */
async function lookAtFiles(settings: Settings): Promise<string> {
  await access(filesOf(settings), constants.R_OK | constants.W_OK);
  return "ok";
}

async function lookAtServer(settings: Settings): Promise<string> {
  const { store } = await openStore(settings, () => "");
  try {
    await store.check(AbortSignal.timeout(storeWithinMs));
    return "ok";
  } finally {
    await store.close();
  }
}

const auditFaults =
  (source: AuditFault["source"]): Part =>
  async ({ db }) => ({
    title:
      source === "history"
        ? "chains and rows that are not what their history says, as it was found"
        : "what is not as a checkpoint says, as it was found",
    rows: await db.rows(sql.selectAuditFaults, [source, most]),
  });

const auditWatch: Part = async (reading) => ({
  title: "how far the workers have looked through the audit trail",
  rows: await reading.db.rows(sql.selectAuditWatch, [reading.now.toISOString()]),
});

const together =
  (...parts: readonly Part[]) =>
  async (reading: Reading): Promise<Section[]> => {
    const sections: Section[] = [];
    for (const part of parts) sections.push(await part(reading));
    return sections;
  };

/** By alert: what to read, in this order. */
export const explanations: Readonly<Record<AlertCode, (reading: Reading) => Promise<Section[]>>> = {
  STUCK_SCHEDULING: together(stuckTickets, waitingTickets, pauses, workers),
  COMPLETION_REJECTION_SPIKE: together(refusals("completion_rejection")),
  IDEMPOTENCY_CONFLICT_SPIKE: together(refusals("idempotency_conflict")),
  AUTH_POLICY_FAILURE_SPIKE: together(refusals("auth_policy_rejection")),
  INTAKE_DUPLICATE_SPIKE: together(refusals("duplicate_intake")),
  VISIT_MISSED: together(missedVisits, pauses, workers),
  NOBODY_CAN_GO: together(unstaffedVisits),
  WORKER_SILENT: together(workers, waitingTickets),
  OUTBOX_STUCK: together(heldBack, transactions),
  OUTBOX_DEAD_LETTERS: together(webhooks),
  WEBHOOKS_BEHIND: together(webhooks, workers),
  DISK_LOW: together(disks),
  CONNECTIONS_HIGH: together(ofTheServer, connections, transactions),
  OBJECT_STORE_UNAVAILABLE: together(objectStore),
  AUDIT_BROKEN: together(auditFaults("checkpoint")),
  AUDIT_CHAIN_BROKEN: together(auditFaults("history"), auditWatch),
  AUDIT_UNVERIFIED: together(auditWatch, workers),
  API_DOWN: together(connections, workers),
  DATABASE_UNAVAILABLE: together(connections, lockHolding, lockWaits, transactions),
  DATABASE_LOCKED: together(lockHolding, lockWaits, transactions),
  ALERTS_BLIND: together(connections, lockHolding, lockWaits, transactions),
  ASSIGNMENT_WAITING: together(waitingTickets, workers, pauses),
  COMMAND_ERRORS_BURN: together(connections, lockHolding, lockWaits, transactions, objectStore),
  COMMAND_LATENCY_BURN: together(connections, lockHolding, lockWaits, transactions),
  ASSIGNMENT_LATENCY_BURN: together(waitingTickets, workers, pauses),
};
