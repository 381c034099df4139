// The bodies dispatch-api answers with, as schemas: OpenAPI, the tools of the plugin and the tests read them.

import { attention } from "./attention.ts";
import {
  answeredId,
  duplicateOf,
  followUpKinds,
  localTime,
  nullable,
  oneOf,
  priorities,
  state,
  Type,
  type Static,
} from "./fields.ts";
import type {
  AccountId,
  ApprovalId,
  ProviderId,
  ReceiptId,
  SiteId,
  SnapshotId,
  TechnicianId,
  TicketId,
} from "./ids.ts";
import { documentKinds, parties } from "./money-responses.ts";
import { requeuedWork } from "./roster-responses.ts";
import { actorTypes, roles } from "./roles.ts";
import { ticketStates } from "./states.ts";
import { deskWork } from "./task-responses.ts";
import { judgedEvidence, warning, type Warning } from "./warnings.ts";

const uuid = () => Type.String({ format: "uuid" });
const time = () => Type.String({ format: "date-time" });
const text = () => Type.String();
const count = () => Type.Integer({ minimum: 0 });
const window = () => Type.Object({ start: nullable(time()), end: nullable(time()) });
const json = () => Type.Unknown();
/** The site's, by its IANA name. */
const timezone = text;

export const receipt = Type.Object({
  receipt_id: answeredId<ReceiptId>(),
  tool_name: text(),
  ticket_id: nullable(uuid()),
  before_state: nullable(text()),
  after_state: nullable(text()),
  occurred_at: time(),
  hash: text(),
  aggregate: Type.Optional(text()),
  aggregate_id: Type.Optional(text()),
});
export type Receipt = Static<typeof receipt>;

/** What every command's answer carries beside its own body: the receipt, and what there is to warn of. */
export const besideBody = { receipt, warnings: Type.Optional(Type.Array(warning)) };
export type BesideBody = { receipt: Receipt; warnings?: Warning[] };

/**
 * How receipts and events name what a command was about: a ticket by its id, anything else but the desk by its kind too. An
 * id of whatever aggregate is a text, since only what stands beside it says whose it is.
 */
export function namesOf(aggregate: string, id: string): Pick<Receipt, "ticket_id" | "aggregate" | "aggregate_id"> {
  if (aggregate === "ticket") return { ticket_id: id };
  return aggregate === "desk" ? { ticket_id: null } : { ticket_id: null, aggregate, aggregate_id: id };
}

const notTechnician = Type.Object({
  tech_id: answeredId<TechnicianId>(),
  reason_code: text(),
  note: text(),
  at: time(),
});
export type NotTechnician = Static<typeof notTechnician>;

const followUp = Type.Object({
  ticket_id: answeredId<TicketId>(),
  number: text(),
  kind: Type.Enum([...followUpKinds]),
});
const followed = Type.Object({ ...followUp.properties, reason: nullable(text()) });

/** What the customer was promised: the visit lies inside it, and somebody arrives by its end at the latest. */
const arrivalWindow = () =>
  nullable(
    Type.Object({
      start: time(),
      end: time(),
      start_local: Type.Optional(localTime()),
      end_local: Type.Optional(localTime()),
    }),
  );

