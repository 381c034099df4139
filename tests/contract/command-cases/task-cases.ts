// The commands on desk tasks; see case.ts.

import type { taskCommands } from "../../../dispatch/contract/task-commands.ts";
import { readyWorker } from "../../support/task-builder.ts";
import { allTaskStates, leadsTo, type AnyStateName, type RoleName, type TaskStateName } from "../roles-and-states.ts";
import type { CasesFor, ObeyedTask, Rules } from "./case.ts";

const tasks = "/api/v1/tasks";
const one = `${tasks}/{taskId}`;
const reason = "the customer called it off";

const wanted = { title: "Check the warranty", scope: "warranty" };
const onTask = { by: "named", send: ({ taskId }: { taskId: string }) => ({ task: taskId, body: {} }) } as const;

const tooLong = (n: number) => "x".repeat(n + 1);
const badChoices = [
  [{ priority: 0 }, "priority"],
  [{ priority: 6 }, "priority"],
  [{ priority: "soon" }, "priority"],
  [{ priority: 1.5 }, "priority"],
  [{ context: [] }, "context"],
  [{ context: "all of it" }, "context"],
  [{ context: { text: tooLong(65_536) } }, "context"],
  [{ assignee: "The Clerk" }, "assignee"],
  [{ assignee: "" }, "assignee"],
  [{ override_reason: "busy" }, "override_reason"],
] as const satisfies Rules["bad"];

/** Of a command that only a task's worker gives, from the states in which there is work. */
const byWorker = {
  roles: ["agent", "tech", "admin"],
  from: ["assigned", "in_progress"],
  status: 200,
  scope: onTask,
} as const;
/** Whoever reports has the task; an admin may speak of another's. */
const workers: readonly { readonly role: RoleName; readonly assignee: string }[] = [
  { role: "agent", assignee: "agent-1" },
  { role: "tech", assignee: "tech-1" },
  { role: "admin", assignee: "clerk" },
];
const reported =
  (ways: readonly Pick<ObeyedTask, "way" | "plan" | "body" | "path">[]) =>
  (from: TaskStateName): ObeyedTask[] =>
    ways.flatMap(({ way, plan, body, path }) =>
      workers.map(({ role, assignee }) => ({
        way: `${way} by ${role}`,
        roles: [role],
        plan: { ...plan, assignee },
        body,
        // What has not begun begins with the first word of it.
        path: from === "assigned" ? ["in_progress", ...path] : path,
      })),
    );

const office = ["dispatcher", "admin"] as const;
const reviewers = ["dispatcher", "qa", "admin"] as const;
/** Who may move a task to a state by hand; whoever asked for it, and whoever has it, are agents here. */
const movers: Partial<Record<TaskStateName, readonly RoleName[]>> = {
  cancelled: office,
  pending: office,
  unassigned: office,
  blocked: office,
  in_review: reviewers,
  completed: reviewers,
};
const ofAgents: Partial<Record<TaskStateName, ObeyedTask["plan"]>> = {
  cancelled: { requester: "agent-1" },
  blocked: { assignee: "agent-1" },
  in_progress: { assignee: "agent-1" },
};
const isReview = (from: TaskStateName): boolean => from === "awaiting_review" || from === "in_review";

function movesByHand(from: TaskStateName): ObeyedTask[] {
  return leadsTo(from).flatMap((state: AnyStateName): ObeyedTask[] => {
    const to = allTaskStates.find((known) => known === state);
    if (to === undefined) return [];
    if (to === "assigned")
      return [
        {
          way: "to somebody",
          roles: office,
          arrange: (api) => readyWorker(api, "spare"),
          body: { assignee: "spare", reason },
          path: ["assigned"],
        },
      ];
    const roles = to === "in_progress" ? (isReview(from) ? reviewers : office) : movers[to];
    // Only a review completes a task from outside.
    if (!roles || (to === "completed" && !isReview(from))) return [];
    const body = { status: to, reason };
    const way = `to ${to}`;
    const plan = isReview(from) ? undefined : ofAgents[to];
    return [
      { way, roles, body, path: [to] },
      ...(plan
        ? [{ way: `${way} by ${Object.keys(plan)[0]}`, roles: ["agent" as const], plan, body, path: [to] }]
        : []),
    ];
  });
}

