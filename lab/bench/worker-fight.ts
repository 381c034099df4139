// Workers and API clients fight over the same tickets and technicians while workers are killed at moments drawn by a seeded
// generator. When all have come to rest, it is counted what was done and what must not be.

import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import type { TechnicianId } from "../../dispatch/contract/ids.ts";
import { startApiProcess, type ApiProcess } from "./api-process.ts";
import { chance } from "./chance.ts";
import { round } from "./measure.ts";
import {
  addStuckBacklog,
  countUntried,
  DeskClient,
  makeFightDesk,
  makeTicket,
  withClient,
  type Answer,
  type FightDesk,
  type Window,
} from "./worker-desk.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";
import { assignmentReceipts, findViolations, type Violations } from "./worker-proof.ts";

export type FightOptions = {
  readonly serverUrl: string;
  readonly dataDir: string;
  readonly seconds: number;
  readonly seed: number;
  readonly tickets: number;
  readonly technicians: number;
  readonly workers: number;
  readonly apis: number;
  readonly clients: number;
  /** Tickets that nobody can do, due for trying when the fight begins. */
  readonly backlog: number;
  readonly say: (line: string) => void;
};

export type FightReport = {
  readonly backlog: number;
  /** How long the workers took to look at all of it once and put it aside, before the fight. */
  readonly backlog_looked_at_seconds: number;
  readonly seconds: number;
  readonly assignments: number;
  readonly assignments_by_workers: number;
  readonly assignments_per_second: number;
  readonly moves: number;
  readonly transfers: number;
  readonly crew_changes: number;
  /** Helpers that were given back because they left. */
  readonly helpers_lost: number;
  readonly commands: number;
  readonly refused: number;
  readonly server_errors: number;
  readonly kills: number;
  readonly settle_seconds: number;
  readonly receipts_missing: number;
  readonly violations: Violations;
};

/** Longer than a dead worker's claims last. */
const settleWithinMs = 150_000;
const killEveryMs = { least: 1_000, most: 4_000 };

/** @throws CommandFailure when a process does not start */
export async function fight(options: FightOptions): Promise<FightReport> {
  const { serverUrl, dataDir, say } = options;
  const desk = await makeFightDesk(serverUrl, options);
  const { databaseUrl } = desk;
  if (options.backlog > 0) {
    say(`making ${options.backlog} tickets that nobody can do…`);
    await addStuckBacklog(desk, options.backlog);
  }
  await using ends = new AsyncDisposableStack();
  const apis = await Promise.all(Array.from({ length: options.apis }, () => startApi(databaseUrl, dataDir)));
  for (const api of apis) ends.defer(api.stop);
  const clients = Array.from({ length: options.clients }, (_, n) => new DeskClient(apis[n % apis.length]?.url ?? ""));
  for (const client of clients) ends.defer(() => client.close());

  say(`making ${options.tickets} tickets…`);
  const ticketIds = await makeTickets(clients, options.tickets);
  const start = () => startWorkerProcess({ databaseUrl, dataDir, settings: { DISPATCH_DB_POOL_MAX: "4" } });
  const workers = Array.from({ length: options.workers }, start);
  ends.defer(async () => void (await Promise.all(workers.map((worker) => worker.kill()))));
  await Promise.all(workers.map(({ works }) => works));

  return await withClient(databaseUrl, async (owner) => {
    const lookedAt = await untilStuck(owner, databaseUrl, options);
    say(`fighting for ${options.seconds} s…`);
    const since = await now(owner);
    const begun = performance.now();
    const over = () => performance.now() - begun >= options.seconds * 1000;
    const [kills, ...deeds] = await Promise.all([
      killAtRandom(workers, start, chance(options.seed), over),
      ...clients.map((client, n) => meddle(client, desk, ticketIds, chance(options.seed + 1 + n), over)),
    ]);
    const seconds = (performance.now() - begun) / 1000;
    const done = await countDone(owner, since);
    say("waiting until all have come to rest…");
    const settled = await settle(owner, ticketIds);
    say("proving…");
    const receipts = await assignmentReceipts(owner);
    const violations = await findViolations(owner, databaseUrl, ticketIds);
    violations.story.forEach(say);
    return {
      backlog: options.backlog,
      backlog_looked_at_seconds: round(lookedAt, 1),
      seconds: round(seconds, 1),
      ...done,
      assignments_per_second: round(done.assignments / seconds, 1),
      commands: sum(deeds.map((one) => one.commands)),
      refused: sum(deeds.map((one) => one.refused)),
      server_errors: sum(deeds.map((one) => one.serverErrors)),
      kills,
      settle_seconds: round(settled, 1),
      receipts_missing: await countMissing(clients, receipts),
      violations: violations.counts,
    };
  });
}

