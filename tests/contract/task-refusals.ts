// For the error codes' test: each code that calls about tasks and their workers earn.

import { randomUUID } from "node:crypto";
import { refusalOf, startTestApi, type Refused, type TestApi } from "../support/api.ts";
import { readyWorker, sleepingWorker, taskIn } from "../support/task-builder.ts";
import { speaking, tokenSecret } from "../support/token.ts";
import type { Produce } from "./request-refusals.ts";

const json = { "content-type": "application/json" };
const wanted = { title: "Check the warranty", scope: "warranty" };

export function taskRefusals(pilot: TestApi) {
  const tell = async (headers: Record<string, string>, body: object): Promise<Refused> =>
    refusalOf(await pilot.send("POST", "/api/v1/events", { ...json, ...headers }, JSON.stringify(body)));

  return {
    INVALID_TASK_ID: () => pilot.refuse("task.check", { task: "17" }),
    REASON_REQUIRED: async () => {
      const { id } = await taskIn(pilot, "in_progress");
      return pilot.refuse("task.update", { task: id, body: { status: "cancelled", reason: "no need" } });
    },
    INVALID_SUBJECT: () => tell({ "x-agent-id": "clerk" }, { subject: "swarm.agent.another.started" }),
    AGENT_ID_REQUIRED: () => pilot.refuse("task.list", { headers: { "x-agent-id": undefined } }),
    AGENT_ID_MISMATCH: async (t) => {
      const api = await startTestApi({ t, beside: pilot, env: { DISPATCH_AUTH_JWT_SECRET: tokenSecret } });
      return api.refuse("task.list", { headers: { ...speaking(api), "x-agent-id": "somebody-else" } });
    },
    NOT_ASSIGNEE: async () => {
      const { id } = await taskIn(pilot, "in_progress");
      return pilot.refuse("task.complete", { as: "agent", actor: "another", task: id });
    },
    TASK_NOT_FOUND: () => pilot.refuse("task.check", { task: randomUUID() }),
    WORKER_NOT_FOUND: () => pilot.refuse("worker.drain", { worker: "nobody" }),
    WORKER_NOT_ELIGIBLE: async () => {
      await pilot.run("worker.drain", { worker: await readyWorker(pilot, "drained") });
      return pilot.refuse("task.create", { body: { ...wanted, assignee: "drained" } });
    },
    WORKER_NOT_ASLEEP: async () => pilot.refuse("worker.wake", { worker: await readyWorker(pilot, "awake") }),
    AGENT_REPLACED: async () => {
      const worker = await sleepingWorker(pilot, "restarted");
      const { token } = await pilot.run("worker.token", { as: "admin", worker });
      const run = randomUUID();
      const subject = `swarm.agent.${worker}.started`;
      const own = { ...json, "x-agent-id": worker, authorization: `Bearer ${token}` };
      await pilot.send("POST", "/api/v1/events", own, JSON.stringify({ subject, data: { run } }));
      const headers = { ...own, "x-agent-run": randomUUID(), "x-actor-id": undefined, "x-actor-role": undefined };
      return pilot.refuse("task.list", { headers });
    },
  } satisfies Record<string, Produce>;
}
