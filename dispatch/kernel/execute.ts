// How any command runs, from top to bottom. Two flights to Postgres per command: begin, lock and read; then write everything
// and commit. Commands that wait at the same moment share both, each with a decision, rows and an answer of its own.

import { newId } from "./clock.ts";
import type { Answer, CommandRequest } from "./command-call.ts";
import type { Call, Command } from "./command.ts";
import type { Prepared } from "./decide.ts";
import type { Desk } from "./desk.ts";
import { isLostRace, refusalFor, stillBusy } from "./failure.ts";
import { fingerprint, keyOf, replayOf } from "./idempotency.ts";
import type { Kernel, Runnable } from "./kernel.ts";
import { isCounted } from "./moved-visits.ts";
import { withPolicies } from "./policies.ts";
import { Refusal } from "./refusal.ts";

/** How often a command is tried again after losing a race that only the database could decide. */
const maxAttempts = 5;

/**
 * Runs a command to its one answer.
 * @throws Refusal for everything that can be said to the caller, DEPENDENCY_UNAVAILABLE included
 */
export async function execute(kernel: Kernel, request: CommandRequest): Promise<Answer> {
  const runnable = kernel.commands.get(request.name);
  if (!runnable) throw new Error(`${request.name} is no command of this kernel`);
  const { actor, requestId } = request;
  const key = keyOf({ actorId: actor.id, endpoint: runnable.entry.path, requestId });
  const requestHash = fingerprint(request.path, request.body);
  try {
    const stored = await kernel.recent.find(key);
    const answer = stored
      ? replayOf(stored, requestHash, actor)
      : await run(kernel, runnable, request, key, requestHash);
    kernel.recent.add(key);
    return answer;
  } catch (error) {
    throw refusalFor(error, kernel.races);
  }
}

async function run(
  { desk, groups, races }: Kernel,
  { entry, handler, validate }: Runnable,
  request: CommandRequest,
  key: string,
  requestHash: string,
): Promise<Answer> {
  const validated = validate(request.body);
  const violations = validated.ok ? [] : validated.violations;
  let alone = handler.alone === true || handler.on === "upsert" || isCounted(desk, request);
  let mayConsult = true;
  let prepared: Prepared | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      const call = validated.ok ? callOf(desk, request, handler, validated.input) : null;
      const job = { desk, request, entry, handler, key, requestHash, call, violations, mayConsult, prepared };
      const outcome = await withPolicies(desk.policies, () => groups.run(job, alone));
      if (outcome.kind === "replayed") return outcome.answer;
      if (outcome.kind === "written") {
        desk.announce();
        return outcome.written.answer;
      }
      if (attempt >= maxAttempts) throw stillBusy();
      if (outcome.kind === "held") alone = true;
      else if (outcome.kind === "prepare") prepared = await withPolicies(desk.policies, outcome.prepare);
      else {
        mayConsult = false;
        await withPolicies(desk.policies, outcome.consult);
      }
    } catch (error) {
      if (attempt >= maxAttempts || !isLostRace(error, races)) throw error;
      alone = true;
    }
  }
}

/** @throws Refusal when the path names no id that a command on a row needs */
function callOf(desk: Desk, request: CommandRequest, { on, aggregate }: Command, input: unknown): Call {
  const now = desk.clock.now();
  const clockTime = now.toISOString();
  const { actor, requestId, ids } = request;
  const named = aggregate.idIn === null ? aggregate.name : ids[aggregate.idIn];
  if (on === "row" && named === undefined) throw new Refusal("NOT_FOUND");
  const id = on === "row" ? (named ?? "") : newId(now.getTime());
  return { desk, actor, input, now: clockTime, clockTime, ids, id, requestId, eventId: newId(now.getTime()) };
}
