// The outage it began with: so many items are assigned, three idle rooms, and nobody looks by themselves. Each must hear of its own, at
// once, without one request that asks for it.

import { setTimeout as delay } from "node:timers/promises";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { withClient } from "../bench/seed.ts";
import type { RoomsDesk } from "./desk.ts";
import type { Receiver, Seat } from "./receivers.ts";

export const rooms = 3;
export const items = 45;
const placesOfOne = items / rooms;
/** Nothing may take longer. */
const withinMs = 120_000;

export type Outcome = {
  readonly assigned: number;
  readonly acked: number;
  /** Requests that ask whether there is something to do. */
  readonly polls: number;
  readonly messages: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly most_ms: number;
};

/** @throws CommandFailure where not all are heard in time */
export async function fortyFive(
  desk: RoomsDesk,
  databaseUrl: string,
  transport: string,
  receiverOf: (seat: Seat) => Promise<Receiver> | Receiver,
): Promise<Outcome> {
  const receivers: Receiver[] = [];
  try {
    for (let n = 0; n < rooms; n++) {
      const name = `${transport}-${n}`;
      await desk.admin.post("/agents", { slug: name, capabilities: [transport], max_concurrent: placesOfOne });
      const token = String((await desk.admin.post(`/agents/${name}/token`, {}))?.["token"]);
      const speaker = desk.speakerOf(name, token);
      const receiver = await receiverOf({ name, speaker, isAgent: true });
      receivers.push(receiver);
      const made = await desk.admin.post("/rooms", { name, worker_id: name, ...receiver.room });
      await receiver.open(String(made?.["id"]));
      await speaker.post("/events", { subject: `swarm.agent.${name}.started`, data: {} });
    }
    // By then no process does anything for the first time: a gateway's first turn takes ten seconds and more.
    await desk.admin.post("/pushes", { target: "all-rooms", command: "/queue-check warm-up" });
    await untilAll(databaseUrl, rooms);
    const before = pollsIn(await desk.metrics());
    await Promise.all(
      Array.from({ length: items }, (_, n) =>
        desk.admin.post("/tasks", { title: `Item ${n}`, scope: transport, timeout_ms: 3_600_000 }),
      ),
    );
    const heard = await untilHeard(databaseUrl, transport);
    return { ...heard, polls: pollsIn(await desk.metrics()) - before };
  } finally {
    await Promise.all(receivers.map((receiver) => receiver.end()));
  }
}

/** Waits until so many pushes were heard, and nobody is at anything. */
const untilAll = (databaseUrl: string, pushes: number): Promise<void> =>
  withClient(databaseUrl, async (client) => {
    const until = performance.now() + withinMs;
    for (;;) {
      const { rows } = await client.query<{ done: boolean }>(
        `SELECT (SELECT count(*) FROM pushes WHERE status = 'acked') >= $1
                AND NOT EXISTS (SELECT FROM rooms WHERE agent_status <> 'idle') AS done`,
        [pushes],
      );
      if (rows[0]?.done === true) return;
      if (performance.now() > until)
        throw new CommandFailure(`not all rooms heard a first push within ${withinMs / 1_000} s`);
      await delay(50);
    }
  });

type Row = {
  assigned: number;
  acked: number;
  messages: number;
  p50_ms: number | null;
  p95_ms: number | null;
  most_ms: number | null;
};

async function untilHeard(databaseUrl: string, transport: string): Promise<Omit<Outcome, "polls">> {
  const until = performance.now() + withinMs;
  return await withClient(databaseUrl, async (client) => {
    for (;;) {
      const { rows } = await client.query<Row>(
        `SELECT count(*)::int AS assigned, count(*) FILTER (WHERE pushes.status = 'acked')::int AS acked,
                count(*) FILTER (WHERE lead_id IS NULL)::int AS messages,
                percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_ms) AS p50_ms,
                percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_ms) AS p95_ms, max(latency_ms) AS most_ms
         FROM pushes JOIN rooms ON rooms.id = room_id WHERE rooms.transport = $1 AND task_id IS NOT NULL`,
        [transport],
      );
      const [row] = rows;
      if (row && row.acked === items) {
        const { p50_ms, p95_ms, most_ms, ...counts } = row;
        return { ...counts, p50_ms: Math.round(p50_ms ?? 0), p95_ms: Math.round(p95_ms ?? 0), most_ms: most_ms ?? 0 };
      }
      if (performance.now() > until)
        throw new CommandFailure(
          `of ${items} items ${row?.assigned ?? 0} were told, and ${row?.acked ?? 0} heard, within ${withinMs / 1_000} s`,
        );
      await delay(50);
    }
  });
}

/** Requests by which a worker would ask for work: its inbox, or tasks. */
export function pollsIn(metrics: string): number {
  return metrics.split("\n").reduce((sum, line) => {
    const [, labels = "", value = "0"] = /^dispatch_http_requests_total\{(.*)\} (\d+)/.exec(line) ?? [];
    return /GET/.test(labels) && /(inbox|\/api\/v1\/tasks)/.test(labels) ? sum + Number(value) : sum;
  }, 0);
}
