// A thousand pushes to rooms of every transport while the API, workers, receivers and the tmux server are killed: none may be lost, and
// none shown twice to a worker who keeps ids. Moments are drawn by a seeded generator and counted in pushes that were heard.

import { setTimeout as delay } from "node:timers/promises";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { chance, shuffled } from "../bench/chance.ts";
import { withClient } from "../bench/seed.ts";
import type { RoomsDesk } from "./desk.ts";
import type { Receiver, Seat } from "./receivers.ts";

export type ChaosParts = {
  readonly desk: RoomsDesk;
  readonly databaseUrl: string;
  readonly pushes: number;
  readonly seed: number;
  /** Rooms of each transport, and how whoever sits in one is started. */
  readonly transports: Readonly<
    Record<string, { readonly rooms: number; receiver(seat: Seat): Promise<Receiver> | Receiver }>
  >;
  readonly kills: Readonly<Record<Victim, number>>;
  /** How what is shared by the rooms of a transport is killed; absent where it is no part of it. */
  readonly killShared: Readonly<Partial<Record<"tmux" | "gateway", () => Promise<void>>>>;
  readonly say: (line: string) => void;
};

export const victims = ["api", "worker", "receiver", "tmux", "gateway"] as const;
export type Victim = (typeof victims)[number];

export type ChaosReport = {
  readonly seconds: number;
  readonly kills: Readonly<Record<Victim, number>>;
  readonly byTransport: Readonly<
    Record<string, { told: number; acked: number; dead: number; arrivals: number; repeated: number; attempts: number }>
  >;
  readonly violations: readonly string[];
};

/** Waiting for one room at a time: more are refused. */
const mostAhead = 20;
const standstillMs = 240_000;

/** @throws CommandFailure when nothing goes on */
export async function roomsChaos(parts: ChaosParts): Promise<ChaosReport> {
  const { desk, databaseUrl, transports, say } = parts;
  const begun = performance.now();
  const next = chance(parts.seed);
  const seats: { readonly transport: string; readonly name: string; readonly receiver: Receiver }[] = [];
  try {
    for (const [transport, { rooms, receiver: start }] of Object.entries(transports))
      for (let n = 0; n < rooms; n++) {
        const name = `${transport}-${n}`;
        const receiver = await start({ name, speaker: desk.admin, isAgent: false });
        const made = await desk.admin.post("/rooms", { name, ...receiver.room });
        await receiver.open(String(made?.["id"]));
        seats.push({ transport, name, receiver });
      }
    const told = new Map<string, string>();
    const telling = tell(parts, seats, told);
    const kills = await killMeanwhile(parts, seats, next, telling);
    await telling;
    return {
      seconds: Math.round((performance.now() - begun) / 1_000),
      kills,
      ...(await judged(databaseUrl, seats, told)),
    };
  } finally {
    say("ending…");
    await Promise.all(seats.map(({ receiver }) => receiver.end()));
  }
}

type Seated = readonly { readonly transport: string; readonly name: string; readonly receiver: Receiver }[];

/** Tells the rooms in turn, none more than it can have waiting. */
async function tell(
  { desk, databaseUrl, pushes }: ChaosParts,
  seats: Seated,
  told: Map<string, string>,
): Promise<void> {
  await Promise.all(
    seats.map(async ({ name }, at) => {
      const own = Math.floor(pushes / seats.length) + (at < pushes % seats.length ? 1 : 0);
      for (let n = 0; n < own; n++) {
        while ((await countOf(databaseUrl, name, "queued")) > mostAhead) await delay(100);
        const answer = await desk.admin.post("/pushes", {
          target: name,
          command: `/queue-check ${name} ${n}; #{x} $(y) 'z' "q" \\ ;`,
        });
        const { pushes: made } = answer as unknown as { pushes: { push_id: string }[] };
        for (const { push_id } of made) told.set(push_id, name);
      }
    }),
  );
}

const countOf = (url: string, room: string, status: string): Promise<number> =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM pushes JOIN rooms ON rooms.id = room_id WHERE name = $1 AND status = $2",
      [room, status],
    );
    return rows[0]?.n ?? 0;
  });

