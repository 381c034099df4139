// Changes a task or moves it by hand: who may move it where, and what has to be said where another is at work on it.

import { movedByHand, taskEdges, taskStateOf, taskStates, urgencyOf, type TaskState } from "../contract/task-states.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../kernel/actor.ts";
import { wrongState } from "../kernel/machine.ts";
import type { Told } from "../kernel/outbox.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { awaitTaker, loadPlacesOfAssignee, placeWith, takerNamed } from "./places.ts";
import { freeSlot } from "./taker.ts";
import { taskCommand } from "./task-command.ts";
import { overriding } from "./task-create.ts";
import type { TaskChange, TaskRow } from "./task-row.ts";

const shortestReason = 10;

const selectAgentType = statement<{ agent_type: string | null }>(
  "agent_type",
  `SELECT agent_type FROM agents WHERE slug = $1`,
);

export const taskUpdate = taskCommand({
  name: "task.update",
  claims: takerNamed,
  target: ({ input }) =>
    input.assignee === undefined ? input.status && taskStateOf(input.status) : ("assigned" as const),
  async load(tx, { input, actor, id, clockTime, desk }) {
    const [taker, places, own] = await Promise.all([
      input.assignee === undefined ? null : awaitTaker(tx, input.assignee, { now: clockTime, rules: desk.policy }),
      loadPlacesOfAssignee(tx, id),
      actor.role === "agent" ? tx.row(selectAgentType, [actor.id]) : null,
    ]);
    return { taker, places, isReviewer: actor.role === "qa" || own?.agent_type === "reviewer" };
  },
  decide({ input, actor, task, clockTime }, { taker, places, isReviewer }) {
    const { assignee, context, paused, reason } = input;
    if (Object.keys(input).every((name) => name === "reason" || name === "override_reason"))
      throw invalidField("status", "required", "or another field that changes something is required");
    const to = input.status === undefined ? null : taskStateOf(input.status);
    if (to !== null && assignee !== undefined)
      throw invalidField(
        "status",
        "excludes",
        "must be absent with assignee: giving a task to somebody says where it moves",
      );
    if (to !== null && !movedByHand.some((state) => state === to)) throw cannotMove(task, to, []);
    if (to !== null) requireMover(actor, task, to, isReviewer);
    // Only a review completes a task from outside: past it, nobody would have looked.
    if (to === "completed" && task.status !== "in_review") throw cannotMove(task, to, ["in_review"]);
    if (assignee !== undefined) requireOffice(actor, "assignee");
    if (context !== undefined || input.priority !== undefined) requireOwner(actor, task);
    if (paused !== undefined && !isAssignee(actor, task)) requireOffice(actor, "paused");
    const interferes = to !== null || assignee !== undefined || paused !== undefined;
    if (interferes) requireReason(actor, task, reason);
    const change: TaskChange = {
      ...(context !== undefined && { context }),
      ...(input.priority !== undefined && { priority: urgencyOf(input.priority) }),
      ...(paused !== undefined && { paused }),
    };
    if (paused !== undefined && task.status !== "in_progress") throw cannotMove(task, task.status, ["in_progress"]);
    const because = { reason: reason ?? null, by: actor.id };
    const payload = { ...input, from: task.assignee, ...overriding(input.override_reason) };
    if (assignee !== undefined) {
      const judged = { ...task, priority: change.priority ?? task.priority };
      const held = placeWith(assignee, taker, judged, Date.parse(clockTime), input.override_reason !== undefined);
      const isQueued = task.status === "unassigned" || task.status === "pending";
      return {
        path: isQueued ? ["assigned"] : ["pending", "assigned"],
        change: { ...change, held, ...startedAnew(task) },
        payload,
        told: [
          ...(isQueued ? [] : [{ event: "reassigned", data: { ...because, from: task.assignee, retry_used: false } }]),
          { event: "assigned", data: { assignee, chosen_by: actor.id, ...overriding(input.override_reason) } },
        ],
        body: (body) => body,
      };
    }
    if (to === null || to === task.status) {
      // What it is already it need not become; whoever says so twice is told the same twice.
      if (to !== null && Object.keys(change).length === 0) throw cannotMove(task, to);
      const told = { event: "progress", data: { ...because, changed: Object.keys(change) } };
      return { change, payload, told: [told], body: (body) => body };
    }
    const goesOn = to === "in_progress";
    if (goesOn && task.assignee === null) throw cannotMove(task, to);
    return {
      path: [to],
      change: {
        ...change,
        ...(goesOn && task.assignee !== null && { held: { assignee: task.assignee, slot: freeSlot(places) } }),
        ...(to === "pending" && startedAnew(task)),
      },
      payload,
      told: [toldOf(task, to, because)],
      body: (body) => body,
    };
  },
});

