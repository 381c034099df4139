// Goes through the log from its first leaf, round after round, a page a tick: an event that is not what a leaf knows, and a row of the log
// that is not what was written, raise AUDIT_BROKEN. Where rows that nothing changes were changed, by the server's own count, a round
// begins at once and takes no pauses.

import { statement } from "../db/statement.ts";
import { recordFaults, sortFaults } from "../kernel/audit-faults.ts";
import type { AuditFault } from "../kernel/chain-faults.ts";
import type { LogKey } from "../transparency/log-key.ts";
import { readHead } from "../transparency/log-rows.ts";
import { forkIn, knowsMore } from "../transparency/store-witness.ts";
import { walkFrom, walkPage, type Walk } from "../transparency/verify-log.ts";
import type { Duty } from "./duty.ts";
import type { LogParts } from "./write-log.ts";

/** Of one tick: some 20 ms of Postgres's time. */
const leavesAtOnce = 2_000;
/** From one round's beginning to the next. */
const roundEveryMs = 60_000;
const foundBy = "log watch";
const mostInLog = 10;

const countChanges = statement<{ changes: number }>(
  "log_watch_changes",
  `SELECT coalesce(sum(pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid)), 0)::bigint AS changes
   FROM unnest(ARRAY['audit_events', 'log_origins', 'log_leaves', 'log_nodes', 'log_checkpoints']::regclass[]) AS c (oid)`,
);

export function watchLog({ desk, log }: LogParts, key: LogKey | null): Duty {
  const { db, store } = desk;
  const publicKeys = key?.publicKeys ?? [];
  let walk: Walk | null = null;
  let begunAt = -Infinity;
  let changes: number | null = null;
  let hurried = false;

  async function note(faults: readonly AuditFault[]): Promise<void> {
    const { open } = await sortFaults(db, faults);
    if ((await recordFaults(db, open, foundBy)) > 0)
      log.error({ found_by: foundBy, faults: open.slice(0, mostInLog), count: open.length }, "worker.audit_broken");
  }

  /** Whether there was a change since the last look. */
  async function isChanged(): Promise<boolean> {
    const counted = (await db.row(countChanges))?.changes ?? 0;
    const before = changes;
    changes = counted;
    return before !== null && counted > before;
  }

  return {
    name: "log watch",
    async round(stopping) {
      const now = desk.clock.now().getTime();
      if (await isChanged()) [walk, hurried] = [null, true];
      if (walk === null) {
        if (!hurried && Math.abs(now - begunAt) < roundEveryMs) return { more: false };
        walk = walkFrom((await readHead(db)).log);
        begunAt = now;
      }
      const page = await walkPage(db, walk, leavesAtOnce, publicKeys);
      await note(page.faults);
      if (!page.isDone) {
        walk = page.walk;
        return { more: hurried && !stopping() };
      }
      [walk, hurried] = [null, false];
      const { newest } = await readHead(db);
      if (newest) {
        const forks = [await forkIn(store, newest), await knowsMore(store, newest)];
        if ((await readHead(db)).newest?.number === newest.number) await note(forks.filter((fault) => fault !== null));
      }
      return { more: false };
    },
  };
}
