// What lies behind each alert, in a few sections an operator can read at a glance. Reading alone.

import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import type { AlertCode } from "../../api/alert-list.ts";
import { codesOf, type Signal } from "../../contract/errors.ts";
import { lockHolders } from "../../db/lock-holders.ts";
import { serverConnections } from "../../db/server-connections.ts";
import type { Database } from "../../db/pool.ts";
import type { AuditFault } from "../../kernel/chain-faults.ts";
import { streamExpressions } from "../../nats/relay-state.ts";
import { PolicyUnreadable, readVersion, versionsInUse } from "../../kernel/policy-versions.ts";
import { clockDifference, clockOffset } from "../../process/database-clock.ts";
import { foldersOf, freePercent, type DiskUse } from "../../process/disk-space.ts";
import { endsLately, readPartEnds } from "../../process/part-ends.ts";
import { openStore } from "../../process/open-desk.ts";
import { rosterReasons } from "../../field/attention.ts";
import type { Settings } from "../../process/settings.ts";
import { messageOf } from "../../process/command-line.ts";
import { heardSince, stuckBefore, waitLimits } from "../../workforce/task-standing.ts";
import type { ApiAddress } from "./address.ts";
import { advice } from "./advice.ts";
import { ask, isAnswered } from "./ask.ts";
import { roomByDf, type Room } from "./ask-df.ts";
import { partLines, stackParts } from "./stack-parts.ts";
import { secretLines } from "./stack-secret.ts";
import * as sql from "./statements.ts";

export type Section = {
  readonly title: string;
  /** What stands behind the title in place of the number of rows. */
  readonly note?: string;
  readonly rows: readonly object[];
  /** Whether it is not there; the note says why. */
  readonly failed?: boolean;
};

export type Reading = {
  /** Not connected where Postgres is away: for parts that ask it alone. */
  readonly db: Database;
  readonly settings: Settings;
  readonly now: Date;
  readonly address: ApiAddress;
};

type Found = Pick<Section, "note" | "rows">;

/** One section: its title is there also when it cannot be read. */
export type Part = {
  readonly title: (settings: Settings) => string;
  readonly read: (reading: Reading) => Promise<Found>;
  /** Whether Postgres must be up for it. */
  readonly asksPostgres: boolean;
};

const part = (title: Part["title"] | string, read: Part["read"], asksPostgres = true): Part => ({
  title: typeof title === "string" ? () => title : title,
  read,
  asksPostgres,
});

const outside = (title: string, read: Part["read"]): Part => part(title, read, false);

/** So many rows fit on a screen; the worst come first. */
const most = 20;
const hourMs = 3_600_000;
const minuteMs = 60_000;
const storeWithinMs = 2_000;
const apiWithinMs = 2_500;

const ago = ({ now }: Reading, ms: number): string => new Date(now.getTime() - ms).toISOString();

const stuckTickets = part(
  ({ alertStuckMinutes }) => `tickets in scheduling without a move for ${alertStuckMinutes} minutes, the longest first`,
  async (reading) => ({
    rows: await reading.db.rows(sql.selectStuck, [
      ago(reading, reading.settings.alertStuckMinutes * minuteMs),
      reading.now.toISOString(),
      most,
    ]),
  }),
);

const waitingTickets = part(
  "scheduled tickets without a technician, by why the last look sent nobody",
  async ({ db, now }) => ({ rows: await db.rows(sql.selectWaiting, [now.toISOString()]) }),
);

const missedVisits = part("promised visits at which nobody has arrived, the longest first", async ({ db, now }) => ({
  rows: await db.rows(sql.selectMissed, [now.toISOString(), most]),
}));

const unstaffedVisits = part("promised visits for which the roster has nobody, the next first", async ({ db }) => ({
  rows: await db.rows(sql.selectUnstaffed, [[...rosterReasons], most]),
}));

const workers = part("workers", async ({ db }) => ({ rows: await db.rows(sql.selectWorkers) }));

const pauses = part("paused scopes", async ({ db }) => ({ rows: await db.rows(sql.selectPauses) }));

