// Turns to hold replies against, in a line of short words each: "book T-123 ana tue9" is the answer of schedule.book, with the members
// the desk's own answers have. It is Monday, 30 November 2026, ten in the morning at the sites, eight hours behind UTC.

import assert from "node:assert/strict";
import {
  evidenceOf,
  learn,
  ticketKey,
  type Call,
  type Labels,
  type Outcome,
  type Turn,
} from "../../plugin/src/claims/evidence.ts";
import type { JsonObject } from "../../plugin/src/json.ts";

export const now = Date.parse("2026-11-30T18:00:00Z");

const technicians = ["Ana Ruiz", "Ben Okafor", "Carla Diaz", "Dev Patel", "Eva Lind"] as const;
const days = ["mon", "tue", "wed", "thu", "fri", "sat"];

const idOf = (kind: number, number: number): string =>
  `01a1f8e9-0000-700${kind}-8000-${String(number).padStart(12, "0")}`;
const ticketId = (number: string): string => idOf(1, Number(number.slice(2)));
const techId = (name: string): string => idOf(2, technicians.findIndex((one) => one === name) + 1);

/** Commands by the short word, with the state a ticket has behind each. */
const commands: Readonly<Record<string, readonly [tool: string, state: string | null]>> = {
  create: ["ticket.create", "NEW"],
  intake: ["ticket.blind_intake", "READY_TO_SCHEDULE"],
  triage: ["ticket.triage", "READY_TO_SCHEDULE"],
  info: ["ticket.request_info", "NEEDS_INFO"],
  cancel: ["ticket.cancel", "CANCELLED"],
  close: ["ticket.close", "CLOSED"],
  return: ["ticket.return_visit", "READY_TO_SCHEDULE"],
  update: ["ticket.update", "SCHEDULED"],
  note: ["ticket.add_note", "SCHEDULED"],
  follow: ["ticket.follow_up", "NEW"],
  propose: ["schedule.propose", "SCHEDULE_PROPOSED"],
  confirm: ["schedule.confirm", "SCHEDULED"],
  book: ["schedule.book", "SCHEDULED"],
  move: ["schedule.move", "SCHEDULED"],
  reopen: ["schedule.reopen", "READY_TO_SCHEDULE"],
  hold: ["schedule.hold", "PENDING_CUSTOMER_CONFIRMATION"],
  release: ["schedule.release", "SCHEDULED"],
  recommend: ["assignment.recommend", "SCHEDULED"],
  dispatch: ["assignment.dispatch", "DISPATCHED"],
  override: ["assignment.override", "DISPATCHED"],
  transfer: ["assignment.transfer", "IN_PROGRESS"],
  crew: ["assignment.crew", "DISPATCHED"],
  unassign: ["assignment.unassign", "SCHEDULED"],
  checkin: ["tech.check_in", "IN_PROGRESS"],
  pausework: ["tech.hold", "ON_HOLD"],
  resume: ["tech.resume", "IN_PROGRESS"],
  change: ["tech.request_change", "APPROVAL_REQUIRED"],
  evidence: ["closeout.add_evidence", "IN_PROGRESS"],
  complete: ["tech.complete", "COMPLETED_PENDING_VERIFICATION"],
  verify: ["qa.verify", "VERIFIED"],
  sendback: ["qa.return_work", "IN_PROGRESS"],
  approve: ["approval.decide", "IN_PROGRESS"],
  limit: ["billing.request_limit", "APPROVAL_REQUIRED"],
  invoice: ["billing.generate_invoice", "INVOICED"],
  credit: ["billing.credit", "INVOICED"],
  pauseall: ["ops.autonomy.pause", null],
  resumeall: ["ops.autonomy.rollback", null],
  timeoff: ["roster.time_off", null],
  sick: ["roster.sign_off", null],
  drain: ["roster.drain", null],
  shifts: ["roster.set_shifts", null],
  optimize: ["plan.optimize", null],
  apply: ["plan.apply", null],
  account: ["account.upsert", null],
  site: ["site.upsert", null],
  contact: ["contact.upsert", null],
  task: ["task.create", null],
  push: ["room.push", null],
};
const queries: Readonly<Record<string, string>> = {
  get: "ticket.get",
  search: "ticket.search",
  cockpit: "dispatcher.cockpit",
  timeline: "ticket.timeline",
  slots: "schedule.slots",
  techs: "roster.list",
  invoiceof: "invoice.get",
};

type Said = {
  readonly ticket: string | null;
  readonly tickets: readonly string[];
  readonly techs: readonly string[];
  readonly time: { readonly start: Date; readonly end: Date } | null;
  readonly cents: number | null;
  readonly state: string | null;
  readonly rest: readonly string[];
};

