// A desk task brought to any state by the commands that lead there, as a dispatcher, its worker and QA give them; only what its clock
// does is done as the broker does it.

import assert from "node:assert/strict";
import { commandHandlers } from "../../dispatch/handlers.ts";
import { pathWith, pipelineCommands } from "../../dispatch/contract/index.ts";
import type { TaskState } from "../../dispatch/contract/task-states.ts";
import { newId } from "../../dispatch/kernel/clock.ts";
import { execute } from "../../dispatch/kernel/execute.ts";
import { openKernel } from "../../dispatch/kernel/kernel.ts";
import type { TestApi } from "./api.ts";

export type TaskPlan = {
  /** Who has it, or had it; by default `clerk`. Put on the roster where they are not yet. */
  readonly assignee?: string;
  /** The assignee is a technician, who is on the roster already. */
  readonly isTechnicians?: true;
  /** The agent who asks for it; by default a dispatcher does. */
  readonly requester?: string;
  readonly ticketId?: string;
  /** As they are of a new task unless said otherwise. */
  readonly maxRetries?: number;
  /** Whether it needs a review; in a review it always does. */
  readonly reviewed?: boolean;
};

export type BuiltTask = { readonly id: string; readonly assignee: string };

/** What built tasks take, and the workers of builtWorker can do. */
export const builtScope = "warranty";
export const usualAssignee = "clerk";
/** Of another person than those who speak in the tests. */
const builder = { as: "dispatcher", actor: "builder-dispatcher" } as const;
const because = "arranged for what is tested";

/** Puts an agent on the roster who is awake and able, and has been heard of just now. */
export async function readyWorker(api: TestApi, slug: string = usualAssignee): Promise<string> {
  await registered(api, slug, "always_on");
  const headers = {
    "x-actor-id": slug,
    "x-actor-role": "agent",
    "x-agent-id": slug,
    "content-type": "application/json",
  };
  const { status, text } = await api.send("POST", `/api/v1/agents/${slug}/heartbeat`, headers, '{"activity":"idle"}');
  assert.equal(status, 200, text);
  return slug;
}

/** Puts an agent on the roster who may sleep, and does. */
export const sleepingWorker = (api: TestApi, slug: string): Promise<string> => registered(api, slug, "on_demand");

async function registered(api: TestApi, slug: string, policy: "always_on" | "on_demand"): Promise<string> {
  const body = { slug, policy, capabilities: [builtScope], max_concurrent: 50 };
  const { status, text } = await api.call("worker.register", { as: "admin", body });
  assert.ok(status === 200 || status === 201, text);
  return slug;
}

export async function taskIn(api: TestApi, state: TaskState, plan: TaskPlan = {}): Promise<BuiltTask> {
  const { assignee = usualAssignee, isTechnicians = false, requester, ticketId, maxRetries, reviewed = false } = plan;
  const { id } = await api.run("task.create", {
    ...(requester === undefined ? builder : { as: "agent", actor: requester }),
    body: {
      title: "Check the warranty of the door closer",
      scope: builtScope,
      hold: state === "unassigned",
      // Where its clock runs out, a second is enough.
      ...(state === "timed_out" && { timeout_ms: 1_000, max_retries: 0 }),
      ...(maxRetries !== undefined && { max_retries: maxRetries }),
      ...(ticketId !== undefined && { ticket_id: ticketId }),
      review_required: reviewed || state === "awaiting_review" || state === "in_review",
    },
  });
  const update = (body: object, by: { readonly as: string; readonly actor: string } = builder) =>
    api.run("task.update", { ...by, task: id, body: { reason: because, ...body } });
  const own = { as: "agent", actor: assignee, task: id } as const;

  if (state === "unassigned" || state === "pending") return { id, assignee };
  if (state === "cancelled") {
    await update({ status: "cancelled" });
    return { id, assignee };
  }
  if (!isTechnicians) await readyWorker(api, assignee);
  await update({ assignee, override_reason: because });
  if (state === "assigned") return { id, assignee };
  if (state === "timed_out") {
    await timeOut(api, id);
    return { id, assignee };
  }
  await api.run("task.progress", { ...own, body: { message: "at it" } });
  if (state === "blocked") await update({ status: "blocked" }, own);
  if (state === "failed") await api.run("task.fail", { ...own, body: { error: "cannot be done", retry: false } });
  if (state === "completed" || state === "awaiting_review" || state === "in_review")
    await api.run("task.complete", { ...own, body: { summary: "in warranty" } });
  if (state === "in_review") await update({ status: "in_review" }, { as: "qa", actor: "builder-qa" });
  return { id, assignee };
}

/** As the broker does once its second is over: no command of the history is behind the clock by so much. */
async function timeOut({ desk, clock }: TestApi, taskId: string): Promise<void> {
  clock.advanceMs(2_000);
  const name = "task.time_out";
  await execute(openKernel(desk, commandHandlers), {
    name,
    path: pathWith(pipelineCommands[name].path, { taskId }),
    ids: { taskId },
    body: {},
    requestId: newId(),
    actor: { id: "builder-broker", role: "dispatcher", type: "SERVICE", techId: null, accounts: "*", sites: "*" },
    trace: { correlationId: newId(), traceId: null, traceParent: null, traceState: null },
  });
}
