// A ticket's visits as its audit trail tells them: when somebody came, what each report says was done, and what the quality
// check sent the work back for. The trail is the only place that has all of them in their order.

import { statement } from "../db/statement.ts";
import type { VisitSpan } from "./capture-times.ts";

/** As tech.complete and tech.hold report it; what is absent counts as none. */
export type ReportedWork = {
  readonly labor_minutes?: number | undefined;
  readonly travel_minutes?: number | undefined;
  readonly parts?: readonly ReportedPart[] | undefined;
};

/** `unit_price_cents` is our cost, absent where the price book lists the SKU. At most three decimals in `quantity`. */
export type ReportedPart = {
  readonly sku?: string | undefined;
  readonly description?: string | undefined;
  readonly quantity: number;
  readonly unit_price_cents?: number | undefined;
};

export type Visit = {
  /** From 1. */
  readonly number: number;
  /** When it began, ISO 8601; null where nothing on record says so. */
  readonly began_at: string | null;
  /** What each interruption and the newest completion say was done; they add up. */
  readonly reports: readonly ReportedWork[];
  /** Why there was no work to do; null where there was. */
  readonly noWork: string | null;
};

/** An event that says something of visits. */
export type TrailEvent = {
  readonly tool_name: string;
  readonly before_state: string | null;
  readonly created_at: string;
  /** When a phone says that somebody came; it may have had no reception until later. */
  readonly came_at: string | null;
  readonly work: ReportedWork | null;
  /** Of a hold, of work that could not be done, or of a cancellation. */
  readonly reason: string | null;
  readonly required_evidence_keys: readonly string[] | null;
  /** Who came, or left, or took over; null in events of before there were crews. */
  readonly tech_id: string | null;
  /** Somebody left before the work was over. */
  readonly left: boolean;
};

export const selectTrail = statement<TrailEvent>(
  "visits_trail",
  `SELECT tool_name, before_state, created_at, payload ->> 'timestamp' AS came_at, payload -> 'work' AS work,
          coalesce(payload ->> 'cancellation_code', payload ->> 'reason_code') AS reason,
          payload -> 'required_evidence_keys' AS required_evidence_keys,
          payload ->> 'tech_id' AS tech_id, coalesce(payload -> 'check_out' = 'true', false) AS left
   FROM audit_events
   WHERE aggregate = 'ticket' AND aggregate_id = $1
     AND tool_name IN ('tech.check_in', 'tech.hold', 'tech.request_change', 'assignment.transfer', 'tech.complete',
                       'closeout.candidate', 'closeout.no_work', 'qa.return_work', 'qa.reopen', 'ticket.return_visit',
                       'ticket.cancel')
   ORDER BY seq`,
);

type Draft = Pick<Visit, "number" | "began_at"> & {
  held: ReportedWork[];
  completed: ReportedWork | null;
  noWork: string | null;
};

/**
 * The visits in their order. Reports of interruptions add up; a completion that was sent back and comes again counts once, as
 * it was reported last, and one that says nothing of work leaves what was said before.
 */
export function visitsOf(trail: readonly TrailEvent[]): Visit[] {
  const visits: Draft[] = [];
  const begin = (at: string | null): Draft => {
    const visit: Draft = { number: visits.length + 1, began_at: at, held: [], completed: null, noWork: null };
    visits.push(visit);
    return visit;
  };
  const current = () => visits.at(-1) ?? begin(null);
  for (const [index, { tool_name, before_state, created_at, came_at, work, reason }] of trail.entries()) {
    switch (tool_name) {
      case "tech.check_in":
        // Whoever comes first begins the visit; the others join it, and a helper who leaves reports what they did.
        if (before_state !== "IN_PROGRESS") begin(earlier(came_at, created_at));
        else if (work) current().held.push(work);
        break;
      case "tech.hold":
      case "assignment.transfer":
        if (work) current().held.push(work);
        break;
      case "tech.complete":
      case "closeout.candidate":
        if (work) current().completed = work;
        current().noWork = null;
        break;
      case "closeout.no_work":
        // Whoever was sent and found nothing to do may not have checked in.
        if (before_state === "DISPATCHED") begin(created_at);
        current().noWork = reason;
        current().completed = null;
        break;
      case "ticket.cancel":
        if (isNoShow(reason) && before_state === "DISPATCHED") begin(created_at).noWork = "no_show";
        else if (onSite.includes(before_state ?? "") || asksOnSite(trail[index - 1], before_state))
          current().noWork ??= isNoShow(reason) ? "no_show" : "cancelled";
    }
  }
  return visits.map(({ number, began_at, held, completed, noWork }) => ({
    number,
    began_at,
    reports: completed ? [...held, completed] : held,
    noWork,
  }));
}