const ticketFields = {
  id: answeredId<TicketId>(),
  number: text(),
  account_id: answeredId<AccountId>(),
  site_id: answeredId<SiteId>(),
  asset_id: nullable(uuid()),
  contact_id: nullable(uuid()),
  state: state(),
  priority: Type.Enum([...priorities]),
  incident_type: nullable(text()),
  summary: text(),
  description: nullable(text()),
  customer_name: nullable(text()),
  customer_phone: nullable(text()),
  customer_email: nullable(text()),
  nte_cents: count(),
  currency: nullable(
    text(),
    "Of its amounts, by ISO 4217: its account's price book's when it opened; null: opened before there were several",
  ),
  scheduled_start: nullable(time()),
  scheduled_end: nullable(time()),
  arrival_window: arrivalWindow(),
  identity_signature: nullable(text()),
  identity_confidence: Type.Integer(),
  classification_confidence: Type.Integer(),
  sop_handoff_required: Type.Boolean(),
  sop_handoff_acknowledged: Type.Boolean(),
  sop_handoff_prompt: nullable(text()),
  assigned_provider_id: nullable(answeredId<ProviderId>()),
  assigned_tech_id: nullable(answeredId<TechnicianId>()),
  not_technicians: Type.Array(notTechnician, {
    description: "Whom a dispatcher took off this ticket; they are not given it again but by assignment.override",
  }),
  follows: nullable(followed, "The ticket whose work it follows from, and why; null: none"),
  follow_ups: Type.Array(followUp, {
    description: "The newest 50 tickets that follow from this one's work, newest last",
  }),
  policy_version: nullable(
    Type.Integer({ minimum: 0 }),
    "Which version of the company's rules judges it: the one in force when it opened; null: before any was activated",
  ),
  version: count(),
  created_at: time(),
  updated_at: time(),
  pending_approval_id: nullable(answeredId<ApprovalId>()),
  /** In answers that are about the ticket's time. */
  scheduled_start_local: Type.Optional(localTime()),
  scheduled_end_local: Type.Optional(localTime()),
  timezone: Type.Optional(timezone()),
};
export const ticket = Type.Object(ticketFields);
const siteOfTicket = () =>
  Type.Object({ id: answeredId<SiteId>(), name: text(), city: nullable(text()), region: nullable(text()) });
/** A ticket that is read by itself, with what its site is called. */
export const ticketRead = Type.Object({ ...ticketFields, site: siteOfTicket() });
/** The work as a candidate completed it, with why nobody had to look at it first. */
export const candidate = Type.Object({
  ...ticketFields,
  risk_profile: Type.Object({ level: Type.Enum(["low", "high"]), reasons: Type.Array(text()) }),
});
export type TicketBody = Static<typeof ticket>;

/** As it is kept; a credit note has the same shape, and its amounts are what it takes off. */
export const invoice = Type.Object({
  id: uuid(),
  number: text(),
  kind: oneOf([...documentKinds]),
  ticket_id: answeredId<TicketId>(),
  credits_invoice_id: nullable(uuid(), "Of a credit note: the invoice it lowers"),
  reason: nullable(text(), "Of a credit note: why"),
  currency: text(),
  lines: Type.Array(
    Type.Object({
      line: Type.Optional(Type.Integer({ description: "Of a credit note: the line of the invoice it lowers, from 1" })),
      kind: text(),
      description: text(),
      visit: nullable(Type.Integer()),
      quantity: Type.Number(),
      unit: text(),
      unit_price_cents: Type.Integer(),
      amount_cents: Type.Integer(),
      net_cents: Type.Integer(),
      taxable: Type.Boolean(),
      tax_basis_points: Type.Optional(Type.Integer({ description: "The rate, in hundredths of a per cent" })),
      tax_cents: Type.Integer(),
    }),
  ),
  subtotal_cents: Type.Integer(),
  tax_cents: Type.Integer(),
  total_cents: Type.Integer(),
  issued_at: time(),
  issued_on: nullable(text(), "The day, YYYY-MM-DD, where the work was done; null on invoices that kept none"),
  due_on: nullable(text(), "Null where it is due on receipt"),
  parties: nullable(parties, "Both sides as they were then; null on invoices that kept none"),
});
export type InvoiceBody = Static<typeof invoice>;

