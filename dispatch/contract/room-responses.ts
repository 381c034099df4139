// What answers about rooms, pushes and what workers say look like.

import { answeredId, nullable, Type, type Static } from "./fields.ts";
import type { PushId, RoomId, TaskId, TicketId } from "./ids.ts";
import { pushStates, roomEventTypes, roomKinds, roomStatuses, transports } from "./room-states.ts";
import { task, taskLine, worker } from "./task-responses.ts";
import { taskStates } from "./task-states.ts";

const text = () => Type.String();
const time = () => Type.String({ format: "date-time" });
const whole = () => Type.Integer();

const lineFields = {
  id: answeredId<RoomId>(),
  name: text(),
  aliases: Type.Array(text()),
  groups: Type.Array(text()),
  kind: Type.Enum([...roomKinds]),
  transport: Type.Enum([...transports]),
  agent_status: Type.Enum([...roomStatuses]),
  worker_id: nullable(text()),
  workspace_path: text(),
  /** Of a control room: whose it is, and the conversation it is held in. */
  owner: nullable(text()),
  session_key: nullable(text()),
  last_activity_at: time(),
};

export const room = Type.Object({
  ...lineFields,
  address: text(),
  program: nullable(text()),
  idle_text: nullable(text()),
  status_since: time(),
  status_reason: nullable(text()),
  created_at: time(),
  updated_at: time(),
  version: whole(),
});
export type RoomBody = Static<typeof room>;

/** A room as lists show it, with how many pushes wait for it. */
export const roomLine = Type.Object({ ...lineFields, queue_depth: whole() });
export type RoomLine = Static<typeof roomLine>;
export const roomList = Type.Array(roomLine);

export const push = Type.Object({
  push_id: answeredId<PushId>(),
  room: text(),
  room_id: answeredId<RoomId>(),
  state: Type.Enum([...pushStates]),
  command: text(),
  prompt: nullable(text()),
  task_id: nullable(answeredId<TaskId>()),
  ticket_id: nullable(answeredId<TicketId>()),
  reply_to: nullable(Type.String({ format: "uuid" })),
  requested_by: text(),
  automatic: Type.Boolean(),
  /** The push it went out with, where several left as one. */
  sent_with: nullable(answeredId<PushId>()),
  attempts: whole(),
  reason: nullable(text()),
  captured: nullable(text()),
  created_at: time(),
  sent_at: nullable(time()),
  accepted_at: nullable(time()),
  acked_at: nullable(time()),
  wait_ms: nullable(whole()),
  latency_ms: nullable(whole()),
});
export type PushBody = Static<typeof push>;

export const roomStanding = Type.Object({
  room,
  worker: nullable(worker),
  tasks: Type.Array(taskLine),
  last_push: nullable(push),
  queue_depth: whole(),
});

const pushed = Type.Object({
  push_id: answeredId<PushId>(),
  room: text(),
  state: Type.Enum([...pushStates]),
  /** How many wait for the same room in front of it. */
  queued_behind: whole(),
  deduplicated: Type.Boolean(),
});
export const pushes = Type.Object({ pushes: Type.Array(pushed) });
export type Pushed = Static<typeof pushed>;

export const promptGiven = Type.Object({ task, push: pushed });

/** What a room has that its worker has not taken yet, oldest first. */
export const inbox = Type.Array(
  Type.Object({
    push_id: answeredId<PushId>(),
    command: text(),
    prompt: nullable(text()),
    task_id: nullable(answeredId<TaskId>()),
    ticket_id: nullable(answeredId<TicketId>()),
    attempt: whole(),
    sent_at: time(),
  }),
);
export type InboxBody = Static<typeof inbox>;

export const roomEvent = Type.Object({
  event_id: Type.String({ format: "uuid" }),
  room: text(),
  room_id: answeredId<RoomId>(),
  type: Type.Enum([...roomEventTypes]),
  task_id: nullable(answeredId<TaskId>()),
  /** What was done, how far it has come, what went wrong or what is asked: by the type. */
  text: text(),
  percent: nullable(whole()),
  fatal: Type.Boolean(),
  reported_by: text(),
  created_at: time(),
  acked_at: nullable(time()),
  acked_by: nullable(text()),
});
export type RoomEventBody = Static<typeof roomEvent>;
export const roomEvents = Type.Array(roomEvent);

/** With where the task stands now, of one that was about a task. */
export const eventTaken = Type.Object({ event: roomEvent, task_status: nullable(Type.Enum([...taskStates])) });
export const eventsAcked = Type.Object({ count: whole() });

/** One thing that was said in a room, to its worker or by them. */
export const roomHistory = Type.Array(
  Type.Object({
    at: time(),
    direction: Type.Enum(["in", "out"]),
    kind: text(),
    text: text(),
    by: text(),
    push_id: nullable(answeredId<PushId>()),
    event_id: nullable(Type.String({ format: "uuid" })),
    task_id: nullable(answeredId<TaskId>()),
    state: nullable(Type.Enum([...pushStates])),
  }),
);

export const roomBoard = Type.Object({
  health: Type.Enum(["healthy", "warn", "degraded"]),
  reasons: Type.Array(text()),
  rooms: Type.Array(
    Type.Object({
      id: answeredId<RoomId>(),
      name: text(),
      kind: Type.Enum([...roomKinds]),
      transport: Type.Enum([...transports]),
      agent_status: Type.Enum([...roomStatuses]),
      worker_id: nullable(text()),
      depth: whole(),
      done_today: whole(),
      p95_latency_ms: nullable(whole()),
      last_activity_at: time(),
    }),
  ),
  rooms_left_out: whole(),
  unassigned: whole(),
  blocked: whole(),
});

export const controlBrief = Type.Object({
  text: text(),
  sections: Type.Object({
    rooms: Type.Array(roomLine),
    rooms_left: whole(),
    events: Type.Array(roomEvent),
    events_left: whole(),
    gates: Type.Array(Type.Unknown()),
    gates_left: whole(),
    sla_breaches: Type.Array(
      Type.Object({ ticket_id: answeredId<TicketId>(), number: text(), state: text(), minutes_late: whole() }),
    ),
    sla_breaches_left: whole(),
    queue: Type.Object({
      pending: whole(),
      running: whole(),
      blocked: whole(),
      in_review: whole(),
      pushes_waiting: whole(),
    }),
    do: Type.Array(text()),
    do_not: Type.Array(text()),
    tools: Type.Array(text()),
  }),
});
