// `/dispatch …`: what a person types themselves, answered without a model.

import { randomUUID } from "node:crypto";
import { commands, queries, type Entry } from "../../dispatch/contract/index.ts";
import { ticketNumberFrom } from "../../dispatch/contract/ids.ts";
import { answerRequest, requestIdFrom } from "./approval-requests.ts";
import { queryString, roleIn, type Caller, type Desk } from "./desk.ts";
import { describeCommand } from "./describe-command.ts";
import { describeReading } from "./describe-reading.ts";
import type { Requester } from "./identity.ts";
import { isUuid } from "./idempotency-key.ts";
import type { JsonObject } from "./json.ts";
import { quoted } from "./result-text.ts";
import { tellRooms } from "./slash-rooms.ts";
import { toolsByChatName } from "./tool-catalog.ts";
import { refused, textOf } from "./tool-result.ts";

export const slashHelp = `/dispatch status                    is everything there, and who am I
/dispatch queue                     the tickets that need a dispatcher, worst first
/dispatch ticket <number or id>     one ticket
/dispatch pause <scope> <reason>    stop automatic work; scope: all, an incident type, or a ticket's id
/dispatch resume <scope> [reason]   let it go on
/dispatch approvals                 what a model asked for and a person must allow
/dispatch approve <A-number> [why]  allow it: it is done at once, as it was asked for
/dispatch deny <A-number> [why]     say no to it
/dispatch rooms                     the rooms: who sits where, and what they are at
/dispatch board                     the rooms' board: what waits, what was done today, is all well
/dispatch <room> <command>          tell a room something, by name or alias: /dispatch clerk /queue-check
/dispatch <group> <command>         tell all rooms of a group; all-<group>, all-desk, all-field, all-rooms too
dispatch                            without the slash: this conversation is your control room; dispatch end leaves it`;

/** The text that answers a slash command. */
export async function answerSlash(
  desk: Desk,
  requester: Requester,
  text: string,
  status: () => Promise<string>,
): Promise<string> {
  const [verb = "", ...words] = text.trim().split(/\s+/);
  const person = desk.personBehind(requester);
  if (!person) return "Whoever speaks here is not known to Dispatch and can do nothing.";
  const as = (entry: Entry): Caller | null => {
    const role = roleIn(person, entry);
    return role && { person, role, viaChat: false };
  };
  switch (verb.toLowerCase()) {
    case "status":
      return status();
    case "queue":
      return readOr(
        desk,
        as(queries["dispatcher.cockpit"]),
        "dispatcher.cockpit",
        `/ux/dispatcher/cockpit${queryString({ limit: 15, actions: "none" })}`,
      );
    case "ticket": {
      const [id = ""] = words;
      if (!isUuid(id) && ticketNumberFrom(id) === null)
        return "Give the ticket's number or id: /dispatch ticket T-000123";
      return readOr(desk, as(queries["ticket.get"]), "ticket.get", `/tickets/${id}`);
    }
    case "pause":
    case "resume": {
      const [scope = "", ...reason] = words;
      if (scope === "" || (verb.toLowerCase() === "pause" && reason.length === 0))
        return `Give a scope${verb.toLowerCase() === "pause" ? " and a reason" : ""}.\n${slashHelp}`;
      return steer(
        desk,
        as,
        verb.toLowerCase() === "pause" ? "ops.autonomy.pause" : "ops.autonomy.rollback",
        scopeOf(scope),
        reason.join(" "),
      );
    }
    case "approvals":
      return readOr(
        desk,
        as(queries["approval_request.list"]),
        "approval_request.list",
        queries["approval_request.list"].path,
      );
    case "approve":
    case "deny": {
      const [number = "", ...why] = words;
      const id = requestIdFrom(number);
      const word = verb.toLowerCase();
      if (id === null) return `Give the number: /dispatch ${word} A-000123. /dispatch approvals lists what waits.`;
      const caller = as(commands["approval_request.decide"]);
      const outcome = word === "approve" ? "approved" : "denied";
      return caller ? answerRequest(desk, caller, id, { outcome, reason: why.join(" ") }) : notGranted;
    }
    case "rooms":
      return readOr(desk, as(queries["room.list"]), "room.list", queries["room.list"].path);
    case "board":
      return readOr(desk, as(queries["room.board"]), "room.board", queries["room.board"].path);
    case "help":
    case "":
      return slashHelp;
    default: {
      // As it was written, blanks and all.
      const command = text.trim().slice(verb.length).trim();
      if (command === "")
        return `Say what ${quoted(verb, 80)} is told, e.g. /dispatch clerk /queue-check\n${slashHelp}`;
      const caller = as(commands["room.push"]);
      return caller ? tellRooms(desk, caller, verb, command) : notGranted;
    }
  }
}

const notGranted = "None of the roles granted to you may do this.";

async function readOr(
  desk: Desk,
  caller: Caller | null,
  name: "dispatcher.cockpit" | "ticket.get" | "approval_request.list" | "room.list" | "room.board",
  path: string,
): Promise<string> {
  if (!caller) return notGranted;
  const expected = name === "room.list" ? { expected: "list" as const } : {};
  const outcome = await desk.call(caller, { method: "GET", path, ...expected });
  if (outcome.kind === "answered") return describeReading(name, outcome.body, caller.person.roles, desk.currency());
  if (outcome.kind === "refused") return textOf(refused(name, outcome.refusal));
  return `The desk cannot be reached: ${outcome.why}`;
}

async function steer(
  desk: Desk,
  as: (entry: Entry) => Caller | null,
  name: "ops.autonomy.pause" | "ops.autonomy.rollback",
  scope: JsonObject,
  reason: string,
): Promise<string> {
  const caller = as(commands[name]);
  const tool = toolsByChatName.get(name.replaceAll(".", "_"));
  if (!caller || !tool) return notGranted;
  const idempotencyKey = randomUUID();
  const body = JSON.stringify({ ...scope, ...(reason !== "" && { reason }) });
  const outcome = await desk.call(caller, {
    method: commands[name].method,
    path: commands[name].path,
    tool: name,
    idempotencyKey,
    body,
  });
  if (outcome.kind === "answered") return describeCommand(tool, outcome.body, outcome.replayed, caller.person.roles);
  if (outcome.kind === "refused") return textOf(refused(name, outcome.refusal));
  return outcome.kind === "unknown"
    ? `It is not known whether this happened: ${outcome.why}. See /dispatch status, then say it again.`
    : `This did not happen: ${outcome.why}`;
}

function scopeOf(word: string): JsonObject {
  if (/^(all|global|everything)$/i.test(word)) return { scope_type: "GLOBAL" };
  return isUuid(word) || ticketNumberFrom(word) !== null
    ? { scope_type: "TICKET", ticket_id: word }
    : { scope_type: "INCIDENT", incident_type: word };
}
