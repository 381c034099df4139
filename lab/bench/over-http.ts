// The product's side of the benchmark: lifecycles and replays sent to a running API over keep-alive connections.

import { randomUUID } from "node:crypto";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { HttpConnection, type HttpAnswer } from "./http-connection.ts";
import { lifecycle, pathOf, type Step } from "./lifecycle.ts";
import { runFor, type Figures } from "./measure.ts";

type Sent = { readonly path: string; readonly headers: string; readonly body: string };

const headersOf = (role: string, key: string): string =>
  `Content-Type: application/json\r\nX-Actor-Id: bench-${role}\r\nX-Actor-Role: ${role}\r\nX-Actor-Type: SERVICE\r\nIdempotency-Key: ${key}\r\n`;

export const readHeaders = "X-Actor-Id: bench-dispatcher\r\nX-Actor-Role: dispatcher\r\nX-Actor-Type: SERVICE\r\n";

/** Sends one command and gives its answer. @throws CommandFailure for anything but success */
async function send(connection: HttpConnection, { path, headers, body }: Sent) {
  const answer = await connection.request("POST", path, headers, body);
  if (answer.status >= 300) throw new CommandFailure(`${path} answered ${answer.status}: ${answer.body.slice(0, 300)}`);
  return answer;
}

const ticketIdIn = (body: string): string => body.slice(7, 43);

/** Lives one ticket, or the part of its life that `steps` is; reports each answer with its time and hands over what was sent. */
export async function liveOneTicket(
  connection: HttpConnection,
  took: (ms: number, step: Step, answer: HttpAnswer) => void,
  { steps = lifecycle, keep }: { readonly steps?: readonly Step[]; readonly keep?: (sent: Sent) => void } = {},
): Promise<string> {
  let ticketId = "";
  for (const step of steps) {
    const sent = {
      path: pathOf(step.name, ticketId),
      headers: headersOf(step.role, randomUUID()),
      body: JSON.stringify(step.input),
    };
    const begun = performance.now();
    const answer = await send(connection, sent);
    took(performance.now() - begun, step, answer);
    if (ticketId === "") ticketId = ticketIdIn(answer.body);
    keep?.(sent);
  }
  return ticketId;
}

/** Figures, and how long an answer was on average, head and body. */
export type Load = Figures & { readonly bytes: number };

/** Clients that work at the same time, each on a keep-alive connection of its own. */
export class Clients {
  readonly #connections: readonly HttpConnection[];
  readonly #sent: readonly Sent[][];
  readonly #signal: AbortSignal | undefined;
  #answers = 0;
  #bytes = 0;

  private constructor(connections: readonly HttpConnection[], signal: AbortSignal | undefined) {
    this.#connections = connections;
    this.#sent = connections.map(() => []);
    this.#signal = signal;
  }

  static async open(url: string, count: number, signal?: AbortSignal): Promise<Clients> {
    return new Clients(await Promise.all(Array.from({ length: count }, () => HttpConnection.open(url))), signal);
  }

  /** Lifecycles; they are kept for `replays`. */
  commands(seconds: number): Promise<Load> {
    return this.#load(seconds, async (connection, own, took) => {
      await liveOneTicket(connection, (ms, _step, answer) => took(ms, answer), { keep: (one) => own.push(one) });
    });
  }

  /** The same calls again, which the API answers from its record. */
  replays(seconds: number): Promise<Load> {
    let at = 0;
    return this.#load(seconds, async (connection, own, took) => {
      const one = own[at++ % own.length];
      if (!one) throw new CommandFailure("there is nothing to replay: no command was answered in time");
      const begun = performance.now();
      const answer = await send(connection, one);
      took(performance.now() - begun, answer);
      if (!answer.replayed) throw new CommandFailure(`${one.path} was not answered from the record`);
    });
  }

  reads(path: string, seconds: number): Promise<Load> {
    return this.#load(seconds, async (connection, _own, took) => {
      const begun = performance.now();
      const answer = await connection.request("GET", path, readHeaders);
      took(performance.now() - begun, answer);
      if (answer.status !== 200) throw new CommandFailure(`${path} answered ${answer.status}`);
    });
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  async #load(
    seconds: number,
    once: (connection: HttpConnection, own: Sent[], took: (ms: number, answer: HttpAnswer) => void) => Promise<void>,
  ): Promise<Load> {
    this.#answers = 0;
    this.#bytes = 0;
    const each = async (worker: number, took: (ms: number) => void) => {
      const [connection, own] = [this.#connections[worker], this.#sent[worker]];
      if (!connection || !own) return;
      await once(connection, own, (ms, answer) => {
        took(ms);
        this.#answers++;
        this.#bytes += answer.bytes;
      });
    };
    const figures = await runFor(seconds, this.#connections.length, each, this.#signal);
    return { ...figures, bytes: Math.round(this.#bytes / Math.max(1, this.#answers)) };
  }
}

/** Lifecycles at a concurrency for a number of seconds, then the same calls again, which the API answers from its record. */
export async function measureLifecycles(
  url: string,
  workers: number,
  seconds: number,
  signal?: AbortSignal,
): Promise<{ commands: Figures; replays: Figures }> {
  const clients = await Clients.open(url, workers, signal);
  try {
    return { commands: await clients.commands(seconds), replays: await clients.replays(Math.max(1, seconds / 2)) };
  } finally {
    clients.close();
  }
}
