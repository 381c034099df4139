// A push on its way: queued because of an assignment, sent when its room is idle, taken by the other side, heard, or tried again until it
// is given up. Each looks again under the push's lock: of two that come at once, one is too late.

import type { RoomId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import { plusMs } from "../kernel/clock.ts";
import type { CreationCommand, RowCall } from "../kernel/command.ts";
import { wrongState } from "../kernel/machine.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { IdsOf, InputOf } from "../contract/index.ts";
import type { PushBody } from "../contract/room-responses.ts";
import { giveOutAgain } from "../tasks/agent-commands.ts";
import { handedBack } from "../tasks/take-back.ts";
import { taskColumns, type TaskRow } from "../tasks/task-row.ts";
import { lockMembers, lockRoomOfPush, ofPush, ofRoom, pushCommand } from "./room-command.ts";
import { pushAggregate, pushBody, pushColumns, type NewPush, type PushRow } from "./push-row.ts";
import { insertRoomEvent, newRoomEvent, toldOf } from "./room-event.ts";
import { afterWord, xactOf, type RoomRow } from "./room-row.ts";

/** How long whoever sits there has to say that they heard a push, once they can have. */
export const heardWithinMs = 30_000;
/** After a first, second, … try that failed; one more than these is the last. */
export const retryAfterMs = [5_000, 10_000, 20_000, 40_000] as const;
export const mostTries = retryAfterMs.length + 1;
/** Ids that fit one line of a push. */
const mostAtOnce = 50;

// Queued ----------------------------------------------------------------------------------------------------------

const selectRoomToTell = statement<{ id: RoomId; name: string; kind: string; known: boolean }>(
  "push_room_to_tell",
  `SELECT id, name, kind, EXISTS (SELECT FROM pushes WHERE room_id = $1 AND subject = $2 AND assignment = $3) AS known
   FROM rooms WHERE id = $1`,
);

export const pushQueue: CreationCommand<
  InputOf<"push.queue">,
  IdsOf<"push.queue">,
  NewPush,
  PushBody,
  PushBody,
  { readonly name: string; readonly known: boolean } | null
> = {
  name: "push.queue",
  on: "creation",
  aggregate: pushAggregate,
  load: (tx, { input }) => tx.row(selectRoomToTell, [input.room_id, input.subject, input.assignment]),
  decide({ input, actor }, room) {
    if (!room) throw new Refusal("ROOM_NOT_FOUND", { room: input.room_id });
    // Another worker followed the same event.
    if (room.known) throw wrongState("queued", "queued", []);
    const { room_id, command, subject, assignment, task_id = null, ticket_id = null } = input;
    return {
      state: "queued",
      create: {
        room_id,
        command,
        prompt: null,
        automatic: true,
        subject,
        assignment,
        task_id,
        ticket_id,
        reply_to: null,
        capture: false,
        requested_by: actor.id,
      },
      payload: { command, subject, assignment },
      told: [],
      body: (push) => ({ ...push, room: room.name }),
    };
  },
};

// Sent ------------------------------------------------------------------------------------------------------------

// What was assigned beside a push ($1) and waits for the same room, or went out with it before.
const lockCompany = statement<PushRow>(
  "pushes_lock_company",
  `SELECT ${pushColumns} FROM pushes
   WHERE room_id = (SELECT room_id FROM pushes WHERE id = $1) AND status = 'queued' AND id <> $1
     AND (lead_id = $1 OR lead_id IS NULL AND automatic AND prompt IS NULL AND message IS NULL)
   ORDER BY created_at, id LIMIT ${mostAtOnce - 1} FOR NO KEY UPDATE SKIP LOCKED`,
);

type PushCallOf<N extends "push.send" | "push.failed"> = RowCall<InputOf<N>, IdsOf<N>, PushRow>;

/** Whether a room takes a push now: whoever is idle does, and whoever waits for an answer takes that answer. */
export const takes = ({ agent_status, question_id }: RoomRow, { reply_to }: Pick<PushRow, "reply_to">): boolean =>
  agent_status === "idle" || (agent_status === "waiting_input" && reply_to !== null && reply_to === question_id);

export const pushSend = pushCommand({
  name: "push.send",
  async load(tx, { id }) {
    const [room, company, xact] = await Promise.all([
      tx.row(lockRoomOfPush, [id]),
      tx.rows(lockCompany, [id]),
      xactOf(tx),
    ]);
    return { room, company, xact };
  },
  decide({ row, now, clockTime }, { room, company, xact }) {
    if (!room) throw new Refusal("ROOM_NOT_FOUND", { room: row.room_id });
    // They have begun something meanwhile, or it is too early for another try.
    if (!takes(room, row) || (row.next_at !== null && row.next_at > clockTime)) throw wrongState("queued", "sent", []);
    const members = company.filter(({ lead_id }) => (row.message === null ? mayGoWith(row) : lead_id === row.id));
    const message = row.message ?? textOf(row, members);
    const sent = (push: PushRow, leadId: PushRow["lead_id"]) => sending(push, room, now, message, leadId);
    const data = {
      push_id: row.id,
      command: message,
      prompt: row.prompt,
      task_id: row.task_id,
      ticket_id: row.ticket_id,
    };
    return {
      path: ["sent"],
      change: sent(row, null),
      payload: { room: room.name, command: message, attempt: row.attempts + 1, with: members.map(({ id }) => id) },
      related: [
        ...members.map((push) => ofPush(push, ["sent"], sent(push, row.id))),
        ofRoom(room, afterWord(room, { status: "working", at: now, xact }), [
          { event: "push", data: { ...data, attempt: row.attempts + 1, transport: room.transport } },
        ]),
      ],
      told: [],
      body: (push) => ({ ...push, command: message, room: room.name }),
    };
  },
});

/** Assignments that wait for one room leave as one line; what a person said, or a longer text, goes alone. */
const mayGoWith = ({ automatic, prompt }: PushRow): boolean => automatic && prompt === null;

function textOf(push: PushRow, members: readonly PushRow[]): string {
  if (members.length === 0) return push.command;
  const ids = [push, ...members].flatMap(({ task_id, ticket_id }) => task_id ?? ticket_id ?? []);
  return ["/queue-check", ...new Set(ids)].join(" ");
}

/** @param leadId the push it goes out with; null: it goes itself */
function sending(push: PushRow, room: RoomRow, now: string, message: string, leadId: PushRow["lead_id"]) {
  const deliverable_at = push.deliverable_at ?? latest(push.created_at, room.status_since);
  // What lies in an inbox has arrived with this very commit.
  const arrived = room.transport === "inbox";
  return {
    message,
    lead_id: leadId,
    attempts: push.attempts + 1,
    next_at: null,
    reason: null,
    sent_at: now,
    due_at: plusMs(now, heardWithinMs),
    deliverable_at,
    wait_ms: push.wait_ms ?? between(push.created_at, deliverable_at),
    ...(arrived && acceptance(push, deliverable_at, now)),
  };
}

const acceptance = ({ accepted_at, latency_ms }: PushRow, deliverable_at: string | null, now: string) => ({
  accepted_at: accepted_at ?? now,
  latency_ms: latency_ms ?? between(deliverable_at ?? now, now),
});

const latest = (one: string, other: string): string => (one > other ? one : other);
const between = (from: string, to: string): number => Math.max(0, Date.parse(to) - Date.parse(from));

// Taken, and heard ------------------------------------------------------------------------------------------------

export const pushAccepted = pushCommand({
  name: "push.accepted",
  load: (tx, { id }) => tx.rows(lockMembers, [id]),
  decide({ row, input, now }, members) {
    // It was sent again since.
    if (row.attempts !== input.attempt) throw wrongState("sent", "sent", []);
    const { patience_ms = heardWithinMs, captured } = input;
    const due_at = plusMs(now, patience_ms);
    const taken = (push: PushRow) => ({ due_at, ...acceptance(push, push.deliverable_at, now) });
    return {
      change: { ...taken(row), ...(captured !== undefined && { captured }) },
      payload: { attempt: input.attempt },
      related: members.filter(({ status }) => status === "sent").map((push) => ofPush(push, [], taken(push))),
      told: [],
      body: (push) => push,
    };
  },
});

// Agents say what they are at; of a technician, or where nobody sits, what was heard is all there is to hear.
const selectSaysItself = statement<{ says: boolean }>(
  "push_worker_says",
  `SELECT EXISTS (SELECT FROM agents JOIN rooms ON worker_slug = slug
                  WHERE rooms.id = (SELECT room_id FROM pushes WHERE id = $1)) AS says`,
);

export const pushAck = pushCommand({
  name: "push.ack",
  async load(tx, { id }) {
    const [room, members, worker, xact] = await Promise.all([
      tx.row(lockRoomOfPush, [id]),
      tx.rows(lockMembers, [id]),
      tx.row(selectSaysItself, [id]),
      xactOf(tx),
    ]);
    return { room, members, saysItself: worker?.says ?? false, xact };
  },
  decide({ row, now, input, actor }, { room, members, saysItself, xact }) {
    if (!room) throw new Refusal("ROOM_NOT_FOUND", { room: row.room_id });
    const heard = (push: PushRow) => ({ acked_at: now, due_at: null, ...acceptance(push, push.deliverable_at, now) });
    const change = heard(row);
    const by = input.by ?? actor.id;
    return {
      path: ["acked"],
      change,
      payload: { by },
      related: [
        ...members.filter(({ status }) => status === "sent").map((push) => ofPush(push, ["acked"], heard(push))),
        ofRoom(room, saysItself ? { last_activity_at: now } : afterWord(room, { status: "idle", at: now, xact }), [
          { event: "push_acked", data: { push_id: row.id, by, latency_ms: change.latency_ms, attempt: row.attempts } },
        ]),
      ],
      told: [],
      body: (push) => ({ ...push, room: room.name }),
    };
  },
});

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

function triedAgain({ row, input, now }: PushCallOf<"push.failed">, { room, members, xact }: Beside) {
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

function givenUp({ row, input, now, eventId }: PushCallOf<"push.failed">, { room, members, tasks, xact }: Beside) {
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
  decide({ row, input }, members) {
    const { reason } = input;
    return {
      path: ["skipped"],
      change: { reason, next_at: null },
      payload: { reason },
      // What would have gone out with it goes by itself.
      related: members.map((push) => ofPush(push, [], { lead_id: null, message: null })),
      told: [],
      body: (push) => pushBody({ ...row, status: push.state }, ""),
    };
  },
});
