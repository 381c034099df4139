// Sentences about what a model asked a person for: what waits, and a person's answer, for which the card still has to be pressed.

import { call, once, type Intent, type Speaking } from "./intent.ts";

const number = String.raw`(?<number>a-\d{1,15})`;

/** One call on the request that the sentence names. */
const about = (name: string, args: object = {}) =>
  once(({ match }: Speaking) =>
    call({ name, args: { approval_request_id: (match.groups?.["number"] ?? "").toLowerCase(), ...args } }),
  );

export const approvalIntents: readonly Intent[] = [
  {
    example: "what waits for my approval?",
    tool: "approval_request_list",
    pattern: /^what (?:waits|is waiting) for (?:my|an?|somebody's) approval\b/i,
    reads: true,
    step: once(() => call({ name: "approval_request_list", args: {} })),
  },
  {
    example: "what became of A-000123?",
    tool: "approval_request_get",
    pattern: new RegExp(String.raw`^what (?:became|has become) of ${number}\b`, "i"),
    reads: true,
    step: about("approval_request_get"),
  },
  {
    example: "approve A-000123",
    tool: "approval_request_decide",
    pattern: new RegExp(String.raw`^(?:approve|allow) ${number}\b`, "i"),
    step: about("approval_request_decide", { outcome: "approved" }),
  },
  {
    example: "deny A-000123",
    tool: "approval_request_decide",
    pattern: new RegExp(String.raw`^(?:deny|refuse) ${number}\b`, "i"),
    step: about("approval_request_decide", { outcome: "denied" }),
  },
  {
    example: "withdraw A-000123",
    tool: "approval_request_withdraw",
    pattern: new RegExp(String.raw`^(?:withdraw|take back) ${number}\b`, "i"),
    step: about("approval_request_withdraw"),
  },
];
