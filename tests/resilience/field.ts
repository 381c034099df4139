// The field these tests work in: an account with a site and technicians, and the commands of a ticket's life.
import { randomUUID } from "node:crypto";
import pg from "pg";
import { accountant, approver, dispatcher, inspector, technician, type Command } from "./callers.ts";

export type Field = { accountId: string; siteId: string; techIds: readonly string[] };

/** Makes the rows, as the schema's owner. */
export async function layOutField(databaseUrl: string, technicians = 1): Promise<Field> {
  const field = {
    accountId: randomUUID(),
    siteId: randomUUID(),
    techIds: Array.from({ length: technicians }, () => randomUUID()),
  };
  await rowsOf(databaseUrl, "INSERT INTO accounts (id, name) VALUES ($1, 'Resilient Doors')", [field.accountId]);
  await rowsOf(databaseUrl, "INSERT INTO sites (id, account_id, name, region) VALUES ($1, $2, 'Main St 1', 'CA')", [
    field.siteId,
    field.accountId,
  ]);
  await rowsOf(
    databaseUrl,
    `INSERT INTO technicians (id, name, zone, skills, tools, max_concurrent)
     SELECT id, 'Technician ' || n, 'CA', '{door_hardware,glazing,auto_operator}', '{multimeter,glass_lifter}', 50
     FROM unnest($1::uuid[]) WITH ORDINALITY AS t (id, n)`,
    [field.techIds],
  );
  return field;
}

/** Runs one statement on a connection of its own. */
export async function rowsOf<Row extends object>(
  databaseUrl: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}

const byDispatcher = (path: string, body: object): Command => ({ by: dispatcher, path, body });
const on = (ticketId: string, action: string): string => `/tickets/${ticketId}/${action}`;

export const createTicket = (field: Field, summary = "Door does not latch"): Command =>
  byDispatcher("/tickets", { account_id: field.accountId, site_id: field.siteId, summary, nte_cents: 5_000_000 });

/** Certain enough to be scheduled at once; `caller` tells one call from the next. */
export const blindIntake = (field: Field, caller = "Cora Customer"): Command =>
  byDispatcher("/tickets/intake", {
    account_id: field.accountId,
    site_id: field.siteId,
    summary: "Closer slams",
    incident_type: incident,
    customer_name: caller,
    contact_phone: "510 555 0100",
    priority: "URGENT",
    identity_confidence: 95,
    classification_confidence: 95,
    sop_handoff_acknowledged: true,
  });

export const incident = "DOOR_WONT_LATCH";
const evidenceKeys = [
  "photo_before_door_edge_and_strike",
  "photo_after_latched_alignment",
  "note_adjustments_and_test_cycles",
] as const;
const checklist = [
  "work_performed",
  "parts_used_or_needed",
  "resolution_status",
  "onsite_photos_after",
  "billing_authorization",
];

export const triage = (ticketId: string, outcome = "READY_TO_SCHEDULE"): Command =>
  byDispatcher(on(ticketId, "triage"), { priority: "URGENT", incident_type: incident, workflow_outcome: outcome });
export const requestInfo = (ticketId: string): Command =>
  byDispatcher(on(ticketId, "request-info"), { questions: ["Which door?"] });
export const requestChange = (ticketId: string): Command => ({
  by: technician,
  path: on(ticketId, "tech/request-change"),
  body: { approval_type: "NTE_INCREASE", reason: "The frame is bent", amount_delta_cents: 10_000 },
});
export const approve = (ticketId: string, approvalId: string): Command => ({
  by: approver,
  path: on(ticketId, "approval/decide"),
  body: { approval_id: approvalId, decision: "APPROVED" },
});

const dayMs = 86_400_000;
const firstDay = Math.ceil(Date.now() / dayMs) * dayMs + dayMs;

/** An hour of its own: on the day `day` days after tomorrow, and where the desk does not plan so far ahead an hour later. */
const hourOf = (day: number): number => firstDay + (day % 300) * dayMs + (9 + Math.floor(day / 300)) * 3_600_000;
export const visit = (day: number) => ({
  start: new Date(hourOf(day)).toISOString(),
  end: new Date(hourOf(day) + 3_600_000).toISOString(),
});

