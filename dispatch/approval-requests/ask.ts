// Runs what a caller sends; a call that waits for a person is kept before the caller is told so.

import type { Answer, CommandRequest } from "../kernel/command-call.ts";
import { ApprovalWanted } from "../kernel/approved-call.ts";
import { execute } from "../kernel/execute.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Refusal } from "../kernel/refusal.ts";
import { carryOut, finish, outdated, receiptIn } from "./carry-out.ts";
import { answerKeyOf, keep, keptBy } from "./keep.ts";
import { numberOf, type RequestRow } from "./request-row.ts";

/** Answering requests is no call that is kept as one. */
const isAboutRequests = ({ name }: CommandRequest): boolean => name.startsWith("approval_request.");

/**
 * Runs a command for whoever sent it.
 * @throws Refusal; of a call that a person must allow with the number of the request that keeps it
 */
export async function executeForCaller(kernel: Kernel, request: CommandRequest): Promise<Answer> {
  const { actor } = request;
  if (isAboutRequests(request)) return answered(kernel, request);
  if (actor.via !== "chat") return execute(kernel, request);
  const key = answerKeyOf(kernel, request);
  const kept = actor.humanApproval ? await keptBy(kernel, key) : null;
  try {
    // Somebody said no to it, or nobody answered in time: a card that is pressed later changes nothing of that.
    if (kept && isOver(kept)) return await execute(kernel, withoutWord(request));
    const answer = await execute(kernel, kept ? heldTo(request, kept) : request);
    if (kept?.status === "pending" && actor.humanApproval)
      await finish(kernel, kept.id, { receipt_id: receiptIn(answer), approved_by: actor.humanApproval.approvedBy });
    return answer;
  } catch (error) {
    if (!(error instanceof ApprovalWanted)) throw error;
    if (error.code === "APPROVAL_OUTDATED" && kept && actor.humanApproval)
      throw asTold(error, await outdated(kernel, kept, error, actor.humanApproval.approvedBy));
    throw asTold(error, await keep(kernel, request, error.asked, { key }));
  }
}

/** What is allowed is carried out before whoever allowed it is answered; what that comes to is the request's to tell. */
async function answered(kernel: Kernel, request: CommandRequest): Promise<Answer> {
  const answer = await execute(kernel, request);
  if (request.name === "approval_request.decide") await carryOut(kernel, answer.aggregateId).catch(leftToWorkers);
  return answer;
}

/** Workers carry out whatever was allowed and is not done: a part that is away now need not be then. */
function leftToWorkers(error: unknown): void {
  if (!(error instanceof Refusal)) throw error;
}

const isOver = ({ status }: RequestRow): boolean =>
  status === "denied" || status === "withdrawn" || status === "expired" || status === "failed";

function withoutWord(request: CommandRequest): CommandRequest {
  const { humanApproval: _word, ...actor } = request.actor;
  return { ...request, actor };
}

/** A word that came with the call itself, on a card, is for what the card showed. */
const heldTo = (request: CommandRequest, { id, foreseen, target_version: version }: RequestRow): CommandRequest => ({
  ...request,
  approved: { number: numberOf(id), by: null, foreseen, version },
});

const ends: Readonly<Record<string, string>> = {
  approved: "was allowed, and is being carried out",
  executed: "was allowed, and is done",
  failed: "was allowed, and could not be done",
  denied: "was denied",
  withdrawn: "was taken back",
  expired: "was not answered in time; to ask again, make the call anew",
};

function asTold(
  error: ApprovalWanted,
  { id, status, expires_at, decided_by, error_code, asked_again }: RequestRow,
): Refusal {
  const number = numberOf(id);
  const waits =
    `A model may not do this alone. It is kept as ${number} until ${expires_at}: a person allows it with /dispatch approve ${number}, or ` +
    `denies it with /dispatch deny ${number}. It is carried out then, and need not be sent again.`;
  const details = {
    ...error.details,
    approval_request: number,
    approval_status: status,
    expires_at,
    ...(decided_by !== null && { decided_by }),
    ...(error_code !== null && { failed_with: error_code }),
    ...(asked_again !== null && { asked_again: numberOf(asked_again) }),
  };
  const hasFaults = Array.isArray(error.details["approval_faults"]);
  const says = hasFaults || error.code === "APPROVAL_OUTDATED" ? error.message : waits;
  const message =
    status === "pending" || error.code === "APPROVAL_OUTDATED" ? says : `${number} ${ends[status] ?? status}.`;
  return new Refusal(error.code, details, { message, cause: error });
}
