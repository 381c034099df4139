// What becomes of an approval request: it is opened, answered, taken back, reminded of, and closed with what came of it.

import type { BodyOf, IdsOf, InputOf, PipelineName } from "../contract/index.ts";
import type { ApprovalRequestState } from "../contract/approval-request-states.ts";
import type { ApprovalRequestBody } from "../contract/approval-request-responses.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../kernel/actor.ts";
import { plusMs } from "../kernel/clock.ts";
import type { CreationCommand, RowCall, RowCommand, RowDecision } from "../kernel/command.ts";
import { isObject, type JsonObject } from "../kernel/json.ts";
import { wrongState } from "../kernel/machine.ts";
import { Refusal } from "../kernel/refusal.ts";
import { numberOf, requestAggregate, type NewRequest, type RequestChange, type RequestRow } from "./request-row.ts";

const hourMs = 3_600_000;

const lockSeries = statement<{ next: number }>(
  "approval_request_number",
  `SELECT last + 1 AS next FROM number_series WHERE series = 'approval_request' FOR UPDATE`,
);
const takeNumber = statement(
  "approval_request_number_take",
  `UPDATE number_series SET last = $1 WHERE series = 'approval_request'`,
);

type Open = "approval_request.open";

export const requestOpen: CreationCommand<
  InputOf<Open>,
  IdsOf<Open>,
  NewRequest,
  ApprovalRequestBody,
  BodyOf<Open>,
  number
> = {
  name: "approval_request.open",
  on: "creation",
  aggregate: requestAggregate,
  alone: true,
  async load(tx) {
    const row = await tx.row(lockSeries);
    if (!row) throw new Error("there is no series of numbers named approval_request");
    return row.next;
  },
  decide({ input, now }, next) {
    const { expires_hours: hours, ids, arguments: args, asker, foreseen, ...rest } = input;
    const fields: NewRequest = {
      ...rest,
      ids: parsed(ids),
      arguments: parsed(args),
      asker: parsed(asker),
      foreseen: parsed(foreseen),
      target_id: rest.target_id ?? null,
      account_id: rest.account_id ?? null,
      site_id: rest.site_id ?? null,
      target_version: rest.target_version ?? null,
      asks_again_for: rest.asks_again_for ?? null,
      differs: rest.differs ?? [],
      expires_at: plusMs(now, hours * hourMs),
      remind_at: plusMs(now, (hours * hourMs) / 2),
    };
    const { tool, rule, asked_by, target_aggregate, target_id, asks_again_for, expires_at } = fields;
    const payload = { tool, rule, asked_by, target_aggregate, target_id, asks_again_for, expires_at };
    return {
      id: `a-${String(next).padStart(6, "0")}`,
      state: "pending",
      create: fields,
      payload,
      told: [{ event: "pending", data: payload }],
      write: (tx) => [tx.row(takeNumber, [next])],
      body: (body) => body,
    };
  },
};

/** @throws Error for a text that no caller can have sent: it was made by this desk */
function parsed(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error("an approval request is made of JSON objects");
  return value;
}

type Decision = RowDecision<RequestChange, ApprovalRequestBody, ApprovalRequestBody, ApprovalRequestState>;

const onRequest = <N extends PipelineName>(
  name: N,
  decide: (
    call: RowCall<InputOf<N>, IdsOf<N>, RequestRow>,
  ) => Omit<Decision, "body" | "told"> & { readonly event?: string },
): RowCommand<
  InputOf<N>,
  IdsOf<N>,
  RequestRow,
  RequestChange,
  ApprovalRequestBody,
  ApprovalRequestBody,
  undefined,
  undefined
> => ({
  name,
  on: "row",
  aggregate: requestAggregate,
  decide(call) {
    const { event, ...decision } = decide(call);
    const { tool, asked_by, rule } = call.row;
    const data = { number: numberOf(call.row.id), tool, rule, asked_by, ...decision.payload };
    return { ...decision, told: [{ event: event ?? decision.path?.at(-1) ?? name, data }], body: (body) => body };
  },
});

export const requestDecide = onRequest("approval_request.decide", ({ row, actor, input, now, clockTime }) => {
  const { outcome, reason = null } = input;
  const decided_by = personOf(actor);
  if (row.four_eyes && decided_by === row.asked_by)
    throw new Refusal("SELF_APPROVAL_FORBIDDEN", { asked_by: row.asked_by });
  if (clockTime >= row.expires_at) throw wrongState("expired", outcome, []);
  return {
    path: [outcome],
    change: {
      decided_by,
      decided_at: now,
      decision_reason: reason,
      remind_at: null,
      ...(outcome === "denied" && { finished_at: now }),
    },
    payload: { outcome, decided_by, reason },
  };
});

/**
 * Who answers: the person who speaks, or whoever allowed a model on a card to say so. A model without a card is refused behind this, by
 * the pipeline.
 * @throws Refusal HUMAN_REQUIRED
 */
function personOf({ id, type, via, humanApproval }: Actor): string {
  if (via === "chat") return humanApproval?.approvedBy ?? id;
  if (type !== "HUMAN") throw new Refusal("HUMAN_REQUIRED", { actor_type: type });
  return id;
}

export const requestWithdraw = onRequest("approval_request.withdraw", ({ actor, input: { reason = null }, now }) => ({
  path: ["withdrawn"],
  change: { decided_by: actor.id, decided_at: now, decision_reason: reason, remind_at: null, finished_at: now },
  payload: { withdrawn_by: actor.id, reason },
}));

export const requestExpire = onRequest("approval_request.expire", ({ row, now, clockTime }) => {
  if (clockTime < row.expires_at) throw wrongState(row.status, "expired", []);
  return { path: ["expired"], change: { remind_at: null, finished_at: now }, payload: { expires_at: row.expires_at } };
});

export const requestRemind = onRequest("approval_request.remind", ({ row, clockTime }) => {
  // Another worker has done so already.
  if (row.remind_at === null || clockTime < row.remind_at) throw wrongState(row.status, row.status, []);
  return { event: "reminder", change: { remind_at: null }, payload: { expires_at: row.expires_at } };
});

export const requestFinish = onRequest("approval_request.finish", ({ input, now }) => {
  const { receipt_id = null, error = null, asked_again = null } = input;
  const state = error === null ? "executed" : "failed";
  return {
    path: [state],
    change: {
      receipt_id,
      error_code: error?.code ?? null,
      error_message: error?.message ?? null,
      asked_again,
      remind_at: null,
      finished_at: now,
    },
    payload: { receipt_id, error_code: error?.code ?? null, asked_again },
  };
});
