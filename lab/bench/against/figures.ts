// What is compared between two checkouts: each row's name, unit and where in a turn it is found.

import { cockpitRows, type Cpu, type Phase, type Turn } from "./turn.ts";

export type Figure = {
  readonly measured: string;
  readonly unit: string;
  readonly of: (turn: Turn) => number | null;
  /** Where the other checkout's value is found, when it is not the same. */
  readonly ofOther?: (turn: Turn) => number | null;
  /** What a reader is told when a turn has no value. */
  readonly whenMissing: string;
};

const noProc = "Memory and CPU are not measured: this system has no /proc.";
const noState = "actions=state is not measured: this checkout's API does not know the parameter.";

const figure = (measured: string, unit: string, of: Figure["of"], whenMissing = noProc): Figure => ({
  measured,
  unit,
  of,
  whenMissing,
});
const stateFigure = (measured: string, unit: string, of: (phase: Phase) => number | null): Figure => ({
  measured: `${measured} actions=state (other: full)`,
  unit,
  of: (turn) => turn.cockpitState && of(turn.cockpitState),
  ofOther: (turn) => of(turn.cockpitFull),
  whenMissing: noState,
});
const cpuOf = (request: string, phase: (turn: Turn) => Phase): Figure[] =>
  (["api", "postgres", "client"] satisfies (keyof Cpu)[]).map((who) =>
    figure(
      `CPU per ${request}, ${who === "api" ? "API" : who === "postgres" ? "Postgres" : who}`,
      "ms",
      (turn) => phase(turn).cpu?.[who] ?? null,
    ),
  );

const reads = `cockpit of ${cockpitRows} rows,`;

export const figures: readonly Figure[] = [
  figure("commands", "/s", ({ commands }) => commands.per_second),
  figure("command p50", "ms", ({ commands }) => commands.p50_ms),
  figure("command p99", "ms", ({ commands }) => commands.p99_ms),
  figure("exact replays", "/s", ({ replays }) => replays.per_second),
  figure("one client alone, command p50", "ms", ({ alone }) => alone.p50_ms),
  figure("one client alone, command p99", "ms", ({ alone }) => alone.p99_ms),
  figure(`${reads} actions=full`, "/s", ({ cockpitFull }) => cockpitFull.per_second),
  stateFigure(reads, "/s", (phase) => phase.per_second),
  figure("answer to a command", "bytes", ({ commands }) => commands.bytes),
  figure(`${reads} actions=full`, "bytes", ({ cockpitFull }) => cockpitFull.bytes),
  stateFigure(reads, "bytes", (phase) => phase.bytes),
  figure("API's memory at rest", "MiB", ({ restMiB }) => restMiB),
  figure("API's memory under commands, most", "MiB", ({ commandsMiB }) => commandsMiB),
  figure("API's memory under cockpit reads, most", "MiB", ({ cockpitMiB }) => cockpitMiB),
  ...cpuOf("command", ({ commands }) => commands),
  ...cpuOf("replay", ({ replays }) => replays),
  ...cpuOf("cockpit read", ({ cockpitFull }) => cockpitFull),
];
