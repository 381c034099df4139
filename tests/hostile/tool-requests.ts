// Requests to the tools of the contract: for every command and query, generated from its schema, as a caller who knows
// this desk would send them, nearly so, or not at all so.

import fc from "fast-check";
import {
  commandEntries,
  queryEntries,
  toolEntries,
  type CommandEntry,
  type QueryEntry,
  type ToolName,
} from "../../dispatch/contract/index.ts";
import { roles } from "../../dispatch/contract/roles.ts";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { acme, ana, ben, borealis, cleo, dirk } from "../support/directory.ts";
import { fullChecklist, latchEvidence } from "../support/ticket-builder.ts";
import { anyUuid, edgeTimes, hostileJson, hostileText, jsonText, RawJson } from "./hostile-values.ts";
import type { HttpRequest } from "./request-bytes.ts";
import {
  namesIn,
  nearlyValidObject,
  oddValue,
  propertiesOf,
  schemaOf,
  validValue,
  type Known,
} from "./schema-arbitrary.ts";
import { otherRooms, pooledRoom, pooledWorker, type TicketPool } from "./ticket-pool.ts";

/** What to ask, before it is known of which ticket. */
export type ToolCall = {
  readonly tool: ToolName;
  readonly role: string;
  readonly actor: string;
  /** Chooses the ticket; null puts an id of nobody's in its place. */
  readonly pick: number | null;
  readonly key: string;
  readonly body: unknown;
  readonly query: string;
};

/** Stands in a body for an id that belongs to the chosen ticket. */
const approvalOfTicket = "(the approval of this ticket)";
const holdOfTicket = "(the hold of this ticket)";
const invoiceOfTicket = "(the invoice of this ticket)";
const thisTicket = "(this ticket)";
const thisTask = "(this task)";
const thisEvent = "(what a worker said)";
const startOfTicket = "(the start of this ticket's visit)";
const endOfTicket = "(the end of this ticket's visit)";

const minutesFromNow = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();
const usualWindow = fc
  .tuple(fc.integer({ min: -100, max: 60_000 }), fc.constantFrom(15, 60, 90, 1_440))
  .map(([start, length]) => ({ start: minutesFromNow(start), end: minutesFromNow(start + length) }));
const edgeWindow = fc
  .tuple(fc.constantFrom(...edgeTimes), fc.constantFrom(...edgeTimes))
  .map((times) => times.toSorted((a, b) => Date.parse(a) - Date.parse(b)))
  .map(([start, end]) => ({ start, end }));
const windows = fc.oneof(
  { weight: 3, arbitrary: usualWindow },
  { weight: 1, arbitrary: edgeWindow },
  { weight: 1, arbitrary: fc.constant({ start: startOfTicket, end: endOfTicket }) },
);

/** Whom the attack may drain, sign off and send home: the roster is everybody's, and the tests' own work needs Ana and Ben. */
const rosterTargets = [cleo, dirk] as const;
/** The agents the attack may put on the roster, drain and wake; the pool's tasks are another's. */
const workerTargets = ["day-clerk", "night-clerk"] as const;

