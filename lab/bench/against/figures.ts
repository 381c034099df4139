// What is compared between two checkouts: each row's name, unit and where in a pair it is found.

import { cockpitRows, type Both, type Cpu, type Pair, type Phase, type Side } from "./pair.ts";

export type Figure = {
  readonly measured: string;
  readonly unit: string;
  readonly of: (pair: Pair, side: Side) => number | null;
  /** What a reader is told when a pair has no value. */
  readonly whenMissing: string;
};

const noProc = "Memory and CPU are not measured: this system has no /proc.";
const noState = "actions=state is not measured: this checkout's API does not know the parameter.";
const reads = `cockpit of ${cockpitRows} rows`;

const figure = (measured: string, unit: string, of: Figure["of"], whenMissing = noProc): Figure => ({
  measured,
  unit,
  of,
  whenMissing,
});

/** What the short answer brings beside the other checkout's full one. */
const stateFigure = (unit: string, of: (phase: Phase) => number): Figure =>
  figure(
    `${reads}, actions=state (other: full)`,
    unit,
    ({ cockpitState }, side) => cockpitState && of(cockpitState[side]),
    noState,
  );

const all = ({ api, postgres, client }: Cpu): number => api + postgres + client;

/**
 * CPU does not change with what else the machine does, as rates do; its sum bounds the rate of a machine that does
 * nothing else.
 */
const cpuFigures = (request: string, phase: (pair: Pair) => Both<Phase>): Figure[] => {
  const row = (who: string, of: (cpu: Cpu) => number) =>
    figure(`CPU per ${request}, ${who}`, "ms", (pair, side) => {
      const { cpu } = phase(pair)[side];
      return cpu && of(cpu);
    });
  return [
    row("API", ({ api }) => api),
    row("Postgres", ({ postgres }) => postgres),
    row("client", ({ client }) => client),
    row("all three", all),
  ];
};

export const figures: readonly Figure[] = [
  figure("commands", "/s", ({ commands }, side) => commands[side].per_second),
  figure("command p50", "ms", ({ commands }, side) => commands[side].p50_ms),
  figure("command p99", "ms", ({ commands }, side) => commands[side].p99_ms),
  figure("exact replays", "/s", ({ replays }, side) => replays[side].per_second),
  figure("one client alone, command p50", "ms", ({ alone }, side) => alone[side].p50_ms),
  figure("one client alone, command p99", "ms", ({ alone }, side) => alone[side].p99_ms),
  figure(`${reads}, actions=full`, "/s", ({ cockpitFull }, side) => cockpitFull[side].per_second),
  stateFigure("/s", ({ per_second }) => per_second),
  figure("one client alone, cockpit p50", "ms", ({ cockpitAlone }, side) => cockpitAlone[side].p50_ms),
  figure("answer to a command", "bytes", ({ commands }, side) => commands[side].bytes),
  figure(`${reads}, actions=full`, "bytes", ({ cockpitFull }, side) => cockpitFull[side].bytes),
  stateFigure("bytes", ({ bytes }) => bytes),
  figure("API's memory at rest", "MiB", ({ restMiB }, side) => restMiB[side]),
  figure("API's memory under commands, most", "MiB", ({ commandsMiB }, side) => commandsMiB[side]),
  figure("API's memory under cockpit reads, most", "MiB", ({ cockpitMiB }, side) => cockpitMiB[side]),
  ...cpuFigures("command", ({ commands }) => commands),
  ...cpuFigures("replay", ({ replays }) => replays),
  ...cpuFigures("cockpit read", ({ cockpitFull }) => cockpitFull),
];
