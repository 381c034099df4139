// What an agent says to the desk, over HTTP: each call once, with the desk's own words where it says no.

import type { TaskBody, TaskLine } from "../contract/task-responses.ts";

/** A call that the desk refused, or did not answer (status 0). */
export class DeskRefused extends Error {
  override readonly name = "DeskRefused";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
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

const callMs = 30_000;

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
    const answer = await this.#call<{ next_ms: number }>("POST", `/agents/${this.#options.slug}/heartbeat`, {
      activity,
    });
    return answer.next_ms;
  }

  /** What this agent has and has not begun, or left behind. */
  held = (): Promise<TaskLine[]> =>
    this.#call("GET", `/tasks?assignee=${encodeURIComponent(this.#options.slug)}&status=assigned,in_progress`);

  task = (id: string): Promise<TaskBody> => this.#call("GET", `/tasks/${id}`);
  progress = (id: string, said: Progress) => this.#call("POST", `/tasks/${id}/progress`, said);
  complete = (id: string, said: { result?: object; summary?: string; tokens_used?: number }) =>
    this.#call("POST", `/tasks/${id}/complete`, said);
  fail = (id: string, said: { error: string; retry?: boolean }) => this.#call("POST", `/tasks/${id}/fail`, said);

  #tell(what: "started" | "stopped", data: object): Promise<unknown> {
    return this.#call("POST", "/events", { subject: `swarm.agent.${this.#options.slug}.${what}`, data });
  }

  /** @throws DeskRefused */
  async #call<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    let response: Response;
    try {
      response = await fetch(`${this.#options.url}/api/v1${path}`, {
        method,
        redirect: "error",
        signal: AbortSignal.timeout(callMs),
        headers: { ...this.headers, ...(body && { "content-type": "application/json" }) },
        ...(body && { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new DeskRefused(0, "UNREACHABLE", `${this.#options.url} does not answer: ${reasonOf(error)}`);
    }
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    throw refusedBy(response.status, text);
  }
}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
};

/** The desk's own words, or the status where it has none. */
export function refusedBy(status: number, text: string): DeskRefused {
  try {
    const { error }: { error?: { code?: string; message?: string } } = JSON.parse(text);
    return new DeskRefused(status, error?.code ?? "UNKNOWN", error?.message ?? `answered ${status}`);
  } catch {
    return new DeskRefused(status, "UNKNOWN", `answered ${status}, and not by a desk`);
  }
}
