// Approval requests for the model, and for whoever types: what is asked for, by whom, what it would change, and what came of it.

import { isObject, listAt, objectAt, textAt, type JsonObject } from "./json.ts";
import { inline, plainOrQuoted, quoted, wordAt } from "./result-text.ts";

/** One line of a list. */
function requestLine(one: unknown): string {
  const target = objectAt(one, "target");
  return [
    `${wordAt(one, "number")} ${wordAt(one, "status")}: ${wordAt(one, "tool")} on ${wordAt(target, "aggregate")} ${wordAt(target, "id")}`,
    `asked for by ${quoted(textAt(one, "asked_by"), 40)}`,
    `until ${wordAt(one, "expires_at")}`,
    plainOrQuoted(textAt(one, "reason") ?? ""),
    isObject(one) && one["four_eyes"] === true && "somebody else than whoever asked must answer",
  ]
    .filter(Boolean)
    .join("; ");
}

/** One with what it would change and what came of it. */
export const requestLines = (one: JsonObject): (string | false)[] => {
  const error = objectAt(one, "error");
  const differs = listAt(one, "differs").filter((text) => typeof text === "string");
  return [
    requestLine(one),
    `arguments ${inline(one["arguments"], 1_500)}`,
    `it would change ${inline(one["foreseen"], 1_000)}`,
    differs.length > 0 &&
      `asked anew for ${wordAt(one, "asks_again_for")}, since then: ${differs.map((text) => quoted(text, 200)).join(", ")}`,
    textAt(one, "decided_by") !== null &&
      `answered by ${quoted(textAt(one, "decided_by"), 40)} at ${wordAt(one, "decided_at")}` +
        (textAt(one, "decision_reason") === null ? "" : ` because ${quoted(textAt(one, "decision_reason"), 300)}`),
    textAt(one, "receipt_id") !== null && `carried out: receipt ${wordAt(one, "receipt_id")}`,
    textAt(error, "code") !== null && `not done: ${wordAt(error, "code")} ${quoted(textAt(error, "message"), 500)}`,
    textAt(one, "asked_again") !== null && `it is asked anew as ${wordAt(one, "asked_again")}`,
  ];
};

export const requestReadings = {
  "approval_request.list": (body: JsonObject): (string | null)[] => {
    const found = listAt(body, "approval_requests");
    return [found.length === 0 ? "nothing waits for a person's approval" : null, ...found.map(requestLine)];
  },
  "approval_request.get": (body: JsonObject): (string | false)[] => requestLines(body),
};