/** Nobody came later than it was heard. */
const earlier = (came: string | null, heard: string): string =>
  came !== null && Date.parse(came) < Date.parse(heard) ? came : heard;

/**
 * When each of a crew came to the visit that goes on, by whom it was.
 * @param lead of whom an event without a name tells
 */
export function arrivalsOf(trail: readonly TrailEvent[], lead: string | null): ReadonlyMap<string, string> {
  const arrivals = new Map<string, string>();
  for (const { tool_name, before_state, created_at, tech_id, left } of trail) {
    if (tool_name !== "tech.check_in") continue;
    if (before_state !== "IN_PROGRESS") arrivals.clear();
    const who = tech_id ?? lead;
    if (who !== null && !left) arrivals.set(who, created_at);
  }
  return arrivals;
}

/** States behind the report that the work is done. */
const reported: readonly string[] = ["COMPLETED_PENDING_VERIFICATION", "VERIFIED", "INVOICED", "CLOSED"];
const reports: readonly string[] = ["tech.complete", "closeout.candidate", "closeout.no_work"];

/**
 * From the first arrival to the newest report that the work is done, or to now while it is not. A phone without reception tells
 * later of an arrival (`arrived_at`, never ahead of its ticket), and a desk of one it forgot. Whoever never checked in is taken to
 * have come when they were to.
 */
export function visitSpanOf(
  trail: readonly TrailEvent[],
  ticket: { readonly state: string; readonly scheduled_start: string | null; readonly arrived_at: string | null },
  now: string,
): VisitSpan {
  const report = reported.includes(ticket.state)
    ? trail.findLast(({ tool_name }) => reports.includes(tool_name))
    : null;
  const to = report?.created_at ?? now;
  const heard = trail.find(({ tool_name }) => tool_name === "tech.check_in")?.created_at;
  const said = ticket.arrived_at;
  const came =
    heard === undefined ? ticket.scheduled_start : said !== null && Date.parse(said) < Date.parse(heard) ? said : heard;
  return { from: came !== null && Date.parse(came) < Date.parse(to) ? came : to, to };
}

/** States in which somebody is there, or has been on this visit. */
const onSite: readonly string[] = ["ON_SITE", "IN_PROGRESS", "ON_HOLD"];

/** Whether a ticket that waits for an approver was sent there by whoever is on site, not by triage. */
const asksOnSite = (before: TrailEvent | undefined, state: string | null): boolean =>
  state === "APPROVAL_REQUIRED" && before?.tool_name === "tech.request_change";

/** Somebody came, and nobody was there. */
const isNoShow = (code: string | null): boolean => /^no[ _-]?show$/i.test(code?.trim() ?? "");

/** Since when evidence of a key counts: it was sent back for, and only what came later is new. */
export type Demands = ReadonlyMap<string, string>;

/** What the quality check asked for anew, by key; what it asked for twice must be newer than the second time. */
export function demandsOf(trail: readonly TrailEvent[]): Demands {
  return new Map(
    trail.flatMap(({ created_at, required_evidence_keys }) =>
      (required_evidence_keys ?? []).map((key): [string, string] => [key, created_at]),
    ),
  );
}