/** Waits until all of the backlog was looked at once; from then on it is stuck, and only its weight can slow the rest down. */
async function untilStuck(owner: pg.Client, databaseUrl: string, { backlog, say }: FightOptions): Promise<number> {
  if (backlog === 0) return 0;
  say("waiting until the workers have put the backlog aside…");
  const begun = performance.now();
  while ((await countUntried(databaseUrl)) > 0) await delay(500);
  const seconds = (performance.now() - begun) / 1000;
  // What the server would do by itself within minutes.
  await owner.query("VACUUM (ANALYZE) tickets");
  return seconds;
}

export const startApi = (databaseUrl: string, dataDir: string): Promise<ApiProcess> =>
  startApiProcess({
    DISPATCH_DATABASE_URL: databaseUrl,
    DISPATCH_DATA_DIR: dataDir,
    DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
    DISPATCH_DB_POOL_MAX: "8",
  });

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const now = async (owner: pg.Client): Promise<Date> =>
  (await owner.query<{ at: Date }>("SELECT clock_timestamp() AS at")).rows[0]?.at ?? new Date();

/** One of a list, drawn. */
function drawn<T>(things: readonly T[], next: () => number): T {
  const thing = things[Math.floor(next() * things.length)];
  if (thing === undefined) throw new Error("there is nothing to draw from");
  return thing;
}

async function makeTickets(clients: readonly DeskClient[], count: number): Promise<string[]> {
  const priorities = ["EMERGENCY", "URGENT", "ROUTINE"] as const;
  const made = await Promise.all(
    clients.map(async (client, first) => {
      const ids: string[] = [];
      for (let n = first; n < count; n += clients.length)
        ids.push(await makeTicket(client, priorities[n % 3] ?? "ROUTINE"));
      return ids;
    }),
  );
  return made.flat();
}

/** @returns how many were killed */
async function killAtRandom(
  workers: WorkerProcess[],
  start: () => WorkerProcess,
  next: () => number,
  over: () => boolean,
): Promise<number> {
  for (let kills = 0; ; kills++) {
    await delay(killEveryMs.least + next() * (killEveryMs.most - killEveryMs.least));
    if (over()) return kills;
    const at = Math.floor(next() * workers.length);
    await workers[at]?.kill();
    workers[at] = start();
  }
}

type Deeds = { commands: number; refused: number; serverErrors: number };

/**
 * A dispatcher in a hurry: schedules, moves, sends, replaces, takes back, hands over and books, one alone or with others, without
 * looking who else does.
 */