const refusals = (signal: Signal): Part =>
  part("refused in the last hour, the most frequent first", async (reading) => ({
    rows: await reading.db.rows(sql.selectRejections, [ago(reading, hourMs), codesOf(signal), most]),
  }));

const transactions = part(
  "transactions on the whole server that have run for more than five seconds",
  async ({ db }) => {
    const rows = await db.rows(sql.selectTransactions, [most]);
    const unseen = (await db.row(sql.countUnseen))?.sessions ?? 0;
    if (unseen === 0) return { rows };
    return { note: `${rows.length}, and ${unseen} sessions of others, which this login may not see into`, rows };
  },
);

/** What waits for them goes on when --end-transaction PID ends the transaction. */
export const lockHolding = part(
  "who holds locks that others wait for, or a whole table (pnpm dispatch:alerts --end-transaction PID ends one)",
  async ({ db }) => ({ rows: (await lockHolders(db, most)).map(({ transaction: _its, ...holder }) => holder) }),
);

const lockWaits = part("who waits for locks, the longest first", async ({ db }) => ({
  rows: await db.rows(sql.selectLockWaits, [most]),
}));

const heldBack = part("events held back", async ({ db, now }) => {
  const row = await db.row(sql.selectHeldBack, [now.toISOString()]);
  return { note: `${row?.events ?? 0}, the oldest for ${row?.seconds ?? 0} s`, rows: [] };
});

const webhooks = part("webhooks", async ({ db, now }) => ({
  rows: await db.rows(sql.selectWebhooks, [now.toISOString(), most]),
}));

const nats = part("events for NATS", async ({ db, now, settings }) =>
  settings.natsUrl === null
    ? { note: "none is set: DISPATCH_NATS_URL is empty here", rows: [] }
    : { rows: await db.rows(sql.selectNatsRelay, [now.toISOString(), streamExpressions]) },
);

const stuckTasks = part(
  `desk tasks that wait for longer than they may (${waitLimits.join(", ")} minutes by priority), the most urgent first`,
  async ({ db, now }) => {
    const at = now.toISOString();
    return { rows: await db.rows(sql.selectStuckTasks, [...stuckBefore(at), at, most]) };
  },
);

const openTasks = part("desk tasks by state", async ({ db, now }) => ({
  rows: await db.rows(sql.countTasks, [now.toISOString()]),
}));

const agents = part("agents, those that are missed first", async ({ db, now }) => ({
  rows: await db.rows(sql.selectAgents, [heardSince(now.toISOString()), most]),
}));

const deafRooms = part("rooms in error, the first first", async ({ db }) => ({
  rows: await db.rows(sql.selectDeafRooms, [most]),
}));

const lostPushes = part("pushes that were given up, the last first", async ({ db }) => ({
  rows: await db.rows(sql.selectLostPushes, [most]),
}));

const connections = part("connections to this database by use", async ({ db }) => ({
  rows: await db.rows(sql.selectConnections),
}));

const ofTheServer = part("connections of the whole server", async ({ db, settings }) => {
  const server = await serverConnections(db);
  return {
    note: `${server.used} of ${server.most} for logins without reserved ones; the alert fires at ${settings.alertConnections} %`,
    rows: [],
  };
});

/** One that hangs comes first: nothing can be written there either. */
const diskRow = (use: DiskUse, folder: string, room: Room | "hangs") =>
  room === "hangs"
    ? { use, free_percent: null, trouble: "its mount does not answer", folder }
    : {
        use,
        free_percent: freePercent(room),
        free_mb: Math.floor(room.free / 1024 ** 2),
        size_mb: Math.floor(room.size / 1024 ** 2),
        folder,
      };

