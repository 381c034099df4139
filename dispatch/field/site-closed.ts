// What to warn of where a visit is set although its site is closed then: for an emergency, by an override, or where the profile lets
// a customer's word stand.

import { warningRegistry, type Warning } from "../contract/warnings.ts";
import type { Desk } from "../kernel/desk.ts";
import type { Window } from "../ticket/ticket-row.ts";
import { hoursProblem, openHours } from "../workforce/open-hours.ts";
import type { SiteDemand } from "../workforce/site-demand.ts";

/** One warning at most, of the first time at which the site is closed; or that its hours cannot be told. */
export function closedWarnings(
  { policy }: Pick<Desk, "policy">,
  site: SiteDemand | null,
  windows: readonly Window[],
): Warning[] {
  if (site === null) return [];
  const problem = hoursProblem(site, policy);
  const unknown = problem === null ? [] : [warned("SITE_HOURS_UNKNOWN", problem)];
  const hours = openHours(site, policy);
  if (hours === null) return unknown;
  const spans = windows.map(({ start, end }) => ({ start: Date.parse(start), end: Date.parse(end) }));
  const closed = spans.find((span) => hours.closedWithin(span).length > 0);
  return closed ? [warned("SITE_CLOSED", `${capital(hours.sentence(closed))}.`), ...unknown] : unknown;
}

const warned = (code: "SITE_CLOSED" | "SITE_HOURS_UNKNOWN", detail: string): Warning => ({
  code,
  message: `${warningRegistry[code]} ${detail}`,
});

const capital = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);
