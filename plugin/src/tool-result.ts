// What a tool hands back: text for the model, details for the page and for programs. The host grades a call by the
// members ok, success, status and error of details; `ok: false` says that what was asked for did not happen.

import type { ApiRefusal } from "./api-client.ts";
import { leftOut, meaningOf } from "./left-out.ts";
import { isObject, listAt, textAt, type JsonObject } from "./json.ts";
import { fenced, inline, lines, plainOrQuoted, sentence } from "./result-text.ts";
import type { Role } from "../../dispatch/contract/roles.ts";
import { nextLine } from "./describe-ticket.ts";

/** What a host hands to the model; it scales pictures down to what the model takes. */
type Picture = { readonly type: "image"; readonly data: string; readonly mimeType: string };

export type ToolResult = {
  readonly content: ({ readonly type: "text"; readonly text: string } | Picture)[];
  readonly details: JsonObject;
};

/** The words of a result. */
export const textOf = ({ content }: Pick<ToolResult, "content">): string =>
  content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");

const result = (text: string, details: JsonObject): ToolResult => ({ content: [{ type: "text", text }], details });

export const done = (tool: string, text: string, body: JsonObject, replayed: boolean): ToolResult =>
  result(text, { tool, outcome: "done", replayed, body });

export const read = (tool: string, text: string, body: JsonObject): ToolResult =>
  result(text, { tool, outcome: "read", body });

/** The same with further words. */
export const withWords = ({ content, details }: ToolResult, text: string): ToolResult => ({
  content: [...content, { type: "text", text }],
  details,
});

/** The same with a picture behind the words. */
export const withPicture = ({ content, details }: ToolResult, bytes: Buffer, mimeType: string): ToolResult => ({
  content: [...content, { type: "image", data: bytes.toString("base64"), mimeType }],
  details,
});

/** The API, or the plugin before it, said no: nothing changed. */
export function refused(tool: string, refusal: ApiRefusal, granted: readonly Role[] = []): ToolResult {
  return result(refusalText(tool, refusal, granted), {
    ok: false,
    tool,
    outcome: "refused",
    refusal: { code: refusal.code, message: refusal.message, ...refusal.details },
  });
}

/** Something must be asked first: the candidates are there to choose from, and nothing was guessed. */
export const question = (tool: string, text: string, candidates: readonly JsonObject[]): ToolResult =>
  result(text, { ok: false, tool, outcome: "question", candidates });

/** The command may have taken effect; its answer is not known. */
export function unknown(tool: string, why: string, requestId: string): ToolResult {
  const text = lines(
    `UNKNOWN ${tool}: it may or may not have happened. Do not say that it did.`,
    why,
    `To find out: call ${tool.replaceAll(".", "_")} again with the very same arguments and request_id ` +
      `${requestId}. That cannot do it twice: if it happened, the answer is the receipt; if not, it ` +
      "happens now. Or read the ticket's timeline.",
  );
  return result(text, { ok: false, tool, outcome: "unknown", request_id: requestId, why });
}

/** It did not happen, for a reason that lies with the desk's machines or their configuration. */
export const failed = (tool: string, why: string, wayOut: string, more: JsonObject = {}): ToolResult =>
  result(lines(`FAILED ${tool}: it did not happen.`, why, wayOut), {
    ok: false,
    tool,
    outcome: "failed",
    why,
    ...more,
  });

/** Members of a refusal that are said elsewhere in the text, or are of no use to a model. */
const saidElsewhere: ReadonlySet<string> = new Set([
  "request_id",
  "correlation_id",
  "policy_error",
  "validation_errors",
  "identity_signature",
  "template_version",
]);
/** Members that people wrote. */
const peoplesWords: ReadonlySet<string> = new Set([
  "reason",
  "notes",
  "rejected",
  "sop_handoff_prompt",
  "risk_profile",
  "evidence",
]);

function refusalText(tool: string, { code, message, details }: ApiRefusal, granted: readonly Role[]): string {
  const broken = listAt(details, "validation_errors").filter(isObject).slice(0, 12);
  const facts: string[] = [];
  const words: Record<string, unknown> = {};
  const reason = meaningOf(textAt(details, "reason"), textAt(details, "detail"));
  const technicians = listAt(details, "rejected").filter((one) => textAt(one, "tech_id") !== null);
  for (const [key, value] of Object.entries(details)) {
    if (saidElsewhere.has(key) || value === null || (Array.isArray(value) && value.length === 0)) continue;
    if (key === "rejected" && technicians.length > 0) continue;
    if (reason !== null && (key === "reason" || key === "detail")) continue;
    if (key === "field" && broken.length > 0) continue;
    if (peoplesWords.has(key)) words[key] = value;
    else if (Array.isArray(value))
      facts.push(
        `${key}: ${value
          .map((item) => (typeof item === "string" ? plainOrQuoted(item) : inline(item, 500)))
          .join(", ")
          .slice(0, 1_500)
          .toWellFormed()}`,
      );
    else if (typeof value === "string") facts.push(`${key}: ${plainOrQuoted(value)}`);
    else facts.push(`${key}: ${inline(value)}`);
  }
  return lines(
    `REFUSED ${code} ${tool}: nothing changed.`,
    sentence(message),
    ...broken.map(
      (one) =>
        `field ${plainOrQuoted(textAt(one, "path") ?? "?")}: ${sentence(textAt(one, "message") ?? textAt(one, "rule") ?? "")}`,
    ),
    ...facts,
    reason && `reason: ${reason}`,
    ...leftOut(technicians),
    Object.keys(words).length > 0 && fenced(words),
    nextLine(textAt(details, "from_state"), granted),
  );
}