/** What fields hold on the desk of the tests' directory. */
export const deskFields: ReadonlyMap<string, fc.Arbitrary<unknown>> = new Map<string, fc.Arbitrary<unknown>>([
  ["account_id", fc.constantFrom(acme.id, acme.id, acme.id, borealis.id)],
  ["site_id", fc.constantFrom(acme.oakland, acme.oakland, acme.dallas, borealis.albany)],
  ["asset_id", fc.constantFrom(acme.door, acme.door, borealis.oven)],
  ["assigned_tech_id", fc.constantFrom(ana, ben)],
  ["expected_version", fc.nat(8)],
  ["tech_ids", fc.constantFrom([ana], [ana, ben])],
  // A search is no part of the attack; that it holds nobody up is tested where it belongs.
  ["day", fc.constantFrom(...[1, 3].map((days) => minutesFromNow(days * 1_440).slice(0, 10)))],
  ["zone", fc.constantFrom("CA", "ca", "ZZ")],
  ["zones", fc.constantFrom(["CA"], ["ca", "ZZ"])],
  ["time_zone", fc.constantFrom("UTC", "America/Los_Angeles")],
  ["iterations", fc.constantFrom(1, 20)],
  ["seconds", fc.constant(0.1)],
  ["ticket_id", fc.constant(thisTicket)],
  ["parent_id", fc.constant(thisTask)],
  ["assignee", fc.constantFrom(pooledWorker, pooledWorker, ...workerTargets)],
  ["event_id", fc.constant(thisEvent)],
  ["up_to", fc.constant(thisEvent)],
  ["reply_to", fc.constant(thisEvent)],
  ["room", fc.constantFrom(pooledRoom, ...otherRooms)],
  ["approval_id", fc.constant(approvalOfTicket)],
  ["invoice_id", fc.constant(invoiceOfTicket)],
  ["confirmation_id", fc.constant(holdOfTicket)],
  ["customer_confirmation_log", fc.constant(holdOfTicket)],
  ["customer_confirmation_id", fc.constant(holdOfTicket)],
  [
    "incident_type",
    fc.constantFrom(
      "DOOR_WONT_LATCH",
      "door_wont_latch",
      "CANNOT_SECURE_ENTRY",
      "FRAME_OR_GLASS_DAMAGE",
      "NO_SUCH_TYPE",
    ),
  ],
  ["service_type", fc.constantFrom("DEFAULT", "DOOR_WONT_LATCH", "DOOR_WONT_LATCH_V2")],
  ["evidence_key", fc.constantFrom(...latchEvidence, "signature_or_no_signature_reason")],
  ["evidence_refs", fc.constant([])],
  ["kind", fc.constantFrom("PHOTO", "NOTE", "SIGNATURE")],
  [
    "uri",
    fc.constantFrom(
      "s3://camera-roll/a.jpg",
      "s3://dispatch-objects/evidence/a.jpg",
      "minio://b/c",
      "https://example.invalid/a",
    ),
  ],
  ["content_type", fc.constantFrom("image/jpeg", "text/plain", "application/pdf")],
  ["size_bytes", fc.constantFrom(1, 1_024, 26_214_400, 26_214_401)],
  [
    "checklist_status",
    fc.constantFrom(fullChecklist, fullChecklist, fullChecklist, { ...fullChecklist, work_performed: false }, {}),
  ],
  ["contact_phone", fc.integer({ min: 0, max: 999_999 }).map((n) => `+1 (555) 0${String(n).padStart(6, "0")}`)],
  ["contact_email", fc.constantFrom("canary@example.invalid", " Canary@Example.INVALID ")],
  ["customer_name", fc.constantFrom("Canary Customer", "Cañary")],
  ["summary", fc.nat(50_000).map((n) => `Front door ${n} does not latch`)],
  ["dispatch_mode", fc.constantFrom("STANDARD", "EMERGENCY_BYPASS")],
  ["result", fc.constantFrom("PASS", "PASS", "FAIL")],
  // Mostly one ticket's: a pause everywhere turns all other completions into the same refusal.
  ["scope_type", fc.constantFrom("TICKET", "TICKET", "TICKET", "TICKET", "INCIDENT", "GLOBAL")],
  ["x-window", windows],
]);

/** Whom a tool may name. */
export const techniciansOf = (tool: ToolName): fc.Arbitrary<string> =>
  tool.startsWith("roster.") ? fc.constantFrom(...rosterTargets) : fc.constantFrom(ana, ben, ben, ...rosterTargets);

const fieldsOf =
  (tool: ToolName): Known =>
  (field) =>
    field === "tech_id" ? techniciansOf(tool) : (fieldsOfTool.get(tool)?.get(field) ?? deskFields.get(field));

/** What fields hold in calls of one tool. */
const fieldsOfTool: ReadonlyMap<ToolName, ReadonlyMap<string, fc.Arbitrary<unknown>>> = new Map<
  ToolName,
  ReadonlyMap<string, fc.Arbitrary<unknown>>
