// Requests for a person's approval as the desk keeps them: asked for before a card is shown, and answered by whoever types or presses.

import { randomUUID } from "node:crypto";
import { commands, pathWith, queries } from "../../dispatch/contract/index.ts";
import { describeReading } from "./describe-reading.ts";
import type { Caller, Desk } from "./desk.ts";
import { textAt } from "./json.ts";
import type { ResolvedCall } from "./resolve-call.ts";
import { refused, textOf } from "./tool-result.ts";
import type { Tool } from "./tool-catalog.ts";

/** Whether a person must be asked about a call. */
export type Asking =
  /** It is kept under this number until one answers; null where the desk did not say which. */
  | { readonly kind: "kept"; readonly number: string | null }
  | { readonly kind: "not needed" }
  /** It is answered already, refused for another reason, or the desk cannot be reached: the tool's own call tells. */
  | { readonly kind: "unclear" };

/** Has the desk keep a call that a person must allow, so that neither it nor the answer depends on this process. */
export async function askFor(
  desk: Desk,
  tool: Tool,
  caller: Caller,
  { ids, fields }: ResolvedCall,
  key: string,
): Promise<Asking> {
  const { method, path } = tool.entry;
  const outcome = await desk.call(caller, {
    method,
    path: pathWith(path, ids),
    tool: tool.name,
    idempotencyKey: key,
    body: JSON.stringify(fields),
    askOnly: true,
  });
  if (outcome.kind !== "refused") return { kind: "unclear" };
  const { code, details } = outcome.refusal;
  if (code === "APPROVAL_NOT_NEEDED") return { kind: "not needed" };
  if (code !== "HUMAN_APPROVAL_REQUIRED") return { kind: "unclear" };
  const status = textAt(details, "approval_status");
  return status === null || status === "pending"
    ? { kind: "kept", number: textAt(details, "approval_request") }
    : { kind: "unclear" };
}

const numberPattern = /^a-[0-9]{1,15}$/i;

/** The id of a request as people write its number; null where that is none. */
export const requestIdFrom = (text: string): string | null =>
  numberPattern.test(text.trim()) ? `a-${text.trim().slice(2).replace(/^0+/, "").padStart(6, "0")}` : null;

/** Answers a request as a person who types or presses, and tells what came of it. */
export async function answerRequest(
  desk: Desk,
  caller: Caller,
  id: string,
  { outcome, reason }: { readonly outcome: "approved" | "denied"; readonly reason: string },
): Promise<string> {
  const { method, path } = commands["approval_request.decide"];
  const answer = await desk.call(caller, {
    method,
    path: pathWith(path, { approvalRequestId: id }),
    tool: "approval_request.decide",
    idempotencyKey: randomUUID(),
    body: JSON.stringify({ outcome, ...(reason !== "" && { reason }) }),
  });
  switch (answer.kind) {
    case "answered":
      return requestText(desk, caller, id);
    case "refused":
      return textOf(refused("approval_request.decide", answer.refusal));
    case "unknown":
      return `It is not known whether this was taken: ${answer.why}. /dispatch approvals shows what still waits.`;
    case "unreachable":
      return `This was not taken: ${answer.why}`;
  }
}

/** One request in words. */
export async function requestText(desk: Desk, caller: Caller, id: string): Promise<string> {
  const { path } = queries["approval_request.get"];
  const outcome = await desk.call(caller, { method: "GET", path: pathWith(path, { approvalRequestId: id }) });
  if (outcome.kind === "answered")
    return describeReading("approval_request.get", outcome.body, caller.person.roles, desk.currency());
  return outcome.kind === "refused"
    ? textOf(refused("approval_request.get", outcome.refusal))
    : `The desk cannot be reached: ${outcome.why}`;
}
