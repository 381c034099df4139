// A small desk beside a large one: both databases with their history, an API on each, and the growth from one to the
// other.

import { startApiProcess, type ApiProcess } from "./api-process.ts";
import { measureGrowth, type GrowthRow } from "./growth.ts";
import { seedTickets } from "./seed.ts";
import { environmentOf, newDatabase, type ThrowawayServer } from "./throwaway-database.ts";

export type SizeOptions = {
  readonly server: ThrowawayServer;
  readonly small: number;
  readonly large: number;
  readonly turns: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
};

export async function measureSizes({ server, small, large, turns, signal, say }: SizeOptions): Promise<GrowthRow[]> {
  const apis: ApiProcess[] = [];
  try {
    for (const count of [small, large]) {
      signal.throwIfAborted();
      say(`making a desk of ${count} tickets with their history…`);
      const database = await newDatabase(server.url);
      await seedTickets(database, count);
      apis.push(await startApiProcess(environmentOf(database, server.folder)));
    }
    say("comparing the two desks…");
    const [smallUrl = "", largeUrl = ""] = apis.map(({ url }) => url);
    await measureGrowth(smallUrl, largeUrl, Math.ceil(turns / 8), signal);
    return await measureGrowth(smallUrl, largeUrl, turns, signal);
  } finally {
    for (const api of apis) await api.stop();
  }
}

export function printGrowth(growth: readonly GrowthRow[]): void {
  if (growth.length === 0) return;
  console.log(`${"".padEnd(34)}${"small".padStart(13)}${"large".padStart(13)}${"ratio".padStart(8)}`);
  const ms = (value: number) => `${value.toFixed(2).padStart(10)} ms`;
  for (const { request, small_ms, large_ms, ratio } of growth)
    console.log(`${request.padEnd(34)}${ms(small_ms)}${ms(large_ms)}${ratio.toFixed(2).padStart(8)}`);
  console.log("");
}
