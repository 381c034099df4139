// When a ticket's clocks run and when they stand: they stand while the customer or an approval holds the work and once it is
// done, and each minute they stood moves the deadlines on. Pure.

import type { TicketState } from "../contract/states.ts";

const doneStates: ReadonlySet<string> = new Set([
  "COMPLETED_PENDING_VERIFICATION",
  "VERIFIED",
  "INVOICED",
  "CLOSED",
  "CANCELLED",
] satisfies TicketState[]);
const waitingStates: ReadonlySet<string> = new Set([
  "NEEDS_INFO",
  "APPROVAL_REQUIRED",
  "PENDING_CUSTOMER_CONFIRMATION",
] satisfies TicketState[]);
/** Reasons of a hold that are the customer's: nobody let the technician in, or the customer put the work off. */
const customerReasons: ReadonlySet<string> = new Set(["customer", "access"]);

/** Whether the work is done or called off, so that no deadline has anything to say any more. */
export const isDone = (state: string): boolean => doneStates.has(state);

/** Whether the technician on site waits for the customer. */
export const isHeldByCustomer = (state: string, holdReason: string | null): boolean =>
  state === "ON_HOLD" && holdReason !== null && customerReasons.has(holdReason);

const stands = (state: string, holdReason: string | null): boolean =>
  isDone(state) || waitingStates.has(state) || isHeldByCustomer(state, holdReason);

/** What the clocks of a ticket go by. Times are ISO 8601 in UTC. */
export type ClockFacts = {
  readonly state: string;
  readonly hold_reason: string | null;
  readonly created_at: string;
  readonly scheduled_start: string | null;
  readonly arrived_at: string | null;
  readonly sla_target_minutes: number;
};

/** The clocks as they stand on the row. */
export type Clocks = {
  readonly sla_deadline_at: string;
  readonly response_deadline_at: string | null;
  readonly sla_stopped_at: string | null;
};

const minuteMs = 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();

/** From when the time for the repair counts: from the time the work was put off to, else from the call. */
export const baseOf = ({ scheduled_start, created_at }: Pick<ClockFacts, "scheduled_start" | "created_at">): number =>
  Date.parse(scheduled_start ?? created_at);

/** Until when somebody has to arrive; tickets of before the clocks stood have none on record. */
export const responseDeadline = (
  facts: Pick<ClockFacts, "created_at" | "sla_target_minutes">,
  stored: string | null,
): number =>
  stored === null ? Date.parse(facts.created_at) + facts.sla_target_minutes * minuteMs : Date.parse(stored);

/** Where the work of a visit lies in parts. */
export type Parted = { readonly scheduled_end: string | null; readonly parted_minutes: number | null };

/** The time between the parts of a visit, in which nobody is to work: it is given to the repair beside its own. */
const betweenParts = ({
  scheduled_start: start,
  scheduled_end: end,
  parted_minutes: minutes,
}: ClockFacts & Parted): number =>
  start === null || end === null || minutes === null
    ? 0
    : Math.max(0, Date.parse(end) - Date.parse(start) - minutes * minuteMs);

/**
 * The clocks after a change at `at`.
 * What was waited before counts on as long as the repair counts from the same moment. A visit put off to another time has
 * all of its time again; one without a time counts from the call, with all that was waited since, or, once somebody has come,
 * goes on with the deadline it had.
 */
export function clocksAfter(
  before: ClockFacts & Parted & Clocks,
  after: ClockFacts & Parted,
  at: string,
): Required<Clocks> {
  const stoppedAt = before.sla_stopped_at === null ? null : Date.parse(before.sla_stopped_at);
  const standing = stands(after.state, after.hold_reason);
  const stoodSince = (base: number): number =>
    stoppedAt === null || standing ? 0 : Math.max(0, Date.parse(at) - Math.max(stoppedAt, base));

  const created = Date.parse(after.created_at);
  const target = after.sla_target_minutes * minuteMs;
  const waitedForResponse =
    responseDeadline(before, before.response_deadline_at) - created - before.sla_target_minutes * minuteMs;
  const response = waitedForResponse + (before.arrived_at === null ? stoodSince(created) : 0);

  const [was, base] = [baseOf(before), baseOf(after)];
  const waited =
    was === base
      ? Date.parse(before.sla_deadline_at) - was - before.sla_target_minutes * minuteMs - betweenParts(before)
      : after.scheduled_start !== null
        ? 0
        : before.arrived_at === null
          ? waitedForResponse
          : Date.parse(before.sla_deadline_at) - base - before.sla_target_minutes * minuteMs;
  return {
    sla_deadline_at: iso(base + target + waited + betweenParts(after) + stoodSince(base)),
    response_deadline_at: iso(created + target + response),
    sla_stopped_at: standing ? (before.sla_stopped_at ?? at) : null,
  };
}
