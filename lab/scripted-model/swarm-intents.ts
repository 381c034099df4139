// Sentences about desk tasks and the AI agents that do them.

import type { JsonObject } from "../../dispatch/kernel/json.ts";
import { call, once, reasonIn, say, type Call, type Intent, type Speaking, type Step } from "./intent.ts";
import { forms, matchIn, uuidAnywhere, type Exchange } from "./tool-result.ts";

/** What is asked of somebody at a desk, and not of somebody at a door. */
const deskWork =
  /(?:ask|call|check|compare|draft|find out|look up|phone|prepare|read|review|ring|summari[sz]e|translate|write)/
    .source;
const worker = /(?:an? agent|somebody|someone|the (?<slug>[a-z][a-z0-9-]*))/.source;
const that = /(?:that|the|this) task\b/.source;

/** The ability that a piece of desk work takes, by its words. */
const scopes: readonly (readonly [string, RegExp])[] = [
  ["warranty", /\bwarrant(?:y|ies)\b/i],
  ["quote", /\b(?:quote|offer|estimate)s?\b/i],
  ["supplier", /\b(?:supplier|manufacturer|maker|vendor)s?\b/i],
  ["summary", /\b(?:summari[sz]e|summary|report)\b/i],
  ["translation", /\b(?:translate|translation)\b/i],
];
const anyScope = "office";

const maxTitle = 200;

export const swarmIntents: readonly Intent[] = [
  {
    example: "have somebody check the warranty",
    tool: "task_create",
    pattern: new RegExp(String.raw`^(?:have|let|get|ask|tell) ${worker} (?:to )?(?<work>${deskWork}\b.*)$`, "is"),
    endsInFreeWords: true,
    step: once(handOut),
  },
  {
    example: "cancel that task",
    tool: "task_update",
    pattern: new RegExp(String.raw`^(?:cancel|drop|forget) ${that}`, "i"),
    endsInFreeWords: true,
    step: onTask("task_update", ({ sentence }) => {
      const reason = reasonIn(sentence);
      return { status: "cancelled", ...(reason !== null && { reason }) };
    }),
  },
  {
    example: "give that task to the clerk",
    tool: "task_update",
    pattern: new RegExp(String.raw`^(?:give|hand) ${that} (?:over )?to (?:the )?(?<slug>[a-z][a-z0-9-]*)`, "i"),
    endsInFreeWords: true,
    step: onTask("task_update", ({ match, sentence }) => {
      const reason = reasonIn(sentence);
      return { assignee: slugIn(match), ...(reason !== null && { reason }) };
    }),
  },
  {
    example: "try it again",
    tool: "task_update",
    pattern: new RegExp(String.raw`^try (?:it|that|${that}) again\b|^queue (?:it|${that}) again\b`, "i"),
    step: onTask("task_update", () => ({ status: "pending" })),
  },
  {
    example: "is that done yet?",
    tool: "task_check",
    pattern: new RegExp(
      String.raw`^is (?:that|it|${that}) done\b|^what (?:came|has come) (?:out )?of (?:it|that|${that})|^(?:show (?:me )?)?${that}`,
      "i",
    ),
    reads: true,
    step: onTask("task_check"),
  },
  {
    example: "do that task",
    tool: "task_complete",
    pattern: new RegExp(String.raw`^(?:do|work on) (?:${that}|task\b)`, "i"),
    step: doTask,
  },
  {
    example: "why that agent?",
    tool: "task_explain",
    pattern: /^why (?:that agent|does nobody (?:do|take) it)\b/i,
    reads: true,
    step: onTask("task_explain"),
  },
  {
    example: "what are the agents doing?",
    tool: "task_list",
    pattern: /^what are the agents (?:doing|at|on)\b|^(?:which|what) tasks (?:wait|are (?:waiting|open|there))\b/i,
    reads: true,
    step: once(() =>
      ask("task_list", { status: ["pending", "assigned", "in_progress", "awaiting_review"], limit: 10 }),
    ),
  },
  {
    example: "which agents are awake?",
    tool: "worker_list",
    pattern: /^(?:which|what) agents are (?:awake|there|free|asleep)\b|^who is on the agents' roster\b/i,
    reads: true,
    step: once(() => ask("worker_list", {})),
  },
  {
    example: "give the clerk nothing new because a new version is coming",
    tool: "worker_drain",
    pattern: /^(?:give|hand) the (?<slug>[a-z][a-z0-9-]*) nothing new\b/i,
    endsInFreeWords: true,
    step: once(({ match, sentence }) => onWorker("worker_drain", match, sentence)),
  },
  {
    example: "the clerk may have new work again",
    tool: "worker_undrain",
    pattern: /^the (?<slug>[a-z][a-z0-9-]*) (?:may|can) (?:have|take) (?:new )?(?:work|tasks) again\b/i,
    endsInFreeWords: true,
    step: once(({ match, sentence }) => onWorker("worker_undrain", match, sentence)),
  },
];

