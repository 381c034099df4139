// A task from a sentence in the gateway's chat to its result in the chat. An agent of the gateway beside the desk's does it, under a
// name of its own.

import { randomUUID } from "node:crypto";
import { DeskClient } from "../../dispatch/agent/desk-client.ts";
import { register } from "../../dispatch/agent/register.ts";
import type { GatewayAgent } from "../../dispatch/ops/gateway/granted-person.ts";
import type { GatewayClient } from "../../dispatch/ops/gateway/gateway-client.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { Telling, type TellingOptions } from "./telling.ts";

/** The agent, as the gateway's configuration knows it; its slug on the roster is its name in the audit. */
export const archivist: GatewayAgent = {
  agentId: "archivist",
  actor: "archivist",
  roles: ["agent"],
  accounts: ["*"],
  sites: ["*"],
};

type Options = TellingOptions & {
  readonly chat: GatewayClient;
  readonly apiUrl: string;
  readonly adminToken: string;
  /** What the task is about. */
  readonly ticketId: string;
};

const turnMs = 180_000;
const patienceMs = 60_000;
const lookEveryMs = 50;
const heartbeatMs = 30_000;

/**
 * Tells it at a desk on which a worker runs.
 * @returns how many receipts were given, each read back unchanged
 * @throws CommandFailure where the desk or the chat does anything else than the story says
 */
export async function tellChatStory(options: Options): Promise<number> {
  const { herself: dana, chat, apiUrl, adminToken, ticketId } = options;
  const told = new Telling(options);
  const types = async (sentence: string, expected: RegExp) => {
    const answer = await chat.say(sentence, { conversation: "the desk", timeoutMs: turnMs });
    if (!expected.test(answer)) throw new CommandFailure(`"${sentence}" was answered by: ${answer}`);
    return answer.split("\n")[0] ?? "";
  };
  const slug = archivist.actor;
  const token = await register(apiUrl, { slug, capabilities: "warranty" }, { admin: adminToken });
  const worker = new DeskClient({ url: apiUrl, slug, token, run: randomUUID() });
  await worker.started();
  // Nothing else says that it lives: between two turns an agent of the gateway is nowhere.
  const living = setInterval(() => void worker.heartbeat("idle").catch(() => undefined), heartbeatMs);
  try {
    told.line("The archivist", "an agent of the gateway, comes onto the roster: able to check warranties");
    const { number } = await dana.reads("ticket.get", { ticketId });
    await types(`show ${number}`, /INVOICED/);
    const handed = await types("have somebody check the warranty", /^Handed out: the task is /);
    told.line("Dana", `types "have somebody check the warranty": ${handed}`);
    const taskId = await assigned(options, slug);
    const answer = await chat.say(`do task ${taskId}`, { agentId: archivist.agentId, timeoutMs: turnMs });
    told.line(
      "The archivist",
      `is told of it, and does it by the gateway's tools: ${answer.replaceAll(/\s*\n\s*/g, " ")}`,
    );
    const result = await types("is that done yet?", /is completed\. It is with archivist\. /);
    told.line("Dana", `types "is that done yet?": ${result}`);

    const steps = await dana.reads("task.events", { taskId });
    const own = steps.filter(({ actor }) => actor === slug).map(({ tool }) => tool);
    if (own.join() !== "task.progress,task.complete")
      throw new CommandFailure(`The archivist's own steps are ${own.join(", ")}.`);
    for (const { event_id } of steps) told.keep(await dana.reads("receipt.get", { receiptId: event_id }));
    await worker.stopped("the story is told");
    return await told.proved();
  } finally {
    clearInterval(living);
  }
}

/** The task that the agent was given. @throws CommandFailure when none comes */
async function assigned({ herself: dana }: Options, assignee: string): Promise<string> {
  const begun = performance.now();
  for (;;) {
    const [task] = await dana.reads("task.list", {}, { assignee, status: "assigned" });
    if (task) return task.id;
    if (performance.now() - begun > patienceMs)
      throw new CommandFailure(`The broker gave ${assignee} nothing within ${patienceMs / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
