// What is kept of a drill, and whether it passed. Pure.

import { mendsItselfMs, type Drill, type Truth } from "./drill.ts";

/** What was seen while the drill was played. */
export type Seen = {
  /** From the fault to the first sign of it, in ms; null when there was none, or none was needed. */
  readonly told_ms: number | null;
  /** The sign, as signs.ts puts it. */
  readonly told_by: string | null;
  /** What an operator typed first while the fault stood, and what they read. */
  readonly first_command: string;
  readonly first_lines: readonly string[];
  readonly first_ms: number;
  /** Until all was well: from the mend, or from the fault where nobody mended. Null when it went on. */
  readonly mended_ms: number | null;
  readonly mended_by: string;
  /** Commands of the stream that were answered; how many had to be sent again; the slowest, with all its tries. */
  readonly acknowledged: number;
  readonly repeated: number;
  readonly slowest_ms: number;
  /** Answered, and not in the database afterwards. */
  readonly lost: number;
  /** Done more than once, though sent with one key. */
  readonly twice: number;
  /** The page's commands, and how many of them did what it says. */
  readonly commands: number;
  readonly commands_as_written: number;
  readonly differing: readonly { readonly line: number; readonly why: string }[];
};

export type Scorecard = {
  readonly drill: string;
  readonly about: string;
  readonly runbook: string;
  /** Why it was not played; null when it was. */
  readonly skipped: string | null;
  readonly seen: Seen | null;
  /** What of the first lines is false or missing; empty when they are true. */
  readonly untrue: readonly string[];
  /** Why it failed; empty when it passed. */
  readonly failures: readonly string[];
  readonly passed: boolean;
};

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** What is wrong with an output: it says what is false, or does not say what it must. */
export function untruths(lines: readonly string[], { must, mustNot }: Truth): string[] {
  const text = lines.join("\n");
  return [
    ...mustNot.flatMap((pattern) => {
      const said = pattern.exec(text)?.[0];
      return said === undefined ? [] : [`it says "${said}"`];
    }),
    ...must.flatMap((pattern) => (pattern.test(text) ? [] : [`it does not say ${pattern.source}`])),
  ];
}

/** Why a drill failed that was played; empty when it passed. */
export function failuresOf(drill: Pick<Drill, "told" | "mend" | "wellWithinMs" | "reads">, seen: Seen): string[] {
  const { told, mend, wellWithinMs = mendsItselfMs } = drill;
  const failures: string[] = [];
  if (told !== null && seen.told_ms === null) failures.push(`nothing told of it within ${seconds(told.withinMs)}`);
  else if (told !== null && seen.told_ms !== null && seen.told_ms > told.withinMs)
    failures.push(`first sign after ${seconds(seen.told_ms)}, and may take ${seconds(told.withinMs)}`);
  for (const why of untruths(seen.first_lines, drill.reads)) failures.push(`the first output is false: ${why}`);
  if (seen.mended_ms === null) failures.push("it was not over in time");
  else if (seen.mended_ms > wellWithinMs)
    failures.push(
      `${mend.by === "itself" ? "mended itself" : "well again"} after ${seconds(seen.mended_ms)}, and may take ${seconds(wellWithinMs)}`,
    );
  for (const { line, why } of seen.differing) failures.push(`the page's command at line ${line}: ${why}`);
  if (seen.lost > 0) failures.push(`${seen.lost} commands were acknowledged and are lost`);
  if (seen.twice > 0) failures.push(`${seen.twice} commands were done twice`);
  if (seen.acknowledged === 0) failures.push("no command was acknowledged, so that nothing is known of lost ones");
  return failures;
}

export function cardOf(drill: Drill, seen: Seen): Scorecard {
  const { name, about, runbook } = drill;
  const failures = failuresOf(drill, seen);
  const untrue = untruths(seen.first_lines, drill.reads);
  return { drill: name, about, runbook, skipped: null, seen, untrue, failures, passed: failures.length === 0 };
}

export const skippedCard = ({ name, about, runbook }: Drill, why: string): Scorecard => ({
  drill: name,
  about,
  runbook,
  skipped: why,
  seen: null,
  untrue: [],
  failures: [],
  passed: false,
});

export const failedCard = ({ name, about, runbook }: Drill, why: string): Scorecard => ({
  drill: name,
  about,
  runbook,
  skipped: null,
  seen: null,
  untrue: [],
  failures: [why],
  passed: false,
});

/** The columns of a scorecard's row. A sign is what could be seen; when a phone rings for it, `phoneNote` says. */
export const columns = [
  "drill",
  "first sign after",
  "first sign",
  "first read",
  "true",
  "mended after",
  "by",
  "lost",
  "page's commands",
  "verdict",
] as const;

/** Stands beside every table of scorecards. */
export const phoneNote =
  "A first sign is what /health, /ops/alerts, a rule's expression or the stack could show to whoever looks. A phone rings later: " +
  "Prometheus scrapes and evaluates every 15 s, most rules must hold for 1 minute, and Alertmanager waits 15 s for others of its group.";

/** What a tired person takes in. */
const readLines = 4;
const readColumns = 160;

/** A card as one row of texts. */
export function rowOf(card: Scorecard): readonly string[] {
  const { seen, drill, skipped, untrue, failures, passed } = card;
  if (seen === null)
    return [
      drill,
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      skipped === null ? `FAILED: ${failures.join("; ")}` : `skipped: ${skipped}`,
    ];
  const time = (ms: number | null, none: string) => (ms === null ? none : seconds(ms));
  return [
    drill,
    time(seen.told_ms, seen.told_by ?? "never"),
    seen.told_ms === null ? "" : (seen.told_by ?? ""),
    seen.first_lines
      .slice(0, readLines)
      .map((line) => (line.length > readColumns ? `${line.trim().slice(0, readColumns)}…` : line.trim()))
      .join(" / "),
    untrue.length === 0 ? "yes" : `no: ${untrue.join("; ")}`,
    time(seen.mended_ms, "never"),
    seen.mended_by,
    `${seen.lost} of ${seen.acknowledged}`,
    `${seen.commands_as_written} of ${seen.commands}`,
    passed ? "passed" : "FAILED",
  ];
}
