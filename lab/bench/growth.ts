// How cost grows: the same requests to two APIs, one on a small desk and one on a large one, in turn, so that a noisy
// machine affects both alike.

import { HttpConnection } from "./http-connection.ts";
import { liveOneTicket, readHeaders } from "./over-http.ts";
import { median, round } from "./measure.ts";
import { rareWord } from "./seed.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";

export type GrowthRow = {
  readonly request: string;
  readonly small_ms: number;
  readonly large_ms: number;
  readonly ratio: number;
};

const reads = (ticketId: string): readonly (readonly [string, string])[] => [
  ["dispatcher.cockpit limit=20", "/ux/dispatcher/cockpit?limit=20"],
  ["dispatcher.cockpit breaches", "/ux/dispatcher/cockpit?limit=20&sla_status=breach"],
  ["ticket.search words", `/tickets?limit=20&q=${rareWord}`],
  ["ticket.search newest", "/tickets?limit=20"],
  ["ticket.search by state", "/tickets?limit=20&state=CLOSED"],
  ["ticket.timeline", `/tickets/${ticketId}/timeline`],
  ["ticket.get", `/tickets/${ticketId}`],
];

/** @returns one row per request: medians in ms, and large over small */
export async function measureGrowth(
  smallUrl: string,
  largeUrl: string,
  rounds: number,
  signal?: AbortSignal,
): Promise<GrowthRow[]> {
  const desks = await Promise.all(
    [smallUrl, largeUrl].map(async (url) => ({
      connection: await HttpConnection.open(url),
      times: new Map<string, number[]>(),
      ticketId: "",
    })),
  );
  const took = (times: Map<string, number[]>, request: string, ms: number) =>
    times.set(request, [...(times.get(request) ?? []), ms]);
  try {
    for (const desk of desks) desk.ticketId = await liveOneTicket(desk.connection, () => undefined);
    for (let turn = 0; turn < rounds; turn++) {
      signal?.throwIfAborted();
      for (const { connection, times, ticketId } of desks) {
        await liveOneTicket(connection, (ms, { name }) => took(times, `command ${name}`, ms));
        for (const [request, path] of reads(ticketId)) {
          const begun = performance.now();
          const { status, body } = await connection.request("GET", path, readHeaders);
          if (status !== 200) throw new CommandFailure(`${path} answered ${status}: ${body.slice(0, 300)}`);
          took(times, request, performance.now() - begun);
        }
      }
    }
  } finally {
    for (const { connection } of desks) connection.close();
  }
  const [small, large] = desks;
  const rows = [...(small?.times.keys() ?? [])].map((request) => {
    const [before, after] = [small, large].map((desk) => median(desk?.times.get(request) ?? []));
    return growthRow(request, before ?? 0, after ?? 0);
  });
  const commands = rows.filter(({ request }) => request.startsWith("command "));
  const sum = (pick: (row: GrowthRow) => number) => commands.reduce((total, row) => total + pick(row), 0);
  return [
    growthRow(
      "one lifecycle, 13 commands",
      sum((row) => row.small_ms),
      sum((row) => row.large_ms),
    ),
    ...rows.filter((row) => !commands.includes(row)),
  ];
}

const growthRow = (request: string, small: number, large: number): GrowthRow => ({
  request,
  small_ms: round(small, 2),
  large_ms: round(large, 2),
  ratio: round(large / small, 2),
});