>([
  ...(["task.create", "task.list"] as const).map(
    (tool) => [tool, new Map([["kind", fc.constantFrom("desk", "prompt", "change")]])] as const,
  ),
  ["task.complete", new Map([["result", fc.constant({ warranty_until: "2028-05-01" })]])],
  [
    "worker.register",
    new Map<string, fc.Arbitrary<unknown>>([
      ["slug", fc.constantFrom(...workerTargets)],
      ["kind", fc.constant("agent")],
      // Or neither would ever sleep, and nobody could be woken.
      ["policy", fc.constant("on_demand")],
    ]),
  ],
  [
    "room.create",
    new Map<string, fc.Arbitrary<unknown>>([
      ["name", fc.constantFrom(...otherRooms)],
      ["kind", fc.constantFrom("desk", "field")],
      ["transport", fc.constantFrom("inbox", "inbox", "inbox", "webhook")],
      ["address", fc.constantFrom(...otherRooms, "https://example.invalid/pushes")],
      ["worker_id", fc.constantFrom(...workerTargets)],
      ["aliases", fc.constantFrom([], ["daytime"])],
      ["groups", fc.constantFrom([], ["office"])],
    ]),
  ],
  ["room.list", new Map([["kind", fc.constantFrom("control", "desk", "field")]])],
  [
    "room.push",
    new Map<string, fc.Arbitrary<unknown>>([
      ["target", fc.constantFrom(pooledRoom, ...otherRooms, "office", "all-rooms")],
      ["command", fc.constantFrom("/queue-check", "/queue-check", "/review it", "/exit")],
    ]),
  ],
  [
    "event.report",
    new Map<string, fc.Arbitrary<unknown>>([
      ["type", fc.constantFrom("task_completed", "progress_update", "dispatch:task_failed", "waiting_for_input")],
      ["task_id", fc.constant(thisTask)],
    ]),
  ],
  ["billing.credit", new Map([["all", fc.constantFrom(true, true, true, false)]])],
  [
    "billing.export",
    new Map<string, fc.Arbitrary<unknown>>([
      ["from", fc.constantFrom("2026-01-01", "2026-11-30", "0001-01-01")],
      ["to", fc.constantFrom("2026-12-31", "9999-12-31", "2025-12-31")],
    ]),
  ],
  // New ones: what the attack's tickets stand on stays as it is.
  ["account.upsert", new Map([["account_id", anyUuid]])],
  ["contact.upsert", new Map([["contact_id", anyUuid]])],
  [
    "site.upsert",
    new Map<string, fc.Arbitrary<unknown>>([
      ["site_id", anyUuid],
      // Each is refused where it is no known one, and few of so many fields would ever all be.
      ["country", fc.constantFrom("US", "US", "US", "DE", "ZZ")],
      ["timezone", fc.constantFrom("America/Los_Angeles", "America/Los_Angeles", "UTC", "Nowhere/At_All")],
      ["holiday_calendar", fc.constantFrom("us-federal", "us-federal", "us-federal", "none such")],
      ["hours", fc.constantFrom(null, [{ weekdays: [1, 7], start_time: "08:00", end_time: "17:30" }])],
      ["expected_version", fc.constantFrom(1, 2)],
    ]),
  ],
]);

const keys = fc.oneof(
  { weight: 9, arbitrary: anyUuid },
  {
    weight: 1,
    arbitrary: fc.constantFrom("11111111-1111-4111-8111-111111111111", "AAAAAAAA-1111-4111-8111-111111111111"),
  },
);

function callers(allowed: readonly string[]): fc.Arbitrary<{ role: string; actor: string }> {
  const role = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...allowed) },
    { weight: 1, arbitrary: fc.constantFrom(...roles, "bot", "nobody") },
  );
  return fc
    .tuple(role, fc.constantFrom("one", "two", "three"))
    .map(([one, who]) => ({ role: one, actor: `${one}-${who}` }));
}

const pick = fc.oneof({ weight: 19, arbitrary: fc.nat(100_000) }, { weight: 1, arbitrary: fc.constant(null) });

