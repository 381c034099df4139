// `/dispatch <room> <command>`: what a person tells a room, all rooms of a group, or all there are, without a model.

import { randomUUID } from "node:crypto";
import { commands } from "../../dispatch/contract/index.ts";
import type { ApiRefusal } from "./api-client.ts";
import type { Caller, Desk } from "./desk.ts";
import { isObject, listAt, numberAt, textAt } from "./json.ts";
import { plainOrQuoted, quoted } from "./result-text.ts";
import { refused, textOf } from "./tool-result.ts";

/** Tells a room, alias or group a command, and what came of it in words. */
export async function tellRooms(desk: Desk, caller: Caller, target: string, command: string): Promise<string> {
  const { method, path } = commands["room.push"];
  const outcome = await desk.call(caller, {
    method,
    path,
    tool: "room.push",
    idempotencyKey: randomUUID(),
    body: JSON.stringify({ target, command }),
    expected: ["pushes"],
  });
  switch (outcome.kind) {
    case "answered":
      return listAt(outcome.body, "pushes").map(pushText).join("\n");
    case "refused":
      return `${refusalText(target, command, outcome.refusal)}\nNobody was told anything.`;
    case "unknown":
      return `It is not known whether this was told: ${outcome.why}. /dispatch board shows what waits.`;
    case "unreachable":
      return `Nobody was told anything: ${outcome.why}`;
  }
}

function pushText(push: unknown): string {
  const room = plainOrQuoted(textAt(push, "room") ?? "?");
  const behind = numberAt(push, "queued_behind") ?? 0;
  if (isObject(push) && push["deduplicated"] === true)
    return `${room} was told this already (${plainOrQuoted(textAt(push, "state") ?? "?")}); it is not told again.`;
  return `${room} hears it ${behind === 0 ? "as soon as it is idle" : `when it is idle, after ${behind} others`}.`;
}

/** A refusal in a person's words, with the way out. */
function refusalText(target: string, command: string, refusal: ApiRefusal): string {
  const { code, details } = refusal;
  const called = quoted(target, 80);
  switch (code) {
    case "INVALID_ROOM_NAME":
      return `${called} is no name of a room, alias or group: those have 1 to 63 letters, digits, _ and -. /dispatch rooms lists them.`;
    case "ROOM_NOT_FOUND":
      return `No room, alias or group is called ${called}. /dispatch rooms lists them.`;
    case "CONTROL_ROOM_REFUSED":
      return `${called} is a control room, and those are told nothing: choose a room where a worker sits (/dispatch rooms).`;
    case "COMMAND_LENGTH":
      return `A command has 1 to 2,000 characters; this one has ${[...command].length}.`;
    case "COMMAND_CHARACTERS":
      return "A command is one line without control characters. Longer work is handed out from your control room: write dispatch.";
    case "COMMAND_NOT_ALLOWED": {
      const allowed = listAt(details, "allowed_prefixes").map((one) => plainOrQuoted(String(one)));
      return (
        `Rooms are told only commands that begin with ${allowed.length > 0 ? allowed.join(", ") : "what the policy allows"} (403); this ` +
        `one begins with ${quoted(command.split(" ")[0] ?? "", 40)}. Work in your own words is handed out from your control room: write ` +
        "dispatch."
      );
    }
    case "PUSH_QUEUE_FULL":
      return (
        `${plainOrQuoted(textAt(details, "room") ?? target)} has ${numberAt(details, "waiting") ?? 100} commands waiting already. ` +
        "/dispatch board shows how it stands."
      );
    default:
      return textOf(refused("room.push", refusal));
  }
}