const disks: Part = {
  title: ({ alertDiskFree }) =>
    `disks of this machine, the fullest first; the alert fires below ${alertDiskFree} % free`,
  read: async ({ settings }) => {
    const asked = foldersOf(settings).flat();
    const found = await Promise.all(
      asked.map(async ([use, folder]) => ({ use, folder, room: await roomByDf(folder) })),
    );
    const rows = found.flatMap(({ use, folder, room }) => (room === null ? [] : [diskRow(use, folder, room)]));
    return { rows: rows.toSorted((one, other) => (one.free_percent ?? -1) - (other.free_percent ?? -1)) };
  },
  asksPostgres: false,
};

/** In whole seconds, with the way it is off. */
const offBy = (seconds: number): string => {
  const whole = Math.round(Math.abs(seconds));
  return whole === 0 ? "none" : `${whole} s ${seconds > 0 ? "ahead" : "behind"}`;
};

const clocks = part(
  "clocks, compared with Postgres's (on the machine that is wrong: timedatectl set-ntp true, or chronyc makestep)",
  async ({ db, address: { url } }) => {
    const here = await clockOffset(db);
    const [asked, begun] = [Date.now(), performance.now()];
    const reply = await ask(`${url}/health`, apiWithinMs);
    const there = isAnswered(reply) ? Date.parse(String(reply.body["now"])) : NaN;
    const isTold = !Number.isNaN(there);
    const api = isTold && here - clockDifference({ asked, tookMs: performance.now() - begun, there });
    return {
      rows: [
        { whose: "this terminal's machine", off_by: offBy(here), now: new Date(asked).toISOString() },
        {
          whose: `the API at ${url}`,
          off_by: api === false ? "it does not say" : offBy(api),
          now: isTold ? new Date(there).toISOString() : null,
        },
      ],
    };
  },
);

const objectStore = outside("object store", async ({ settings }) => {
  const inFiles = settings.objectStoreEndpoint === null;
  const where = inFiles ? filesOf(settings) : `${settings.objectStoreEndpoint} bucket ${settings.objectStoreBucket}`;
  const found = await (inFiles ? lookAtFiles(settings) : lookAtServer(settings)).catch((error: unknown) =>
    messageOf(error),
  );
  return { note: `${found}, ${where}`, rows: [] };
});

const stack = outside("the stack's processes, as its own file and the system tell", async ({ settings }) => {
  const parts = await stackParts(settings);
  if (parts === null) return { note: `no stack runs from ${settings.dataDir}`, rows: [] };
  return { note: "", rows: partLines(parts).map((line) => ({ line })) };
});

const restarts = outside("ends of the stack's parts in the last hour, the newest first", async ({ settings, now }) => {
  const parts = await readPartEnds(settings.dataDir);
  if (parts.length === 0) return { note: `no stack runs from ${settings.dataDir}`, rows: [] };
  const ends = parts.flatMap(({ part: name, ends: all }) =>
    endsLately(all, now).map((end) => ({ part: name, ...end })),
  );
  const rows = ends.toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at)).slice(0, most);
  return { note: String(ends.length), rows };
});

const api = outside("the API", async ({ settings, address: { url, from } }) => {
  const [reply, parts] = await Promise.all([ask(`${url}/health`, apiWithinMs), stackParts(settings)]);
  const said = isAnswered(reply) ? `answers ${reply.status}` : advice(url, reply, parts);
  return { note: `${said} (${url}, from ${from})`, rows: [] };
});

const tokenSecret = outside("token secret of the stack", async ({ settings }) => {
  const lines = await secretLines(settings);
  if (lines.length > 0) return { rows: lines.map((line) => ({ line })) };
  const isThere = (await stackParts(settings)) !== null;
  return { note: isThere ? "not changed in the last hour" : `no stack runs from ${settings.dataDir}`, rows: [] };
});

const filesOf = (settings: Settings): string => join(settings.dataDir, "objects");

