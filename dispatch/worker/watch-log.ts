// Goes through all logs from their first leaf, round after round, some pages a tick: an event that is not what a leaf knows, and a row of
// a log that is not what was written, raise AUDIT_BROKEN. The newest pages are looked at every half minute, however long a round takes.
// Where rows that nothing changes were changed, by the server's own count, a round begins at once and takes no pauses.

import { statement } from "../db/statement.ts";
import { recordFaults, sortFaults } from "../kernel/audit-faults.ts";
import type { AuditFault } from "../kernel/chain-faults.ts";
import type { LogKey } from "../transparency/log-key.ts";
import { readHead, type LogHead, type StoredCheckpoint } from "../transparency/log-rows.ts";
import { forkIn, knowsMore, signaturesTakenOff } from "../transparency/store-witness.ts";
import { allLogs, walkBehind, walkFrom, walkPage, type Walk, type WalkedPage } from "../transparency/verify-log.ts";
import type { Duty } from "./duty.ts";
import type { LogParts } from "./write-log.ts";

/** A page: some 20 ms of Postgres's time. */
const leavesAtOnce = 2_000;
const pagesATick = 5;
/** From one round's beginning to the next: with the tick behind it, less than a minute. */
const roundEveryMs = 45_000;
const newestEveryMs = 30_000;
const foundBy = "log watch";
const mostInLog = 10;

// A reset of the count is one that somebody asked for, or a crash of the server.
const countChanges = statement<{ changes: string }>(
  "log_watch_changes",
  `SELECT coalesce(sum(pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid)), 0)::text || ' since '
          || coalesce((SELECT stats_reset::text FROM pg_stat_database WHERE datname = current_database()), '') AS changes
   FROM unnest(ARRAY['audit_events', 'log_origins', 'log_leaves', 'log_nodes', 'log_checkpoints']::regclass[]) AS c (oid)`,
);

type Newest = { readonly log: number; readonly number: number };
const isBefore = (one: Newest, other: Newest): boolean =>
  one.log < other.log || (one.log === other.log && one.number < other.number);
const newestIn = ({ log, newest }: LogHead): Newest => ({ log, number: newest?.number ?? 0 });

export function watchLog({ desk, log }: LogParts, key: LogKey | null): Duty {
  const { db, store } = desk;
  const publicKeys = key?.publicKeys ?? [];
  /** The round under way, and the pages of its log so far. */
  let walk: Walk | null = null;
  let pages: Walk[] = [];
  let begunAt = -Infinity;
  let hurried = false;
  /** Where the last two pages of the newest log begin, as a round found them. */
  let newestPages: readonly Walk[] = [];
  let newestAt = -Infinity;
  /** By their logs, of this round: the store is asked at its end, so that a look at the database does without it. */
  const lastUnsigned = new Map<number, StoredCheckpoint>();
  let changes: string | null = null;
  let newest: Newest | null = null;

  async function note(faults: readonly AuditFault[]): Promise<void> {
    const { open } = await sortFaults(db, faults);
    if ((await recordFaults(db, open, foundBy)) > 0)
      log.error({ found_by: foundBy, faults: open.slice(0, mostInLog), count: open.length }, "worker.audit_broken");
  }

  async function look(from: Walk): Promise<WalkedPage> {
    const page = await walkPage(db, from, leavesAtOnce, publicKeys);
    await note(page.faults);
    if (page.lastUnsigned) lastUnsigned.set(from.log, page.lastUnsigned);
    return page;
  }

  /** Whether there was a change since the last look, or the log ends before where it ended then. */
  async function isChanged(): Promise<boolean> {
    const [counted, head] = await Promise.all([db.row(countChanges), readHead(db).then(newestIn)]);
    const before = { changes, newest };
    [changes, newest] = [counted?.changes ?? "", head];
    return (
      (before.changes !== null && before.changes !== changes) ||
      (before.newest !== null && isBefore(head, before.newest))
    );
  }

  /** What the object store has of the newest checkpoint and of those without a signature, and whether it knows one behind the newest. */
  async function lookAtStore(): Promise<void> {
    for (const last of lastUnsigned.values()) {
      const fork = await signaturesTakenOff(store, last);
      if (fork) await note([fork]);
    }
    const { newest: held } = await readHead(db);
    if (!held) return;
    const forks = [await forkIn(store, held), await knowsMore(store, held)];
    if ((await readHead(db)).newest?.number === held.number) await note(forks.filter((fault) => fault !== null));
  }

  async function lookAtNewest(first: Walk): Promise<void> {
    const looked = [first];
    for (let page = await look(first); !page.isDone; page = await look(page.walk)) looked.push(page.walk);
    newestPages = looked.slice(-2);
    await lookAtStore();
  }

  /** A page of the round. @returns whether it was the last of the last log */
  async function lookOn(from: Walk): Promise<boolean> {
    const page = await look(from);
    pages = [...pages, from].slice(-2);
    const following = page.isDone ? (await allLogs(db)).find((one) => one.log > from.log) : undefined;
    if (following) pages = [];
    walk = !page.isDone ? page.walk : following ? walkBehind(page.walk, following.log) : null;
    return walk === null;
  }

  return {
    name: "log watch",
    async round(stopping) {
      const now = desk.clock.now().getTime();
      if (await isChanged()) [walk, hurried, newestPages] = [null, true, []];
      const [first] = newestPages;
      if (first && first.log === newest?.log && !hurried && Math.abs(now - newestAt) >= newestEveryMs) {
        newestAt = now;
        await lookAtNewest(first);
      }
      if (walk === null) {
        if (!hurried && Math.abs(now - begunAt) < roundEveryMs) return { more: false };
        const [oldest] = await allLogs(db);
        if (!oldest) return { more: false };
        [walk, pages, begunAt] = [walkFrom(oldest.log), [], now];
        lastUnsigned.clear();
      }
      for (let page = 0; walk !== null && page < pagesATick && !stopping(); page++) {
        if (!(await lookOn(walk))) continue;
        [hurried, newestPages, newestAt] = [false, pages, now];
        await lookAtStore();
      }
      return { more: hurried && !stopping() };
    },
  };
}
