// Tasks while everything that hands them out and does them is killed, in small; and the model that judges it, shown what it must find.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { chaos } from "../../lab/tasks-chaos/chaos.ts";
import type { Effect } from "../../lab/tasks-chaos/effects.ts";
import { lateResult } from "../../lab/tasks-chaos/late-answers.ts";
import { judge, type TaskAtEnd, type TrailEvent } from "../../lab/tasks-chaos/model.ts";

test("each task is done once, by one agent and within its capacity, whatever is killed", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-chaos-"));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const { violations, ...figures } = await chaos({
    folder,
    seed: 20_261_130,
    brokers: 2,
    agents: 4,
    tasks: 40,
    seconds: 10,
    kills: { brokers: 1, agents: 3, postgres: 1 },
    say: () => undefined,
  });
  t.diagnostic(JSON.stringify(figures));
  assert.deepEqual(violations, []);
  assert.deepEqual([figures.tasks, figures.kills], [40, { broker: 1, agent: 3, postgres: 1 }]);
});

describe("the model finds", () => {
  const at = (n: number): string => `2026-11-30T10:00:${String(n).padStart(2, "0")}.000Z`;
  const event = (
    id: string,
    seq: number,
    tool: string,
    before: string | null,
    after: string | null,
    more: Partial<TrailEvent> = {},
  ): TrailEvent => ({
    aggregate: "task",
    id,
    seq,
    commit: `${id} ${seq}`,
    at: at(seq),
    tool,
    actor: "broker",
    before,
    after,
    assignee: null,
    run: null,
    resultOf: null,
    ...more,
  });
  const life = (task: string): TrailEvent[] => [
    event(task, 1, "task.create", null, "pending"),
    event(task, 2, "task.assign", "pending", "assigned", { assignee: "clerk" }),
    event(task, 3, "task.complete", "assigned", "completed", { actor: "clerk", resultOf: at(2) }),
  ];
  const effect = (what: Effect["what"], more: Partial<Effect> = {}): Effect => ({
    what,
    task: "t",
    agent: "clerk",
    launch: 1,
    at: at(2),
    ...more,
  });
  const work = [effect("begin"), effect("end")];
  const [made, given, done] = life("t") as [TrailEvent, TrailEvent, TrailEvent];
  const late = event("t", 3, "task.time_out", "assigned", "pending");
  const tooLate = { ...late, at: "2026-11-30T10:01:05.000Z" };
  const again = (assignee: string) => event("t", 4, "task.assign", "pending", "assigned", { assignee });
  const doneAgain = (actor: string, resultOf: string) => ({ ...done, seq: 5, at: at(5), actor, resultOf });
  const started = (n: number, run: string) =>
    event("clerk", n, "worker.started", null, null, { aggregate: "worker", run, actor: "clerk" });
  const whole: TaskAtEnd = { id: "t", status: "completed", timeout_ms: 10_000 };
  const completed = [whole];
  type Case = { trail: TrailEvent[]; effects?: Effect[]; tasks?: TaskAtEnd[]; away?: boolean; says: RegExp | null };
  const cases: Readonly<Record<string, Case>> = {
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
    "an answer that came after the time was over": {
      trail: [made, given, late, { ...done, seq: 4, before: "pending", resultOf: lateResult }],
      effects: [effect("begin")],
      says: /by clerk, and null has it/,
    },
    "nothing where whoever answers late has it again": {
      trail: [made, given, late, again("clerk"), doneAgain("clerk", lateResult)],
      effects: [effect("begin")],
      says: null,
    },
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
      tasks: [{ ...whole, status: "assigned" }],
      says: /has not ended/,
    },
    "a task that is lost": { trail: [], tasks: [], effects: [], says: /is lost/ },
    "a task that nobody asked for": {
      trail: [made, given, done, ...life("u")],
      effects: [...work, effect("begin", { task: "u" }), effect("end", { task: "u" })],
      tasks: [...completed, { ...whole, id: "u" }],
      says: /nobody asked for it/,
    },
    "a row that its trail does not explain": {
      trail: [made, given, done],
      tasks: [{ ...whole, status: "failed" }],
      says: /its trail says/,
    },
    "an agent that has too much": {
      trail: [made, given, ...life("u").slice(0, 2), done, ...life("u").slice(2)],
      tasks: [...completed, { ...whole, id: "u" }],
      says: /clerk has 2/,
    },
    "a task that a new process of its agent inherited": {
      trail: [started(1, "one"), made, given, started(2, "two"), done],
      says: /clerk still has 1 after worker.started/,
    },
    "nothing where a process says twice that it has started": {
      trail: [started(1, "one"), made, given, started(2, "one"), done],
      says: null,
    },
    "a task that was taken back much too late": {
      trail: [made, given, { ...late, at: "2026-11-30T10:02:00.000Z" }, again("clerk"), doneAgain("clerk", at(4))],
      says: /had it for 118000 ms of 10000/,
    },
    "work that nobody was given": {
      trail: [made, given, done],
      effects: [...work, effect("begin", { agent: "other" })],
      says: /which nobody gave it/,
    },
    "work that was begun twice by one assignment": {
      trail: [made, given, done],
      effects: [effect("begin"), ...work],
      says: /once more/,
    },
    "a result without its work": { trail: [made, given, done], effects: [effect("begin")], says: /what nobody did/ },
    "an assignment that its agent let lie": {
      trail: [made, given, tooLate, again("other"), doneAgain("other", at(4))],
      effects: work.map((one) => ({ ...one, agent: "other", at: at(4) })),
      says: /never begun, although its agent was there/,
    },
    "nothing where that agent was away": {
      trail: [made, given, tooLate, again("other"), doneAgain("other", at(4))],
      effects: work.map((one) => ({ ...one, agent: "other", at: at(4) })),
      away: true,
      says: null,
    },
    "a command that outlived its agent, beside the next one": {
      trail: [made, given, late, again("other"), doneAgain("other", at(4))],
      effects: [
        effect("begin"),
        effect("dead", { task: "-" }),
        effect("begin", { agent: "other", at: at(4) }),
        effect("end"),
        effect("end", { agent: "other", at: at(4) }),
      ],
      says: /was dead, went on with t beside another/,
    },
  };
  for (const [what, { trail, effects, tasks = completed, away = false, says }] of Object.entries(cases)) {
    test(what, () => {
      const { violations } = judge({
        trail,
        tasks,
        effects: effects ?? (tasks.length > 1 ? [...work, ...work.map((one) => ({ ...one, task: "u" }))] : work),
        capacity: new Map([
          ["clerk", 1],
          ["other", 1],
        ]),
        acknowledged: { created: new Set(["t"]), completed: new Set() },
        absences: away ? [{ agent: "clerk", from: 0, to: Infinity }] : [],
      });
      if (says === null) assert.deepEqual(violations, []);
      else assert.match(violations.join("\n"), says);
    });
  }
});
