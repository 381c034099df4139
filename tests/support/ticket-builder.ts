// A ticket brought to any state by the commands that lead there, as a dispatcher, a technician, QA and finance give them.
// ON_SITE is the exception: no command leaves a ticket there, so its last step is a row the owner writes, chained as
// the kernel chains.

import assert from "node:assert/strict";
import { chained, insertAudit } from "../../dispatch/kernel/audit.ts";
import { newId, timeAfter } from "../../dispatch/kernel/clock.ts";
import { insertTransitions, moveRows } from "../../dispatch/kernel/machine.ts";
import { rowHashes } from "../../dispatch/kernel/row-hash.ts";
import { ticketAggregate } from "../../dispatch/ticket/ticket-aggregate.ts";
import { lockTicket, updateTickets } from "../../dispatch/ticket/ticket-row.ts";
import { knownId, type TicketId } from "../../dispatch/contract/ids.ts";
import type { TicketState } from "../../dispatch/contract/states.ts";
import type { TestApi } from "./api.ts";
import { acme, ana } from "./directory.ts";
import { addReferenced, addVerified } from "./evidence.ts";

export type Plan = {
  /** A NEW ticket that is there already; by default one is made. */
  readonly ticketId?: string;
  readonly accountId?: string;
  readonly siteId?: string;
  readonly summary?: string;
  readonly incidentType?: string;
  readonly priority?: "EMERGENCY" | "URGENT" | "ROUTINE";
  readonly nteCents?: number;
  readonly techId?: string;
  /** The visit; by default an hour that no other built ticket has. */
  readonly window?: { readonly start: string; readonly end: string };
  /** Whether a technician is booked with the time, by schedule.book; otherwise it is the customer's, and nobody is on it until sent. */
  readonly booked?: boolean;
  /** Where a ticket in APPROVAL_REQUIRED came from. */
  readonly approvalFrom?: "triage" | "change" | "limit";
  /** The state a CANCELLED ticket was called off in; by default NEW. */
  readonly cancelledIn?: "NEW" | "DISPATCHED" | "IN_PROGRESS" | "ON_HOLD";
  /** The state a ticket in PENDING_CUSTOMER_CONFIRMATION is held in. */
  readonly heldIn?: "READY_TO_SCHEDULE" | "SCHEDULE_PROPOSED" | "SCHEDULED";
  /** What the technician reports; null reports nothing. */
  readonly work?: object | null;
  /** Why nobody signed. */
  readonly noSignatureReason?: string;
};

export type BuiltTicket = {
  readonly id: TicketId;
  readonly techId: string;
  readonly window: { readonly start: string; readonly end: string };
  /** Where they were asked for on the way. */
  readonly approvalId: string | null;
  readonly holdId: string | null;
};

/** Everybody on the way is another person than those who speak in the tests. */
const builder = (as: string) => ({ as, actor: `builder-${as}` });

/** What the incident type of built tickets demands, beside a signature or the reason for none. */
export const latchEvidence = [
  "photo_before_door_edge_and_strike",
  "photo_after_latched_alignment",
  "note_adjustments_and_test_cycles",
];
export const fullChecklist = {
  work_performed: true,
  parts_used_or_needed: true,
  resolution_status: true,
  onsite_photos_after: true,
  billing_authorization: true,
};
export const reportedWork = {
  labor_minutes: 90,
  travel_minutes: 30,
  parts: [{ sku: "STRIKE-1", description: "Strike plate", quantity: 2, unit_price_cents: 1_050 }],
};
export const completion = {
  checklist_status: fullChecklist,
  no_signature_reason: "shop was closed",
  work: reportedWork,
};

const nextFree = new WeakMap<TestApi["clock"], string>();

/** An hour that has not been handed out before on this clock, a month from when the first one was. */
export function freeWindow({ clock }: Pick<TestApi, "clock">): { start: string; end: string } {
  const start = nextFree.get(clock) ?? clock.in(30 * 1_440);
  const end = new Date(Date.parse(start) + 3_600_000).toISOString();
  nextFree.set(clock, end);
  return { start, end };
}

/** Makes a ticket and brings it to a state. */
export async function ticketIn(api: TestApi, state: TicketState, plan: Plan = {}): Promise<BuiltTicket> {
  const { techId = ana, window = freeWindow(api) } = plan;
  const built: OnTheWay["built"] = { approvalId: null, holdId: null };
  const id = plan.ticketId ? knownId<TicketId>(plan.ticketId) : (await create(api, plan)).id;
  const route = routeTo(state, plan);
  for (const step of route) await steps[step]({ api, id, plan, techId, window, built });
  const { state: reached } = await api.read("ticket.get", { ticket: id });
  assert.equal(reached, state);
  return { id, techId, window, ...built };
}

const create = (api: TestApi, plan: Plan) =>
  api.run("ticket.create", {
    ...builder("dispatcher"),
    body: {
      account_id: plan.accountId ?? acme.id,
      site_id: plan.siteId ?? acme.oakland,
      summary: plan.summary ?? "Front door does not latch",
      description: "It swings open in the wind.",
    },
  });

