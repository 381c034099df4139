// Keeps a call that a person must allow, until one answers: once for each call, by the key of its answer.

import { statement } from "../db/statement.ts";
import type { AskedFor } from "../kernel/approved-call.ts";
import type { CommandRequest } from "../kernel/command-call.ts";
import { execute } from "../kernel/execute.ts";
import { keyOf } from "../kernel/idempotency.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Refusal } from "../kernel/refusal.ts";
import { canonicalJson } from "../policy/canonical-json.ts";
import { askerOf } from "./asker.ts";
import { requestColumns, type RequestRow } from "./request-row.ts";

/** How long a request waits for an answer where the rule does not say, in hours: three days. */
const usualHours = 72;

const selectByKey = statement<RequestRow>(
  "approval_request_by_key",
  `SELECT ${requestColumns} FROM approval_requests WHERE answer_key = $1`,
);

/** By what a call and its answer are known again. */
export const answerKeyOf = (kernel: Kernel, { name, actor, requestId }: CommandRequest): string =>
  keyOf({ actorId: actor.id, endpoint: kernel.commands.get(name)?.entry.path ?? name, requestId });

/** The request that keeps the call with this key. */
export const keptBy = async (kernel: Kernel, key: string): Promise<RequestRow | null> =>
  (await kernel.desk.db.row(selectByKey, [key])) ?? null;

export type Keeping = {
  readonly key: string;
  /** The request it asks anew for, and what is different since. */
  readonly again?: { readonly id: string; readonly differs: readonly string[] };
};

/** Whether a request keeps this very call; its key may have been used for another. */
export const isFor = (row: RequestRow, { path, body }: CommandRequest): boolean =>
  row.path === path && canonicalJson(row.arguments) === canonicalJson(body);

/**
 * Keeps a call until a person answers; one that is kept already stays as it is.
 * @throws Refusal IDEMPOTENCY_PAYLOAD_MISMATCH where the key keeps another call
 */
export async function keep(
  kernel: Kernel,
  request: CommandRequest,
  { rule, foreseen, version, place }: AskedFor,
  { key, again }: Keeping,
): Promise<RequestRow> {
  const known = await keptBy(kernel, key);
  if (known) return requireFor(known, request);
  const { name, path, ids, body, requestId } = request;
  const { humanApproval: _none, ...actor } = request.actor;
  const aggregate = kernel.commands.get(name)?.entry.aggregate ?? name;
  const target = Object.values(ids).join("/");
  const opening = execute(kernel, {
    name: "approval_request.open",
    path: "/approval-requests/open",
    ids: {},
    // Calls of two tools may come by one key.
    requestId: key,
    actor,
    trace: request.trace,
    body: {
      tool: name,
      path,
      ids: JSON.stringify(ids),
      arguments: JSON.stringify(body),
      asker: JSON.stringify(askerOf(request)),
      foreseen: JSON.stringify(foreseen),
      request_id: requestId,
      answer_key: key,
      asked_by: actor.id,
      target_aggregate: aggregate,
      ...(target !== "" && { target_id: target }),
      ...(place && { account_id: place.account_id }),
      ...(place?.site_id && { site_id: place.site_id }),
      ...(version !== null && { target_version: version }),
      rule: rule.rule,
      severity: rule.severity,
      reason: rule.reason,
      four_eyes: rule.fourEyes ?? false,
      expires_hours: rule.expiresHours ?? usualHours,
      ...(again && { asks_again_for: again.id, differs: again.differs.slice(0, 50) }),
    },
  });
  await opening.catch(unlessOpened);
  const made = await keptBy(kernel, key);
  if (!made) throw new Error("an approval request was opened and is not there");
  return requireFor(made, request);
}

function requireFor(row: RequestRow, request: CommandRequest): RequestRow {
  if (!isFor(row, request)) throw new Refusal("IDEMPOTENCY_PAYLOAD_MISMATCH");
  return row;
}

/** The same call opened it at the same moment, with a trace of its own. */
function unlessOpened(error: unknown): void {
  if (!(error instanceof Refusal) || error.code !== "IDEMPOTENCY_PAYLOAD_MISMATCH") throw error;
}
