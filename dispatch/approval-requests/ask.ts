// Runs what a caller sends; a call that waits for a person is kept before the caller is told so.

import type { Answer, CommandRequest } from "../kernel/command-call.ts";
import { ApprovalWanted } from "../kernel/approved-call.ts";
import { execute } from "../kernel/execute.ts";
import { hasWordFor } from "../kernel/human-approval.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Refusal } from "../kernel/refusal.ts";
import { allow, carryOut, type CarriedOut } from "./carry-out.ts";
import { answerKeyOf, isFor, keep, keptBy } from "./keep.ts";
import { numberOf, selectRequest, type RequestRow } from "./request-row.ts";

/** Answering requests is no call that is kept as one. */
const isAboutRequests = ({ name }: CommandRequest): boolean => name.startsWith("approval_request.");

/**
 * Runs a command for whoever sent it.
 * @param onCarriedOut told of a kept call that this one allowed, and that is done by now
 * @throws Refusal; of a call that a person must allow with the number of the request that keeps it
 */
export async function executeForCaller(
  kernel: Kernel,
  request: CommandRequest,
  onCarriedOut: (done: CarriedOut) => void,
): Promise<Answer> {
  const { actor } = request;
  if (isAboutRequests(request)) return answered(kernel, request, onCarriedOut);
  if (actor.via !== "chat") return execute(kernel, request);
  const key = answerKeyOf(kernel, request);
  // Who only asks has nothing done, whatever word comes with the question.
  const known = request.askOnly ? null : await keptBy(kernel, key);
  const kept = actor.humanApproval ? known : null;
  const card = kept && (await answeredByCard(kernel, request, kept));
  const answeredOne = card?.row ?? null;
  const holding = actor.humanApproval ? answeredOne : known;
  try {
    // A call that is kept goes past its request on no other way, also where no rule is met by now: a person may have said no.
    if (holding && isFor(holding, request) && holding.status !== "executed")
      await refuseAsKept(kernel, request, holding);
    const answer = await execute(kernel, answeredOne ? withoutWord(request) : request);
    // Carried out for this very call: what was stored a moment ago is its answer, and no earlier one's.
    const isItsOwn = kept?.status === "pending" && answeredOne?.status === "executed";
    return isItsOwn ? { ...answer, replayed: false, moves: card?.done?.answer.moves ?? answer.moves } : answer;
  } catch (error) {
    if (!(error instanceof ApprovalWanted)) throw error;
    if (answeredOne?.error_code === "APPROVAL_OUTDATED") throw await asOutdated(kernel, error, answeredOne);
    throw asTold(error, asOfNow(kernel, await keep(kernel, request, error.asked, { key })));
  }
}

/**
 * A card is an answer to the request that keeps the call, and counts like one: the first answer does, and what is allowed is carried out
 * from the request, whatever becomes of the API and of whoever showed the card.
 * @returns the request as it is then, and what was done; null where the word is for something else, or is not this person's to give
 */
async function answeredByCard(
  kernel: Kernel,
  request: CommandRequest,
  kept: RequestRow,
): Promise<{ readonly row: RequestRow; readonly done: CarriedOut | null } | null> {
  const { humanApproval } = request.actor;
  const entry = kernel.commands.get(request.name)?.entry;
  if (!humanApproval || !entry || !hasWordFor(request, entry, kernel.desk)) return null;
  // A key that was used for another call keeps that one, and the word is for this one alone.
  if (!isFor(kept, request)) return null;
  const { approvedBy } = humanApproval;
  if (kept.four_eyes && approvedBy === request.actor.id) return null;
  if (kept.status === "pending") await allow(kernel, kept, approvedBy);
  const done = await carryOut(kernel, kept.id).catch(leftToWorkers);
  return { row: (await keptBy(kernel, kept.answer_key)) ?? kept, done };
}

async function asOutdated(kernel: Kernel, error: ApprovalWanted, row: RequestRow): Promise<Refusal> {
  const anew = row.asked_again === null ? undefined : await kernel.desk.db.row(selectRequest, [row.asked_again]);
  const details = { approval_request: numberOf(row.id), differs: anew?.differs ?? [] };
  return asTold(new ApprovalWanted("APPROVAL_OUTDATED", error.asked, details), row);
}

/** What is allowed is carried out before whoever allowed it is answered; what that comes to is the request's to tell. */
async function answered(
  kernel: Kernel,
  request: CommandRequest,
  onCarriedOut: (done: CarriedOut) => void,
): Promise<Answer> {
  const answer = await execute(kernel, request);
  if (request.name !== "approval_request.decide") return answer;
  const done = await carryOut(kernel, answer.aggregateId).catch(leftToWorkers);
  if (done) onCarriedOut(done);
  return answer;
}

/** Workers carry out whatever was allowed and is not done: a part that is away now need not be then. */
function leftToWorkers(error: unknown): null {
  if (!(error instanceof Refusal)) throw error;
  return null;
}

/** The word has been taken into the request, or came behind another answer: with the call itself it counts no more. */
function withoutWord(request: CommandRequest): CommandRequest {
  const { humanApproval: _word, ...actor } = request.actor;
  return { ...request, actor };
}

/**
 * Refuses a call that is kept: one that could not be done with what still stands in its way, which is more use than where it is kept.
 * @throws Refusal
 */
async function refuseAsKept(kernel: Kernel, request: CommandRequest, row: RequestRow): Promise<never> {
  if (row.status === "failed")
    await execute(kernel, { ...withoutWord(request), askOnly: true }).catch((error: unknown) => {
      const mayBeDone = error instanceof Refusal && error.code === "APPROVAL_NOT_NEEDED";
      if (!mayBeDone && !(error instanceof ApprovalWanted)) throw error;
    });
  throw wantedBy(row);
}

/** What is said of a call that is kept. */
function wantedBy(row: RequestRow): ApprovalWanted {
  const { tool, rule, reason, four_eyes, foreseen, target_version: version } = row;
  const severity = row.severity === "critical" ? "critical" : "warning";
  const asked = { rule: { rule, severity, reason, fourEyes: four_eyes }, foreseen, version, place: null } as const;
  return new ApprovalWanted("HUMAN_APPROVAL_REQUIRED", asked, { tool_name: tool, rule, severity, reason, four_eyes });
}

/** From its end on a request is over, also before a worker has noted that. */
const asOfNow = ({ desk }: Kernel, row: RequestRow): RequestRow =>
  row.status === "pending" && desk.clock.now().toISOString() >= row.expires_at ? { ...row, status: "expired" } : row;

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
