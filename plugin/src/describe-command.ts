// What a successful command did, for the model: state, receipt, what it made, what may come next.

import { chatName } from "../../dispatch/contract/index.ts";
import type { Role } from "../../dispatch/contract/roles.ts";
import { driveText, followsText, localText, nextLine, ticketLine, ticketWords, visitText } from "./describe-ticket.ts";
import { planLines } from "./describe-plan.ts";
import { requestLines } from "./describe-requests.ts";
import { roomLines } from "./describe-rooms.ts";
import { swarmLines } from "./describe-swarm.ts";
import { leftOut } from "./left-out.ts";
import { isObject, listAt, numberAt, objectAt, textAt, type JsonObject } from "./json.ts";
import { currencyAt, moneyAt, inline, lines, plainOrQuoted, quoted, sentence, wordAt } from "./result-text.ts";
import type { Tool } from "./tool-catalog.ts";

const repeated =
  " — this repeats an earlier call and did nothing new; the answer is the earlier one (to do it again on purpose, give a " +
  "fresh request_id)";

/** What opens a ticket, and so tells its words. */
const opening: readonly string[] = ["ticket.create", "ticket.blind_intake", "ticket.follow_up"];

/**
 * The text of a command's answer.
 * @param ofAll the currency of limits, and of what is asked for beside them, where the ticket does not name it; null where nobody says
 */
export function describeCommand(
  tool: Tool,
  body: JsonObject,
  replayed: boolean,
  granted: readonly Role[],
  ofAll: string | null = null,
): string {
  const receipt = objectAt(body, "receipt");
  const ticket = textAt(body, "state") !== null && textAt(body, "site_id") !== null ? body : objectAt(body, "ticket");
  const currency = currencyAt(ticket, ofAll);
  const first = `DONE ${tool.name}${replayed ? repeated : ""}`;
  if (Object.keys(body).length === 0) return lines(first, "the answer has no body, and so no receipt", usualNext(tool));
  if (textAt(receipt, "aggregate") !== null)
    return lines(
      first,
      aggregateOfReceipt(receipt),
      ...swarmLines(textAt(receipt, "aggregate"), body),
      ...roomLines(textAt(receipt, "aggregate"), body),
      ...(textAt(receipt, "aggregate") === "approval_request" ? requestLines(body) : []),
      receiptLine(receipt),
      ...warningLines(body),
      usualNext(tool),
    );
  const state = textAt(ticket, "state") ?? textAt(receipt, "after_state");
  return lines(
    first,
    textAt(ticket, "id") === null
      ? ticketOfReceipt(receipt)
      : ticketLine(ticket, currency, stateBefore(receipt, ticket)),
    followsText(ticket),
    receiptLine(receipt),
    ...warningLines(body),
    ...madeLines(body, currency),
    opening.includes(tool.name) ? ticketWords(ticket) : null,
    nextLine(state, granted, tool.entry.next),
  );
}

/** Where the ticket stood; a ticket that another one's command made stood nowhere. */
const stateBefore = (receipt: JsonObject, ticket: JsonObject): string | null =>
  textAt(receipt, "ticket_id") === textAt(ticket, "id") ? textAt(receipt, "before_state") : null;

const receiptLine = (receipt: JsonObject): string =>
  `receipt ${wordAt(receipt, "receipt_id")} at ${wordAt(receipt, "occurred_at")}`;

/** What the desk warns of although it obeyed: the code, its sentence, and what else it says of it. */
const warningLines = (body: JsonObject): string[] =>
  listAt(body, "warnings")
    .filter(isObject)
    .map(({ code, message, ...more }) => {
      const facts = Object.entries(more).map(([name, value]) => `; ${name} ${inline(value, 500)}`);
      return `WARNING ${plainOrQuoted(String(code))} ${quoted(String(message), 300)}${facts.join("")}`;
    });

/** What became of something that is no ticket. */
const aggregateOfReceipt = (receipt: JsonObject): string =>
  `${wordAt(receipt, "aggregate")} ${wordAt(receipt, "aggregate_id")} ${wordAt(receipt, "after_state")} ` +
  `(was ${wordAt(receipt, "before_state")})`;

const usualNext = ({ entry: { next } }: Tool): string | null =>
  next.length === 0 ? null : `usually next: ${next.map(chatName).join(", ")}`;

function ticketOfReceipt(receipt: JsonObject): string | null {
  return textAt(receipt, "ticket_id") === null
    ? null
    : `ticket ${wordAt(receipt, "ticket_id")} ${wordAt(receipt, "after_state")}`;
}

