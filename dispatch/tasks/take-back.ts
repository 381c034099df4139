// What becomes of a task that its worker does not finish: given out again, at the stated cost, or ended. Pure.

import type { TaskState } from "../contract/task-states.ts";
import type { Told } from "../kernel/outbox.ts";
import type { TaskChange, TaskRow } from "./task-row.ts";

export type TakenBack = {
  readonly path: readonly TaskState[];
  readonly change: TaskChange;
  readonly told: readonly Told[];
};

type Judged = Pick<TaskRow, "status" | "assignee" | "retry_count" | "max_retries">;

const hasRetries = ({ retry_count, max_retries }: Judged): boolean => retry_count < max_retries;

/** Whether a task has taken longer than it may; exactly as long is not late. */
export const isLate = ({ status, due_at }: Pick<TaskRow, "status" | "due_at">, now: string): boolean =>
  (status === "assigned" || status === "in_progress") && due_at !== null && Date.parse(now) > Date.parse(due_at);

/** It took longer than it may. */
export function timedOut(task: Judged): TakenBack {
  const { max_retries, assignee } = task;
  const final = !hasRetries(task);
  const retry_count = task.retry_count + (final ? 0 : 1);
  const timeout: Told = { event: "timeout", data: { retry_count, max_retries, final, assignee } };
  return final
    ? {
        path: ["timed_out"],
        change: {},
        told: [timeout, { event: "failed", data: { reason: "timeout", will_retry: false } }],
      }
    : { path: ["pending"], change: { retry_count }, told: [timeout] };
}

/** The first word of its worker starts a task. */
export const started = ({ status, assignee }: Judged): Pick<TakenBack, "path" | "told"> =>
  status === "assigned"
    ? { path: ["in_progress"], told: [{ event: "started", data: { assignee } }] }
    : { path: [], told: [] };

/**
 * Its worker says that it cannot be done.
 * @param fatal whether they say that they are out of order themselves
 */
export function failedWith(task: Judged, error: string, mayRetry: boolean, fatal: boolean): TakenBack {
  const willRetry = mayRetry && hasRetries(task);
  const begun = started(task);
  return {
    path: [...begun.path, willRetry ? "pending" : "failed"],
    change: { error, ...(willRetry && { retry_count: task.retry_count + 1 }) },
    told: [...begun.told, { event: "failed", data: { error, will_retry: willRetry, fatal, assignee: task.assignee } }],
  };
}

/** Its worker has stopped, or never heard of it: nobody is to blame, and no retry is used. */
export const handedBack = ({ assignee }: Judged, reason: string): TakenBack => ({
  path: ["pending"],
  change: {},
  told: [{ event: "reassigned", data: { reason, from: assignee, retry_used: false } }],
});

/** Its worker has fallen silent: what was begun costs a retry, and without one left it waits for a person. */
export function fallenSilent(task: Judged): TakenBack | null {
  const { assignee } = task;
  if (task.status === "assigned") return handedBack(task, "silent");
  if (task.status !== "in_progress") return null;
  if (!hasRetries(task))
    return {
      path: ["blocked"],
      change: { released: true },
      told: [{ event: "blocked", data: { reason: "silent", from: assignee } }],
    };
  return {
    path: ["pending"],
    change: { retry_count: task.retry_count + 1 },
    told: [{ event: "reassigned", data: { reason: "silent", from: assignee, retry_used: true } }],
  };
}