export const evidence = Type.Object({
  id: uuid(),
  ticket_id: answeredId<TicketId>(),
  kind: text(),
  uri: text(),
  checksum: nullable(text()),
  metadata: Type.Record(Type.String(), Type.Unknown()),
  created_by: text(),
  created_at: time(),
  verification: oneOf(["verified", "referenced"]),
  media_type: nullable(text(), "What the stored bytes are; null where the object lies elsewhere or nobody looked"),
  size_bytes: nullable(count()),
  width: nullable(count(), "Of a picture, in pixels, as it is stored"),
  height: nullable(count()),
  captured_at: nullable(time(), "When the camera says the picture was taken; null where it says nothing"),
  captured_offset: nullable(text(), "The camera's offset from UTC; null where captured_at is by the site's time zone"),
  age_minutes: nullable(Type.Integer(), "How long before it was recorded the picture was taken"),
  place: nullable(Type.Object({ lat: Type.Number(), lon: Type.Number() }), "Where the camera says it was taken"),
  distance_m: nullable(count(), "From there to the site, in metres"),
  duplicate_of: duplicateOf(),
});
export type EvidenceBody = Static<typeof evidence>;

/** What driving times stand on: a routing service's answer or an estimate; null where no drive is known. */
const travelSource = () => nullable(oneOf(["service", "estimate"]));

const crewRole = () => oneOf(["lead", "helper"], "The lead answers for the visit; helpers go along");
const crewMember = Type.Object({
  tech_id: answeredId<TechnicianId>(),
  tech_name: text(),
  role: crewRole(),
  booking_id: uuid(),
});
export type CrewMember = Static<typeof crewMember>;
/** Who is booked for the visit, the lead first. */
export const crew = Type.Array(crewMember);

export const booking = Type.Object({
  id: uuid(),
  technician_id: answeredId<TechnicianId>(),
  ticket_id: answeredId<TicketId>(),
  start: time(),
  end: time(),
  state: oneOf(["tentative", "firm", "done", "released"]),
  exclusive: Type.Boolean(),
  travel_before_minutes: count(),
  travel_source: travelSource(),
  start_local: Type.Optional(localTime()),
  end_local: Type.Optional(localTime()),
  role: crewRole(),
  /** Which part of the visit it is, of how many; absent where it is all of it. */
  part: Type.Optional(count()),
  of: Type.Optional(count()),
});
/** Work longer than a shift, over several days; absent where a visit is of one piece. */
const numberedPart = {
  part: count(),
  of: count(),
  start: time(),
  end: time(),
  start_local: localTime(),
  end_local: localTime(),
};
const bookedParts = () => Type.Optional(Type.Array(Type.Object({ ...numberedPart, booking_id: uuid() })));
export type BookingBody = Static<typeof booking>;

const rejectedTechnician = Type.Object({
  tech_id: answeredId<TechnicianId>(),
  tech_name: Type.Optional(text()),
  reason: text(),
  detail: Type.Optional(text()),
});
const factor = Type.Object({
  factor: text(),
  value: Type.Number(),
  weight: Type.Number(),
  contribution: Type.Number(),
});
const slot = Type.Object({
  start: time(),
  end: time(),
  tech_id: answeredId<TechnicianId>(),
  tech_name: text(),
  travel_before_minutes: nullable(Type.Number()),
  travel_after_minutes: nullable(Type.Number()),
  travel_source: travelSource(),
  parts: Type.Optional(Type.Array(Type.Object({ ...numberedPart, travel_before_minutes: nullable(Type.Number()) }))),
  score: Type.Number(),
  factors: Type.Array(factor),
  start_local: localTime(),
  end_local: localTime(),
  /** Where more than one comes: who goes along. */
  helpers: Type.Optional(
    Type.Array(
      Type.Object({
        tech_id: answeredId<TechnicianId>(),
        tech_name: text(),
        travel_before_minutes: nullable(Type.Number()),
      }),
    ),
  ),
});

const holdFields = { ticket, hold_id: uuid(), snapshot_id: uuid() };
export const hold = Type.Object({ ...holdFields, hold_state: text(), confirmation_window: window() });
export const restored = Type.Object({
  ...holdFields,
  restored_state: state(),
  restored_window: window(),
  reason: Type.Optional(nullable(text())),
});

