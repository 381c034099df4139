// A push that did not come to be heard: tried again until it is given up, or withdrawn; and what is no longer kept of one that is long
// over.

import type { IdsOf, InputOf } from "../contract/index.ts";
import type { PushBody } from "../contract/room-responses.ts";
import { statement } from "../db/statement.ts";
import { plusMs } from "../kernel/clock.ts";
import type { RowCall } from "../kernel/command.ts";
import { wrongState } from "../kernel/machine.ts";
import { Refusal } from "../kernel/refusal.ts";
import { giveOutAgain } from "../tasks/agent-commands.ts";
import { handedBack } from "../tasks/take-back.ts";
import { taskColumns, type TaskRow } from "../tasks/task-row.ts";
import type { PushRow } from "./push-row.ts";
import { lockMembers, lockRoomOfPush, ofPush, ofRoom, pushCommand } from "./room-command.ts";
import { insertRoomEvent, newRoomEvent, toldOf } from "./room-event.ts";
import { afterWord, xactOf, type RoomRow } from "./room-row.ts";

/** After a first, second, … try that failed; one more than these is the last. */
const retryAfterMs = [5_000, 10_000, 20_000, 40_000] as const;
const mostTries = retryAfterMs.length + 1;

type FailedCall = RowCall<InputOf<"push.failed">, IdsOf<"push.failed">, PushRow>;

// Not heard -------------------------------------------------------------------------------------------------------

// Tasks that a push ($1), or what went out with it, is about, and nobody has begun.
const lockTasksOfPush = statement<TaskRow>(
  "tasks_lock_of_push",
  `SELECT ${taskColumns} FROM tasks
   WHERE id IN (SELECT task_id FROM pushes WHERE id = $1 OR lead_id = $1) AND status = 'assigned' ORDER BY id FOR NO KEY UPDATE`,
);

export const pushFailed = pushCommand({
  name: "push.failed",
  async load(tx, { id }) {
    const [room, members, tasks, xact] = await Promise.all([
      tx.row(lockRoomOfPush, [id]),
      tx.rows(lockMembers, [id]),
      tx.rows(lockTasksOfPush, [id]),
      xactOf(tx),
    ]);
    return { room, xact, members: members.filter(({ status }) => status === "sent"), tasks };
  },
  decide(call, { room, members, tasks, xact }) {
    const { row, input } = call;
    if (!room) throw new Refusal("ROOM_NOT_FOUND", { room: row.room_id });
    // It was sent again since.
    if (row.attempts !== input.attempt) throw wrongState("sent", "queued", []);
    const beside = { room, members, tasks, xact };
    return row.attempts >= mostTries ? givenUp(call, beside) : triedAgain(call, beside);
  },
});

type Beside = {
  readonly room: RoomRow;
  readonly members: readonly PushRow[];
  readonly tasks: readonly TaskRow[];
  readonly xact: string;
};

function triedAgain({ row, input, now }: FailedCall, { room, members, xact }: Beside) {
  const { reason, room_broken = false } = input;
  const change = { next_at: plusMs(now, retryAfterMs[row.attempts - 1] ?? 0), due_at: null, sent_at: null, reason };
  // Nothing was heard since the push itself made them busy.
  const unchanged = room.agent_status === "working" && room.status_since === row.sent_at;
  const status = room_broken
    ? afterWord(room, { status: "error", at: now, xact, reason })
    : unchanged
      ? afterWord(room, { status: "idle", at: now, xact })
      : {};
  return {
    path: ["queued" as const],
    change,
    payload: { attempt: row.attempts, reason },
    related: [...members.map((push) => ofPush(push, ["queued"], change)), ofRoom(room, status, [])],
    told: [],
    body: (push: PushBody) => ({ ...push, room: room.name }),
  };
}

function givenUp({ row, input, now, eventId }: FailedCall, { room, members, tasks, xact }: Beside) {
  const { reason } = input;
  const change = { due_at: null, reason };
  const own = tasks.filter(({ assignee }) => assignee === room.worker_slug);
  const event = newRoomEvent(
    room.id,
    {
      id: eventId,
      type: "task_failed",
      task_id: row.task_id,
      text: `${room.name} did not hear "${row.message ?? row.command}" after ${row.attempts} tries: ${reason}`,
      percent: null,
      fatal: true,
      reported_by: "dispatch",
    },
    now,
  );
  return {
    path: ["dead" as const],
    change,
    payload: { attempt: row.attempts, reason, handed_back: own.map(({ id }) => id) },
    related: [
      ...members.map((push) => ofPush(push, ["dead"], change)),
      ...giveOutAgain(own, (task) => handedBack(task, "unheard")),
      ofRoom(room, afterWord(room, { status: "error", at: now, xact, reason: `a push was not heard: ${reason}` }), [
        { event: "push_dead", data: { push_id: row.id, reason, attempts: row.attempts } },
        toldOf(event, room.name),
      ]),
    ],
    told: [],
    write: (tx: Parameters<typeof insertRoomEvent>[0]) => [insertRoomEvent(tx, event)],
    body: (push: PushBody) => ({ ...push, room: room.name }),
  };
}

// Long over ------------------------------------------------------------------------------------------------------

/** The row stays, since its history vouches for it; the longer texts go. What a task was handed over with stands in the task. */
export const pushTrim = pushCommand({
  name: "push.trim",
  decide({ row }) {
    return {
      change: { prompt: null, captured: null },
      payload: { prompt: row.prompt !== null, captured: row.captured !== null },
      told: [],
      body: (push) => push,
    };
  },
});

// Withdrawn -------------------------------------------------------------------------------------------------------

export const pushSkip = pushCommand({
  name: "push.skip",
  load: (tx, { id }) => tx.rows(lockMembers, [id]),
  decide({ input: { reason } }, members) {
    return {
      path: ["skipped"],
      change: { reason, next_at: null },
      payload: { reason },
      // What would have gone out with it goes by itself.
      related: members.map((push) => ofPush(push, [], { lead_id: null, message: null })),
      told: [],
      body: (push) => push,
    };
  },
});