/** Who has another try at what failed or took too long has all of them. */
const startedAnew = ({ status }: TaskRow): TaskChange =>
  status === "failed" || status === "timed_out" ? { retry_count: 0, error: null } : {};

function toldOf({ status, assignee }: TaskRow, to: TaskState, because: { reason: string | null; by: string }): Told {
  if (to === "cancelled") return { event: "cancelled", data: { ...because, assignee } };
  if (to === "blocked") return { event: "blocked", data: { ...because, assignee } };
  if (to === "completed") return { event: "completed", data: { ...because, assignee } };
  if (to === "in_progress") return { event: "unblocked", data: { ...because, before: status, assignee } };
  if (to === "in_review") return { event: "progress", data: { ...because, changed: ["status"], status: to } };
  return { event: "reassigned", data: { ...because, from: assignee, status: to, retry_used: false } };
}

/** @param allowed the states it could be done in; by default those that lead there */
const cannotMove = (
  { status }: TaskRow,
  to: TaskState,
  allowed: readonly TaskState[] = taskStates.filter((from) => taskEdges.get(from)?.includes(to)),
): Refusal => wrongState(status, to, allowed, "INVALID_STATE_TRANSITION", taskEdges.get(status));

const isOffice = ({ role }: Actor): boolean => role === "dispatcher" || role === "admin";
const isAssignee = (actor: Actor, { assignee }: TaskRow): boolean => assignee === actor.id;

/** @throws Refusal FORBIDDEN */
function requireOffice(actor: Actor, field: string): void {
  if (!isOffice(actor)) throw forbidden(actor, ["dispatcher", "admin"], field);
}

/** @throws Refusal FORBIDDEN for whoever neither asked for the task nor runs the desk */
function requireOwner(actor: Actor, task: TaskRow): void {
  if (!isOffice(actor) && task.requester !== actor.id)
    throw forbidden(actor, ["requester", "dispatcher", "admin"], "priority");
}

/**
 * @param isReviewer whether they may judge what others have done
 * @throws Refusal FORBIDDEN
 */
function requireMover(actor: Actor, task: TaskRow, to: TaskState, isReviewer: boolean): void {
  const isReviewing = to === "in_review" || to === "completed" || (to === "in_progress" && isUnderReview(task));
  if (isReviewing) {
    // Nobody accepts their own work.
    if ((isReviewer || isOffice(actor)) && !isAssignee(actor, task)) return;
    throw forbidden(actor, ["qa", "dispatcher", "admin", "a reviewing agent who is not the assignee"], "status");
  }
  if (isOffice(actor)) return;
  if (to === "cancelled" && task.requester === actor.id) return;
  if ((to === "blocked" || to === "in_progress") && isAssignee(actor, task)) return;
  throw forbidden(
    actor,
    to === "cancelled" ? ["requester", "dispatcher", "admin"] : ["assignee", "dispatcher", "admin"],
    "status",
  );
}

const isUnderReview = ({ status }: TaskRow): boolean => status === "awaiting_review" || status === "in_review";

const forbidden = (actor: Actor, allowed: readonly string[], field: string): Refusal =>
  new Refusal(
    "FORBIDDEN",
    { actor_role: actor.role, allowed_roles: allowed, field },
    { message: `Only ${allowed.join(", ")} may say this of the task.` },
  );

/** @throws Refusal REASON_REQUIRED */
function requireReason(actor: Actor, task: TaskRow, reason: string | undefined): void {
  const isRunning = task.status === "assigned" || task.status === "in_progress";
  if (isRunning && !isAssignee(actor, task) && (reason ?? "").length < shortestReason)
    throw new Refusal("REASON_REQUIRED", { field: "reason", assignee: task.assignee, min_length: shortestReason });
}