export const recommendation = Type.Object({
  recommendations: Type.Array(
    Type.Object({
      tech_id: answeredId<TechnicianId>(),
      tech_name: text(),
      score: Type.Number(),
      matches: Type.Object({
        capability: Type.Boolean(),
        zone: Type.Boolean(),
        active_load: count(),
        distance_bucket: count(),
      }),
      factors: Type.Array(factor),
    }),
  ),
  rejected: Type.Array(rejectedTechnician),
  /** Where more than one is to go: how many at once, and how many are free then. */
  crew: Type.Optional(Type.Object({ needed: count(), free: count() })),
  /** For a time that was asked about: "service" when every drive weighed for the recommended came from it. */
  travel_source: Type.Optional(travelSource()),
  /** For an emergency with nobody free: whom to take off which booking, lowest cost first; else absent. */
  bump: Type.Optional(
    Type.Array(
      Type.Object({
        tech_id: answeredId<TechnicianId>(),
        tech_name: text(),
        ticket_id: answeredId<TicketId>(),
        state: state(),
        priority: Type.Enum([...priorities]),
        scheduled_start: time(),
        scheduled_end: time(),
        earliest_start: nullable(time()),
        scheduled_start_local: localTime(),
        scheduled_end_local: localTime(),
        earliest_start_local: localTime(),
        timezone: timezone(),
        cost: Type.Number(),
        factors: Type.Array(factor),
      }),
    ),
  ),
  snapshot_id: answeredId<SnapshotId>(),
  evaluated_at: time(),
});

export const approval = Type.Object({
  id: answeredId<ApprovalId>(),
  status: oneOf(["PENDING", "APPROVED", "DENIED", "WITHDRAWN"]),
  approval_type: text(),
  amount_delta_cents: count(),
  reason: text(),
  requested_at: time(),
});
export type ApprovalBody = Static<typeof approval>;

/** How to send bytes to the store: `fields` go first in a form, the file last; without them the body is the bytes alone. */
const address = {
  method: oneOf(["PUT", "POST"]),
  url: text(),
  headers: Type.Record(Type.String(), Type.String()),
  fields: Type.Optional(Type.Record(Type.String(), Type.String())),
};

export const upload = Type.Object({
  upload_id: uuid(),
  object_key: text(),
  uri: text(),
  ...address,
  expires_at: time(),
  max_bytes: count(),
  /** With in_parts: what is still to be sent, and the numbers of what has arrived. `url` takes the whole file all the same. */
  parts: Type.Optional(
    Type.Array(
      Type.Object({ number: Type.Integer({ minimum: 1 }), offset_bytes: count(), size_bytes: count(), ...address }),
    ),
  ),
  parts_stored: Type.Optional(Type.Array(Type.Integer({ minimum: 1 }))),
});

export const closeoutPacket = Type.Object({ object_key: text(), sha256: text(), size_bytes: count() });

const autonomyScope = oneOf(["GLOBAL", "INCIDENT", "TICKET"]);
const actorFields = { actor_type: Type.Enum([...actorTypes]), actor_id: text(), actor_role: Type.Enum([...roles]) };
const traceFields = { request_id: nullable(text()), correlation_id: nullable(text()), trace_id: nullable(text()) };
const autonomyRow = Type.Object({
  id: uuid(),
  scope_type: autonomyScope,
  incident_type: nullable(text()),
  ticket_id: nullable(answeredId<TicketId>()),
  is_paused: Type.Boolean(),
  reason: nullable(text()),
  ...actorFields,
  ...traceFields,
  created_at: time(),
  updated_at: time(),
});
export const control = Type.Object({
  action: text(),
  scope: autonomyRow,
  previous_is_paused: Type.Boolean(),
  current_is_paused: Type.Boolean(),
  history_id: uuid(),
});
const autonomyDecision = nullable(
  Type.Object({
    scope_type: autonomyScope,
    incident_type: nullable(text()),
    ticket_id: nullable(answeredId<TicketId>()),
    is_paused: Type.Boolean(),
    reason: nullable(text()),
  }),
);
const autonomyStateFields = {
  generated_at: time(),
  controls: Type.Array(autonomyRow),
  decision: autonomyDecision,
  chain: Type.Array(json()),
  query: json(),
};
export const autonomyState = Type.Object(autonomyStateFields);
export const autonomyReplay = Type.Object({
  ticket_id: answeredId<TicketId>(),
  incident_type: nullable(text()),
  ...autonomyStateFields,
  history: Type.Array(json()),
});

