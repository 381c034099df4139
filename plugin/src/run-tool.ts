// One tool call from arguments to result, top to bottom: who speaks, in which role, what is meant, one signed call, and
// what it came to in words.

import { pathWith } from "../../dispatch/contract/index.ts";
import { searchSeconds } from "../../dispatch/contract/plan-commands.ts";
import type { Role } from "../../dispatch/contract/roles.ts";
import { readArguments } from "./arguments.ts";
import type { ApiRefusal } from "./api-client.ts";
import { approvalClaim, approvalsGiven, take, type Given } from "./approvals-given.ts";
import { notYours, noWorkHere, seatOf } from "./control-rooms.ts";
import { describeCommand } from "./describe-command.ts";
import { describeReading } from "./describe-reading.ts";
import { queryString, type Caller, type Desk } from "./desk.ts";
import { chooseRole, type Requester } from "./identity.ts";
import { keyOfIntent } from "./idempotency-key.ts";
import { listAt, numberAt, objectAt, textAt, type JsonObject } from "./json.ts";
import { askWhetherMeant, equalCall, forget, recentCalls, remember } from "./recent-calls.ts";
import { resolveCall, type ResolvedCall } from "./resolve-call.ts";
import { fenced, lines } from "./result-text.ts";
import { chatReadingOf, type Tool } from "./tool-catalog.ts";
import {
  done,
  failed,
  question,
  read,
  refused,
  unknown,
  withPicture,
  withWords,
  type ToolResult,
} from "./tool-result.ts";

export type ToolCall = {
  readonly toolCallId: string;
  readonly args: unknown;
  readonly requester: Requester;
  readonly sessionKey: string | null;
  readonly sessionId: string | null;
  readonly signal?: AbortSignal | undefined;
};

type CommandCall = ToolCall & {
  readonly args: JsonObject;
  /** The word of a person for this call; null where none was asked for. */
  readonly given: Given | null;
};

/** A request line longer than this is refused by HTTP servers before anybody reads it. */
const maxQuery = 8_000;

/** Runs a tool for whoever really speaks. */
export async function runTool(desk: Desk, tool: Tool, call: ToolCall): Promise<ToolResult> {
  const no = (code: string, message: string, granted: readonly Role[] = []) =>
    refused(tool.name, { code, message, details: {} }, granted);

  const known = desk.personBehind(call.requester);
  if (!known)
    return no(
      "UNKNOWN_SENDER",
      "Whoever speaks here is not known to Dispatch and can do nothing. The gateway's owner adds people " +
        "in plugins.entries.dispatch.config.people.",
    );
  const reading = readArguments(tool, call.args);
  if ("problem" in reading) return no("INVALID_ARGUMENTS", reading.problem);
  const { args } = reading;
  const seat = await seatOf(desk, known, call.sessionKey);
  if (seat.kind === "refused") return refused(tool.name, seat.refusal);
  if (seat.kind !== "seat") return failed(tool.name, seat.why, notReached);
  const { person, isControl } = seat;
  if (isControl && !tool.entry.roles.includes("control")) return no("FORBIDDEN", `403: ${noWorkHere}`);
  if (isControl && person.roles.length === 0) return no("FORBIDDEN", `403: ${notYours}`);
  const choice = chooseRole(person, tool.entry, isControl ? undefined : args["actor_role"]);
  if ("why" in choice) return no("ROLE_NOT_GRANTED", `Refused before anything was called: ${choice.why}.`);
  const caller: Caller = { person, role: choice.role, viaChat: true };

  // What a person allowed is sent as it was shown; names may mean something else by now.
  const given = take(approvalsGiven(), call.toolCallId, { actor: person.actor, tool: tool.name, args }, desk.now());
  const resolution = given
    ? { kind: "found" as const, ...given.call }
    : await resolveCall(desk, tool, caller, args, call.signal);
  switch (resolution.kind) {
    case "several":
      return question(
        tool.name,
        lines(`QUESTION ${tool.name}: nothing was done.`, resolution.text),
        resolution.candidates,
      );
    case "away":
      return failed(tool.name, resolution.why, notReached);
    case "none":
      return no("NOT_FOUND", `${resolution.field} ${resolution.why}.`);
    case "wrong id":
      return no("INVALID_ARGUMENTS", resolution.why);
    case "found":
      return tool.entry.kind === "query"
        ? runQuery(desk, tool, caller, resolution, call)
        : runCommand(desk, tool, caller, resolution, { ...call, args, given });
  }
}

async function runQuery(
  desk: Desk,
  { name, entry }: Tool,
  caller: Caller,
  { ids, fields }: ResolvedCall,
  call: ToolCall,
): Promise<ToolResult> {
  const path = pathWith(entry.path, ids);
  const query = queryString(asChatReads(name, fields));
  if (query.length > maxQuery)
    return refused(name, { code: "INVALID_ARGUMENTS", message: "The filters are too long.", details: {} });
  const isList = textAt(entry.output, "type") === "array";
  const expected = isList ? "list" : listAt(entry.output, "required").filter((member) => typeof member === "string");
  const outcome = await desk.call(
    caller,
    { method: "GET", path: `${path}${query}`, tool: name, expected },
    call.signal,
  );
  if (outcome.kind === "answered") {
    const result = read(name, describeReading(name, outcome.body, caller.person.roles, desk.currency()), outcome.body);
    return entry.kind === "query" && entry.file ? shown(desk, caller, outcome.body, result, call.signal) : result;
  }
  if (outcome.kind === "refused") return refused(name, outcome.refusal, caller.person.roles);
  return failed(name, outcome.why, notReached);
}

