// A worker says from their room what the control rooms should hear. Of a task of theirs it is the task's own command too, in the same
// transaction.

import type { ReceiptId, TaskId } from "../contract/ids.ts";
import type { InputOf } from "../contract/index.ts";
import { roomEventTypes, type RoomEventType, type RoomStatus } from "../contract/room-states.ts";
import type { TaskState } from "../contract/task-states.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../kernel/actor.ts";
import { requireScope } from "../kernel/authorize.ts";
import { newId } from "../kernel/clock.ts";
import { wrongState } from "../kernel/machine.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import type { RelatedChange } from "../kernel/related-change.ts";
import { failedWith, started } from "../tasks/take-back.ts";
import { taskAggregate } from "../tasks/task-aggregate.ts";
import type { TaskChange, TaskRow } from "../tasks/task-row.ts";
import { doneWith } from "../tasks/task-work.ts";
import { roomCommand } from "./room-command.ts";
import { insertRoomEvent, newRoomEvent, roomEventBody, toldOf } from "./room-event.ts";
import { afterWord, xactOf, type RoomRow } from "./room-row.ts";

type Said = InputOf<"event.report">;

const countOthers = statement<{ others: number }>(
  "room_other_work",
  `SELECT count(*)::integer AS others FROM tasks
   WHERE assignee = (SELECT worker_slug FROM rooms WHERE id = $1) AND status = 'in_progress' AND id IS DISTINCT FROM $2::uuid`,
);

export const eventReport = roomCommand({
  name: "event.report",
  alone: true,
  async load(tx, { input: { task_id }, id }) {
    const [task, others, xact] = await Promise.all([
      task_id === undefined ? null : tx.row(taskAggregate.lock, [task_id]),
      tx.row(countOthers, [id, task_id ?? null]),
      xactOf(tx),
    ]);
    return { task: task as TaskRow | null, busy: (others?.others ?? 0) > 0, xact };
  },
  decide({ row, input, actor, now, desk, eventId }, { task, busy, xact }) {
    requireOwnRoom(actor, row);
    const said = readSaid(input);
    const { task_id } = input;
    const event = newRoomEvent(
      row.id,
      {
        ...said,
        id: eventId,
        task_id: task_id ?? null,
        percent: input.percent ?? null,
        fatal: input.fatal ?? false,
        reported_by: actor.id,
      },
      now,
    );
    const moved = task_id === undefined ? null : moveTask(said, input, actor, task_id, task);
    const change = afterWord(row, {
      status: statusAfter(said.type, event.fatal, busy),
      at: now,
      xact,
      reason: event.fatal ? said.text.slice(0, 1_000) : null,
    });
    const asks = said.type === "waiting_for_input";
    return {
      change: { ...change, last_activity_at: now, ...(asks && { question_id: event.id }) },
      payload: { type: said.type, event_id: event.id, task_id: task_id ?? null },
      related: moved ? [withEvent(moved, event.id)] : [],
      told: [{ ...toldOf(event, row.name), data: { ...toldOf(event, row.name).data, hears: true } }],
      write: (tx) => [insertRoomEvent(tx, event)],
      body: () => ({
        event: roomEventBody(event, row.name),
        task_status: moved ? taskAggregate.changed(desk, moved.row, moved.change, moved.path, now).status : null,
      }),
    };
  },
});

/** @throws Refusal FORBIDDEN for whoever does not sit there */
function requireOwnRoom(actor: Actor, { worker_slug, name }: RoomRow): void {
  if (worker_slug !== null && actor.id === worker_slug) return;
  throw new Refusal(
    "FORBIDDEN",
    { actor_role: actor.role, allowed_roles: ["the worker of this room"], room: name },
    { message: `Only whoever sits in ${name} reports from there.` },
  );
}

const fieldOfType = {
  task_completed: "summary",
  progress_update: "message",
  task_failed: "error",
  waiting_for_input: "question",
} as const satisfies Record<RoomEventType, keyof Said>;

/** @throws Refusal INVALID_REQUEST */
function readSaid(input: Said): { readonly type: RoomEventType; readonly text: string } {
  const name = input.type.replace(/^dispatch:/, "");
  const type = roomEventTypes.find((one) => one === name);
  if (type === undefined)
    throw invalidField(
      "type",
      "enum",
      `must be one of ${roomEventTypes.join(", ")}, with or without dispatch: in front`,
    );
  const field = fieldOfType[type];
  const text = input[field];
  if (text === undefined) throw invalidField(field, "required", `is required where type is ${type}`);
  return { type, text };
}

function statusAfter(type: RoomEventType, fatal: boolean, busy: boolean): RoomStatus {
  if (type === "waiting_for_input") return "waiting_input";
  if (type === "progress_update") return "working";
  return fatal ? "error" : busy ? "working" : "idle";
}

type Moved = RelatedChange<TaskRow, TaskChange> & { readonly path: readonly TaskState[] };

/** @throws Refusal TASK_NOT_FOUND, FORBIDDEN_SCOPE, NOT_ASSIGNEE, INVALID_STATE_TRANSITION */
function moveTask(
  { type, text }: ReturnType<typeof readSaid>,
  { fatal = false, percent }: Said,
  actor: Actor,
  taskId: TaskId,
  task: TaskRow | null,
): Moved {
  if (!task) throw new Refusal("TASK_NOT_FOUND", { task_id: taskId, field: "task_id" });
  const place = taskAggregate.placeOf(task);
  if (place) requireScope(actor, place);
  const isHeld = task.status === "assigned" || task.status === "in_progress";
  if (task.assignee !== actor.id && task.assignee !== null)
    throw new Refusal("NOT_ASSIGNEE", { assignee: task.assignee });
  const to =
    type === "waiting_for_input"
      ? "blocked"
      : type === "task_failed"
        ? "failed"
        : type === "task_completed"
          ? "completed"
          : "in_progress";
  if (!isHeld) throw wrongState(task.status, to, ["assigned", "in_progress"]);
  const related = { aggregate: taskAggregate, row: task, eventId: newId<ReceiptId>() };
  if (type === "task_completed")
    return { ...related, ...doneWith(task, { summary: text, result: null, tokens_used: null }) };
  if (type === "task_failed")
    return { ...related, ...failedWith(task, text, true, fatal), payload: { error: text, fatal } };
  const begun = started(task);
  const data = { message: text, percent: percent ?? null, assignee: task.assignee };
  if (type === "progress_update")
    return {
      ...related,
      path: begun.path,
      change: {},
      payload: data,
      told: [...begun.told, { event: "progress", data }],
    };
  const asked = { reason: text, assignee: task.assignee };
  return {
    ...related,
    path: [...begun.path, "blocked"],
    change: {},
    payload: asked,
    told: [...begun.told, { event: "blocked", data: asked }],
  };
}

/** The task's own events name the room's, so that nobody makes another of them. */
function withEvent(moved: Moved, room_event: string): RelatedChange {
  const told = (moved.told ?? []).map(({ event, data }) => ({ event, data: { ...data, room_event } }));
  return { ...moved, told } as RelatedChange;
}