async function meddle(
  client: DeskClient,
  { windows, techIds }: FightDesk,
  ticketIds: readonly string[],
  next: () => number,
  over: () => boolean,
): Promise<Deeds> {
  const deeds: Deeds = { commands: 0, refused: 0, serverErrors: 0 };
  const said = async (answer: Promise<Answer>): Promise<boolean> => {
    const { status } = await answer;
    deeds.commands++;
    if (status >= 500) deeds.serverErrors++;
    else if (status >= 400) deeds.refused++;
    return status < 300;
  };
  const schedule = async (id: string, window: Window) =>
    (await said(client.command("schedule.propose", id, { options: [window] }))) &&
    said(client.command("schedule.confirm", id, window));
  const why = { reason_code: "capacity", note: "Another job takes longer" } as const;
  /** Of somebody who leaves whatever they have not begun is given back, and whatever they help with is one short. */
  const leaveAndComeBack = async (tech_id: TechnicianId) => {
    await said(client.command("roster.upsert", "", { tech_id, active: false }));
    await said(client.command("roster.upsert", "", { tech_id, active: true }));
  };
  const replace = (id: string, tech_id: TechnicianId) =>
    said(client.command("assignment.override", id, { override_type: "reassign_tech", tech_id, ...why }));
  /** Somebody is sent and comes, a helper with them, and a colleague takes over; then all is to be done another day. */
  const work = async (id: string, [techId, helper, successor]: readonly TechnicianId[]) => {
    if (!techId || !helper || !successor) return;
    await replace(id, techId);
    if (!(await said(client.command("tech.check_in", id, { timestamp: new Date().toISOString() })))) return;
    await said(client.command("assignment.crew", id, { add: [helper] }));
    await said(client.command("assignment.transfer", id, { tech_id: successor, reason: why.note }));
    if (await said(client.command("tech.hold", id, { reason_code: "parts" })))
      await said(client.command("ticket.return_visit", id, {}));
  };
  while (!over()) {
    const id = drawn(ticketIds, next);
    const techId = drawn(techIds, next);
    const choice = next();
    if (choice < 0.25) await schedule(id, drawn(windows, next));
    else if (choice < 0.32) await said(client.command("assignment.dispatch", id, { tech_id: techId }));
    else if (choice < 0.5) await said(client.command("assignment.unassign", id, why));
    else if (choice < 0.57) await replace(id, techId);
    else if (choice < 0.67)
      await said(client.command("schedule.move", id, { ...drawn(windows, next), reason: why.note }));
    else if (choice < 0.77) await said(client.command("assignment.crew", id, { add: [techId], reason: why.note }));
    else if (choice < 0.79) await said(client.command("assignment.crew", id, { remove: [techId], reason: why.note }));
    else if (choice < 0.8) await leaveAndComeBack(techId);
    else if (choice < 0.84) await work(id, [techId, drawn(techIds, next), drawn(techIds, next)]);
    else if (choice < 0.88)
      await said(
        client.command("schedule.book", id, {
          tech_id: techId,
          earliest: windows[0]?.start ?? "",
          latest: windows.at(-1)?.end ?? "",
        }),
      );
    else if (await said(client.command("schedule.reopen", id, { reason: "another day" })))
      await schedule(id, drawn(windows, next));
  }
  return deeds;
}

type Done = Pick<
  FightReport,
  "assignments" | "assignments_by_workers" | "moves" | "transfers" | "crew_changes" | "helpers_lost"
>;

async function countDone(owner: pg.Client, since: Date): Promise<Done> {
  const { rows } = await owner.query<Done>(
    `SELECT (count(*) FILTER (WHERE payload->>'booking_id' IS NOT NULL))::int AS assignments,
            (count(*) FILTER (
              WHERE tool_name = 'assignment.reserve' OR payload->>'dispatch_mode' = 'WORKER_AUTO'))::int AS assignments_by_workers,
            (count(*) FILTER (WHERE tool_name = 'schedule.move'))::int AS moves,
            (count(*) FILTER (WHERE tool_name = 'assignment.transfer'))::int AS transfers,
            (count(*) FILTER (WHERE tool_name = 'assignment.crew'))::int AS crew_changes,
            (count(*) FILTER (
              WHERE tool_name = 'roster.upsert' AND payload->>'helpers_missing' IS NOT NULL))::int AS helpers_lost
     FROM audit_events WHERE created_at >= $1`,
    [since],
  );
  const nothing = {
    assignments: 0,
    assignments_by_workers: 0,
    moves: 0,
    transfers: 0,
    crew_changes: 0,
    helpers_lost: 0,
  };
  return rows[0] ?? nothing;
}

/**
 * Waits until every ticket fought over is assigned, or put aside with a reason, or not scheduled; who still waits after
 * that long is counted as an orphan.
 * @returns the seconds that took
 */
async function settle(owner: pg.Client, ticketIds: readonly string[]): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const { rows } = await owner.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM tickets
       WHERE id = ANY ($1) AND awaiting_technician AND (assign_after IS NULL OR assign_attempts = 0 OR assign_reason IS NULL)`,
      [ticketIds],
    );
    const waiting = rows[0]?.waiting ?? 0;
    if (waiting === 0 || performance.now() - begun > settleWithinMs) return (performance.now() - begun) / 1000;
    await delay(200);
  }
}

/** How many receipts receipt.get does not give. */
async function countMissing(clients: readonly DeskClient[], receipts: readonly string[]): Promise<number> {
  const missing = clients.map(async (client, first) => {
    let count = 0;
    for (let n = first; n < receipts.length; n += clients.length) {
      const id = receipts[n] ?? "";
      const { status, body } = await client.receipt(id);
      if (status !== 200 || !body.includes(id)) count++;
    }
    return count;
  });
  return sum(await Promise.all(missing));
}
