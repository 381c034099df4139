// Sends the wakes that were asked for to the service that starts agents. Without one nothing is sent here: who is woken by a push hears
// of it from its room.

import { fetchable } from "../travel/url-credentials.ts";
import { claimWakes, returnWake } from "../tasks/broker-queue.ts";
import type { Duty, DutyParts } from "./duty.ts";

/** One call; a service that hangs costs no other agent its wake. */
const callMs = 10_000;

export const wakeAgents = (parts: DutyParts): Duty => ({
  name: "wake agents",
  async round() {
    const { desk } = parts;
    const { lifecycleUrl } = desk.settings;
    if (lifecycleUrl === null) return { more: false };
    const slugs = await claimWakes(desk.db, desk.clock.now().toISOString());
    // Nobody waits for these: the next round must not, nor the end of the worker.
    for (const slug of slugs) void send(parts, lifecycleUrl, slug);
    return { more: false };
  },
});

async function send({ desk, log }: DutyParts, lifecycleUrl: string, slug: string): Promise<void> {
  try {
    await wake(lifecycleUrl, desk.settings.lifecycleToken, slug);
    log.info({ agent: slug }, "worker.wake_sent");
  } catch (error) {
    log.warn({ agent: slug, err: error }, "worker.wake_not_sent");
    // The next tick sends it again; where the database is away the agent is given up on instead.
    await returnWake(desk.db, slug).catch(() => undefined);
  }
}

/** @throws Error naming what the service answered */
async function wake(base: string, token: string | null, slug: string): Promise<void> {
  const service = fetchable(base);
  const agent = `${service.url.replace(/\/+$/, "")}/admin/agents/${encodeURIComponent(slug)}`;
  const signal = AbortSignal.timeout(callMs);
  const headers = token === null ? service.headers : { authorization: `Bearer ${token}` };
  await answered("GET", agent, { headers, signal });
  await answered("POST", `${agent}/wake`, { headers, signal });
}

async function answered(method: string, url: string, options: RequestInit): Promise<void> {
  const response = await fetch(url, { ...options, method, redirect: "error" });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${method} ${new URL(url).pathname} was answered ${response.status}`);
}
