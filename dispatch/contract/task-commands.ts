// What may be asked about desk tasks: work that is handed to AI agents, and to technicians, by a broker.

import { defineCommands, defineQueries } from "./entry.ts";
import { freeText, idOf, line, openObject, optional, slugPattern, ticketRef, Type } from "./fields.ts";
import type { TaskId } from "./ids.ts";
import { finalStates, movedByHand, taskStates, taskStateWords, urgencyWords, type UrgencyWord } from "./task-states.ts";
import * as body from "./task-responses.ts";

/** Bytes of JSON that a task's context and result may take. */
export const maxContextBytes = 65_536;
export const maxResultBytes = 262_144;
/** Of one page of tasks. */
export const longestTaskPage = 100;

const slug = (description: string) => Type.String({ pattern: slugPattern, "x-case": "lower", description });
const capability = () => Type.String({ minLength: 1, maxLength: 100, pattern: "^[^\\p{Cc}\\p{Cs},]*$" });
const words = Object.keys(urgencyWords) as UrgencyWord[];

const urgency = (what: string) =>
  Type.Union([Type.Integer({ minimum: 1, maximum: 5 }), Type.Enum(words)], {
    "x-case": "lower",
    description: `How urgent: 1 (most) to 5, or a word such as high; ${what}`,
  });

const context = (what: string) =>
  openObject(`What whoever does it needs to know, as an object; ${what}`, maxContextBytes);
const override = () =>
  optional(
    freeText(1_000, {
      minLength: 10,
      description: "Why the assignee takes more than they can do at once; absent: they do not",
    }),
  );
const assignee = (what: string) => optional(slug(`The worker who is to do it, by slug; ${what}`));

const base = "/api/v1/tasks";
const one = `${base}/{taskId}`;

const onTask = { aggregate: "task", effect: "changes", status: 200 } as const;
const byWorker = { ...onTask, roles: ["agent", "tech", "admin"], executes: true } as const;

export const taskCommands = defineCommands({
  "task.create": {
    path: base,
    roles: ["dispatcher", "agent", "admin"],
    aggregate: "task",
    effect: "creates",
    from: [],
    to: ["unassigned", "pending", "assigned"],
    status: 201,
    summary:
      "Hand out desk work (a warranty to check, a supplier to call, a quote to draft): the broker gives it to the agent or " +
      "technician who is able, there and least loaded. Work on a customer's site is a ticket: ticket.create.",
    said: ["have somebody check the warranty", "let an agent draft the quote"],
    next: ["task.check", "task.list"],
    input: Type.Object({
      title: line(200, { description: "What is to be done, in a line" }),
      scope: Type.String({
        minLength: 1,
        maxLength: 100,
        pattern: "^[^\\p{Cc}\\p{Cs},]*$",
        "x-case": "lower",
        description:
          "The kind of work, e.g. warranty; also the ability it takes unless required_capabilities says otherwise",
      }),
      description: optional(
        freeText(20_000, { description: "All that is to be done, in text; absent: the title says it" }),
      ),
      priority: optional(urgency("absent: 3")),
      context: optional(context("absent: nothing")),
      timeout_ms: optional(
        Type.Union([Type.Integer({ minimum: 1_000, maximum: 86_400_000 }), Type.Literal(0)], {
          description: "Milliseconds it may take once assigned, 1,000 to 86,400,000; 0 or absent: as the desk is set",
        }),
      ),
      max_retries: optional(
        Type.Integer({ minimum: 0, maximum: 10, description: "How often it is given out again; absent: 1" }),
      ),
      parent_id: optional(idOf<TaskId>("The task it is a part of; absent: none")),
      kind: optional(Type.Enum(["desk", "prompt", "change"], { description: "Absent: desk" })),
      required_capabilities: optional(
        Type.Array(capability(), {
          maxItems: 20,
          description: "Abilities it takes, all of them; absent or empty: the scope",
        }),
      ),
      ticket_id: optional(ticketRef("The ticket it is about; absent: none")),
      review_required: optional(
        Type.Boolean({ description: "Whether somebody must look before it counts; absent: false" }),
      ),
      hold: optional(Type.Boolean({ description: "True keeps it back, unassigned, until task.update; absent: false" })),
      assignee: assignee("absent: the broker chooses"),
      override_reason: override(),
    }),
    example: { title: "Check the warranty of the door closer", scope: "warranty", priority: 2 },
    output: body.task,
  },
  "task.update": {
    ...onTask,
    method: "PATCH",
    path: one,
    roles: ["dispatcher", "agent", "qa", "admin"],
    from: taskStates.filter((state) => !finalStates.some((final) => final === state)),
    to: [],
    summary:
      "Change a task that is not over, or move it: cancel it, hold it, queue it again, give it to somebody, take it into review or " +
      "accept it. Work that is done is reported by task.complete, work that failed by task.fail.",
    said: ["cancel that task", "give that task to the clerk", "try it again"],
    next: ["task.check", "task.list"],
    input: Type.Object({
      status: optional(
        Type.Enum([...taskStateWords], {
          "x-case": "lower",
          description: `Where it is to move, of ${movedByHand.join(", ")}; absent: nowhere`,
        }),
      ),
      context: optional(context("replaces what there was; absent: unchanged")),
      priority: optional(urgency("absent: unchanged")),
      assignee: assignee("absent: unchanged"),
      paused: optional(Type.Boolean({ description: "True stops its clock, false starts it again; absent: unchanged" })),
      reason: optional(
        freeText(1_000, {
          minLength: 1,
          description: "Why; of at least 10 characters where another is at work; absent: none",
        }),
      ),
      override_reason: override(),
    }),
    example: { status: "cancelled", reason: "The customer called it off" },
    output: body.task,
  },
  "task.progress": {
    ...byWorker,
    path: `${one}/progress`,
    from: ["assigned", "in_progress"],
    to: ["in_progress"],
    summary:
      "Say how far a task of yours has come; the first word of it starts the task. When it is done use task.complete.",
    next: ["task.complete", "task.fail"],
    input: Type.Object({
      message: optional(freeText(1_000, { description: "What is being done; absent: nothing to say" })),
      percent: optional(Type.Integer({ minimum: 0, maximum: 100, description: "How much is done; absent: not known" })),
      data: optional(openObject("Anything else, as an object; absent: nothing", 16_384)),
    }),
    example: { message: "Asked the maker for the serial's warranty", percent: 40 },
    output: body.progressTaken,
  },
  "task.complete": {
    ...byWorker,
    path: `${one}/complete`,
    from: ["assigned", "in_progress"],
    to: ["completed", "awaiting_review"],
    summary: "Report that a task of yours is done, with its result. Where a review is required it waits for that.",
    next: ["task.check", "task.list"],
    input: Type.Object({
      result: optional(openObject("What came out, as an object; absent: nothing", maxResultBytes)),
      summary: optional(freeText(4_000, { description: "What came out, in a sentence; absent: as the result begins" })),
      tokens_used: optional(
        Type.Integer({
          minimum: 0,
          maximum: 2_147_483_647,
          description: "Tokens of a model it took; absent: not known",
        }),
      ),
    }),
    example: { summary: "In warranty until 2028", result: { warranty_until: "2028-05-01" } },
    output: body.task,
  },
  "task.fail": {
    ...byWorker,
    path: `${one}/fail`,
    from: ["assigned", "in_progress"],
    to: ["failed", "pending"],
    summary:
      "Report that a task of yours cannot be done. It is given out again while it has retries left, unless retry is false.",
    next: ["task.check", "task.list"],
    input: Type.Object({
      error: freeText(4_000, { minLength: 1, description: "What went wrong" }),
      retry: optional(Type.Boolean({ description: "False: nobody else need try; absent: true" })),
      fatal: optional(Type.Boolean({ description: "Whether the worker itself is out of order; absent: false" })),
    }),
    example: { error: "The maker's service does not answer", retry: true },
    output: body.task,
  },
});

