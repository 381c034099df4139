// What an agent says to the desk, over HTTP, with the desk's own words where it says no. What its work depends on is said until the desk
// has heard it, by one key.

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { TaskBody, TaskLine } from "../contract/task-responses.ts";

/** A call that the desk refused, or did not answer (status 0). */
export class DeskRefused extends Error {
  override readonly name = "DeskRefused";
  readonly status: number;
  readonly code: string;
  /** After how long the desk wants to be asked again, where it says so. */
  readonly waitMs: number | null;

  constructor(status: number, code: string, message: string, waitMs: number | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.waitMs = waitMs;
  }

  /** Whether the same words may be heard later: the desk was away, busy, or had heard enough. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500 || this.code === "IDEMPOTENCY_IN_FLIGHT";
  }
}

export type DeskOptions = {
  /** Without a path. */
  readonly url: string;
  readonly slug: string;
  /** Null where the desk believes a bare name: only while its development headers are on. */
  readonly token: string | null;
  /** Which run of the agent this is: of two the desk keeps the latest. */
  readonly run: string;
};

/** What a task's command has to say of it. */
export type Progress = { readonly message?: string; readonly percent?: number; readonly data?: object };

/** One call, in ms. */
export const callMs = 30_000;
const backOffMs = { first: 500, most: 15_000 };

export class DeskClient {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  get run(): string {
    return this.#options.run;
  }

  get slug(): string {
    return this.#options.slug;
  }

  get headers(): Record<string, string> {
    const { slug, token, run } = this.#options;
    return { "x-agent-id": slug, "x-agent-run": run, ...(token !== null && { authorization: `Bearer ${token}` }) };
  }

  get eventsUrl(): string {
    const subjects = ["swarm.task.>", `swarm.agent.${this.#options.slug}.started`];
    return `${this.#options.url}/api/v1/events?${subjects.map((one) => `subject=${encodeURIComponent(one)}`).join("&")}`;
  }

  started = () => this.#tell("started", { run: this.#options.run });
  stopped = (reason: string) => this.#tell("stopped", { reason });

  /** @returns in how many ms the next one is wanted */
  async heartbeat(activity: "idle" | "working" | "paused"): Promise<number> {
    const path = `/agents/${this.#options.slug}/heartbeat`;
    return (await this.#call<{ next_ms: number }>("POST", path, { activity })).next_ms;
  }

  /** What this agent has to do, begun or not. */
  held = (until: AbortSignal): Promise<TaskLine[]> =>
    this.#patiently(until, "GET", `/tasks?assignee=${this.#options.slug}&status=assigned,in_progress`);

  task = (id: string, until: AbortSignal): Promise<TaskBody> => this.#patiently(until, "GET", `/tasks/${id}`);
  begin = (id: string, until: AbortSignal) =>
    this.#patiently(until, "POST", `/tasks/${id}/progress`, { message: "begun" });
  progress = (id: string, said: Progress) => this.#call("POST", `/tasks/${id}/progress`, said);
  complete = (id: string, said: { result?: object; summary?: string; tokens_used?: number }, until: AbortSignal) =>
    this.#patiently(until, "POST", `/tasks/${id}/complete`, said);
  fail = (id: string, said: { error: string; retry?: boolean }, until: AbortSignal) =>
    this.#patiently(until, "POST", `/tasks/${id}/fail`, said);

  #tell(what: "started" | "stopped", data: object): Promise<unknown> {
    return this.#call("POST", "/events", { subject: `swarm.agent.${this.#options.slug}.${what}`, data });
  }

  /**
   * Says it again until the desk has heard it, or nobody wants that any more; however often it arrives, it counts once.
   * @throws DeskRefused
   */
  async #patiently<Answer>(until: AbortSignal, method: string, path: string, body?: object): Promise<Answer> {
    const key = randomUUID();
    for (let wait = backOffMs.first; ; wait = Math.min(2 * wait, backOffMs.most)) {
      try {
        return await this.#call(method, path, body, key);
      } catch (error) {
        if (!(error instanceof DeskRefused) || !error.passes || until.aborted) throw error;
        await delay(error.waitMs ?? wait, undefined, { signal: until }).catch(() => undefined);
      }
    }
  }

  /** @throws DeskRefused */
  async #call<Answer>(method: string, path: string, body?: object, key?: string): Promise<Answer> {
    try {
      const response = await fetch(`${this.#options.url}/api/v1${path}`, {
        method,
        redirect: "error",
        signal: AbortSignal.timeout(callMs),
        headers: {
          ...this.headers,
          ...(body && { "content-type": "application/json", ...(key && { "idempotency-key": key }) }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.ok) return JSON.parse(text);
      throw refusedBy(response, text);
    } catch (error) {
      if (error instanceof DeskRefused) throw error;
      throw new DeskRefused(0, "UNREACHABLE", `${this.#options.url} does not answer: ${reasonOf(error)}`);
    }
  }
}

/** Why a call was not answered, in the words of the socket where it has some. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
};

type Said = { code?: string; message?: string; validation_errors?: { path: string; message: string }[] };

/** The desk's own words, or the status where it has none. */
export function refusedBy({ status, headers }: Response, text: string): DeskRefused {
  const after = Number(headers.get("retry-after") ?? Number.NaN);
  const waitMs = after > 0 ? after * 1_000 : null;
  try {
    const { error }: { error?: Said } = JSON.parse(text);
    const faults = error?.validation_errors?.map(({ path, message }) => `${path} ${message}`).join("; ");
    const message = [error?.message ?? `answered ${status}`, faults].filter(Boolean).join(" ");
    return new DeskRefused(status, error?.code ?? "UNKNOWN", message, waitMs);
  } catch {
    return new DeskRefused(status, "UNKNOWN", `answered ${status}, and not by a desk`, waitMs);
  }
}