type Step = keyof typeof steps;
type OnTheWay = {
  readonly api: TestApi;
  readonly id: string;
  readonly plan: Plan;
  readonly techId: string;
  readonly window: { readonly start: string; readonly end: string };
  readonly built: { approvalId: string | null; holdId: string | null };
};

const toDispatched = ["ready", "propose", "confirm", "dispatch"] as const satisfies Step[];
const toWork = [...toDispatched, "checkIn"] as const satisfies Step[];
const toCompleted = [...toWork, "evidence", "complete"] as const satisfies Step[];

function routeTo(state: TicketState, plan: Plan): readonly Step[] {
  const { approvalFrom = "triage", heldIn = "SCHEDULED", booked = false, cancelledIn = "NEW" } = plan;
  const toApproval: Record<typeof approvalFrom, readonly Step[]> = {
    triage: ["askApproval"],
    change: [...toWork, "requestChange"],
    limit: [...toCompleted, "verify", "requestLimit"],
  };
  const routes: Record<TicketState, readonly Step[]> = {
    NEW: [],
    NEEDS_INFO: ["requestInfo"],
    TRIAGED: ["triage"],
    APPROVAL_REQUIRED: toApproval[approvalFrom],
    READY_TO_SCHEDULE: ["ready"],
    SCHEDULE_PROPOSED: ["ready", "propose"],
    SCHEDULED: ["ready", "propose", "confirm"],
    PENDING_CUSTOMER_CONFIRMATION: [...toHeld[heldIn], "hold"],
    DISPATCHED: toDispatched,
    ON_SITE: [...toDispatched, "arrive"],
    IN_PROGRESS: toWork,
    ON_HOLD: [...toWork, "interrupt"],
    COMPLETED_PENDING_VERIFICATION: toCompleted,
    VERIFIED: [...toCompleted, "verify"],
    INVOICED: [...toCompleted, "verify", "invoice"],
    CLOSED: [...toCompleted, "verify", "invoice", "close"],
    CANCELLED: [...toCancelled[cancelledIn], "cancel"],
  };
  return booked ? routes[state].filter((step) => step !== "propose").map(bookedAtOnce) : routes[state];
}

const bookedAtOnce = (step: Step): Step => (step === "confirm" ? "book" : step);

const toCancelled = {
  NEW: [],
  DISPATCHED: toDispatched,
  IN_PROGRESS: toWork,
  ON_HOLD: [...toWork, "interrupt"],
} as const satisfies Record<string, Step[]>;

const toHeld = {
  READY_TO_SCHEDULE: ["ready"],
  SCHEDULE_PROPOSED: ["ready", "propose"],
  SCHEDULED: ["ready", "propose", "confirm"],
} as const satisfies Record<string, Step[]>;

const triageBody = ({ priority = "ROUTINE", incidentType = "DOOR_WONT_LATCH", nteCents = 200_000 }: Plan) => ({
  priority,
  incident_type: incidentType,
  nte_cents: nteCents,
});

