// Commands that wait at the same moment share a transaction: one BEGIN, one commit that the disk has to confirm, and one
// statement per table for the rows of all. A command never waits for company that may not come: the first finds a free lane
// and goes alone, those that come while it is under way go together. Whatever fails for one in the database fails for its
// group, and each is then run again in a transaction of its own.

import type { Database, Transaction } from "../db/pool.ts";
import type { Aggregate } from "./aggregate.ts";
import { isDatabaseAway } from "../db/failures.ts";
import { decide, type Job, type Outcome, type Read } from "./decide.ts";
import { selectAnswers } from "./idempotency.ts";
import { isCounted, movedLately } from "./moved-visits.ts";
import { Turns } from "./turns.ts";
import { writeAll } from "./write.ts";

/** Groups in flight at once. Two keep Postgres busy while this process decides; more only make smaller groups. */
const lanes = 2;
/**
 * So many must wait before they get a lane beside a busy one. With a lane for whoever comes, groups of 16 clients held 4
 * commands and a command cost 1.13 times the CPU; with two and four clients no more than one group is under way.
 */
export const worthALane = 4;
/** Commands in one group: a failure makes only so many run again. */
export const mostInGroup = 16;
/** A group that takes longer than this waits for somebody's lock; it keeps no lane, row or key from others then. */
export const slowMs = 25;

type Waiting = {
  readonly job: Job;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
};

/** Rows and keys of a group under way, which no other group takes up while it is not slow. */
type Running = { readonly taken: ReadonlySet<string>; slow: boolean };

export class CommandGroups {
  readonly #db: Database;
  readonly #mostRunning: number;
  readonly #turns = new Turns();
  #waiting: Waiting[] = [];
  readonly #running = new Set<Running>();
  #planned = false;

  /** @param mostRunning how many groups may be under way, slow ones included: the connections of the pool */
  constructor(db: Database, mostRunning: number) {
    this.#db = db;
    this.#mostRunning = mostRunning;
  }

  /**
   * Runs one attempt of a job.
   * @param alone in a transaction of its own, waiting for the command that holds its row
   * @throws Refusal, or what the database said
   */
  run(job: Job, alone: boolean): Promise<Outcome> {
    const { desk, request } = job;
    // They wait for each other in the database as well, where each would hold a connection meanwhile.
    if (alone && isCounted(desk, request)) return this.#turns.take(request.actor.id, () => this.#alone(job));
    if (alone) return this.#alone(job);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      this.#plan();
    });
  }

  async #alone(job: Job): Promise<Outcome> {
    const [settled] = await runTogether(this.#db, [job], job.request.skipLocked === undefined);
    if (settled === undefined) throw new Error("a group of one gave no outcome");
    return settled();
  }

  /** Requests that arrive in one turn of the event loop are in the queue before the first group is chosen. */
  #plan(): void {
    if (this.#planned || this.#waiting.length === 0 || !this.#hasLane()) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      while (this.#waiting.length > 0 && this.#hasLane()) {
        const { group, taken } = this.#takeGroup();
        if (group.length === 0) return;
        void this.#runGroup(group, taken);
      }
    });
  }

  #hasLane(): boolean {
    let quick = 0;
    for (const { slow } of this.#running) if (!slow) quick++;
    if (this.#running.size >= this.#mostRunning) return false;
    return quick === 0 || (quick < lanes && this.#waiting.length >= worthALane);
  }

  /** The next commands in their order, but no two of one row or of one key: the second must see what the first did. */
  #takeGroup(): { group: Waiting[]; taken: Set<string> } {
    const others = new Set<string>();
    for (const { slow, taken } of this.#running) if (!slow) for (const one of taken) others.add(one);
    const group: Waiting[] = [];
    const left: Waiting[] = [];
    const seen = new Set<string>();
    for (const one of this.#waiting) {
      const names = namesOf(one.job);
      const isFree = !names.some((name) => seen.has(name) || others.has(name));
      if (group.length < mostInGroup && isFree) group.push(one);
      else left.push(one);
      // Also of those left: a later command on their row must not come before them.
      for (const name of names) seen.add(name);
    }
    this.#waiting = left;
    return { group, taken: new Set(group.flatMap(({ job }) => namesOf(job))) };
  }

  async #runGroup(group: readonly Waiting[], taken: ReadonlySet<string>): Promise<void> {
    const running: Running = { taken, slow: false };
    this.#running.add(running);
    const timer = setTimeout(() => {
      running.slow = true;
      this.#plan();
    }, slowMs);
    try {
      const settled = await runTogether(
        this.#db,
        group.map(({ job }) => job),
        false,
      );
      group.forEach(({ resolve, reject }, i) => {
        try {
          const outcome = settled[i]?.();
          if (outcome) resolve(outcome);
        } catch (error) {
          reject(error);
        }
      });
    } catch (error) {
      const [only] = group;
      // With Postgres away nobody knows what became of the commit; each caller hears that and repeats with its key.
      if (group.length === 1 && only) only.reject(error);
      else if (isDatabaseAway(error)) for (const one of group) one.reject(error);
      else for (const one of group) one.resolve({ kind: "held" });
    } finally {
      clearTimeout(timer);
      this.#running.delete(running);
      this.#plan();
    }
  }
}