/** Opening the file store would create a missing folder, and so hide that the evidence is gone. */
async function lookAtFiles(settings: Settings): Promise<string> {
  if ((await roomByDf(filesOf(settings))) === "hangs") return "its mount does not answer";
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

const auditFaults = (source: AuditFault["source"]): Part =>
  part(
    source === "history"
      ? "chains and rows that are not what their history says, as it was found"
      : "what is not as a checkpoint says, as it was found",
    async ({ db }) => ({ rows: await db.rows(sql.selectAuditFaults, [source, most]) }),
  );

const auditWatch = part("how far the workers have looked through the audit trail", async ({ db, now }) => ({
  rows: await db.rows(sql.selectAuditWatch, [now.toISOString()]),
}));

const logCheckpoints = part("the newest checkpoints of the log, and who has got them", async ({ db }) => ({
  rows: await db.rows(sql.selectLogCheckpoints, [most]),
}));

const policyVersions = part(
  "versions of the policy in use, as the release in this terminal reads them",
  async ({ db }) => {
    const rows = (await versionsInUse(db)).map(async ({ version, open_tickets, newest }) => {
      const why = await readVersion(db, version).then(
        () => "nothing",
        (error: unknown) => {
          if (error instanceof PolicyUnreadable) return error.message;
          throw error;
        },
      );
      return { version, newest, open_tickets, wrong: why };
    });
    return { rows: await Promise.all(rows) };
  },
);

const locks = [lockHolding, lockWaits];

/** By alert: what to read, in this order. */
export const explanations: Readonly<Record<AlertCode, readonly Part[]>> = {
  STUCK_SCHEDULING: [stuckTickets, waitingTickets, pauses, workers],
  COMPLETION_REJECTION_SPIKE: [refusals("completion_rejection")],
  IDEMPOTENCY_CONFLICT_SPIKE: [refusals("idempotency_conflict")],
  AUTH_POLICY_FAILURE_SPIKE: [refusals("auth_policy_rejection"), tokenSecret],
  INTAKE_DUPLICATE_SPIKE: [refusals("duplicate_intake")],
  VISIT_MISSED: [missedVisits, pauses, workers],
  NOBODY_CAN_GO: [unstaffedVisits],
  WORKER_SILENT: [workers, stack, waitingTickets, ...locks],
  OUTBOX_STUCK: [heldBack, transactions],
  OUTBOX_DEAD_LETTERS: [webhooks],
  WEBHOOKS_BEHIND: [webhooks, workers],
  NATS_BEHIND: [nats, heldBack, workers],
  DISK_LOW: [disks],
  CONNECTIONS_HIGH: [ofTheServer, connections, transactions],
  CLOCK_WRONG: [clocks],
  OBJECT_STORE_UNAVAILABLE: [objectStore],
  AUDIT_BROKEN: [auditFaults("checkpoint")],
  AUDIT_CHAIN_BROKEN: [auditFaults("history"), auditWatch],
  AUDIT_UNVERIFIED: [auditWatch, workers],
  LOG_LATE: [logCheckpoints, workers],
  POLICY_UNREADABLE: [policyVersions],
  PART_RESTARTED: [restarts, stack],
  TASKS_STUCK: [stuckTasks, agents, openTasks, workers],
  AGENTS_SILENT: [agents, openTasks, workers],
  ROOMS_DEAF: [deafRooms, lostPushes, agents, workers],
  API_DOWN: [api, stack, connections, workers],
  DATABASE_UNAVAILABLE: [stack, connections, ...locks, transactions],
  DATABASE_LOCKED: [...locks, transactions],
  ALERTS_BLIND: [api, stack, connections, ...locks, transactions],
  ASSIGNMENT_WAITING: [waitingTickets, workers, stack, pauses],
  COMMAND_ERRORS_BURN: [connections, ...locks, transactions, objectStore],
  COMMAND_LATENCY_BURN: [connections, ...locks, transactions],
  ASSIGNMENT_LATENCY_BURN: [waitingTickets, workers, pauses],
};

/** Of these Postgres itself may be the trouble, so it is looked at from outside first. */
export const looksAtPostgres: ReadonlySet<AlertCode> = new Set([
  "DATABASE_UNAVAILABLE",
  "DATABASE_LOCKED",
  "ALERTS_BLIND",
  "API_DOWN",
  "COMMAND_ERRORS_BURN",
  "COMMAND_LATENCY_BURN",
]);
