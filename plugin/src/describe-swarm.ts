// Desk tasks and their workers, for the model: one line per thing, words of people fenced or quoted.

import { isObject, listAt, numberAt, objectAt, textAt, type JsonObject } from "./json.ts";
import { fenced, plainOrQuoted, quoted, sentence, wordAt as at } from "./result-text.ts";

/** As many workers of one ranking as a model is shown. */
const mostRanked = 10;
/** As many of a task's last steps. */
const mostSteps = 20;

const none = (found: readonly unknown[], what: string): string | null => (found.length === 0 ? `no ${what}` : null);
const has = (one: unknown, key: string): boolean => isObject(one) && one[key] === true;

function taskLine(one: unknown): string {
  const tokens = numberAt(one, "tokens_used");
  const assignee = textAt(one, "assignee");
  const unmatched = textAt(one, "unmatched_reason");
  return [
    `task_id ${at(one, "id")} ${at(one, "status")} priority ${numberAt(one, "priority") ?? "-"} scope ${quoted(textAt(one, "scope"))}`,
    quoted(textAt(one, "title"), 120),
    assignee === null ? "nobody has it" : `assignee ${plainOrQuoted(assignee)}`,
    unmatched !== null && `finds nobody: ${plainOrQuoted(unmatched)}`,
    has(one, "paused") && "its clock is stopped",
    tokens !== null && `took ${tokens} tokens of a model`,
    textAt(one, "ticket_id") !== null && `about ticket_id ${at(one, "ticket_id")}`,
  ]
    .filter(Boolean)
    .join("; ");
}

/** Whether whoever has it was told so in their room, and heard it. */
const toldLine = (push: unknown): string | null =>
  isObject(push)
    ? `told to room ${at(push, "room")}: ${at(push, "state")} after ${numberAt(push, "attempts") ?? "-"} tries`
    : null;

function workerLine(one: unknown): string {
  const abilities = listAt(one, "capabilities").map((word) => plainOrQuoted(String(word)));
  const visits = numberAt(one, "active_tickets") ?? 0;
  return [
    `${textAt(one, "kind") === "technician" ? "technician" : "worker"} ${at(one, "slug")} ${at(one, "status")}`,
    textAt(one, "activity") !== null && `is ${at(one, "activity")}`,
    `can ${abilities.join(", ") || "nothing yet"}`,
    `has ${numberAt(one, "active_tasks") ?? "-"} of ${numberAt(one, "max_concurrent") ?? "-"} tasks`,
    visits > 0 && `and ${visits} ${visits === 1 ? "visit" : "visits"} that count with them`,
    has(one, "drained") && `DRAINED: ${quoted(textAt(one, "drain_reason"), 120)}`,
  ]
    .filter(Boolean)
    .join("; ");
}

/** What came out, or went wrong, in the words of whoever did it. */
function outcomeLines(body: JsonObject): (string | null)[] {
  const { description, context, result, error } = body;
  const said = Object.entries({ description, context, result, error }).filter(([, one]) => one !== null);
  const summary = textAt(body, "result_summary");
  return [
    summary === null ? null : `came to: ${quoted(summary, 120)}`,
    said.length === 0 ? null : fenced(Object.fromEntries(said), 4_000),
  ];
}

function stepLine(one: unknown): string {
  const [from, to] = [textAt(one, "from"), textAt(one, "to")];
  const move =
    from === to || to === null ? "" : ` ${from === null ? "" : `${plainOrQuoted(from)} `}-> ${plainOrQuoted(to)}`;
  const reason = textAt(objectAt(one, "data"), "reason") ?? textAt(objectAt(one, "data"), "message");
  const words = reason === null ? "" : `: ${quoted(reason, 160)}`;
  return `${at(one, "at")} ${at(one, "tool")} by ${quoted(textAt(one, "actor"), 40)}${move}${words}`;
}

function rankedLine(one: unknown, index: number): string {
  const factors = listAt(one, "factors").map((factor) => `${at(factor, "name")} ${numberAt(factor, "value") ?? "-"}`);
  const verdict = has(one, "eligible") ? "could take it" : `out: ${at(one, "reason")}`;
  return `${index + 1}. worker ${at(one, "worker")} score ${numberAt(one, "score") ?? "-"} ${verdict} (${factors.join(", ")})`;
}

