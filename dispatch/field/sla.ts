/**
 * SLA arithmetic of one ticket: target, deadline, time left, status, who causes the delay, region weight.
 * Pure. The cockpit computes the same in SQL over the whole queue; a test holds the two equal.
 */
import type { DeskRules } from "../policy/policy.ts";
import { arriveBy } from "../ticket/arrive-by.ts";
import {
  baseOf,
  isDone,
  isHeldByCustomer,
  responseDeadline,
  type ClockFacts,
  type Clocks,
} from "../ticket/sla-clock.ts";

export type SlaStatus = "breach" | "warning" | "healthy";
export type DelayAttribution = "customer" | "provider" | "unknown";

/** What the report is made of: the columns of a ticket's row. Times are ISO 8601 in UTC. */
export type SlaTicket = ClockFacts & Clocks & { readonly arrival_end?: string | null };

/** The SLA members of a cockpit row; instants are ISO 8601 in UTC. */
export type SlaReport = {
  readonly sla_target_minutes: number;
  readonly sla_deadline_at: string;
  readonly sla_timer_remaining_minutes: number;
  readonly sla_timer_remaining: string;
  readonly sla_status: SlaStatus;
  readonly sla_delay_attribution: DelayAttribution;
  readonly response_deadline_at: string;
  readonly response_breached: boolean;
};

const minuteMs = 60_000;
const customerStates = new Set(["APPROVAL_REQUIRED", "PENDING_CUSTOMER_CONFIRMATION"]);
const providerStates = new Set([
  "SCHEDULED",
  "DISPATCHED",
  "ON_SITE",
  "IN_PROGRESS",
  "ON_HOLD",
  "COMPLETED_PENDING_VERIFICATION",
]);
const arrivalStates = new Set(["SCHEDULED", "DISPATCHED"]);

/**
 * Everything the cockpit shows about a ticket's SLA at `now`.
 * The deadline is the repair's, until a visit is late: then it is the promised arrival. While somebody else holds the work both
 * deadlines move on with the time. Late means past the deadline, not on it; what is done is not late any more.
 */
export function slaReport(ticket: SlaTicket, now: Date, rules: DeskRules["sla"]): SlaReport {
  const { deadline, remaining } = repairClock(ticket, now.getTime());
  const response = responseClock(ticket, now.getTime());
  return {
    sla_target_minutes: ticket.sla_target_minutes,
    sla_deadline_at: new Date(deadline).toISOString(),
    sla_timer_remaining_minutes: remaining,
    sla_timer_remaining: formatRemaining(remaining),
    sla_status: statusOf(ticket, remaining, rules),
    sla_delay_attribution: delayAttribution(ticket.state, ticket.hold_reason),
    response_deadline_at: new Date(response.deadline).toISOString(),
    response_breached: response.breached,
  };
}

function statusOf(ticket: SlaTicket, remaining: number, rules: DeskRules["sla"]): SlaStatus {
  if (isDone(ticket.state)) return "healthy";
  // A clock that stands comes no nearer to its deadline; that it had run out before stays so.
  if (ticket.sla_stopped_at !== null) return remaining < 0 ? "breach" : "healthy";
  return slaStatus(remaining, rules);
}

function repairClock(ticket: SlaTicket, now: number): { deadline: number; remaining: number } {
  const due = Date.parse(missedArrival(ticket, now) ?? ticket.sla_deadline_at);
  const { sla_stopped_at: stopped } = ticket;
  const stood = stopped === null ? 0 : Math.max(0, now - Math.max(Date.parse(stopped), baseOf(ticket)));
  const remaining = Math.floor((due + stood - now) / minuteMs);
  return { deadline: isDone(ticket.state) ? due : due + stood, remaining };
}

function responseClock(ticket: SlaTicket, now: number): { deadline: number; breached: boolean } {
  const due = responseDeadline(ticket, ticket.response_deadline_at);
  if (ticket.arrived_at !== null) return { deadline: due, breached: Date.parse(ticket.arrived_at) > due };
  const at = ticket.sla_stopped_at === null ? now : Math.min(now, Date.parse(ticket.sla_stopped_at));
  return { deadline: isDone(ticket.state) ? due : due + now - at, breached: at > due };
}

/** When somebody should have arrived, where that is past and nobody is there; else null. */
function missedArrival(ticket: SlaTicket, now: number): string | null {
  const due = arrivalStates.has(ticket.state) ? arriveBy(ticket) : null;
  return due !== null && Date.parse(due) < now ? due : null;
}

/** Whole minutes from one time to another, rounded down: late begins with the first moment after. */
export const minutesUntil = (deadline: string, now: string): number =>
  Math.floor((Date.parse(deadline) - Date.parse(now)) / minuteMs);

/** "HH:MM" of whole minutes, "-" in front when late; hours grow past two digits rather than wrap. */
export function formatRemaining(minutes: number): string {
  const whole = Math.abs(minutes);
  const hours = String(Math.floor(whole / 60)).padStart(2, "0");
  return `${minutes < 0 ? "-" : ""}${hours}:${String(whole % 60).padStart(2, "0")}`;
}

/** breach below zero, warning up to and including the policy's warning minutes, else healthy. */
export function slaStatus(remainingMinutes: number, rules: DeskRules["sla"]): SlaStatus {
  if (remainingMinutes < 0) return "breach";
  return remainingMinutes <= rules.warningMinutes ? "warning" : "healthy";
}

/** Who the ticket waits for in this state, and, on hold, for this reason. */
export function delayAttribution(state: string, holdReason: string | null): DelayAttribution {
  if (customerStates.has(state) || isHeldByCustomer(state, holdReason)) return "customer";
  return providerStates.has(state) ? "provider" : "unknown";
}

/**
 * A stable number per region, 10 to 990, that breaks ties in the queue; 500 for a ticket without a region.
 * It spreads regions and ranks none: CA 190, TX 740, NY 555, AZ 153.
 */
export function regionWeight(region: string | null): number {
  const name = (region ?? "").trim().toUpperCase();
  if (name === "") return 500;
  let seed = 0;
  for (let i = 0; i < name.length; i += 1) seed = (seed * 31 + name.charCodeAt(i)) % 100_000;
  return 10 + (seed % 981);
}