const ask = (name: string, args: JsonObject): Step => call({ name, args } satisfies Call);

const slugIn = (match: RegExpExecArray): string => (match.groups?.["slug"] ?? "").toLowerCase();

function onWorker(name: string, match: RegExpExecArray, sentence: string): Step {
  const reason = reasonIn(sentence);
  return ask(name, { slug: slugIn(match), ...(reason !== null && { reason }) });
}

const whichTask: Step = say(
  'Which task? None has come up in this conversation yet: name its id, or ask "what are the agents doing?".',
);

const taskMeant = ({ sentence, memory }: Speaking): string | null => uuidAnywhere.exec(sentence)?.[0] ?? memory.taskId;

/** What a stand-in has to say of a piece of work: nothing is looked up. */
const findings: Readonly<Record<string, { readonly summary: string; readonly result: JsonObject }>> = {
  warranty: { summary: "In warranty until 1 May 2028", result: { warranty_until: "2028-05-01" } },
  quote: { summary: "A quote of three lines", result: { lines: 3 } },
  supplier: { summary: "In stock, here by Friday", result: { in_stock: true } },
};
const anyFinding = { summary: "Seen to, by a stand-in for a model", result: {} };

/** As the one whose task it is: reads it, says that it is under way, and what came out. */
function doTask(speaking: Speaking, done: readonly Exchange[]): Step | null {
  const task_id = taskMeant(speaking);
  if (task_id === null) return whichTask;
  switch (done.length) {
    case 0:
      return ask("task_check", { task_id });
    case 1:
      return ask("task_progress", { task_id, message: "Looking it up", percent: 50 });
    case 2: {
      const read = done[0]?.result;
      const scope = /\bscope "([^"]*)"/.exec((read && matchIn(read, forms.task)?.[3]) ?? "")?.[1] ?? "";
      return ask("task_complete", { task_id, ...(findings[scope] ?? anyFinding) });
    }
    default:
      return null;
  }
}

/** One call on the task a sentence names by its id, or the one the conversation came to last. */
function onTask(name: string, args: (speaking: Speaking) => JsonObject = () => ({})): Intent["step"] {
  return once((speaking) => {
    const taskId = taskMeant(speaking);
    return taskId === null ? whichTask : ask(name, { task_id: taskId, ...args(speaking) });
  });
}

/** About the ticket the conversation is about, when it is about one. */
function handOut({ match, memory }: Speaking): Step {
  const work = (match.groups?.["work"] ?? "").trim().replace(/[.!]+$/, "");
  const title = `${work.charAt(0).toUpperCase()}${work.slice(1)}`;
  const scope = scopes.find(([, words]) => words.test(work))?.[0] ?? anyScope;
  const assignee = slugIn(match);
  return ask("task_create", {
    title: title.length <= maxTitle ? title : `${title.slice(0, maxTitle - 1)}…`,
    ...(title.length > maxTitle && { description: title }),
    scope,
    ...(memory.ticketId !== null && { ticket_id: memory.ticketId }),
    ...(assignee !== "" && { assignee }),
  });
}