/**
 * A turn by what was called in it, parted by ";": "!" refused, "^" kept for a person to allow, "?" asked back, "~" not known, "=" an old
 * receipt, "<" of an earlier turn.
 */
export function turnOf(line: string): Turn {
  const labels: Labels = new Map();
  const roster = { technicians: technicians.map((name) => ({ id: techId(name), name })) };
  learn(labels, roster);
  const calls = line
    .split(";")
    .map((one) => one.trim())
    .filter((one) => one !== "" && one !== "-");
  const made = calls
    .filter((one) => one !== "other")
    .map((one) => ({ isEarlier: one.startsWith("<"), call: callOf(one.replace(/^</, "").trim()) }));
  for (const { call } of made) learn(labels, call.body);
  const told = made.map(({ isEarlier, call }) => ({ isEarlier, evidence: evidenceOf(call, labels) }));
  return {
    calls: told.filter(({ isEarlier }) => !isEarlier).map(({ evidence }) => evidence),
    earlier: told.filter(({ isEarlier }) => isEarlier).map(({ evidence }) => evidence),
    technicians: new Set(technicians.map((name) => name.toLowerCase())),
    at: now,
    otherTools: calls.includes("other"),
  };
}

function callOf(words: string): Call {
  const sign = /^[!?~=^]/.exec(words)?.[0] ?? "";
  const [verb = "", ...more] = words.slice(sign.length).trim().split(/\s+/);
  const query = queries[verb];
  const outcome: Outcome = sign === "=" ? "old" : sign !== "" ? "not done" : query ? "read" : "done";
  const asked = verb === "search" || verb === "cockpit" ? undefined : /T-\d+/.exec(words)?.[0];
  const named = asked === undefined ? {} : { ticket_id: ticketKey(asked) };
  if (query) return { tool: query, outcome, args: named, body: queryBody(verb, more.join(" ")) };
  const known = commands[verb] ?? assert.fail(`no such call: ${words}`);
  const said = saidIn(more);
  const [tool, state] = known;
  const args = argsOf(said);
  if (outcome === "not done")
    return {
      tool,
      outcome,
      args,
      body: { code: sign === "^" ? "HUMAN_APPROVAL_REQUIRED" : "INVALID_STATE", from_state: said.state },
    };
  return { tool, outcome, args, body: bodyOf(tool, state, said) };
}

function saidIn(words: readonly string[]): Said {
  const tickets: string[] = [];
  let time: Said["time"] = null;
  let cents: number | null = null;
  let state: string | null = null;
  const techs: string[] = [];
  const rest: string[] = [];
  for (const word of words) {
    const tech = technicians.find((name) => name.toLowerCase().startsWith(`${word.toLowerCase()} `));
    const [, day, hour, minute = "0"] = /^(mon|tue|wed|thu|fri|sat)(\d{1,2})(?::(\d\d))?$/.exec(word) ?? [];
    if (/^T-\d+$/.test(word)) tickets.push(ticketKey(word));
    else if (tech !== undefined) techs.push(tech);
    else if (day !== undefined) {
      const start = Date.UTC(2026, 10, 30 + days.indexOf(day), Number(hour) + 8, Number(minute));
      time = { start: new Date(start), end: new Date(start + 7_200_000) };
    } else if (/^\$[\d.]+$/.test(word)) cents = Math.round(Number(word.slice(1)) * 100);
    else if (/^[A-Z_]{3,}$/.test(word)) state = word;
    else rest.push(word.replaceAll("_", " "));
  }
  return { ticket: tickets[0] ?? null, tickets, techs, time, cents, state, rest };
}

const argsOf = ({ ticket, techs, cents, rest }: Said): JsonObject => ({
  ...(ticket !== null && { ticket_id: ticket }),
  ...(techs[0] !== undefined && { tech_id: techs[0] }),
  ...(cents !== null && { amount_delta_cents: cents }),
  ...(rest.length > 0 && { text: rest.join(" ") }),
});

const local = (date: Date): string => `${new Date(date.getTime() - 8 * 3_600_000).toISOString().slice(0, 19)}-08:00`;

const span = (time: NonNullable<Said["time"]>, prefix = ""): JsonObject => ({
  [`${prefix}start`]: time.start.toISOString(),
  [`${prefix}end`]: time.end.toISOString(),
  [`${prefix}start_local`]: local(time.start),
  [`${prefix}end_local`]: local(time.end),
});

function ticketBody(state: string, { ticket, techs, time, cents }: Said): JsonObject {
  const number = ticket ?? "T-000999";
  return {
    id: ticketId(number),
    number,
    site_id: idOf(3, 1),
    account_id: idOf(4, 1),
    state,
    priority: "URGENT",
    summary: "Front door does not latch",
    customer_name: "Mrs Gomez",
    nte_cents: cents ?? 50_000,
    assigned_tech_id: techs[0] === undefined ? null : techId(techs[0]),
    ...(time && { ...span(time, "scheduled_"), timezone: "America/Los_Angeles" }),
    created_at: "2026-11-29T17:04:00.000Z",
    updated_at: "2026-11-30T18:00:00.000Z",
  };
}