/** Media types that a host hands on to models. */
const seen: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/webp"]);
/** Half of what the host takes; a phone's photo has two to five. */
const maxPictureBytes = 5 * 1024 * 1024;
const maxNoteBytes = 4_000;

/** What is told of a file, with the file itself where it is a picture or a note that a model can be shown. */
async function shown(
  desk: Desk,
  caller: Caller,
  body: JsonObject,
  result: ToolResult,
  signal: AbortSignal | undefined,
): Promise<ToolResult> {
  const content = objectAt(body, "content");
  const [path, mediaType] = [textAt(content, "path"), textAt(content, "media_type")];
  const most = mediaType === "text/plain" ? maxNoteBytes : seen.has(mediaType ?? "") ? maxPictureBytes : 0;
  if (path === null || mediaType === null || (numberAt(content, "size_bytes") ?? Infinity) > most) return result;
  const bytes = await desk.file(caller, path, most, signal);
  if (bytes === null) return result;
  return mediaType === "text/plain"
    ? withWords(result, fenced({ note: bytes.toString("utf8") }, maxNoteBytes))
    : withPicture(result, bytes, mediaType);
}

/** A query's fields with the limits of a chat; what is no number is left for the API to refuse. */
function asChatReads(name: string, fields: JsonObject): JsonObject {
  const chat = chatReadingOf(name);
  if (!chat) return fields;
  const { usual, most } = chat.rows;
  const { limit = usual } = fields;
  return { ...fields, limit: Number(limit) > most ? most : limit, ...chat.fixed };
}

async function runCommand(
  desk: Desk,
  tool: Tool,
  caller: Caller,
  { ids, fields }: ResolvedCall,
  { toolCallId, sessionKey, sessionId, args, given, signal }: CommandCall,
): Promise<ToolResult> {
  const meant = textAt(args, "request_id")?.toLowerCase() ?? null;
  const key = meant ?? keyOfIntent({ toolCallId, sessionKey, sessionId, tool: tool.name, args });
  const { method } = tool.entry;
  const recent = recentCalls();
  const now = desk.now();
  const { apiUrl } = desk.configuration;
  const same = [apiUrl, caller.person.actor, sessionKey, tool.name, ids, fields, args["actor_id"] ?? null];
  // A request_id, or a person's word, says that the call is meant.
  const earlier = meant === null && !given ? equalCall(recent, tool, same, { requestId: key, at: now }) : null;
  if (earlier) return askWhetherMeant(tool, earlier, now);
  remember(recent, same, { requestId: key, at: now, receipt: null });
  // Something on the way may refuse a DELETE with a body, and the API takes none for an empty one.
  const bare = method === "DELETE" && Object.keys(fields).length === 0;
  const outcome = await desk.call(
    caller,
    {
      method,
      path: pathWith(tool.entry.path, ids),
      tool: tool.name,
      idempotencyKey: key,
      ...(!bare && { body: JSON.stringify(fields) }),
      expected: tool.entry.kind === "command" && tool.entry.status === 204 ? "no body" : ["receipt"],
      claimedBy: claimText(args["actor_id"]),
      workMs: searchMs(tool.name, fields),
      approval: given ? approvalClaim(tool, { ids, fields }, key, given) : undefined,
    },
    signal,
  );
  // What did not happen may be tried again.
  if (outcome.kind === "refused" || outcome.kind === "unreachable") forget(recent, same);
  switch (outcome.kind) {
    case "answered":
      remember(recent, same, {
        requestId: key,
        at: now,
        receipt: textAt(objectAt(outcome.body, "receipt"), "receipt_id") ?? "none",
      });
      return done(
        tool.name,
        describeCommand(tool, outcome.body, outcome.replayed, caller.person.roles, desk.currency()),
        outcome.body,
        outcome.replayed,
      );
    case "refused":
      return commandRefused(tool, caller, outcome.refusal);
    case "unknown":
      return unknown(tool.name, outcome.why, key);
    case "unreachable":
      return failed(
        tool.name,
        outcome.why,
        `${notReached} To repeat this intent later: the same arguments with request_id ${key}.`,
        { request_id: key },
      );
  }
}

/** Of a refusal for want of a person's word the model is told where it waits: saying it again asks a second time. */
function commandRefused(tool: Tool, { person }: Caller, refusal: ApiRefusal): ToolResult {
  const number = textAt(refusal.details, "approval_request");
  if (refusal.code !== "HUMAN_APPROVAL_REQUIRED" || number === null) return refused(tool.name, refusal, person.roles);
  const message = `${refusal.message} Tell the person the number ${number}; do not call ${tool.chatName} again for this.`;
  return refused(tool.name, { ...refusal, message }, person.roles);
}

/** How long a search for a plan may take before it is answered, in ms; it counts beside the waiting for any answer. */
function searchMs(tool: string, { seconds, iterations }: JsonObject): number {
  if (tool !== "plan.optimize") return 0;
  return (
    1_000 *
    (typeof seconds === "number" ? seconds : iterations === undefined ? searchSeconds.usual : searchSeconds.most)
  );
}

const notReached = "Say that the desk cannot be reached now; dispatch_contract_status tells what is wrong.";

/** What the model says about who it is goes into the audit as a claim, cut to what a claim may hold. */
function claimText(claimed: unknown): string | undefined {
  if (claimed === undefined || claimed === null) return undefined;
  const text = typeof claimed === "string" ? claimed : JSON.stringify(claimed);
  const clean = text
    .toWellFormed()
    // oxlint-disable-next-line no-control-regex
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, " ")
    .trim();
  return clean === "" ? undefined : [...clean].slice(0, 200).join("").slice(0, 200).toWellFormed();
}