/** What two commands must not have in common to share a transaction: the key of the answer, the row, and what they claim. */
function namesOf({ key, handler, call }: Job): string[] {
  if (!call) return [key];
  const claimed = handler.claims?.(call) ?? [];
  return [key].concat(handler.on === "row" ? `${handler.aggregate.name} ${call.id}` : [], claimed);
}

/** What became of a job: its outcome, or the refusal it ends with. */
type Settled = () => Outcome;

/** @param wait whether to wait for rows that other commands hold */
async function runTogether(db: Database, jobs: readonly Job[], wait: boolean): Promise<Settled[]> {
  return db.transaction(async (tx) => {
    const reads = await readAll(tx, jobs, wait);
    const settled = jobs.map((job, i): Settled => {
      try {
        const outcome = decide(job, (reads[i] ?? missing)());
        return () => outcome;
      } catch (error) {
        return () => {
          throw error;
        };
      }
    });
    const all = settled.flatMap((one) => writtenOf(one) ?? []);
    if (all.length > 0) await Promise.all([...writeAll(tx, all), tx.commit()]);
    return settled;
  });
}

const missing = (): never => {
  throw new Error("nothing was read for a job");
};

function writtenOf(settled: Settled) {
  try {
    const outcome = settled();
    return outcome.kind === "written" ? outcome.written : null;
  } catch {
    return null;
  }
}

/**
 * The first flight: everything is queued before anything is awaited. Locks come first, so that whatever is read after them
 * is the state these commands will change; stored answers come last, behind any lock that a load takes, so that an equal
 * call which held it has its answer found.
 */
async function readAll(tx: Transaction, jobs: readonly Job[], wait: boolean): Promise<(() => Read)[]> {
  const moved = jobs.map(({ desk, request }) => (isCounted(desk, request) ? movedLately(tx, desk, request) : 0));
  const rows = lockRows(tx, jobs, wait);
  const standings = jobs.map(({ handler, call }) =>
    call && handler.on === "row" ? handler.aggregate.standing?.(tx, call.actor, call.id) : null,
  );
  const loads = jobs.map(({ handler, call }) => (call ? handler.load?.(tx, call) : undefined));
  const answers = selectAnswers(
    tx,
    jobs.map(({ key }) => key),
  );
  const [visits, rowOf, standing, loaded, stored] = await Promise.all([
    Promise.all(moved),
    rows,
    Promise.all(standings),
    Promise.allSettled(loads),
    answers,
  ]);
  return jobs.map((job, i) => () => {
    const load = loaded[i];
    const answer = stored.find(({ key }) => key === job.key) ?? null;
    if (load?.status === "rejected" && !answer) throw load.reason;
    return {
      row: rowOf(job),
      waited: wait,
      standing: standing[i],
      loaded: load?.status === "fulfilled" ? load.value : undefined,
      stored: answer,
      movedLately: visits[i] ?? 0,
    };
  });
}

/** Queues the locks, by one statement for the rows of one aggregate. @returns the row of each job that has one */
async function lockRows(tx: Transaction, jobs: readonly Job[], wait: boolean): Promise<(job: Job) => unknown> {
  const finding = jobs.flatMap((job) => {
    const { handler, call } = job;
    return handler.on === "upsert" && call ? [handler.find(tx, call).then((row) => [job, row] as const)] : [];
  });
  const idsOf = new Map<Aggregate, string[]>();
  for (const { handler, call } of jobs) {
    if (handler.on !== "row" || !call) continue;
    const ids = idsOf.get(handler.aggregate);
    if (ids) ids.push(call.id);
    else idsOf.set(handler.aggregate, [call.id]);
  }
  const lock = (aggregate: Aggregate, ids: string[]) =>
    wait ? tx.rows(aggregate.lock, ids) : aggregate.lockFree(tx, ids);
  const locked = await Promise.all(
    [...idsOf].map(async ([aggregate, ids]) => {
      const rows = await lock(aggregate, ids);
      return [aggregate, new Map(rows.map((row) => [aggregate.idOf(row), row]))] as const;
    }),
  );
  const rowsOf = new Map(locked);
  const found = new Map(await Promise.all(finding));
  return (job) => {
    const { handler, call } = job;
    if (handler.on === "upsert") return found.get(job) ?? null;
    return (handler.on === "row" && call && rowsOf.get(handler.aggregate)?.get(call.id)) || null;
  };
}
