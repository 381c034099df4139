// A ticket in three lines: its state and numbers, its words as data, and what may be done with it now.

import { chatName, commandEntries, type CommandName } from "../../dispatch/contract/index.ts";
import type { Role } from "../../dispatch/contract/roles.ts";
import { finalStates, isTicketState, ticketStates } from "../../dispatch/contract/states.ts";
import { isObject, type JsonObject, listAt, numberAt, objectAt, textAt } from "./json.ts";
import { currencyAt, money, fenced, plainOrQuoted, quoted, wordAt } from "./result-text.ts";

/** Tools named at most as what comes next. */
const maxNext = 8;

/**
 * `ticket <id> <STATE> …` with what is set.
 * @param currency of its limit where its answer does not name it; null where nobody says
 */
export function ticketLine(ticket: JsonObject, currency: string | null, before: string | null = null): string {
  const state = wordAt(ticket, "state");
  const word = (key: string) => textAt(ticket, key) !== null && wordAt(ticket, key);
  const nte = numberAt(ticket, "nte_cents");
  return [
    `ticket ${wordAt(ticket, "id")} ${state}`,
    before !== null && before !== state && `(was ${before})`,
    word("priority"),
    word("incident_type"),
    nte !== null && (nte > 0 ? `nte ${money(nte, currencyAt(ticket, currency))}` : "no nte agreed"),
    visitText(ticket),
    word("assigned_tech_id") && `tech_id ${wordAt(ticket, "assigned_tech_id")}`,
    word("pending_approval_id") && `pending_approval_id ${wordAt(ticket, "pending_approval_id")}`,
    word("number") && `number ${wordAt(ticket, "number")}`,
    `site_id ${wordAt(ticket, "site_id")}`,
    `version ${numberAt(ticket, "version") ?? "?"}`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** What the ticket follows from and what follows from it, by the numbers people say; null where nothing does. */
export function followsText(ticket: JsonObject): string | null {
  const named = (one: unknown) => `${wordAt(one, "number")} as ${wordAt(one, "kind")}`;
  const { follows } = ticket;
  const after = listAt(ticket, "follow_ups").map(named);
  const reason = textAt(follows, "reason");
  const parts = [
    isObject(follows) && `follows ${named(follows)}${reason === null ? "" : `: ${quoted(reason, 160)}`}`,
    after.length > 0 && `followed by ${after.join(", ")}`,
  ];
  return parts.filter(Boolean).join("; ") || null;
}

/** When a ticket's visit is, in UTC and on the site's clock; null where it has no time. */
export const visitText = (ticket: unknown): string | null =>
  textAt(ticket, "scheduled_start") === null
    ? null
    : `scheduled ${spanText(ticket, "scheduled_")}${promiseText(objectAt(ticket, "arrival_window"))}`;

/** What the customer was promised, where that is more than the visit's own time. */
const promiseText = (promise: JsonObject): string =>
  textAt(promise, "start") === null ? "" : `, promised ${spanText(promise)}`;

/**
 * A time in UTC and, where the answer tells it, on the clock of the site.
 * @param prefix of the names of its members: "scheduled_" for scheduled_start and scheduled_start_local
 */
export const spanText = (span: unknown, prefix = ""): string =>
  `${fromTo(textAt(span, `${prefix}start`) ?? "-", textAt(span, `${prefix}end`))}${localText(span, prefix)}`;

/** The part of it that is on the clock of the site, to stand behind; nothing where the answer does not tell it. */
export function localText(span: unknown, prefix = ""): string {
  const start = textAt(span, `${prefix}start_local`);
  return start === null ? "" : ` (at the site ${fromTo(start, textAt(span, `${prefix}end_local`))})`;
}

const fromTo = (start: string, end: string | null): string =>
  `${plainOrQuoted(start)}${end === null ? "" : ` to ${plainOrQuoted(end)}`}`;

/** The drive there, and whether the road network or a guess says so; nothing where neither place is known. */
export function driveText(visit: unknown): string {
  const [minutes, source] = [numberAt(visit, "travel_before_minutes"), textAt(visit, "travel_source")];
  return minutes === null || source === null
    ? ""
    : `, drive ${minutes} min${source === "estimate" ? " (estimated)" : ""}`;
}

/** What people wrote on a ticket, fenced; null when they wrote nothing. */
export function ticketWords(ticket: JsonObject): string | null {
  const words = Object.fromEntries(
    ["summary", "description", "customer_name", "customer_phone", "customer_email", "sop_handoff_prompt"].flatMap(
      (field) => {
        const text = textAt(ticket, field);
        return text === null ? [] : [[field, text]];
      },
    ),
  );
  return Object.keys(words).length === 0 ? null : fenced(words);
}

/** `next: …`: commands this state and these roles allow, the usual ones first. */
export function nextLine(state: string | null, granted: readonly Role[], usual: readonly string[] = []): string | null {
  if (state === null || !isTicketState(state)) return null;
  const allowed = commandEntries
    // What may be said in every state leads nowhere.
    .filter(([, entry]) => entry.from.length < ticketStates.length)
    .filter(([, entry]) => entry.from.includes(state) && entry.roles.some((role) => granted.includes(role)))
    .map(([name]) => name);
  if (allowed.length === 0)
    return finalStates.some((final) => final === state)
      ? "next: nothing; this ticket is at its end"
      : `next: nothing for the roles granted here in state ${state}`;
  const rank = (name: CommandName) => {
    const at = usual.indexOf(name);
    return at === -1 ? usual.length : at;
  };
  const sorted = allowed.toSorted((a, b) => rank(a) - rank(b));
  const more = sorted.length > maxNext ? ` (and ${sorted.length - maxNext} more in state ${state})` : "";
  return `next: ${sorted.slice(0, maxNext).map(chatName).join(", ")}${more}`;
}