export const propose = (ticketId: string, day: number): Command =>
  byDispatcher(on(ticketId, "schedule/propose"), { options: [visit(day), visit(day + 1)] });
export const confirm = (ticketId: string, day: number): Command =>
  byDispatcher(on(ticketId, "schedule/confirm"), visit(day));
export const reopen = (ticketId: string): Command =>
  byDispatcher(on(ticketId, "schedule/reopen"), { reason: "The customer is away" });
export const hold = (ticketId: string, window = visit(20)): Command =>
  byDispatcher(on(ticketId, "schedule/hold"), { hold_reason: "CUSTOMER_PENDING", confirmation_window: window });
export const release = (ticketId: string, holdId: string): Command =>
  byDispatcher(on(ticketId, "schedule/release"), { customer_confirmation_log: holdId });
export const recommend = (ticketId: string): Command =>
  byDispatcher(on(ticketId, "assignment/recommend"), { service_type: "DEFAULT" });
export const dispatch = (ticketId: string, techId: string): Command =>
  byDispatcher(on(ticketId, "assignment/dispatch"), { tech_id: techId });
export const book = (ticketId: string, techId: string): Command =>
  byDispatcher(on(ticketId, "schedule/book"), { tech_id: techId });
export const override = (ticketId: string, techId: string): Command =>
  byDispatcher(on(ticketId, "assignment/override"), {
    override_type: "reassign_tech",
    reason_code: "capacity",
    note: "Another job takes longer",
    tech_id: techId,
  });
export const unassign = (ticketId: string): Command =>
  byDispatcher(on(ticketId, "assignment/unassign"), { reason_code: "capacity", note: "Another job takes longer" });
export const checkIn = (ticketId: string): Command => ({
  by: technician,
  path: on(ticketId, "tech/check-in"),
  body: { timestamp: visit(0).start },
});
export const pauseWork = (ticketId: string): Command => ({
  by: technician,
  path: on(ticketId, "tech/hold"),
  body: { reason_code: "parts" },
});
export const resumeWork = (ticketId: string): Command => ({
  by: technician,
  path: on(ticketId, "tech/resume"),
  body: {},
});
export const addEvidence = (ticketId: string, key: string = evidenceKeys[0]): Command => ({
  by: technician,
  path: on(ticketId, "evidence"),
  body: { kind: "PHOTO", uri: `s3://elsewhere/${ticketId}/${key}.jpg`, evidence_key: key },
});
export const allEvidence = (ticketId: string): Command[] => evidenceKeys.map((key) => addEvidence(ticketId, key));
export const complete = (ticketId: string): Command => ({
  by: technician,
  path: on(ticketId, "tech/complete"),
  body: {
    checklist_status: Object.fromEntries(checklist.map((key) => [key, true])),
    no_signature_reason: "Nobody was there to sign",
    work: { labor_minutes: 45 },
  },
});
export const verify = (ticketId: string): Command => ({
  by: inspector,
  path: on(ticketId, "qa/verify"),
  body: { timestamp: visit(0).end, result: "PASS" },
});
export const returnWork = (ticketId: string): Command => ({
  by: inspector,
  path: on(ticketId, "qa/return-work"),
  body: { reasons: ["A photo is blurred"] },
});
export const invoice = (ticketId: string): Command => ({
  by: accountant,
  path: on(ticketId, "billing/generate-invoice"),
  body: {},
});
export const close = (ticketId: string): Command => byDispatcher(on(ticketId, "close"), {});
export const cancel = (ticketId: string): Command =>
  byDispatcher(on(ticketId, "cancel"), { reason: "Mended by itself" });
const autonomy = (action: string, incidentType: string): Command =>
  byDispatcher(`/ops/autonomy/${action}`, { scope_type: "INCIDENT", incident_type: incidentType, reason: "A drill" });
/** A kind of work that no ticket here is of, so that pausing it stops nobody. */
export const otherIncident = "HARDWARE_REPLACEMENT";
export const pauseAutonomy = (incidentType: string): Command => autonomy("pause", incidentType);
export const resumeAutonomy = (incidentType: string): Command => autonomy("rollback", incidentType);