const event = Type.Object({
  id: answeredId<ReceiptId>(),
  ticket_id: nullable(answeredId<TicketId>()),
  ...actorFields,
  actor_role: text(),
  tool_name: text(),
  ...traceFields,
  before_state: nullable(text()),
  after_state: nullable(text()),
  payload: json(),
  created_at: time(),
  seq: count(),
  hash: text(),
});
export const timeline = Type.Object({
  ticket_id: answeredId<TicketId>(),
  events: Type.Array(event),
  next_cursor: Type.Optional(nullable(text())),
});

export const ticketSearch = Type.Object({ tickets: Type.Array(ticket), next_cursor: nullable(text()) });
export const evidenceList = Type.Object({
  ticket_id: answeredId<TicketId>(),
  evidence: Type.Array(evidence),
  rejected_evidence: Type.Optional(
    Type.Array(judgedEvidence, { description: "Items that do not stand for their keys, and why; absent: all do" }),
  ),
  doubtful_evidence: Type.Optional(
    Type.Array(judgedEvidence, { description: "Items that do although their camera's clock speaks against them" }),
  ),
  next_cursor: Type.Optional(text()),
});
export const evidenceContent = Type.Object({
  ticket_id: answeredId<TicketId>(),
  evidence,
  content: nullable(
    Type.Object({
      path: text(),
      media_type: text(),
      size_bytes: count(),
      etag: text(),
      file_name: text(),
      disposition: oneOf(["inline", "attachment"], "Whether a browser shows it or saves it"),
    }),
    "Where its bytes are read, and what they are; null where they lie elsewhere",
  ),
});
export const approvalList = Type.Object({
  approvals: Type.Array(
    Type.Object({
      ...approval.properties,
      ticket_id: answeredId<TicketId>(),
      number: text(),
      currency: nullable(text(), "Of its amount, by ISO 4217; null: as the ticket's"),
      requested_by: text(),
      decided_by: nullable(text()),
      decided_at: nullable(time()),
      notes: nullable(text()),
    }),
  ),
  next_cursor: Type.Optional(text()),
});
export const slots = Type.Object({
  slots: Type.Array(slot),
  rejected: Type.Array(rejectedTechnician),
  generated_at: time(),
  schedule_version: text(),
  timezone: nullable(timezone()),
});
export const directory = Type.Object({
  results: Type.Array(
    Type.Object({
      kind: text(),
      id: uuid(),
      name: text(),
      detail: nullable(text()),
      account_id: nullable(answeredId<AccountId>()),
      /** Of a likely twin: what is alike. */
      matched: Type.Optional(Type.Array(text())),
    }),
  ),
});

const actor = Type.Object({ actor_id: text(), actor_role: text(), actor_type: text(), tool_name: text() });
const action = Type.Object({
  action_id: text(),
  tool_name: text(),
  endpoint: text(),
  method: oneOf(["GET", "POST"]),
  mutating: Type.Boolean(),
  enabled: Type.Boolean(),
  policy_error: nullable(Type.Record(Type.String(), Type.Unknown())),
});
export type ActionBody = Static<typeof action>;