/** What a command made beside moving the ticket. Each body has some of these. */
function madeLines(body: JsonObject, currency: string | null): (string | null)[] {
  const id = (key: string, at: unknown = body) => (textAt(at, key) === null ? null : wordAt(at, key));
  const booking = objectAt(body, "booking");
  const approval = objectAt(body, "approval");
  const packet = objectAt(body, "closeout_packet");
  const invoice = objectAt(body, "invoice");
  const creditNote = objectAt(body, "credit_note");
  const scope = objectAt(body, "scope");
  return [
    id("id", booking) &&
      `booking ${id("id", booking) ?? ""} tech_id ${id("technician_id", booking) ?? ""} ` +
        `${id("start", booking) ?? ""} to ${id("end", booking) ?? ""}${driveText(booking)}${localText(booking)}`,
    ...crewLines(body),
    id("hold_id") && `hold_id ${id("hold_id") ?? ""}`,
    id("id", approval) &&
      `approval_id ${id("id", approval) ?? ""} ${id("status", approval) ?? ""} +${moneyAt(approval, "amount_delta_cents", currency)}`,
    id("upload_id") &&
      `upload: ${id("method") ?? ""} the bytes to ${sentence(textAt(body, "url") ?? "")} before ` +
        `${id("expires_at") ?? ""}, then closeout_add_evidence with uri ${sentence(textAt(body, "uri") ?? "")}`,
    calendarLine(body),
    id("verification") &&
      `evidence_id ${id("id") ?? ""} ${id("verification") ?? ""} ${quoted(textAt(body, "uri"), 300)}`,
    id("object_key", packet) &&
      `closeout packet ${id("object_key", packet) ?? ""} sha256 ${id("sha256", packet) ?? ""}`,
    id("number", invoice) && invoiceLine("invoice", invoice),
    id("number", creditNote) && invoiceLine("credit note", creditNote),
    id("scope_type", scope) &&
      `scope ${id("scope_type", scope) ?? ""} ` +
        `${id("incident_type", scope) ?? id("ticket_id", scope) ?? ""} is ` +
        `${scope["is_paused"] === true ? "PAUSED" : "running"}`,
    ...recommendationLines(body),
    ...leftOut(listAt(objectAt(body, "considered"), "rejected")),
    ...rosterLines(body),
    ...planLines(body),
  ];
}

/** The address of a technician's calendar, which a repetition does not tell again. */
function calendarLine(body: JsonObject): string | null {
  if (textAt(body, "technician_id") === null) return null;
  const url = textAt(body, "url");
  return url === null
    ? "calendar address: none to show"
    : `calendar address, shown once, for that technician alone: ${sentence(url)}`;
}

/** Who comes, where that is more than one or fewer than the visit takes. */
function crewLines(body: JsonObject): (string | null)[] {
  const crew = listAt(body, "crew");
  const missing = numberAt(body, "helpers_missing") ?? 0;
  const members = crew.map(
    (one) => `${wordAt(one, "role")} tech_id ${wordAt(one, "tech_id")} ${quoted(textAt(one, "tech_name"))}`,
  );
  return [
    crew.length > 1 || missing > 0 ? `crew: ${members.join(", ") || "nobody yet"}` : null,
    missing > 0 ? `helpers missing: ${missing}` : null,
  ];
}

const invoiceLine = (what: string, invoice: JsonObject): string =>
  `${what} ${wordAt(invoice, "number")} total ${moneyAt(invoice, "total_cents")} ` +
  `(tax ${moneyAt(invoice, "tax_cents")}, ${listAt(invoice, "lines").length} lines)`;

function recommendationLines(body: JsonObject): string[] {
  const snapshot = textAt(body, "snapshot_id");
  if (snapshot === null || !("recommendations" in body)) return [];
  const ranked = listAt(body, "recommendations").map((one, at) => {
    const matches = objectAt(one, "matches");
    const fits = [
      matches["capability"] === true ? "able" : "not able",
      matches["zone"] === true ? "in zone" : "other zone",
      `load ${numberAt(matches, "active_load") ?? "?"}`,
    ];
    return (
      `${at + 1}. tech_id ${wordAt(one, "tech_id")} ${quoted(textAt(one, "tech_name"))} score ` +
      `${numberAt(one, "score") ?? "?"} (${fits.join(", ")})`
    );
  });
  return [
    `recommendation_snapshot_id ${plainOrQuoted(snapshot)} (dispatching with it must name number 1)`,
    ...ranked,
    ...leftOut(listAt(body, "rejected")),
    ...listAt(body, "bump").map(bumpLine),
  ];
}

/** Whom an emergency could take off which ticket, with what that costs. */
function bumpLine(one: unknown, at: number): string {
  const terms = listAt(one, "factors").map(
    (term) => `${wordAt(term, "factor")} ${numberAt(term, "value") ?? "?"} x ${numberAt(term, "weight") ?? "?"}`,
  );
  return (
    `nobody is free; bump ${at + 1}: take tech_id ${wordAt(one, "tech_id")} ${quoted(textAt(one, "tech_name"))} ` +
    `off ticket ${wordAt(one, "ticket_id")} ${wordAt(one, "state")} ${wordAt(one, "priority")} ` +
    `${visitText(one) ?? ""}, ` +
    `cost ${numberAt(one, "cost") ?? "?"} (${terms.join(" + ")}): ` +
    "assignment_override direct_dispatch_bypass with bump_ticket_id"
  );
}

/** What became of a technician, and of the work that was theirs. */
function rosterLines(body: JsonObject): string[] {
  const technician = objectAt(body, "technician");
  const id = textAt(technician, "id");
  if (id === null) return [];
  const drained = textAt(technician, "drained_at") !== null;
  const work = (name: string, all: readonly unknown[]) =>
    all.map((one) => {
      const state = textAt(one, "state");
      return `${name} ticket ${wordAt(one, "ticket_id")}${state === null ? "" : ` ${plainOrQuoted(state)}`}`;
    });
  return [
    `tech_id ${id} ${quoted(textAt(technician, "name"))} ` +
      `${drained ? `takes no new work: ${quoted(textAt(technician, "drain_reason"), 120)}` : "takes work"}`,
    ...work("back in the queue:", listAt(body, "requeued")),
    ...work("under way, stays:", listAt(body, "kept")),
    ...work("still booked, although away or no longer able:", listAt(body, "conflicts")),
  ];
}
