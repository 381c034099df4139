// How soon a ticket that becomes scheduled is assigned on an idle desk: with news of commits, which wake the worker at once,
// and with a worker whose listening connection never comes about, which has its tick alone. Each has a desk of its own, and
// they take turns, so that a noisy machine affects both alike.

import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { chance } from "./chance.ts";
import { startDeafProxy } from "./deaf-proxy.ts";
import { round } from "./measure.ts";
import { DeskClient, makeFightDesk, makeTicket, succeeded, withClient, type FightDesk } from "./worker-desk.ts";
import { startApi } from "./worker-fight.ts";
import { startWorkerProcess } from "./worker-process.ts";

export type LatencyRow = {
  readonly woken_by: string;
  readonly samples: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly max_ms: number;
};
export type LatencyOptions = {
  readonly serverUrl: string;
  readonly dataDir: string;
  readonly samples: number;
  readonly seed: number;
  readonly say: (line: string) => void;
};

const tickMs = 5_000;
const assignedWithinMs = 4 * tickMs;
const pollMs = 2;

type Side = {
  readonly wokenBy: string;
  readonly desk: FightDesk;
  readonly client: DeskClient;
  readonly durations: number[];
};

/** @throws CommandFailure when a ticket is not assigned within four ticks */
export async function measureLatency({
  serverUrl,
  dataDir,
  samples,
  seed,
  say,
}: LatencyOptions): Promise<LatencyRow[]> {
  await using ends = new AsyncDisposableStack();
  const side = async (wokenBy: string, urlFor: (databaseUrl: string) => Promise<string>): Promise<Side> => {
    const desk = await makeFightDesk(serverUrl, { technicians: samples, tickets: samples });
    const api = await startApi(desk.databaseUrl, dataDir);
    ends.defer(api.stop);
    const client = new DeskClient(api.url);
    ends.defer(() => client.close());
    const worker = startWorkerProcess({
      databaseUrl: await urlFor(desk.databaseUrl),
      dataDir,
      settings: { DISPATCH_WORKER_LOOP_MS: String(tickMs) },
    });
    ends.defer(worker.kill);
    await worker.works;
    return { wokenBy, desk, client, durations: [] };
  };
  const sides = [
    await side("NOTIFY, tick 5 s", async (url) => url),
    await side("NOTIFY blocked, tick 5 s", async (url) => {
      const proxy = await startDeafProxy(url);
      ends.defer(proxy.close);
      return proxy.url;
    }),
  ];
  const next = chance(seed);
  for (let n = 1; n <= samples; n++) {
    if (n % 10 === 1) say(`timing ticket ${n} of ${samples}…`);
    for (const one of sides) {
      one.durations.push(await timeOne(one));
      // The next comes at any moment of a tick.
      await delay(next() * 250);
    }
  }
  return sides.map(rowOf);
}

/** From sending the confirmation to seeing the committed assignment, in ms. */
async function timeOne({ desk, client }: Side): Promise<number> {
  return withClient(desk.databaseUrl, async (observer) => {
    const ticketId = await makeTicket(client, "ROUTINE");
    const [window] = desk.windows;
    if (!window) throw new Error("the desk has no hours");
    succeeded(await client.command("schedule.propose", ticketId, { options: [window] }));
    const begun = performance.now();
    succeeded(await client.command("schedule.confirm", ticketId, window));
    while (!(await isAssigned(observer, ticketId))) {
      if (performance.now() - begun > assignedWithinMs)
        throw new CommandFailure(`a ticket was not assigned within ${assignedWithinMs} ms`);
      await delay(pollMs);
    }
    return performance.now() - begun;
  });
}

const isAssigned = async (observer: pg.Client, ticketId: string): Promise<boolean> =>
  (await observer.query("SELECT FROM tickets WHERE id = $1 AND assigned_tech_id IS NOT NULL", [ticketId])).rowCount ===
  1;

function rowOf({ wokenBy, durations }: Side): LatencyRow {
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0, 1);
  return { woken_by: wokenBy, samples: sorted.length, p50_ms: at(0.5), p95_ms: at(0.95), max_ms: at(1) };
}
