// An AI agent without the intelligence: a loop that asks for its tasks, says that it has begun, and reports them done or failed. It is
// killed by cutting off whatever it is at, and started again as another run.

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { isObject } from "../../dispatch/kernel/json.ts";

export type AgentParts = {
  readonly apiUrl: string;
  readonly slug: string;
  readonly token: string;
  readonly next: () => number;
  /** Called with each task whose completion was answered. */
  readonly onCompleted: (task: string) => void;
  /** Called for each answer that no agent may get. */
  readonly onStrange: (words: string) => void;
};

const idleMs = 150;
const heartbeatEveryMs = 5_000;
/** What a desk may answer to one who comes too late, is too many, was replaced, or finds a part of it away. */
const expected: ReadonlySet<number> = new Set([200, 202, 403, 404, 409, 503]);

export class AgentLoop {
  readonly #parts: AgentParts;
  #life = new AbortController();
  #running: Promise<void> = Promise.resolve();
  kills = 0;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.#begin();
  }

  /** Cuts it off in the middle of whatever it does, and starts another run. */
  async kill(): Promise<void> {
    this.kills++;
    await this.stop();
    this.#begin();
  }

  async stop(): Promise<void> {
    this.#life.abort();
    await this.#running;
  }

  #begin(): void {
    this.#life = new AbortController();
    this.#running = this.#live(randomUUID(), this.#life.signal);
  }

  async #live(run: string, signal: AbortSignal): Promise<void> {
    const { slug, next } = this.#parts;
    const say = (method: string, path: string, body?: object) => this.#say(run, signal, method, path, body);
    let heard = -Infinity;
    let started = false;
    while (!signal.aborted) {
      if (!started) {
        const data = { run };
        started = (await say("POST", "events", { subject: `swarm.agent.${slug}.started`, data })).status === 202;
      }
      if (performance.now() - heard > heartbeatEveryMs) {
        const { status } = await say("POST", `agents/${slug}/heartbeat`, { activity: "idle" });
        if (status === 200) heard = performance.now();
      }
      const mine = await say("GET", `tasks?assignee=${slug}&status=assigned&status=in_progress`);
      const tasks = Array.isArray(mine.body) ? mine.body.filter(isObject).map(({ id }) => String(id)) : [];
      for (const task of tasks) {
        if (next() < 0.5) await say("POST", `tasks/${task}/progress`, { percent: 50 });
        const chance = next();
        // Some are forgotten, and taken back when their time is over.
        if (chance < 0.02) continue;
        if (chance < 0.08) await say("POST", `tasks/${task}/fail`, { error: "It did not work" });
        else if ((await say("POST", `tasks/${task}/complete`, { result: { run } })).status === 200)
          this.#parts.onCompleted(task);
      }
      if (tasks.length === 0) await delay(idleMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #say(run: string, signal: AbortSignal, method: string, path: string, body?: object) {
    const { apiUrl, slug, token, onStrange } = this.#parts;
    try {
      const response = await fetch(`${apiUrl}/api/v1/${path}`, {
        method,
        signal,
        headers: {
          "x-agent-id": slug,
          "x-agent-run": run,
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          ...(method === "POST" && { "idempotency-key": randomUUID() }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      const answer: unknown = await response.json();
      if (!expected.has(response.status))
        onStrange(`${method} ${path} was answered ${response.status}: ${JSON.stringify(answer).slice(0, 300)}`);
      if (response.status === 503) await delay(idleMs, undefined, { signal });
      return { status: response.status, body: answer };
    } catch (error) {
      if (!signal.aborted && !(error instanceof TypeError)) throw error;
      return { status: 0, body: null };
    }
  }
}
