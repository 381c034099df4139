/**
 * SLA arithmetic of one ticket: target, deadline, time left, status, who causes the delay, region weight.
 * Pure. The cockpit computes the same in SQL over the whole queue; a test holds the two equal.
 */
import type { Priority, SlaRules } from "../policy/policy.ts";

export type SlaStatus = "breach" | "warning" | "healthy";
export type DelayAttribution = "customer" | "provider" | "unknown";

export type SlaTicket = {
  readonly state: string;
  /** Null and unknown texts count as ROUTINE, the default priority. */
  readonly priority: string | null;
  readonly scheduledStart: Date | null;
  readonly createdAt: Date;
};

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

/**
 * Everything the cockpit shows about a ticket's SLA at `now`.
 * The deadline counts from scheduled_start when there is one; the response deadline always from created_at: it
 * stays where it is when a visit is put off. Late means past the deadline, not on it.
 */
export function slaReport(ticket: SlaTicket, now: Date, rules: SlaRules): SlaReport {
  const target = slaTargetMinutes(ticket.priority, rules);
  const deadline = (ticket.scheduledStart ?? ticket.createdAt).getTime() + target * minuteMs;
  const responseDeadline = ticket.createdAt.getTime() + target * minuteMs;
  const remaining = Math.floor((deadline - now.getTime()) / minuteMs);
  return {
    sla_target_minutes: target,
    sla_deadline_at: new Date(deadline).toISOString(),
    sla_timer_remaining_minutes: remaining,
    sla_timer_remaining: formatRemaining(remaining),
    sla_status: slaStatus(remaining, rules),
    sla_delay_attribution: delayAttribution(ticket.state),
    response_deadline_at: new Date(responseDeadline).toISOString(),
    response_breached: now.getTime() > responseDeadline,
  };
}

/** Minutes allowed for a priority; ROUTINE's for null and anything unknown. */
export function slaTargetMinutes(priority: string | null, rules: SlaRules): number {
  return rules.targetMinutes[isPriority(priority) ? priority : "ROUTINE"];
}

/** "HH:MM" of whole minutes, "-" in front when late; hours grow past two digits rather than wrap. */
export function formatRemaining(minutes: number): string {
  const whole = Math.abs(minutes);
  const hours = String(Math.floor(whole / 60)).padStart(2, "0");
  return `${minutes < 0 ? "-" : ""}${hours}:${String(whole % 60).padStart(2, "0")}`;
}

/** breach below zero, warning up to and including the policy's warning minutes, else healthy. */
export function slaStatus(remainingMinutes: number, rules: SlaRules): SlaStatus {
  if (remainingMinutes < 0) return "breach";
  return remainingMinutes <= rules.warningMinutes ? "warning" : "healthy";
}

/** Who the ticket waits for in this state. */
export function delayAttribution(state: string): DelayAttribution {
  if (customerStates.has(state)) return "customer";
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

function isPriority(text: string | null): text is Priority {
  return text === "EMERGENCY" || text === "URGENT" || text === "ROUTINE";
}
