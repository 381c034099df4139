// What agents' commands recorded, held to what the desk says that it gave them.

import type { Absence } from "./agent-process.ts";
import type { Effect } from "./effects.ts";
import { lateResult } from "./late-answers.ts";

/** From a task's assignment until its agent had it no more. */
export type Attempt = {
  readonly task: string;
  readonly agent: string;
  /** ISO 8601; with the task and the agent it names the attempt. */
  readonly at: string;
  readonly over: string | null;
  /** The command that ended it. */
  readonly by: string | null;
  /** Of one that was completed: by which assignment the work had been begun. */
  readonly resultOf: string | null;
};

export type JudgedEffects = {
  readonly violations: readonly string[];
  readonly doneAgain: number;
  readonly overlaps: number;
};

/** An agent looks for its desk at least every quarter of a minute; the rest is for busy processors. */
const hearsWithinMs = 60_000;

const nameOf = ({ task, agent, at }: { task: string; agent: string; at: string }): string => `${task} ${agent} ${at}`;
const processOf = ({ agent, launch }: Effect): string => `${agent} ${launch}`;

/** @param effects in the order in which they happened */
export function judgeEffects(
  effects: readonly Effect[],
  attempts: readonly Attempt[],
  absences: readonly Absence[],
): JudgedEffects {
  const violations: string[] = [];
  const given = new Set(attempts.map(nameOf));
  const begun = new Set<string>();
  const ends = new Map<string, number>();
  const dead = new Set<string>();
  /** Which attempt of a task began last. */
  const newest = new Map<string, string>();
  let overlaps = 0;
  for (const effect of effects) {
    const { what, task, agent } = effect;
    const process = processOf(effect);
    if (what === "dead") {
      dead.add(process);
      continue;
    }
    const attempt = nameOf(effect);
    if (what === "begin") {
      if (!given.has(attempt)) violations.push(`${process} began ${attempt}, which nobody gave it`);
      if (begun.has(attempt)) violations.push(`${process} began ${attempt} once more`);
      if (dead.has(process)) violations.push(`${process} began ${task} after its death`);
      begun.add(attempt);
      newest.set(task, attempt);
      continue;
    }
    if (!begun.has(attempt)) violations.push(`${process} ended ${attempt} without a beginning`);
    if (what === "end") ends.set(task, (ends.get(task) ?? 0) + 1);
    if (newest.get(task) === attempt) continue;
    overlaps++;
    if (dead.has(process))
      violations.push(`the command of ${agent}, which was dead, went on with ${task} beside another`);
  }
  const done = new Set(effects.filter(({ what }) => what === "end").map(nameOf));
  for (const attempt of attempts) {
    const { task, agent, at, by, resultOf } = attempt;
    const name = nameOf(attempt);
    const isBegun = begun.has(name);
    // Its agent had it again, so the desk could not know better.
    if (resultOf === lateResult) continue;
    if (by === "task.complete" && !done.has(nameOf({ task, agent, at: resultOf ?? "" })))
      violations.push(`${name} was completed by what nobody did`);
    // An answer of the same process that was on its way while the task was taken back and given to it again.
    if (by === "task.complete" && resultOf !== at && isBegun)
      violations.push(`${name} was completed by what was done before, at ${resultOf}`);
    if (by === "task.time_out" && !isBegun && heldMs(attempt) > hearsWithinMs && !wasAway(attempt, absences))
      violations.push(`${name} was never begun, although its agent was there until time was over`);
  }
  return { violations, doneAgain: [...ends.values()].filter((times) => times > 1).length, overlaps };
}

const heldMs = ({ at, over }: Attempt): number => (over === null ? Infinity : Date.parse(over) - Date.parse(at));

function wasAway({ agent, at, over }: Attempt, absences: readonly Absence[]): boolean {
  const [from, to] = [Date.parse(at), over === null ? Infinity : Date.parse(over)];
  return absences.some((absence) => absence.agent === agent && absence.from <= to && absence.to >= from);
}
