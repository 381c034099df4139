// Carries out what a person has allowed: by the pipeline, under the key that the call had when it was asked for. So it has one effect,
// however often and by whomever it is tried; and none where it would no longer do what was allowed.

import type { Actor } from "../kernel/actor.ts";
import type { Answer, CommandRequest } from "../kernel/command-call.ts";
import { ApprovalWanted } from "../kernel/approved-call.ts";
import { newId } from "../kernel/clock.ts";
import { execute } from "../kernel/execute.ts";
import { fingerprint, selectAnswers } from "../kernel/idempotency.ts";
import { isObject, sha256, type JsonObject } from "../kernel/json.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Refusal } from "../kernel/refusal.ts";
import { actorFrom, correlationOf } from "./asker.ts";
import { answerKeyOf, keep } from "./keep.ts";
import { numberOf, selectRequest, type RequestRow } from "./request-row.ts";

/** Who closes requests in the trail. */
const self: Actor = {
  id: "system:approvals",
  role: "dispatcher",
  type: "SYSTEM",
  techId: null,
  accounts: "*",
  sites: "*",
};

/** A call that was carried out, and its answer. */
export type CarriedOut = { readonly name: string; readonly body: JsonObject; readonly answer: Answer };

/**
 * Carries out an allowed request, and notes what that came to; one that is not allowed, or is done, stays as it is.
 * @returns what was done; null where nothing was
 * @throws Refusal where a part is away or its row is held: it is still to be carried out
 */
export async function carryOut(kernel: Kernel, id: string): Promise<CarriedOut | null> {
  const row = await kernel.desk.db.row(selectRequest, [id]);
  if (row?.status !== "approved") return null;
  const { name, body, ...call } = callOf(row);
  try {
    const answer = await execute(kernel, { name, body, ...call });
    await finish(kernel, id, { receipt_id: receiptIn(answer.body) });
    return { name, body, answer };
  } catch (error) {
    if (!(error instanceof Refusal) || mayPass(error)) throw error;
    await giveUp(kernel, row, error);
    return null;
  }
}

/**
 * What was allowed cannot be done: that is noted, and where it would do something else by now, that is asked for anew. Whoever carried it
 * out meanwhile has not given it up: then that is what it came to.
 */
async function giveUp(kernel: Kernel, row: RequestRow, error: Refusal): Promise<void> {
  const [done] = await selectAnswers(kernel.desk.db, [row.answer_key]);
  if (done && done.request_hash === fingerprint(row.path, row.arguments))
    return finish(kernel, row.id, { receipt_id: receiptIn(done.response_body) });
  const again = error instanceof ApprovalWanted ? await askAnew(kernel, row, error).catch(unlessRefused) : null;
  await finish(kernel, row.id, {
    error: { code: error.code, message: error.message.slice(0, 2_000) },
    ...(again && { asked_again: again.id }),
  });
}

/** What cannot be asked anew, since its key keeps another call, is over all the same. */
function unlessRefused(error: unknown): null {
  if (!(error instanceof Refusal) || mayPass(error)) throw error;
  return null;
}

/**
 * Notes that a person allowed a call on its card, in their name; where somebody has answered before there is nothing to note.
 * @throws Refusal where a part is away
 */
export async function allow(kernel: Kernel, row: RequestRow, by: string): Promise<void> {
  const { id } = row;
  // Whoever asked may do what is about the office as a whole, and need not reach all of it.
  const { accounts, sites } = row.account_id === null ? self : actorFrom(row);
  await unlessAnswered(
    execute(kernel, {
      name: "approval_request.decide",
      path: `/approval-requests/${id}/decide`,
      ids: { approvalRequestId: id },
      body: { outcome: "approved", reason: "on the card of the call" },
      // Of this request: another tool's call, and another caller's, may have come by the same key.
      requestId: uuidOf(`${id} card`),
      actor: { ...self, id: by, type: "HUMAN", accounts, sites },
      trace: { correlationId: newId(), traceId: null, traceParent: null, traceState: null },
    }),
  );
}

const mayPass = ({ code }: Refusal): boolean => code === "DEPENDENCY_UNAVAILABLE" || code === "IDEMPOTENCY_IN_FLIGHT";

function callOf(row: RequestRow): CommandRequest {
  const {
    id,
    tool,
    path,
    ids,
    arguments: body,
    request_id: requestId,
    foreseen,
    target_version: version,
    decided_by: by,
  } = row;
  return {
    name: tool,
    path,
    ids: Object.fromEntries(Object.entries(ids).map(([name, value]) => [name, String(value)])),
    body,
    requestId,
    actor: actorFrom(row),
    trace: { correlationId: correlationOf(row), traceId: null, traceParent: null, traceState: null },
    approved: { number: numberOf(id), by: by ?? "", foreseen, version },
  };
}

/** The same call under a key that follows from the first one: it is asked anew once, however often this is tried. */
function askAnew(kernel: Kernel, row: RequestRow, error: ApprovalWanted): Promise<RequestRow> {
  const { approved: _old, ...rest } = callOf(row);
  const requestId = uuidOf(`${row.request_id} again`);
  const anew = { ...rest, requestId };
  const rule = {
    ...error.asked.rule,
    rule: row.rule,
    severity: row.severity === "critical" ? ("critical" as const) : ("warning" as const),
    reason: row.reason,
    fourEyes: row.four_eyes || error.asked.rule.fourEyes === true,
  };
  const differs = error.details["differs"];
  return keep(
    kernel,
    anew,
    { ...error.asked, rule },
    {
      key: answerKeyOf(kernel, anew),
      again: { id: row.id, differs: Array.isArray(differs) ? differs.map((one) => cut(String(one))) : [] },
    },
  );
}

/** As much of a difference as a request holds. */
const cut = (text: string): string => (text.length <= 500 ? text : `${text.slice(0, 499).toWellFormed()}…`);

function uuidOf(text: string): string {
  const hex = sha256(text);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Notes what a request came to; where somebody has noted it already there is nothing to do. */
async function finish(kernel: Kernel, id: string, body: JsonObject): Promise<void> {
  await unlessAnswered(
    execute(kernel, {
      name: "approval_request.finish",
      path: `/approval-requests/${id}/finish`,
      ids: { approvalRequestId: id },
      body,
      requestId: newId(),
      actor: self,
      trace: { correlationId: newId(), traceId: null, traceParent: null, traceState: null },
    }),
  );
}

async function unlessAnswered(noting: Promise<Answer>): Promise<void> {
  try {
    await noting;
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "INVALID_STATE_TRANSITION") throw error;
  }
}

/** The receipt in a command's answer. */
function receiptIn(body: string): string | null {
  const answer: unknown = body === "" ? null : JSON.parse(body);
  const receipt = isObject(answer) ? answer["receipt"] : null;
  return isObject(receipt) && typeof receipt["receipt_id"] === "string" ? receipt["receipt_id"] : null;
}
