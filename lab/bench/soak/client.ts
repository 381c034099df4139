// A client as the contract asks for one: it gives each API its turn, and repeats a command with the same key until it is
// answered, whichever process dies meanwhile. What it was told goes to the ledger.

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { commands, type CommandName, type InputOf } from "../../../dispatch/contract/index.ts";
import type { Role } from "../../../dispatch/contract/roles.ts";
import { CommandFailure } from "../../../dispatch/process/command-line.ts";
import { HttpConnection, type HttpAnswer } from "../http-connection.ts";
import type { Ledger } from "./ledger.ts";

/** What the clients met on the way. */
export class Met {
  lost_connections = 0;
  in_flight = 0;
  unavailable = 0;
  replays = 0;
  uploads_repeated = 0;
  sent_by_workers = 0;
  sent_by_hand = 0;
  moved = 0;
  helped = 0;
  handed_over = 0;
  tickets = 0;
}

/** An answer that is neither success nor a wish to ask again. */
export class Refused extends CommandFailure {
  readonly code: string;

  constructor(tool: string, code: string, body: string) {
    super(`${tool} was refused: ${body.slice(0, 400)}`);
    this.code = code;
  }
}

export type SoakClientParts = {
  /** Of each API; null while it is down. */
  readonly urls: () => readonly (string | null)[];
  readonly ledger: Ledger;
  readonly met: Met;
  /** Waits until this client's next command is due. */
  readonly due: () => Promise<void>;
  readonly took: (ms: number) => void;
  readonly signal: AbortSignal;
};

/** A killed API is back within seconds; this many tries take more than a minute. */
const maxTries = 600;
const againAfterMs = 100;

export class SoakClient {
  readonly #parts: SoakClientParts;
  readonly #connections: (OpenConnection | undefined)[] = [];
  #turn = 0;

  constructor(parts: SoakClientParts) {
    this.#parts = parts;
  }

  get met(): Met {
    return this.#parts.met;
  }

  get signal(): AbortSignal {
    return this.#parts.signal;
  }

  /**
   * Gives a command until it is answered, and keeps what was acknowledged.
   * @throws Refused; CommandFailure when nobody answers for more than a minute
   */
  async command<N extends CommandName>(name: N, role: Role, ticketId: string, input: InputOf<N>): Promise<unknown> {
    const { ledger, met, due, took } = this.#parts;
    await due();
    const key = randomUUID();
    const path = commands[name].path.replace("{ticketId}", ticketId);
    const headers = `Content-Type: application/json\r\n${actorHeaders(role)}Idempotency-Key: ${key}\r\n`;
    const begun = performance.now();
    const { replayed, body } = await this.#answered(name, "POST", path, headers, JSON.stringify(input));
    took(performance.now() - begun);
    if (replayed) met.replays++;
    const answer: unknown = JSON.parse(body);
    ledger.keep({
      key,
      ticketId: textAt(answer, "receipt", "ticket_id"),
      receiptId: textAt(answer, "receipt", "receipt_id"),
      hash: textAt(answer, "receipt", "hash"),
      afterState: textAt(answer, "receipt", "after_state"),
    });
    return answer;
  }

  /** @throws Refused; CommandFailure when nobody answers for more than a minute */
  async stateOf(ticketId: string): Promise<string> {
    const { body } = await this.#answered("ticket.get", "GET", `/tickets/${ticketId}`, actorHeaders("dispatcher"));
    return textAt(JSON.parse(body), "state");
  }

  close(): void {
    for (const open of this.#connections) open?.connection.close();
  }

  async #answered(
    tool: string,
    method: "GET" | "POST",
    path: string,
    headers: string,
    body?: string,
  ): Promise<HttpAnswer> {
    const { met, signal } = this.#parts;
    for (let tries = 0; tries < maxTries; tries++) {
      signal.throwIfAborted();
      const answer = await this.#tryNext(method, path, headers, body);
      if (answer === "down") {
        await delay(againAfterMs, undefined, { signal });
      } else if (answer === "lost") {
        met.lost_connections++;
      } else {
        if (answer.status < 300) return answer;
        const code = codeIn(answer);
        if (code === "IDEMPOTENCY_IN_FLIGHT") met.in_flight++;
        else if (code === "DEPENDENCY_UNAVAILABLE") met.unavailable++;
        else throw new Refused(tool, code, answer.body);
        await delay(againAfterMs, undefined, { signal });
      }
    }
    throw new CommandFailure(`nobody answered ${method} ${path} in ${maxTries} tries`);
  }

  /** One try at the API whose turn it is, or at the next that is up; "lost" when the answer did not come whole. */
  async #tryNext(
    method: "GET" | "POST",
    path: string,
    headers: string,
    body?: string,
  ): Promise<HttpAnswer | "lost" | "down"> {
    const urls = this.#parts.urls();
    for (let skipped = 0; skipped < urls.length; skipped++) {
      const at = this.#turn++ % urls.length;
      const url = urls[at] ?? null;
      if (url === null) continue;
      try {
        const { connection } = await this.#connect(at, url);
        return await connection.request(method, path, headers, body);
      } catch {
        this.#connections[at]?.connection.close();
        this.#connections[at] = undefined;
        return "lost";
      }
    }
    return "down";
  }

  async #connect(at: number, url: string): Promise<OpenConnection> {
    const open = this.#connections[at];
    if (open?.url === url) return open;
    open?.connection.close();
    return (this.#connections[at] = { url, connection: await HttpConnection.open(url) });
  }
}

type OpenConnection = { readonly url: string; readonly connection: HttpConnection };

/** The proof tells the clients' events from the workers' by this. */
const actorHeaders = (role: Role): string =>
  `X-Actor-Id: soak-${role}\r\nX-Actor-Role: ${role}\r\nX-Actor-Type: SERVICE\r\n`;

function codeIn({ status, body }: HttpAnswer): string {
  try {
    return textAt(JSON.parse(body), "error", "code");
  } catch {
    return `HTTP ${status}`;
  }
}

/** @throws CommandFailure when there is no text */
export function textAt(answer: unknown, ...path: readonly string[]): string {
  let at: unknown = answer;
  for (const step of path) at = typeof at === "object" && at !== null ? Reflect.get(at, step) : undefined;
  if (typeof at !== "string")
    throw new CommandFailure(`an answer has no ${path.join(".")}: ${JSON.stringify(answer).slice(0, 400)}`);
  return at;
}
