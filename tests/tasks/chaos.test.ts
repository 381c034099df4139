// Tasks while everything that hands them out and does them is killed, in small; and the model that judges it, shown what it must find.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { chaos } from "../../lab/tasks-chaos/chaos.ts";
import { judge, type TrailEvent } from "../../lab/tasks-chaos/model.ts";

test("each task is done once, by one agent and within its capacity, whatever is killed", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-chaos-"));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const { violations, ...figures } = await chaos({
    folder,
    seed: 20_261_130,
    brokers: 2,
    agents: 4,
    tasks: 50,
    kills: { brokers: 1, agents: 3, postgres: 1 },
    say: () => undefined,
  });
  t.diagnostic(JSON.stringify(figures));
  assert.deepEqual(violations, []);
  assert.deepEqual([figures.tasks, figures.kills], [50, { broker: 1, agent: 3, postgres: 1 }]);
});

describe("the model finds", () => {
  const event = (
    task: string,
    seq: number,
    tool: string,
    before: string | null,
    after: string,
    who: Partial<TrailEvent> = {},
  ): TrailEvent => ({
    task,
    seq,
    commit: `${task} ${seq}`,
    tool,
    actor: "broker",
    before,
    after,
    assignee: null,
    ...who,
  });
  const life = (task: string): TrailEvent[] => [
    event(task, 1, "task.create", null, "pending"),
    event(task, 2, "task.assign", "pending", "assigned", { assignee: "clerk" }),
    event(task, 3, "task.complete", "assigned", "completed", { actor: "clerk" }),
  ];
  const [made, given, done] = life("t") as [TrailEvent, TrailEvent, TrailEvent];
  const completed = [{ id: "t", status: "completed" }];
  const cases: Readonly<Record<string, { trail: TrailEvent[]; tasks?: typeof completed; says: RegExp | null }>> = {
    "nothing where all is well": { trail: [made, given, done], says: null },
    "a task that was given out while somebody had it": {
      trail: [
        made,
        given,
        event("t", 3, "task.assign", "assigned", "assigned", { assignee: "other" }),
        { ...done, seq: 4, actor: "other" },
      ],
      says: /by other, and clerk has it/,
    },
    "an answer of somebody who had it no more": { trail: [made, given, { ...done, actor: "other" }], says: /by other/ },
    "a task that was completed twice": {
      trail: [made, given, done, { ...done, seq: 4, before: "completed" }],
      says: /after it had ended/,
    },
    "an event that is missing": {
      trail: [made, { ...done, seq: 2, before: "pending" }],
      says: /goes from pending to completed/,
    },
    "a task that has not ended": {
      trail: [made, given],
      tasks: [{ id: "t", status: "assigned" }],
      says: /has not ended/,
    },
    "a task that is lost": { trail: [], tasks: [], says: /is lost/ },
    "a row that its trail does not explain": {
      trail: [made, given, done],
      tasks: [{ id: "t", status: "failed" }],
      says: /its trail says/,
    },
    "an agent that has too much": {
      trail: [made, given, ...life("u").slice(0, 2), done, ...life("u").slice(2)],
      tasks: [...completed, { id: "u", status: "completed" }],
      says: /clerk has 2/,
    },
  };
  for (const [what, { trail, tasks = completed, says }] of Object.entries(cases)) {
    test(what, () => {
      const acknowledged = { created: new Set(["t"]), completed: new Set<string>() };
      const { violations } = judge(trail, tasks, new Map([["clerk", 1]]), acknowledged);
      if (says === null) assert.deepEqual(violations, []);
      else assert.match(violations.join("\n"), says);
    });
  }
});