/**
 * A plan asked for without a limit is searched for up to five seconds, a third of what a flood then costs the API, and one that has
 * seconds takes them all. Steps are counted, and 20 of them take none.
 */
const alwaysGiven: ReadonlyMap<ToolName, readonly string[]> = new Map([["plan.optimize", ["iterations"]]]);

const withFields = (schema: JsonObject, fields: readonly string[]): JsonObject => ({
  ...schema,
  required: [...namesIn(schema["required"]), ...fields],
});

function commandCall(tool: ToolName, entry: CommandEntry, known: Known): fc.Arbitrary<ToolCall> {
  const schema = withFields(schemaOf(entry.input), alwaysGiven.get(tool) ?? []);
  const body = fc.oneof(
    { weight: 5, arbitrary: validValue(schema, known) },
    { weight: 4, arbitrary: nearlyValidObject(schema, known) },
    { weight: 1, arbitrary: hostileJson },
  );
  return fc
    .tuple(callers(entry.roles), pick, keys, body)
    .map(([caller, ticket, key, value]) => ({ tool, ...caller, pick: ticket, key, body: value, query: "" }));
}

const escapes = fc.constantFrom(
  (text: string) => encodeURIComponent(text.toWellFormed()),
  (text: string) => encodeURIComponent(text.toWellFormed()).replaceAll("%20", "+"),
  (text: string) => [...Buffer.from(text, "utf8")].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  // As it is, where the request line can hold it.
  (text: string) => text.replaceAll(/[^!-~]/g, "~").replaceAll(/[&#%=+]/g, "_"),
);

const queryText = (value: unknown): string =>
  value instanceof RawJson ? value.text : typeof value === "object" ? jsonText(value) : String(value);

type Pairs = readonly (readonly [string, unknown])[];

function queryCall(tool: ToolName, entry: QueryEntry, known: Known): fc.Arbitrary<ToolCall> {
  const schema = schemaOf(entry.input);
  const properties = Object.entries(propertiesOf(schema));
  const parameters = properties.map(([name, schema]) => {
    const item = isObject(schema) && schema["type"] === "array" ? schema["items"] : schema;
    const value = fc.oneof(
      { weight: 2, arbitrary: validValue(item, known, name) },
      { weight: 1, arbitrary: oddValue(item, known, name) },
    );
    return fc.tuple(
      fc.constant(name),
      fc.oneof(
        { weight: 5, arbitrary: value },
        { weight: 1, arbitrary: fc.array(value, { maxLength: 3 }).map((many) => many.map(queryText).join(",")) },
      ),
    );
  });
  const stray = fc.tuple(
    fc.constantFrom("limit", "cursor", "__proto__", "constructor", "a[b]", "a[]", "q", ""),
    hostileText,
  );
  const thrown: fc.Arbitrary<Pairs> = fc.array(
    fc.oneof(
      { weight: 9, arbitrary: parameters.length > 0 ? fc.oneof(...parameters) : stray },
      { weight: parameters.length > 0 ? 1 : 3, arbitrary: stray },
    ),
    { maxLength: parameters.length > 0 ? 4 : 1 },
  );
  // Two parameters that are both required would seldom meet by chance, each once.
  const meant: fc.Arbitrary<Pairs> = validValue(schema, known).map((value) =>
    Object.entries(isObject(value) ? value : {}),
  );
  const query = fc
    .tuple(fc.oneof({ weight: 2, arbitrary: meant }, { weight: 3, arbitrary: thrown }), escapes)
    .map(([list, escape]) =>
      list.map(([name, value]) => `${encodeURIComponent(name)}=${escape(queryText(value))}`).join("&"),
    );
  return fc
    .tuple(callers(entry.roles), pick, query)
    .map(([caller, ticket, text]) => ({ tool, ...caller, pick: ticket, key: "", body: null, query: text }));
}

/**
 * Calls of tools, each alike often.
 * @param knownTo what fields may hold, by tool
 */
export const toolCalls = (
  tools: readonly ToolName[],
  knownTo: (tool: ToolName) => Known = fieldsOf,
): fc.Arbitrary<ToolCall> =>
  fc.oneof(
    ...commandEntries
      .filter(([tool]) => tools.includes(tool))
      .map(([tool, entry]) => commandCall(tool, entry, knownTo(tool))),
    ...queryEntries
      .filter(([tool]) => tools.includes(tool))
      .map(([tool, entry]) => queryCall(tool, entry, knownTo(tool))),
  );

/** Every command and query there is. */
export const allTools: readonly ToolName[] = toolEntries.map(([tool]) => tool);

const entries = new Map<ToolName, CommandEntry | QueryEntry>([...commandEntries, ...queryEntries]);

/** Whoever attacks sits in one room; of the others work is asked. */
const roomFor = (tool: ToolName, pick: number): string =>
  tool === "event.report"
    ? pooledRoom
    : tool === "task.dispatch"
      ? otherRooms[0]
      : ([pooledRoom, ...otherRooms][pick % 3] ?? pooledRoom);

/** The call as a request, its ticket chosen from the pool as that is now. */
export function requestOf(
  call: ToolCall,
  pool: Pick<TicketPool, "for" | "plan" | "receipt" | "invoice" | "task" | "event" | "request">,
): HttpRequest {
  const entry = entries.get(call.tool);
  if (!entry) throw new Error(`no such tool: ${call.tool}`);
  const isCommand = entry.kind === "command";
  const ticket = call.pick === null ? null : pool.for(isCommand ? entry : null, call.pick);
  const nobody = "0198c000-0000-7000-8000-000000000000";
  const task = pool.task(isCommand ? entry : null, call.pick) ?? nobody;
  const event = pool.event(call.pick) ?? nobody;
  const path = entry.path
    .replace("{roomId}", call.pick === null ? nobody : roomFor(call.tool, call.pick))
    .replace("{taskId}", task)
    .replace("{slug}", call.pick === null ? "nobody" : (workerTargets[call.pick % workerTargets.length] ?? "nobody"))
    .replace("{ticketId}", ticket?.id ?? nobody)
    .replace("{evidenceId}", ticket?.evidenceId ?? nobody)
    .replace("{receiptId}", pool.receipt(call.pick) ?? nobody)
    .replace("{invoiceId}", (isCommand ? ticket?.invoiceId : pool.invoice(call.pick)) ?? nobody)
    .replace("{approvalRequestId}", pool.request(call.pick) ?? "a-999999")
    .replace("{planId}", pool.plan(call.pick) ?? nobody)
    .replace(/\{(?:account|site|contact|asset)Id\}/, nobody)
    .replace(
      "{technicianId}",
      call.pick === null ? nobody : (rosterTargets[call.pick % rosterTargets.length] ?? nobody),
    );
  const filled = (text: string): string =>
    text
      .replaceAll(approvalOfTicket, ticket?.approvalId ?? nobody)
      .replaceAll(holdOfTicket, ticket?.holdId ?? nobody)
      .replaceAll(invoiceOfTicket, ticket?.invoiceId ?? nobody)
      .replaceAll(thisTicket, ticket?.id ?? nobody)
      .replaceAll(thisTask, task)
      .replaceAll(thisEvent, event)
      .replaceAll(startOfTicket, ticket?.window.start ?? minutesFromNow(60))
      .replaceAll(endOfTicket, ticket?.window.end ?? minutesFromNow(120));
  const query = call.query
    .replaceAll(encodeURIComponent(thisTicket), ticket?.id ?? nobody)
    .replaceAll(encodeURIComponent(thisTask), task);
  return {
    method: entry.method,
    target: query === "" ? path : `${path}?${query}`,
    headers: [
      ["X-Actor-Id", call.actor],
      ["X-Actor-Role", call.role],
      ["X-Agent-ID", call.actor],
      ...(isCommand ? [["Idempotency-Key", call.key] as const] : []),
      // A file's facts, and not its bytes.
      ...(entry.kind === "query" && entry.file ? [["Accept", "application/json"] as const] : []),
    ],
    body: isCommand ? Buffer.from(filled(jsonText(call.body))) : null,
  };
}