export const cockpitRow = Type.Object({
  ticket_id: answeredId<TicketId>(),
  number: text(),
  summary: text(),
  caller: nullable(
    Type.Object({ name: text(), phone: nullable(text()) }),
    "Whom to call back: the contact the ticket names, else who called; null: nobody is on record",
  ),
  state: Type.Enum([...ticketStates]),
  priority: Type.Enum([...priorities]),
  incident_type: nullable(text()),
  site_region: nullable(text()),
  site: siteOfTicket(),
  site_line: Type.String({ description: "The site on one line: name, street, city, as far as they are known" }),
  assigned_tech: nullable(answeredId<TechnicianId>()),
  scheduled_start: nullable(time()),
  scheduled_start_local: localTime(),
  arrival_window: arrivalWindow(),
  timezone: timezone(),
  last_update_at: time(),
  last_transition_at: time(),
  region_weight: count(),
  sla_target_minutes: count(),
  sla_deadline_at: time(),
  sla_timer_remaining_minutes: Type.Integer(),
  sla_timer_remaining: text(),
  sla_status: oneOf(["breach", "warning", "healthy"]),
  sla_delay_attribution: oneOf(["customer", "provider", "unknown"]),
  response_deadline_at: time(),
  response_breached: Type.Boolean(),
  attention: nullable(attention),
  actions: Type.Optional(
    Type.Array(action, { description: "What may be done about the ticket; with actions=full or without a wish" }),
  ),
});
export const cockpit = Type.Object({
  generated_at: time(),
  actor,
  filters_applied: Type.Record(Type.String(), Type.Unknown()),
  queue: Type.Array(cockpitRow),
  actions_by_state: Type.Optional(
    Type.Record(Type.String(), Type.Array(action), {
      description:
        "What may be done about a ticket, for each state on the page; {ticketId} stands where an endpoint " +
        "has the ticket's id; only with actions=state",
    }),
  ),
  next_cursor: nullable(text()),
  selected_ticket: nullable(Type.Object({ ticket, timeline, evidence_summary: Type.Object({ total_items: count() }) })),
  desk_work: Type.Optional(deskWork),
});
export const jobPacket = Type.Object({
  generated_at: time(),
  actor,
  packet: Type.Object({
    header: Type.Record(Type.String(), Type.Unknown()),
    /** Who is booked for the visit, the lead first, with when they came. */
    crew: Type.Array(Type.Object({ ...crewMember.properties, checked_in_at: nullable(time()) })),
    site_and_access: Type.Record(Type.String(), Type.Unknown()),
    work_scope: Type.Record(Type.String(), Type.Unknown()),
    evidence_requirements: Type.Record(Type.String(), Type.Unknown()),
    checklist: Type.Record(Type.String(), Type.Unknown()),
    closeout_gate: Type.Record(Type.String(), Type.Unknown()),
    timeline: Type.Object({ events: Type.Array(event), latest_events: Type.Array(event) }),
    actions: Type.Array(action),
  }),
});

export const overridden = Type.Object({ ticket, before: json(), after: json(), bumped: Type.Optional(requeuedWork) });
const considered = Type.Object({ slots: Type.Array(slot), rejected: Type.Array(rejectedTechnician) });
export const booked = Type.Object({ ticket, booking, parts: bookedParts(), crew, considered });
/** The ticket at its new time, the booking made for it, and who comes then. */
export const moved = Type.Object({ ...ticketFields, booking: nullable(booking), parts: bookedParts(), crew });
export const crewed = Type.Object({ ...ticketFields, crew, helpers_missing: count() });
export const changeRequested = Type.Object({ ticket, approval });
export const closed = Type.Object({ ticket, closeout_packet: closeoutPacket });
export const invoiced = Type.Object({ ...ticketFields, invoice });
export const credited = Type.Object({ ...ticketFields, credit_note: invoice });

export const errorBody = Type.Object({
  error: Type.Object({
    code: text(),
    message: text(),
    request_id: nullable(text()),
    correlation_id: nullable(text()),
    field: Type.Optional(text()),
    policy_error: Type.Optional(Type.Object({ dimension: text(), requirement_code: Type.Optional(text()) })),
  }),
});
