// What only the broker does about tasks and their workers, because a time came or a worker said so: run by the same pipeline as tools,
// and offered to nobody.

import { defineCommands } from "./entry.ts";
import { freeText, idOf, line, optional, slugPattern, Type } from "./fields.ts";
import * as body from "./task-responses.ts";
import { activities } from "./task-responses.ts";

const roles = ["dispatcher"] as const;
const onTask = {
  roles,
  path: "",
  aggregate: "task",
  effect: "changes",
  status: 200,
  example: {},
  next: [],
  output: body.task,
} as const;
const onWorker = {
  roles,
  aggregate: "worker",
  effect: "changes",
  from: [],
  to: [],
  ids: { slug: "slug" },
  status: 200,
  example: {},
  next: [],
  output: body.worker,
} as const;
const nothing = () => Type.Object({});
const task = "/api/v1/tasks/{taskId}";
const agent = "/api/v1/agents/{slug}";

/** Everybody, losers included, as the broker keeps it: the JSON text of a record, which nobody but its reader takes apart. */
const rankingRecord = () => Type.String({ minLength: 2 });

export const taskInternalCommands = defineCommands({
  "task.assign": {
    ...onTask,
    path: `${task}/assign`,
    executes: true,
    from: ["pending"],
    to: ["assigned"],
    summary: "The broker gives a task to the worker who ranks first.",
    example: { assignee: "clerk", slot: 1, ranking: "{}" },
    input: Type.Object({
      assignee: Type.String({ pattern: slugPattern }),
      kind: optional(Type.Enum(["agent", "technician"], { description: "Of the assignee; absent: agent" })),
      slot: Type.Integer({ minimum: 1, maximum: 100 }),
      ranking: rankingRecord(),
    }),
  },
  "task.unmatched": {
    ...onTask,
    path: `${task}/unmatched`,
    from: ["pending"],
    to: [],
    summary: "The broker finds nobody for a task; told once for each reason.",
    example: { reason: "no_capability", ranking: "{}" },
    input: Type.Object({ reason: line(40), ranking: rankingRecord() }),
  },
  "task.time_out": {
    ...onTask,
    path: `${task}/time-out`,
    from: ["assigned", "in_progress"],
    to: ["pending", "timed_out"],
    summary: "A task took longer than it may: it is given out again, or ends.",
    input: nothing(),
  },
  "worker.report": {
    ...onWorker,
    path: `${agent}/report`,
    summary: "A worker's activity has changed.",
    example: { activity: "idle" },
    input: Type.Object({
      activity: Type.Enum([...activities]),
      tokens_used: optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
    }),
  },
  "worker.started": {
    ...onWorker,
    path: `${agent}/started`,
    summary: "A worker has started; what a run before it left behind is given out again.",
    input: Type.Object({ run: optional(idOf()) }),
  },
  "worker.stopped": {
    ...onWorker,
    path: `${agent}/stopped`,
    summary: "A worker has stopped; what it had is given out again.",
    input: Type.Object({ reason: optional(freeText(1_000)) }),
  },
  "worker.lost": {
    ...onWorker,
    path: `${agent}/lost`,
    summary: "A worker has fallen silent; what it had is given out again at the stated cost.",
    input: nothing(),
  },
  "worker.wake_failed": {
    ...onWorker,
    path: `${agent}/wake-failed`,
    summary: "A worker that was woken did not come.",
    input: nothing(),
  },
});
