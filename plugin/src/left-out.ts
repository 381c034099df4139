// Why technicians were left out, as a dispatcher says it: one line per reason with names, so that "why not the one next
// door?" has its answer at hand, and short also when forty are left out.

import { textAt } from "./json.ts";
import { plainOrQuoted, quoted } from "./result-text.ts";

/** Each reason in words; first those who nearly could, last those who never can. */
const meanings = new Map([
  ["BELOW_LIMIT", "could come, but ranks below the limit"],
  ["BOOKED", "has other work then"],
  ["BUSY", "is at work on site, and has not checked out"],
  ["AT_LIMIT", "has as many jobs at once as they may"],
  ["TOO_FAR", "cannot drive there and on to the next stop in time"],
  ["TIME_OFF", "has time off then"],
  ["OFF_SHIFT", "is off shift or on a break then"],
  ["SITE_CLOSED", "the site is closed then"],
  ["DRAINED", "takes no new work"],
  ["EXCLUDED", "was taken off this ticket"],
  ["AUTONOMY_PAUSED", "automatic work is paused; a person may still assign"],
  ["NO_SHIFT", "has no shift on record"],
  ["ZONE_MISMATCH", "works in other zones"],
  ["TOOL_MISSING", "has no tool that the work needs"],
  ["SKILL_MISSING", "lacks a skill that the work needs"],
  ["INACTIVE", "no longer works here"],
]);
/** Reasons of which the API's own sentence tells more: which skill, which tool, which zones, which hours. */
const told = new Set(["SITE_CLOSED", "ZONE_MISMATCH", "TOOL_MISSING", "SKILL_MISSING"]);
const inOrder = [...meanings.keys()];

const maxNames = 6;
const maxLines = 12;

/** A reason with its meaning; null when it is no technician's. */
export function meaningOf(reason: string | null, detail: string | null): string | null {
  const meaning = reason === null ? undefined : meanings.get(reason);
  if (reason === null || meaning === undefined) return null;
  return `${reason} (${told.has(reason) && detail !== null ? quoted(detail, 100) : meaning})`;
}

/** A line for each reason, with the names of the first few. */
export function leftOut(rejected: readonly unknown[]): string[] {
  const place = (one: unknown): number => {
    const at = inOrder.indexOf(textAt(one, "reason") ?? "");
    return at === -1 ? inOrder.length : at;
  };
  const groups = [
    ...Map.groupBy(
      rejected.toSorted((a, b) => place(a) - place(b)),
      why,
    ),
  ];
  const shown = groups.slice(0, maxLines).map(([reason, all]) => `left out, ${reason}: ${namesOf(all)}`);
  const rest = groups.slice(maxLines).reduce((sum, [, all]) => sum + all.length, 0);
  return rest === 0 ? shown : [...shown, `left out for other reasons: ${rest} more`];
}

function why(one: unknown): string {
  const [reason, detail] = [textAt(one, "reason"), textAt(one, "detail")];
  return (
    meaningOf(reason, detail) ??
    `${plainOrQuoted(reason ?? "?", 60)}${detail === null ? "" : ` (${quoted(detail, 100)})`}`
  );
}

function namesOf(all: readonly unknown[]): string {
  const names = all.slice(0, maxNames).map((one) => {
    const name = textAt(one, "tech_name");
    return name === null ? plainOrQuoted(textAt(one, "tech_id") ?? "?", 60) : quoted(name, 40);
  });
  return `${names.join(", ")}${all.length > maxNames ? ` and ${all.length - maxNames} more` : ""}`;
}
