// What the broker does with tasks: it gives one to the worker who ranks first, says that there is nobody, or takes back what takes too
// long. Each looks again under the task's lock: of two that come at once, one is too late.

import { statement } from "../db/statement.ts";
import { stillBusy } from "../kernel/failure.ts";
import { wrongState } from "../kernel/machine.ts";
import { Refusal } from "../kernel/refusal.ts";
import { shareTaker } from "./places.ts";
import { takesWork } from "./taker.ts";
import { isLate, timedOut } from "./take-back.ts";
import { taskCommand } from "./task-command.ts";

/** The broker's last answer about a task. */
const keepRanking = statement(
  "task_ranking_keep",
  `INSERT INTO task_rankings (task_id, ranked_at, ranking) VALUES ($1, $2, $3)
   ON CONFLICT (task_id) DO UPDATE SET ranked_at = excluded.ranked_at, ranking = excluded.ranking`,
);

export const taskAssign = taskCommand({
  name: "task.assign",
  load: (tx, { input: { assignee, kind = "agent" }, clockTime, desk }) =>
    shareTaker(tx, { slug: assignee, kind }, { now: clockTime, rules: desk.policy }),
  decide({ input, task, now }, taker) {
    const { assignee, slot, ranking } = input;
    // Somebody is changing the worker, or another broker was there first: the next round ranks anew.
    if (!taker) throw stillBusy();
    const { slots, load, maxConcurrent } = taker;
    const canTake = takesWork(taker);
    if (!canTake || slots.includes(slot) || load >= maxConcurrent)
      throw new Refusal("WORKER_NOT_ELIGIBLE", { worker: assignee, reason: canTake ? "full" : "unavailable" });
    return {
      path: ["assigned"],
      change: { held: { assignee, slot } },
      payload: { assignee, slot },
      told: [{ event: "assigned", data: { assignee, priority: task.priority, retry_count: task.retry_count } }],
      write: (tx) => [tx.row(keepRanking, [task.id, now, ranking])],
      body: (body) => body,
    };
  },
});

export const taskUnmatched = taskCommand({
  name: "task.unmatched",
  decide({ input, task, now }) {
    const { reason, ranking } = input;
    // Another broker has said so already.
    if (task.unmatched_reason === reason) throw wrongState(task.status, task.status, []);
    return {
      change: { unmatched_reason: reason },
      payload: { reason },
      told: [{ event: "unmatched", data: { reason } }],
      write: (tx) => [tx.row(keepRanking, [task.id, now, ranking])],
      body: (body) => body,
    };
  },
});

export const taskTimeOut = taskCommand({
  name: "task.time_out",
  decide({ task, clockTime }) {
    // It was given to somebody else meanwhile, or went on.
    if (!isLate(task, clockTime)) throw wrongState(task.status, "timed_out", []);
    const { path, change, told } = timedOut(task);
    const { assignee, retry_count } = task;
    return { path, change, payload: { assignee, retry_count, due_at: task.due_at }, told, body: (body) => body };
  },
});