const read = {
  roles: ["control", "dispatcher", "agent", "tech", "qa", "admin"],
  wrongIdCode: "INVALID_TASK_ID",
} as const;
const none = () => Type.Object({});

export const taskQueries = defineQueries({
  "task.list": {
    path: base,
    roles: read.roles,
    summary:
      "List tasks by status, worker or scope, the most urgent first; without their long texts. One task whole, with its result, is " +
      "task.check.",
    said: ["what are the agents doing", "which tasks wait"],
    next: ["task.check", "task.update"],
    input: Type.Object({
      status: optional(
        Type.Array(Type.Enum([...taskStateWords]), {
          maxItems: 20,
          description: "Only in these states; absent: in any",
        }),
      ),
      requester: optional(
        line(200, { description: "Only those asked for by, by the id they call with; absent: by anybody" }),
      ),
      assignee: optional(slug("Only those given to; absent: to anybody")),
      scope: optional(line(100, { description: "Only of this scope; absent: of any" })),
      kind: optional(Type.Enum(["desk", "prompt", "change"], { description: "Only of this kind; absent: of any" })),
      ticket_id: optional(ticketRef("Only about this ticket; absent: about any")),
      parent_id: optional(idOf<TaskId>("Only parts of this task; absent: of any")),
      limit: optional(
        Type.Integer({
          minimum: 1,
          maximum: longestTaskPage,
          description: `At most so many; absent: ${longestTaskPage}`,
        }),
      ),
      cursor: optional(line(500, { description: "X-Next-Cursor of the page before; absent: the first page" })),
    }),
    example: { status: ["pending", "in_progress"], limit: 20 },
    output: body.taskList,
  },
  "task.check": {
    ...read,
    path: one,
    summary: "Read one task: where it stands, who has it, its result or error.",
    said: ["is that done yet", "what came out of it"],
    next: ["task.update", "task.explain"],
    input: none(),
    example: {},
    output: body.taskChecked,
  },
  "task.events": {
    ...read,
    path: `${one}/events`,
    summary: "Read what happened to one task, oldest first, each step with who did it.",
    next: ["task.check"],
    input: none(),
    example: {},
    output: body.taskEvents,
  },
  "task.explain": {
    ...read,
    path: `${one}/explain`,
    summary:
      "Read why the broker gave a task to whom it did, or to nobody: every worker with score, reason and factors.",
    said: ["why does nobody do it", "why that agent"],
    next: ["task.update", "worker.list"],
    input: none(),
    example: {},
    output: body.taskExplained,
  },
});
