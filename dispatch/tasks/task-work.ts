// What a worker says of a task of theirs: how far it has come, that it is done, that it cannot be done.

import type { TaskBody, TaskLine } from "../contract/task-responses.ts";
import { taskCommand } from "./task-command.ts";
import type { TaskRow } from "./task-row.ts";
import { failedWith, started } from "./take-back.ts";

export const taskProgress = taskCommand({
  name: "task.progress",
  decide({ input, task }) {
    const { message = null, percent = null, data = null } = input;
    const begun = started(task);
    const said = { message, percent, data };
    return {
      ...(begun.path.length > 0 && { path: begun.path }),
      payload: said,
      told: [...begun.told, { event: "progress", data: { ...said, assignee: task.assignee } }],
      body: (body) => ({ status: "ok" as const, task: lineOf(body) }),
    };
  },
});

export const taskComplete = taskCommand({
  name: "task.complete",
  target: ({ task }) => (task.review_required ? "awaiting_review" : "completed"),
  decide({ input, task }) {
    const { result = null, tokens_used = null } = input;
    return { ...doneWith(task, { summary: input.summary ?? null, result, tokens_used }), body: (body) => body };
  },
});

/** What becomes of a task that its worker says is done. */
export function doneWith(
  task: TaskRow,
  { summary, result, tokens_used }: { summary: string | null } & Pick<TaskRow, "result" | "tokens_used">,
) {
  const end = task.review_required ? ("awaiting_review" as const) : ("completed" as const);
  const begun = started(task);
  const result_summary = summaryOf(summary ?? (result === null ? null : JSON.stringify(result)));
  const said = { summary: result_summary, assignee: task.assignee, tokens_used };
  return {
    path: [...begun.path, end],
    change: { result, result_summary, tokens_used, error: null },
    payload: { summary, result, tokens_used },
    told: [...begun.told, { event: end === "completed" ? "completed" : "review_requested", data: said }],
  };
}

export const taskFail = taskCommand({
  name: "task.fail",
  target: () => "failed",
  decide({ input, task }) {
    const { error, retry = true, fatal = false } = input;
    const { path, change, told } = failedWith(task, error, retry, fatal);
    return { path, change, payload: { error, retry, fatal }, told, body: (body) => body };
  },
});

const longestSummary = 100;

/** A text's first 100 characters, with `...` where there are more. */
export function summaryOf(text: string | null): string | null {
  if (text === null) return null;
  const characters = [...text];
  return characters.length > longestSummary ? `${characters.slice(0, longestSummary).join("")}...` : text;
}

/** A task without its long texts. */
function lineOf({ description: _description, context: _context, result: _result, ...line }: TaskBody): TaskLine {
  return line;
}