export const taskCases = {
  "task.create": {
    path: tasks,
    roles: ["dispatcher", "agent", "admin"],
    from: [],
    to: ["pending", "unassigned", "assigned"],
    status: 201,
    body: () => wanted,
    fields: {
      good: [
        wanted,
        { title: "t".repeat(200), scope: "s".repeat(100), priority: 1, timeout_ms: 0, max_retries: 0, hold: true },
        {
          ...wanted,
          scope: "Warranty",
          description: "d".repeat(20_000),
          priority: "CRITICAL",
          context: { serial: "CL-1" },
          timeout_ms: 86_400_000,
          max_retries: 10,
          kind: "change",
          required_capabilities: ["warranty", " Quote "],
          review_required: false,
          hold: false,
        },
        ...["emergency", "high", "urgent", "medium", "routine", "low", "background"].map((priority) => ({
          ...wanted,
          priority,
        })),
      ],
      bad: [
        [{ title: undefined }, "title"],
        [{ title: " " }, "title"],
        [{ title: tooLong(200) }, "title"],
        [{ scope: undefined }, "scope"],
        [{ scope: " " }, "scope"],
        [{ scope: tooLong(100) }, "scope"],
        [{ description: tooLong(20_000) }, "description"],
        ...badChoices,
        [{ timeout_ms: 999 }, "timeout_ms"],
        [{ timeout_ms: 86_400_001 }, "timeout_ms"],
        [{ max_retries: -1 }, "max_retries"],
        [{ max_retries: 11 }, "max_retries"],
        [{ parent_id: "above" }, "parent_id"],
        [{ kind: "field" }, "kind"],
        [{ required_capabilities: "warranty" }, "required_capabilities"],
        [{ required_capabilities: [7] }, "required_capabilities"],
        [{ ticket_id: "the door" }, "ticket_id"],
        [{ review_required: "yes" }, "review_required"],
        [{ hold: "yes" }, "hold"],
      ],
    },
    scope: { by: "named", send: ({ tickets: [ticket_id] }) => ({ body: { ...wanted, ticket_id } }) },
  },
  "task.update": {
    method: "PATCH",
    path: one,
    roles: ["dispatcher", "agent", "qa", "admin"],
    from: allTaskStates.filter((state) => leadsTo(state).length > 0),
    to: [],
    status: 200,
    scope: { by: "named", send: ({ taskId }) => ({ task: taskId, body: { priority: 1 } }) },
    onTask: (from) => [
      { way: "more urgent", roles: office, body: { priority: "high", context: { serial: "CL-2" } }, path: [] },
      { way: "less urgent", roles: ["agent"], plan: { requester: "agent-1" }, body: { priority: 5 }, path: [] },
      ...(from === "in_progress" ? [{ way: "paused", roles: office, body: { paused: true, reason }, path: [] }] : []),
      ...movesByHand(from),
    ],
    fields: {
      good: [
        { status: "cancelled", reason: "called off" },
        { status: "Running" },
        { status: "queued" },
        { status: "done" },
        { status: "Timeout" },
        { priority: "low", context: {} },
        { paused: true, reason: "r".repeat(1_000) },
        { assignee: "clerk", override_reason: "nobody else can do it" },
      ],
      bad: [
        [{ status: "gone" }, "status"],
        [{ status: 7 }, "status"],
        ...badChoices,
        [{ paused: "yes" }, "paused"],
        [{ reason: " " }, "reason"],
        [{ reason: tooLong(1_000) }, "reason"],
      ],
    },
  },
  "task.progress": {
    ...byWorker,
    path: `${one}/progress`,
    to: ["in_progress"],
    onTask: reported([{ way: "half", body: { percent: 50 }, path: [] }]),
    fields: {
      good: [{}, { message: "at it", percent: 0, data: { asked: "the maker" } }, { percent: 100 }],
      bad: [
        [{ message: 7 }, "message"],
        [{ message: tooLong(1_000) }, "message"],
        [{ percent: -1 }, "percent"],
        [{ percent: 101 }, "percent"],
        [{ percent: 0.5 }, "percent"],
        [{ data: [] }, "data"],
      ],
    },
  },
  "task.complete": {
    ...byWorker,
    path: `${one}/complete`,
    to: ["completed", "awaiting_review"],
    onTask: reported([
      { way: "at once", body: { result: { until: "2028-05-01" }, tokens_used: 12 }, path: ["completed"] },
      { way: "for review", plan: { reviewed: true }, body: { summary: "done" }, path: ["awaiting_review"] },
    ]),
    fields: {
      good: [{}, { result: { a: { b: [1, null] } }, summary: "s".repeat(4_000), tokens_used: 2_147_483_647 }],
      bad: [
        [{ result: "done" }, "result"],
        [{ result: [] }, "result"],
        [{ summary: tooLong(4_000) }, "summary"],
        [{ tokens_used: -1 }, "tokens_used"],
        [{ tokens_used: 1.5 }, "tokens_used"],
      ],
    },
  },
  "task.fail": {
    ...byWorker,
    path: `${one}/fail`,
    to: ["failed", "pending"],
    onTask: reported([
      { way: "for good", body: { error: "no such serial", retry: false, fatal: true }, path: ["failed"] },
      { way: "with a retry left", body: { error: "no answer" }, path: ["pending"] },
      { way: "the last time", plan: { maxRetries: 0 }, body: { error: "no answer" }, path: ["failed"] },
    ]),
    fields: {
      good: [{ error: "no answer" }, { error: "e".repeat(4_000), retry: false, fatal: true }],
      bad: [
        [{ error: undefined }, "error"],
        [{ error: " " }, "error"],
        [{ error: tooLong(4_000) }, "error"],
        [{ retry: "no" }, "retry"],
        [{ fatal: 1 }, "fatal"],
      ],
    },
    scope: { by: "named", send: ({ taskId }) => ({ task: taskId, body: { error: "no answer" } }) },
  },
} satisfies CasesFor<keyof typeof taskCommands>;
