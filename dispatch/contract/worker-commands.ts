// What may be asked of the workers who do desk tasks: AI agents, on one roster with the technicians.

import { defineCommands, defineQueries } from "./entry.ts";
import { freeText, line, optional, slugPattern, Type } from "./fields.ts";
import * as body from "./task-responses.ts";

const agents = "/api/v1/agents";
const one = `${agents}/{slug}`;
const ids = { slug: "slug" } as const;
const onWorker = { aggregate: "worker", effect: "changes", from: [], to: [], ids } as const;

const capability = () => Type.String({ maxLength: 100, pattern: "^[^\\p{Cc}\\p{Cs}]*$" });

export const workerCommands = defineCommands({
  "worker.register": {
    aggregate: "worker",
    effect: "creates",
    from: [],
    to: [],
    path: agents,
    roles: ["admin"],
    status: 201,
    summary:
      "Put an AI agent on the roster, or change the fields given of one who is there. Technicians are added by roster.upsert.",
    next: ["worker.token", "worker.list"],
    input: Type.Object({
      slug: Type.String({ pattern: slugPattern, "x-case": "lower", description: "What it is called by, for good" }),
      kind: optional(Type.Enum(["agent"], { description: "Absent: agent" })),
      agent_type: optional(
        Type.String({
          pattern: slugPattern,
          "x-case": "lower",
          description: "What sort of agent, e.g. clerk; absent: unchanged",
        }),
      ),
      display_name: optional(line(100, { description: "What people call it; absent: unchanged" })),
      capabilities: optional(
        Type.Union(
          [
            Type.Array(capability(), { maxItems: 100 }),
            Type.String({ maxLength: 4_000, pattern: "^[^\\p{Cc}\\p{Cs}]*$" }),
          ],
          { description: "What it is able to do, a list or a text with commas; absent: unchanged, nothing when new" },
        ),
      ),
      policy: optional(
        Type.Enum(["always_on", "on_demand"], {
          description: "Whether it may sleep; absent: unchanged, always_on when new",
        }),
      ),
      max_concurrent: optional(
        Type.Integer({
          minimum: 1,
          maximum: 50,
          description: "Tasks at once; absent: unchanged, as the desk is set when new",
        }),
      ),
    }),
    example: { slug: "clerk", agent_type: "clerk", capabilities: ["warranty", "quote"], policy: "on_demand" },
    output: body.worker,
  },
  "worker.token": {
    ...onWorker,
    path: `${one}/token`,
    roles: ["admin"],
    status: 201,
    summary: "Make a worker a token, shown this once; the one before ends.",
    next: ["worker.list"],
    input: Type.Object({}),
    example: {},
    output: body.workerToken,
  },
  "worker.drain": {
    ...onWorker,
    path: `${one}/drain`,
    roles: ["dispatcher", "admin"],
    status: 200,
    summary:
      "Give an AI agent no new tasks until worker.undrain; what they have goes on. For a technician use roster.drain.",
    said: ["give the clerk nothing new"],
    next: ["worker.undrain", "worker.list"],
    input: Type.Object({ reason: optional(freeText(1_000, { description: "Why; absent: none" })) }),
    example: { reason: "A new version is coming" },
    output: body.drained,
  },
  "worker.undrain": {
    ...onWorker,
    path: `${one}/undrain`,
    roles: ["dispatcher", "admin"],
    status: 200,
    summary: "Let an AI agent who was drained take new tasks again. For a technician use roster.undrain.",
    next: ["worker.list"],
    input: Type.Object({ reason: optional(freeText(1_000, { description: "Why; absent: none" })) }),
    example: { reason: "The new version runs" },
    output: body.drained,
  },
  "worker.wake": {
    ...onWorker,
    path: `${one}/wake`,
    roles: ["control", "dispatcher", "admin"],
    status: 202,
    summary: "Wake a worker who sleeps. The broker does so by itself when there is work for them.",
    next: ["worker.list"],
    input: Type.Object({}),
    example: {},
    output: body.woken,
  },
});

export const workerQueries = defineQueries({
  "worker.list": {
    path: agents,
    roles: ["control", "dispatcher", "admin"],
    summary:
      "List the workers of desk tasks, AI agents and technicians: who is there, what they can do, how much they have. Technicians' " +
      "hours are in roster.list.",
    said: ["which agents are awake"],
    next: ["worker.wake", "worker.drain", "task.list"],
    input: Type.Object({}),
    example: {},
    output: body.workerList,
  },
  "workforce.stats": {
    path: "/api/v1/stats",
    roles: ["control", "dispatcher", "admin"],
    summary: "Count the desk's tasks: waiting, running, done, failed, and how long one took.",
    next: ["task.list", "worker.list"],
    input: Type.Object({}),
    example: {},
    output: body.stats,
  },
});