const countHeard = (url: string): Promise<number> =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM pushes WHERE status IN ('acked', 'dead', 'skipped')",
    );
    return rows[0]?.n ?? 0;
  });

async function killMeanwhile(
  { desk, databaseUrl, pushes, kills, killShared, say }: ChaosParts,
  seats: Seated,
  next: () => number,
  telling: Promise<void>,
): Promise<Record<Victim, number>> {
  const failed = telling.then(() => new Promise<never>(() => undefined));
  const order = shuffled(
    victims.flatMap((victim) => Array.from({ length: kills[victim] }, () => victim)),
    next,
  );
  const moments = order.map(() => Math.floor(pushes * 0.9 * next())).toSorted((a, b) => a - b);
  const due = order.map((victim, n) => ({ victim, at: moments[n] ?? 0 }));
  const done: Record<Victim, number> = { api: 0, worker: 0, receiver: 0, tmux: 0, gateway: 0 };
  let last = { heard: -1, at: performance.now() };
  for (;;) {
    const heard = await Promise.race([countHeard(databaseUrl), failed]);
    if (heard > last.heard) last = { heard, at: performance.now() };
    if (performance.now() - last.at > standstillMs)
      throw new CommandFailure(
        `nothing went on for ${standstillMs / 1_000} s: ${heard} of ${pushes} pushes have ended`,
      );
    const [first] = due;
    if (first === undefined && heard >= pushes) return done;
    if (first === undefined || first.at > heard) {
      await delay(50);
      continue;
    }
    due.shift();
    const shared = first.victim === "tmux" || first.victim === "gateway" ? killShared[first.victim] : null;
    if (shared === undefined) continue;
    say(`${heard} of ${pushes} have ended; ${first.victim} is killed`);
    done[first.victim]++;
    if (first.victim === "api") await desk.killApi();
    else if (first.victim === "worker") await desk.killWorker();
    else if (shared) await shared();
    else await seats[Math.floor(next() * seats.length)]?.receiver.kill();
  }
}

type Judged = Pick<ChaosReport, "byTransport" | "violations">;
type Stored = { id: string; room: string; status: string; attempts: number };

async function judged(url: string, seats: Seated, told: ReadonlyMap<string, string>): Promise<Judged> {
  const stored = await withClient(url, async (client) => {
    const { rows } = await client.query<Stored>(
      "SELECT pushes.id, rooms.name AS room, pushes.status, attempts::int FROM pushes JOIN rooms ON rooms.id = room_id",
    );
    return new Map(rows.map((row) => [row.id, row]));
  });
  const violations: string[] = [];
  const byTransport: Record<string, ChaosReport["byTransport"][string]> = {};
  for (const { transport, name, receiver } of seats) {
    const arrivals = await receiver.arrivals();
    const own = [...told].filter(([, room]) => room === name).map(([id]) => id);
    const once = new Set(arrivals);
    for (const id of own) {
      const { status } = stored.get(id) ?? { status: "gone" };
      if (status !== "acked") violations.push(`${id} to ${name} is ${status}`);
      else if (!once.has(id)) violations.push(`${id} to ${name} counts as heard and never arrived`);
    }
    for (const id of once)
      if (stored.get(id)?.room !== name) violations.push(`${id} arrived at ${name}, which it was not for`);
    const sum = (byTransport[transport] ??= { told: 0, acked: 0, dead: 0, arrivals: 0, repeated: 0, attempts: 0 });
    sum.told += own.length;
    sum.acked += own.filter((id) => stored.get(id)?.status === "acked").length;
    sum.dead += own.filter((id) => stored.get(id)?.status === "dead").length;
    sum.arrivals += arrivals.length;
    sum.repeated += arrivals.length - once.size;
    sum.attempts += own.reduce((all, id) => all + (stored.get(id)?.attempts ?? 0), 0);
  }
  for (const [id, { room }] of stored) if (!told.has(id)) violations.push(`${id} to ${room} was told by nobody`);
  return { byTransport, violations };
}
