// Whoever speaks to a desk under /api/v1 in these runs: it says a thing again, by one key, until it is heard, since the API may be dead.

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { messagesIn } from "../../dispatch/agent/task-events.ts";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";

const againMs = 100;

export class Speaker {
  readonly #url: () => string;
  readonly #id: string;
  readonly #token: string;

  /** @param url of the API there is now, without a path */
  constructor(url: () => string, id: string, token: string) {
    this.#url = url;
    this.#id = id;
    this.#token = token;
  }

  /** By which a program of its own speaks for the same. */
  get words(): readonly [string, string] {
    return [this.#id, this.#token];
  }

  get headers(): Record<string, string> {
    return { "x-agent-id": this.#id, authorization: `Bearer ${this.#token}`, "content-type": "application/json" };
  }

  /** @returns the answer; null for a refusal with one of these statuses */
  async post(path: string, body: object, mayRefuse: readonly number[] = []): Promise<JsonObject | null> {
    const key = randomUUID();
    for (;;) {
      const answer = await this.#once("POST", path, body, key);
      if (answer !== null && answer.status < 300) return answer.body;
      if (answer !== null && mayRefuse.includes(answer.status)) return null;
      const passes =
        answer === null ||
        answer.status === 429 ||
        answer.status >= 500 ||
        codeOf(answer.body) === "IDEMPOTENCY_IN_FLIGHT";
      if (!passes) throw new CommandFailure(`${path} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      await delay(againMs);
    }
  }

  /** Follows the stream of events until the signal says so, however often it breaks; what came twice is told twice. */
  async follow(subject: string, onData: (data: JsonObject) => void, until: AbortSignal): Promise<void> {
    let last: string | null = null;
    while (!until.aborted) {
      try {
        const silent = new AbortController();
        const response = await fetch(`${this.#url()}/api/v1/events?subject=${encodeURIComponent(subject)}`, {
          headers: { ...this.headers, ...(last !== null && { "last-event-id": last }) },
          signal: AbortSignal.any([until, silent.signal]),
        });
        if (!response.ok || !response.body) throw new Error(`events were answered ${response.status}`);
        for await (const { id, event, data } of messagesIn(response.body, silent)) {
          if (id !== "") last = id;
          const envelope: unknown = event === "" ? null : JSON.parse(data);
          if (isObject(envelope) && isObject(envelope["data"])) onData(envelope["data"]);
        }
      } catch {
        await delay(againMs, undefined, { signal: until }).catch(() => undefined);
      }
    }
  }

  async #once(
    method: string,
    path: string,
    body: object,
    key: string,
  ): Promise<{ status: number; body: JsonObject } | null> {
    try {
      const response = await fetch(`${this.#url()}/api/v1${path}`, {
        method,
        headers: { ...this.headers, "idempotency-key": key },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(15_000),
      });
      const answer: unknown = JSON.parse(await response.text());
      return { status: response.status, body: isObject(answer) ? answer : {} };
    } catch {
      return null;
    }
  }
}

const codeOf = ({ error }: JsonObject): unknown => (isObject(error) ? error["code"] : null);
