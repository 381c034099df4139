// What the duties of a worker find of an edit, and how long it takes them: they watch a copy of the desk before it and behind it, and
// their clock goes on from tick to tick.

import { cp, rm } from "node:fs/promises";
import { pino } from "pino";
import { countOpenFaults } from "../../dispatch/kernel/audit-faults.ts";
import type { AuditFault } from "../../dispatch/kernel/chain-faults.ts";
import { openDesk } from "../../dispatch/process/open-desk.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import type { LogKey } from "../../dispatch/transparency/log-key.ts";
import type { Duty } from "../../dispatch/worker/duty.ts";
import { Lane } from "../../dispatch/worker/lane.ts";
import { Trouble } from "../../dispatch/worker/trouble.ts";
import { watchAudit } from "../../dispatch/worker/watch-audit.ts";
import { watchLog } from "../../dispatch/worker/watch-log.ts";
import { writeCheckpoints } from "../../dispatch/worker/write-checkpoints.ts";
import { tellStore, writeLog } from "../../dispatch/worker/write-log.ts";
import { withClient } from "../bench/seed.ts";
import { openStoreIn } from "./desk.ts";

/** Under which an edit is made. */
export type Circumstances = {
  /** False: the server was told not to count what is changed. */
  readonly counted: boolean;
  /** Nothing happened on the desk for an hour. */
  readonly quiet: boolean;
  /** Ticks between the first look and the edit: where in their rounds the duties are. */
  readonly ticksBefore: number;
};

export type Watched = {
  readonly faults: readonly AuditFault[];
  /** The alerts that fire. */
  readonly alerts: readonly string[];
  /** From the edit, which comes right behind a tick, to the tick that knew what it had to; null: none did. */
  readonly seconds: number | null;
};

export type Watching = {
  readonly url: string;
  readonly folder: string;
  readonly storeFolder: string;
  readonly key: LogKey;
};

/** The product's own; and the longest that is waited for. */
const tickMs = 5_000;
const ticksAtMost = 72;

/**
 * Has the duties watch the database, `edit` it, and lets time pass until `isFound`.
 * @throws what `edit` throws
 */
export async function watched(
  { url, folder, storeFolder, key }: Watching,
  { quiet, ticksBefore }: Circumstances,
  edit: () => Promise<unknown>,
  isFound: (faults: readonly AuditFault[]) => boolean,
): Promise<Watched> {
  await using ends = new AsyncDisposableStack();
  const ownStore = `${storeFolder}-${new URL(url).pathname.slice(1)}`;
  ends.defer(() => rm(ownStore, { recursive: true, force: true }));
  await cp(storeFolder, ownStore, { recursive: true });
  let now = Date.now() + (quiet ? 3_600_000 : 0);
  const clock = { now: () => new Date(now) };
  const opened = await openDesk({
    settings: readSettings({
      DISPATCH_DATABASE_URL: url,
      DISPATCH_DATA_DIR: folder,
      DISPATCH_LOG_KEY_FILE: "",
      DISPATCH_DB_POOL_MAX: "4",
    }),
    clock,
    log: { info: () => undefined, warn: () => undefined },
    applicationName: "dispatch-tampering",
    apiUrl: () => "",
  });
  ends.defer(opened.close);
  const store = await openStoreIn(ownStore);
  ends.defer(() => store.close());
  const desk = { ...opened.desk, store };
  const totals = { cycles: 0, dispatches: 0, errors: 0 };
  const log = pino({ level: "silent" });
  const trouble = new Trouble(log, totals);
  const parts = { desk, log, totals, random: Math.random, run: () => Promise.reject(new Error("no command is given")) };
  const lanes = [
    watchAudit(parts),
    writeCheckpoints(parts),
    watchLog(parts, key),
    tellStore(parts),
    writeLog(parts, key, () => undefined),
  ].map((duty: Duty) => new Lane(duty, trouble));
  ends.defer(async () => void (await Promise.all(lanes.map((lane) => lane.stop()))));
  const tick = async (): Promise<void> => {
    now += tickMs;
    await Promise.all(lanes.map((lane) => lane.wake()));
  };

  for (let n = 0; n <= ticksBefore; n++) await tick();
  await edit();
  let faults: readonly AuditFault[] = [];
  let ticks = 0;
  for (; ticks < ticksAtMost && !isFound(faults); ticks++) {
    await tick();
    faults = await openFaults(url);
  }
  const { history, checkpoint } = await countOpenFaults(desk.db);
  return {
    faults,
    alerts: [...(checkpoint > 0 ? ["AUDIT_BROKEN"] : []), ...(history > 0 ? ["AUDIT_CHAIN_BROKEN"] : [])],
    seconds: isFound(faults) ? (ticks * tickMs) / 1_000 : null,
  };
}

const openFaults = (url: string): Promise<readonly AuditFault[]> =>
  withClient(url, async (client) => {
    const { rows } = await client.query<AuditFault>(
      `SELECT aggregate, chain, seq, kind, detail, source FROM audit_faults
       WHERE resolved_at IS NULL AND (mended_at IS NULL OR source = 'checkpoint') ORDER BY id`,
    );
    return rows;
  });