const steps = {
  requestInfo: ({ api, id }: OnTheWay) =>
    api.run("ticket.request_info", { ...builder("dispatcher"), ticket: id, body: { questions: ["Which door?"] } }),
  triage: ({ api, id, plan }: OnTheWay) =>
    api.run("ticket.triage", { ...builder("dispatcher"), ticket: id, body: triageBody(plan) }),
  ready: ({ api, id, plan }: OnTheWay) =>
    api.run("ticket.triage", {
      ...builder("dispatcher"),
      ticket: id,
      body: { ...triageBody(plan), ready_to_schedule: true },
    }),
  askApproval: async ({ api, id, plan, built }: OnTheWay) => {
    const body = { ...triageBody(plan), requires_approval: true, approval_amount_delta_cents: 5_000 };
    built.approvalId = (
      await api.run("ticket.triage", { ...builder("dispatcher"), ticket: id, body })
    ).pending_approval_id;
  },
  propose: ({ api, id, window }: OnTheWay) =>
    api.run("schedule.propose", { ...builder("dispatcher"), ticket: id, body: { options: [window] } }),
  book: ({ api, id, techId, window: { start: earliest, end: latest } }: OnTheWay) =>
    api.run("schedule.book", {
      ...builder("dispatcher"),
      ticket: id,
      body: { tech_id: techId, earliest, latest, duration_minutes: 60 },
    }),
  confirm: ({ api, id, window }: OnTheWay) =>
    api.run("schedule.confirm", { ...builder("customer"), ticket: id, body: window }),
  hold: async ({ api, id, built }: OnTheWay) => {
    const body = {
      hold_reason: "CUSTOMER_PENDING",
      confirmation_window: { start: api.clock.iso, end: api.clock.in(240) },
    };
    built.holdId = (await api.run("schedule.hold", { ...builder("dispatcher"), ticket: id, body })).hold_id;
  },
  dispatch: async ({ api, id, techId, plan: { siteId = acme.oakland } }: OnTheWay) => {
    const order = { ...builder("dispatcher"), ticket: id };
    if (siteId === acme.oakland) {
      await api.run("assignment.dispatch", { ...order, body: { tech_id: techId, dispatch_mode: "STANDARD" } });
      return;
    }
    // To places outside their zone people are sent knowingly.
    const why = { reason_code: "other", note: "nobody of ours is nearer" };
    await api.run("assignment.override", {
      ...order,
      body: { override_type: "reassign_tech", tech_id: techId, ...why },
    });
  },
  arrive: ({ api, id }: OnTheWay) => arriveOnSite(api, id),
  checkIn: ({ api, id }: OnTheWay) =>
    api.run("tech.check_in", { ...builder("tech"), ticket: id, body: { timestamp: api.clock.iso } }),
  interrupt: ({ api, id }: OnTheWay) =>
    api.run("tech.hold", { ...builder("tech"), ticket: id, body: { reason_code: "parts" } }),
  requestChange: async ({ api, id, built }: OnTheWay) => {
    const body = { approval_type: "NTE_INCREASE", reason: "the closer is broken too", amount_delta_cents: 30_000 };
    built.approvalId = (await api.run("tech.request_change", { ...builder("tech"), ticket: id, body })).approval.id;
  },
  requestLimit: async ({ api, id, built }: OnTheWay) => {
    const body = { reason: "the frame was bent", amount_delta_cents: 30_000 };
    const { approval } = await api.run("billing.request_limit", { ...builder("finance"), ticket: id, body });
    built.approvalId = approval.id;
  },
  evidence: ({ api, id, plan }: OnTheWay) => addAllEvidence(api, id, plan.incidentType),
  complete: ({ api, id, plan }: OnTheWay) => {
    const { work = reportedWork, noSignatureReason = completion.no_signature_reason } = plan;
    const body = { checklist_status: fullChecklist, no_signature_reason: noSignatureReason, ...(work && { work }) };
    return api.run("tech.complete", { ...builder("tech"), ticket: id, body });
  },
  verify: ({ api, id }: OnTheWay) =>
    api.run("qa.verify", { ...builder("qa"), ticket: id, body: { timestamp: api.clock.iso, result: "PASS" } }),
  invoice: ({ api, id }: OnTheWay) => api.run("billing.generate_invoice", { ...builder("finance"), ticket: id }),
  close: ({ api, id }: OnTheWay) => api.run("ticket.close", { ...builder("finance"), ticket: id }),
  cancel: ({ api, id }: OnTheWay) =>
    api.run("ticket.cancel", { ...builder("dispatcher"), ticket: id, body: { reason: "called off" } }),
};

/** Everything the template of an incident type asks for; by default verified where the profile insists. */
export async function addAllEvidence(
  api: TestApi,
  ticket: string,
  incidentType = "DOOR_WONT_LATCH",
  add = api.profile === "strict" ? addVerified : addReferenced,
): Promise<void> {
  const template = api.desk.policies.live.closeoutTemplates[incidentType];
  const keys = (template?.requiredEvidence ?? []).flatMap(({ key, kind }) => (kind === "signature" ? [] : [key]));
  for (const key of keys) await add(api, { ticket, ...builder("tech") }, key);
}

/** DISPATCHED to ON_SITE, as a check-in would do it if it stopped half-way. */
async function arriveOnSite({ desk, clock }: TestApi, id: string): Promise<void> {
  await desk.db.transaction(async (tx) => {
    const ticket = await tx.row(lockTicket, [id]);
    assert.equal(ticket?.state, "DISPATCHED");
    const at = timeAfter(ticket.audit_at, clock.iso);
    const left = {
      ...ticket,
      state: "ON_SITE" as const,
      version: ticket.version + 1,
      updated_at: at,
      last_transition_at: at,
    };
    const event = chained(
      {
        id: newId(),
        aggregate: "ticket",
        aggregate_id: id,
        actor_type: "HUMAN",
        actor_id: "builder-tech",
        actor_role: "tech",
        tool_name: "tech.check_in",
        request_id: null,
        correlation_id: null,
        trace_id: null,
        before_state: "DISPATCHED",
        after_state: "ON_SITE",
        payload: {},
        ...rowHashes(ticketAggregate, ticket, left),
        parts: null,
        created_at: at,
      },
      { seq: ticket.audit_seq, hash: ticket.audit_hash },
    );
    const after = { ...left, audit_seq: event.seq, audit_hash: event.hash, audit_at: at };
    await Promise.all([
      ...updateTickets(tx, [after]),
      ...insertAudit(tx, [event]),
      ...insertTransitions(tx, moveRows(event, { from: ["DISPATCHED"], to: ["ON_SITE"] })),
      tx.commit(),
    ]);
  });
}
