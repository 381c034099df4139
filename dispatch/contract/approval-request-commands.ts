// What may be asked about approval requests: calls that a model chose and a person must allow, kept until somebody answers.

import { approvalRequestStates } from "./approval-request-states.ts";
import * as body from "./approval-request-responses.ts";
import { defineCommands, defineQueries } from "./entry.ts";
import { freeText, idOf, line, optional, Type, uuid } from "./fields.ts";
import type { AccountId, ReceiptId, SiteId } from "./ids.ts";
import * as sample from "./sample-values.ts";

/** How many are listed at once. */
export const longestRequestPage = 100;

const base = "/approval-requests";
const one = `${base}/{approvalRequestId}`;
const ids = { approvalRequestId: "slug" } as const;
const office = ["dispatcher", "approver", "admin"] as const;
const onRequest = { aggregate: "approval_request", effect: "changes", ids, status: 200 } as const;
const inside = { next: [] } as const;
const json = () => Type.String({ minLength: 2 });

export const approvalRequestCommands = defineCommands({
  "approval_request.decide": {
    ...onRequest,
    path: `${one}/decide`,
    roles: office,
    from: ["pending"],
    to: ["approved", "denied"],
    executes: true,
    summary:
      "A person allows or denies a call that a model asked for. Allowed, it is carried out at once, exactly as asked, unless what it " +
      "concerns has changed since. Money and changes of scope: approval.decide.",
    said: ["approve A-000123", "deny A-000123"],
    next: ["approval_request.get", "approval_request.list"],
    input: Type.Object({
      outcome: Type.Enum(["approved", "denied"], { description: "What the person says" }),
      reason: optional(freeText(2_000, { description: "Why, for whoever asked; absent: none" })),
    }),
    example: { outcome: "approved" },
    output: body.approvalRequest,
  },
  "approval_request.withdraw": {
    ...onRequest,
    path: `${one}/withdraw`,
    roles: office,
    from: ["pending"],
    to: ["withdrawn"],
    summary: "Take back a request for a person's approval that nobody has answered; it can no longer be allowed.",
    said: ["withdraw A-000123"],
    next: ["approval_request.list"],
    input: Type.Object({ reason: optional(freeText(2_000, { description: "Why; absent: none" })) }),
    example: { reason: "The customer changed their mind" },
    output: body.approvalRequest,
  },
});

export const approvalRequestQueries = defineQueries({
  "approval_request.list": {
    path: base,
    roles: office,
    summary:
      "Calls that wait for a person's approval, the oldest first; with a status those that were answered, the newest first. Money and " +
      "changes of scope are in approval.list.",
    said: ["what waits for my approval"],
    next: ["approval_request.get"],
    input: Type.Object({
      status: optional(Type.Enum([...approvalRequestStates], { description: "Absent: pending" })),
      limit: optional(Type.Integer({ minimum: 1, maximum: longestRequestPage, description: "Absent: 100" })),
    }),
    example: { status: "pending" },
    output: body.approvalRequests,
  },
  "approval_request.get": {
    path: one,
    ids,
    roles: office,
    wrongIdCode: "APPROVAL_REQUEST_NOT_FOUND",
    summary: "One request for a person's approval: what it would change, who answered, and what became of it.",
    said: ["what became of A-000123"],
    next: ["approval_request.list"],
    input: Type.Object({}),
    example: {},
    output: body.approvalRequest,
  },
});

/** What only the pipeline's owners do with requests: offered to nobody. */
export const approvalRequestInternalCommands = defineCommands({
  "approval_request.open": {
    aggregate: "approval_request",
    effect: "creates",
    path: `${base}/open`,
    roles: office,
    status: 201,
    from: [],
    to: ["pending"],
    summary: "A model chose a call that a person must allow: it is kept until one answers.",
    ...inside,
    input: Type.Object({
      tool: line(100),
      path: line(1_000),
      // As JSON texts, so that nothing of them is trimmed: what is carried out is what was asked for.
      ids: json(),
      arguments: json(),
      asker: json(),
      foreseen: json(),
      request_id: uuid(),
      answer_key: uuid(),
      asked_by: line(200),
      target_aggregate: line(100),
      target_id: optional(line(500)),
      account_id: optional(idOf<AccountId>()),
      site_id: optional(idOf<SiteId>()),
      target_version: optional(Type.Integer({ minimum: 0 })),
      rule: line(100),
      severity: Type.Enum(["warning", "critical"]),
      reason: line(200),
      four_eyes: Type.Boolean(),
      expires_hours: Type.Integer({ minimum: 1, maximum: 720 }),
      asks_again_for: optional(line(30)),
      differs: optional(Type.Array(line(500), { maxItems: 50 })),
    }),
    example: {
      tool: "ticket.cancel",
      path: "/tickets/x/cancel",
      ids: "{}",
      arguments: "{}",
      asker: "{}",
      foreseen: "{}",
      request_id: sample.hold,
      answer_key: sample.hold,
      asked_by: "dana",
      target_aggregate: "ticket",
      rule: "ticket.cancel",
      severity: "warning",
      reason: "It calls the work off.",
      four_eyes: false,
      expires_hours: 72,
    },
    output: body.approvalRequest,
  },
  "approval_request.finish": {
    ...onRequest,
    path: `${one}/finish`,
    roles: office,
    from: ["approved"],
    to: ["executed", "failed"],
    summary: "What was approved is done, or could not be.",
    ...inside,
    input: Type.Object({
      receipt_id: optional(idOf<ReceiptId>()),
      error: optional(Type.Object({ code: line(100), message: freeText(2_000) })),
      asked_again: optional(line(30)),
    }),
    example: {},
    output: body.approvalRequest,
  },
  "approval_request.expire": {
    ...onRequest,
    path: `${one}/expire`,
    roles: office,
    from: ["pending"],
    to: ["expired"],
    summary: "Nobody answered in time.",
    ...inside,
    input: Type.Object({}),
    example: {},
    output: body.approvalRequest,
  },
  "approval_request.remind": {
    ...onRequest,
    path: `${one}/remind`,
    roles: office,
    from: ["pending"],
    to: [],
    summary: "Half of the time for an answer is over: whoever may give it is told again, once.",
    ...inside,
    input: Type.Object({}),
    example: {},
    output: body.approvalRequest,
  },
});