const more = (body: JsonObject): string | null =>
  textAt(body, "next_cursor") === null ? null : `more: cursor ${at(body, "next_cursor")}`;

export const swarmReadings = {
  "task.list": (body: JsonObject) => {
    const found = listAt(body, "items");
    return [none(found, "task matches"), ...found.map(taskLine), more(body)];
  },
  "task.check": (body: JsonObject) => [taskLine(body), toldLine(body["push"]), ...outcomeLines(body)],
  "task.events": (body: JsonObject) => {
    const steps = listAt(body, "items");
    const left = steps.length - mostSteps;
    return [
      none(steps, "step on record"),
      left > 0 ? `${left} earlier steps are left out` : null,
      ...steps.slice(-mostSteps).map(stepLine),
    ];
  },
  "task.explain": (body: JsonObject) => {
    const ranked = listAt(body, "ranking");
    const left = ranked.length - mostRanked;
    const when = textAt(body, "ranked_at");
    return [
      `task_id ${at(body, "task_id")} ${at(body, "status")}; ${when === null ? "not ranked yet" : `ranked at ${plainOrQuoted(when)}`}`,
      textAt(body, "assignee") === null ? "nobody has it" : `assignee ${at(body, "assignee")}`,
      textAt(body, "unmatched_reason") === null ? null : `finds nobody: ${at(body, "unmatched_reason")}`,
      ...ranked.slice(0, mostRanked).map(rankedLine),
      left > 0 ? `and ${left} more workers` : null,
    ];
  },
  "worker.list": (body: JsonObject) => {
    const found = listAt(body, "items");
    return [none(found, "worker on the roster"), ...found.map(workerLine)];
  },
  "workforce.stats": (body: JsonObject) => [
    `tasks: ${numberAt(body, "total_pending") ?? "-"} pending, ${numberAt(body, "total_running") ?? "-"} running, ` +
      `${numberAt(body, "total_completed") ?? "-"} completed, ${numberAt(body, "total_failed") ?? "-"} failed; ` +
      `one took ${Math.round(numberAt(body, "avg_completion_ms") ?? 0)} ms on average`,
  ],
};

/** What a command made of a task or a worker. */
export function swarmLines(aggregate: string | null, body: JsonObject): (string | null)[] {
  if (aggregate === "task") return [taskLine(isObject(body["task"]) ? body["task"] : body)];
  if (aggregate !== "worker") return [];
  const worker = isObject(body["agent"]) ? body["agent"] : body;
  const token = textAt(body, "token");
  return [
    textAt(worker, "slug") === null ? null : workerLine(worker),
    token === null ? null : `token, shown once, for ${at(body, "agent")} alone: ${sentence(token)}`,
  ];
}

/** How desk tasks, agents and rooms stand, of an answer that says so; null on a desk without any. */
export function workText(answer: JsonObject): string | null {
  const work = answer["desk_work"];
  if (!isObject(work)) return null;
  const [tasks, agents] = [objectAt(work, "tasks"), objectAt(work, "agents")];
  const told = (from: JsonObject, names: readonly string[]): string =>
    names.map((name) => `${name.replaceAll("_", " ")} ${numberAt(from, name) ?? 0}`).join(", ");
  const rooms = objectAt(work, "rooms");
  const [inError, names] = [
    numberAt(rooms, "in_error") ?? 0,
    listAt(rooms, "names").map((name) => plainOrQuoted(String(name))),
  ];
  const unnamed = inError > names.length ? ` and ${inError - names.length} more` : "";
  return (
    `desk tasks: ${told(tasks, ["pending", "in_progress", "in_review"])}; ` +
    `need a person: ${told(tasks, ["blocked", "failed"])}; agents: ${told(agents, ["awake", "silent"])}` +
    (inError > 0 ? `; rooms in error, told nothing until room_reset: ${names.join(", ")}${unnamed}` : "")
  );
}