const receiptOf = (tool: string, ticket: string | null, state: string | null): JsonObject => ({
  receipt_id: idOf(5, Number(ticket?.slice(2) ?? 1)),
  tool_name: tool,
  ticket_id: ticket === null ? null : ticketId(ticket),
  before_state: "READY_TO_SCHEDULE",
  after_state: state,
  occurred_at: "2026-11-30T18:00:00.000Z",
  hash: "0".repeat(64),
});

function bodyOf(tool: string, state: string | null, said: Said): JsonObject {
  const { ticket, techs, time, cents, rest } = said;
  const receipt = receiptOf(tool, ticket, said.state ?? state);
  if (tool === "plan.apply")
    return { receipt, applied: said.tickets.map((one) => ({ ticket_id: ticketId(one), number: one })) };
  if (state === null)
    return {
      receipt,
      ...(techs[0] !== undefined && { technician: { id: techId(techs[0]), name: techs[0], drained_at: null } }),
      ...(time && { time_off: span(time) }),
      ...(rest.length > 0 && { name: rest.join(" ") }),
    };
  const body = ticketBody(said.state ?? state, said);
  return {
    ...(tool.startsWith("schedule.") || tool.startsWith("assignment.") ? { ticket: body } : body),
    receipt,
    ...(time &&
      techs.length > 0 && {
        booking: { id: idOf(6, 1), technician_id: techId(techs[0] ?? ""), ticket_id: body["id"], ...span(time) },
      }),
    ...(techs.length > 1 && {
      crew: techs.map((name) => ({ tech_id: techId(name), tech_name: name, role: "helper" })),
    }),
    ...(tool === "billing.generate_invoice" && {
      invoice: { number: `INV-${ticket?.slice(2) ?? ""}`, total_cents: cents ?? 18_050, tax_cents: 0, lines: [] },
    }),
    ...(tool === "billing.credit" && {
      credit_note: { number: `CN-${ticket?.slice(2) ?? ""}`, total_cents: cents ?? 5_000 },
    }),
    ...(tool === "tech.request_change" || tool === "billing.request_limit"
      ? { approval: { id: idOf(7, 1), status: "PENDING", amount_delta_cents: cents ?? 20_000 } }
      : {}),
    ...(tool === "assignment.recommend" && {
      recommendations: technicians.slice(0, 3).map((name) => ({ tech_id: techId(name), tech_name: name, score: 80 })),
    }),
  };
}

function queryBody(verb: string, text: string): JsonObject {
  const rows = text.split(",").map((one) =>
    saidIn(
      one
        .trim()
        .split(/\s+/)
        .filter((word) => word !== ""),
    ),
  );
  const [first] = rows;
  assert.ok(first);
  if (verb === "get" || verb === "invoiceof")
    return {
      ...ticketBody(first.state ?? "READY_TO_SCHEDULE", first),
      site: { id: idOf(3, 1), name: "Demo Site North" },
      ...(first.cents !== null && {
        invoice: { number: `INV-${first.ticket?.slice(2) ?? ""}`, total_cents: first.cents },
      }),
    };
  if (verb === "timeline")
    return {
      ticket_id: ticketId(first.ticket ?? ""),
      number: first.ticket,
      events: rows.map((one) => {
        const [tool = "", actor = "", at = "10:12"] = one.rest;
        return {
          id: idOf(8, 1),
          ticket_id: ticketId(one.ticket ?? first.ticket ?? ""),
          actor_id: actor,
          actor_type: "AGENT",
          tool_name: commands[tool]?.[0] ?? tool,
          after_state: commands[tool]?.[1] ?? null,
          payload: {
            ...(one.techs[0] !== undefined && { tech_id: one.techs[0] }),
            ...(one.time && span(one.time)),
            local_time: `2026-11-29T${at}:00-08:00`,
          },
          created_at: "2026-11-29T18:12:00.000Z",
        };
      }),
    };
  if (verb === "slots")
    return {
      slots: rows.map((one) => ({
        tech_id: techId(one.techs[0] ?? ""),
        tech_name: one.techs[0],
        ...(one.time && span(one.time)),
      })),
    };
  if (verb === "techs")
    return {
      technicians: rows.flatMap((one) =>
        one.techs.map((name) => ({ id: techId(name), name, skills: ["doors"], ...(one.time && span(one.time)) })),
      ),
    };
  const name = verb === "cockpit" ? "queue" : "tickets";
  return { [name]: rows.map((one) => ticketBody(one.state ?? "NEW", one)), next_cursor: null };
}
