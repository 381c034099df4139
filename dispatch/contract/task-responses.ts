// What answers about tasks and their workers look like.

import { answeredId, nullable, Type, type Static } from "./fields.ts";
import type { TaskId, TicketId } from "./ids.ts";
import { pushStates } from "./room-states.ts";
import { taskStates } from "./task-states.ts";

/** More than this many of a kind nobody needs to know exactly who reads the queue. */
export const mostWorkCounted = 1_000;

const text = () => Type.String();
const time = () => Type.String({ format: "date-time" });
const whole = () => Type.Integer();

const lineFields = {
  id: answeredId<TaskId>(),
  kind: Type.Enum(["desk", "prompt", "change"]),
  title: text(),
  scope: text(),
  priority: Type.Integer({ minimum: 1, maximum: 5 }),
  status: Type.Enum([...taskStates]),
  requester: text(),
  assignee: nullable(text()),
  required_capabilities: Type.Array(text()),
  timeout_ms: whole(),
  max_retries: whole(),
  retry_count: whole(),
  parent_id: nullable(answeredId<TaskId>()),
  ticket_id: nullable(answeredId<TicketId>()),
  stage_id: Type.Null(),
  room_id: Type.Null(),
  review_required: Type.Boolean(),
  paused: Type.Boolean(),
  result_summary: nullable(text()),
  error: nullable(text()),
  tokens_used: nullable(whole()),
  unmatched_reason: nullable(text()),
  created_at: time(),
  updated_at: time(),
  assigned_at: nullable(time()),
  started_at: nullable(time()),
  completed_at: nullable(time()),
  version: whole(),
};

const openObject = () => Type.Record(text(), Type.Unknown());

/** A task as lists show it: without its long texts, which task.check has. */
export const taskLine = Type.Object(lineFields);
export type TaskLine = Static<typeof taskLine>;

export const task = Type.Object({
  ...lineFields,
  description: nullable(text()),
  context: nullable(openObject()),
  result: nullable(openObject()),
});
export type TaskBody = Static<typeof task>;

/** With the last that the room of its worker was told of it; null where nobody was. */
export const taskChecked = Type.Object({
  ...task.properties,
  push: nullable(
    Type.Object({
      push_id: Type.String({ format: "uuid" }),
      room: text(),
      state: Type.Enum([...pushStates]),
      attempts: whole(),
      reason: nullable(text()),
      acked_at: nullable(time()),
    }),
  ),
});

export const taskList = Type.Array(taskLine);

export const progressTaken = Type.Object({ status: Type.Literal("ok"), task: taskLine });

export const taskEvents = Type.Array(
  Type.Object({
    event_id: Type.String({ format: "uuid" }),
    at: time(),
    tool: text(),
    actor: text(),
    from: nullable(text()),
    to: nullable(text()),
    data: openObject(),
  }),
);

const factor = Type.Object({ name: text(), value: Type.Number(), weight: Type.Number(), note: text() });
export const taskExplained = Type.Object({
  task_id: answeredId<TaskId>(),
  status: Type.Enum([...taskStates]),
  assignee: nullable(text()),
  unmatched_reason: nullable(text()),
  ranked_at: nullable(time()),
  ranking: Type.Array(
    Type.Object({
      worker: text(),
      score: Type.Number(),
      eligible: Type.Boolean(),
      reason: nullable(text()),
      factors: Type.Array(factor),
    }),
  ),
});

export const presences = ["ready", "sleeping", "busy", "degraded", "stopped"] as const;
export type Presence = (typeof presences)[number];
export const activities = [
  "idle",
  "starting",
  "working",
  "waiting_for_input",
  "waiting_for_vote",
  "paused",
  "errored",
  "completed",
] as const;
export type Activity = (typeof activities)[number];

export const worker = Type.Object({
  name: text(),
  slug: text(),
  kind: Type.Enum(["agent", "technician"]),
  agent_type: nullable(text()),
  display_name: nullable(text()),
  status: Type.Enum([...presences]),
  activity: nullable(Type.Enum([...activities])),
  policy: Type.Enum(["always_on", "on_demand"]),
  capabilities: Type.Array(text()),
  max_concurrent: whole(),
  active_tasks: whole(),
  /** A technician's visits that are on their way to be or under way: they count with the tasks. */
  active_tickets: whole(),
  drained: Type.Boolean(),
  drain_reason: nullable(text()),
  last_heartbeat_at: nullable(time()),
});
export type WorkerBody = Static<typeof worker>;

export const workerList = Type.Array(worker);
export const drained = Type.Object({ status: Type.Enum(["drained", "active"]), agent: worker });
export const woken = Type.Object({ status: Type.Literal("waking"), agent: worker });
export const workerToken = Type.Object({ agent: text(), token: nullable(text()), issued_at: time() });

export const stats = Type.Object({
  total_pending: whole(),
  total_running: whole(),
  total_completed: whole(),
  total_failed: whole(),
  avg_completion_ms: Type.Number(),
});

const upTo = (what: string) => Type.Integer({ minimum: 0, maximum: mostWorkCounted, description: what });

/** Of the rooms in error so many are named. */
export const mostRoomsNamed = 5;

/** How tasks, agents and rooms stand, for whoever reads the queue of tickets. */
export const deskWork = Type.Object(
  {
    tasks: Type.Object({
      pending: upTo("Wait for an agent"),
      in_progress: upTo("An agent has them, assigned or in progress"),
      in_review: upTo("Done, and waiting for a review or in it"),
      blocked: upTo("Wait for an answer or for somebody to take them on: a person is needed"),
      failed: upTo("Failed or timed out in the last 24 hours, without a retry left: a person is needed"),
    }),
    agents: Type.Object({
      awake: Type.Integer({ minimum: 0, description: "Heard of, and at work or ready for it" }),
      silent: Type.Integer({
        minimum: 0,
        description: "Not heard of for two minutes, or out of order by their own word",
      }),
    }),
    rooms: Type.Object({
      in_error: Type.Integer({ minimum: 0, description: "Told nothing until they are mended: a person is needed" }),
      names: Type.Array(Type.String(), { maxItems: mostRoomsNamed, description: "Of the first of these" }),
    }),
  },
  {
    description:
      `How desk tasks, their agents and rooms stand; of each kind of task up to ${mostWorkCounted} are counted. Absent on a desk without ` +
      "any, and for who may not see all accounts",
  },
);
export type DeskWork = Static<typeof deskWork>;
