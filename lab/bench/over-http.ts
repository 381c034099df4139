// The product's side of the benchmark: lifecycles and replays sent to a running API over keep-alive connections.

import { randomUUID } from "node:crypto";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { HttpConnection, type HttpAnswer } from "./http-connection.ts";
import { lifecycle, pathOf, type Step } from "./lifecycle.ts";
import { figuresOf, timesFor, type Figures, type Times } from "./measure.ts";

type Sent = { readonly path: string; readonly headers: string; readonly body: string };

const headersOf = (role: string, key: string): string =>
  `Content-Type: application/json\r\nX-Actor-Id: bench-${role}\r\nX-Actor-Role: ${role}\r\n` +
  `X-Actor-Type: SERVICE\r\nIdempotency-Key: ${key}\r\n`;

export const readHeaders = "X-Actor-Id: bench-dispatcher\r\nX-Actor-Role: dispatcher\r\nX-Actor-Type: SERVICE\r\n";

/** Sends one command and gives its answer. @throws CommandFailure for anything but success */
async function send(connection: HttpConnection, { path, headers, body }: Sent) {
  const answer = await connection.request("POST", path, headers, body);
  if (answer.status >= 300) throw new CommandFailure(`${path} answered ${answer.status}: ${answer.body.slice(0, 300)}`);
  return answer;
}

const ticketIdIn = (body: string): string => body.slice(7, 43);

const sentFor = ({ name, role, input }: Step, ticketId: string): Sent => ({
  path: pathOf(name, ticketId),
  headers: headersOf(role, randomUUID()),
  body: JSON.stringify(input),
});

/** Lives one ticket, or the part of its life that `steps` is, and reports each command's time. @returns its id */
export async function liveOneTicket(
  connection: HttpConnection,
  took: (ms: number, step: Step) => void,
  steps: readonly Step[] = lifecycle,
): Promise<string> {
  let ticketId = "";
  for (const step of steps) {
    const sent = sentFor(step, ticketId);
    const begun = performance.now();
    const answer = await send(connection, sent);
    took(performance.now() - begun, step);
    if (ticketId === "") ticketId = ticketIdIn(answer.body);
  }
  return ticketId;
}

/** What a load took, and how long all its answers were together, head and body. */
export type Load = Times & { readonly bytes: number };

type Client = { step: number; ticketId: string; readonly sent: Sent[] };

/** Clients that work at the same time, each on a keep-alive connection of its own for as long as a load lasts. */
export class Clients {
  readonly #url: string;
  readonly #signal: AbortSignal | undefined;
  readonly #clients: readonly Client[];

  constructor(url: string, count: number, signal?: AbortSignal) {
    this.#url = url;
    this.#signal = signal;
    this.#clients = Array.from({ length: count }, () => ({ step: 0, ticketId: "", sent: [] }));
  }

  /**
   * Lifecycles, one after the other; the next load of them goes on where this one ended. They are kept for `replays`.
   */
  commands(seconds: number): Promise<Load> {
    return this.#load(seconds, async (connection, client) => {
      const step = lifecycle[client.step];
      if (!step) throw new RangeError(`a lifecycle has no step ${client.step}`);
      const sent = sentFor(step, client.ticketId);
      const answer = await send(connection, sent);
      if (client.step === 0) client.ticketId = ticketIdIn(answer.body);
      client.step = (client.step + 1) % lifecycle.length;
      client.sent.push(sent);
      return answer;
    });
  }

  /** The same calls again, which the API answers from its record. */
  replays(seconds: number): Promise<Load> {
    let at = 0;
    return this.#load(seconds, async (connection, { sent }) => {
      const one = sent[at++ % sent.length];
      if (!one) throw new CommandFailure("there is nothing to replay: no command was answered in time");
      const answer = await send(connection, one);
      if (!answer.replayed) throw new CommandFailure(`${one.path} was not answered from the record`);
      return answer;
    });
  }

  reads(path: string, seconds: number): Promise<Load> {
    return this.#load(seconds, async (connection) => {
      const answer = await connection.request("GET", path, readHeaders);
      if (answer.status !== 200) throw new CommandFailure(`${path} answered ${answer.status}`);
      return answer;
    });
  }

  async #load(
    seconds: number,
    request: (connection: HttpConnection, client: Client) => Promise<HttpAnswer>,
  ): Promise<Load> {
    const connections = await Promise.all(this.#clients.map(() => HttpConnection.open(this.#url)));
    let bytes = 0;
    const once = async (worker: number, took: (ms: number) => void) => {
      const [connection, client] = [connections[worker], this.#clients[worker]];
      if (!connection || !client) return;
      const begun = performance.now();
      const answer = await request(connection, client);
      took(performance.now() - begun);
      bytes += answer.bytes;
    };
    try {
      return { ...(await timesFor(seconds, connections.length, once, this.#signal)), bytes };
    } finally {
      for (const connection of connections) connection.close();
    }
  }
}

/**
 * Lifecycles at a concurrency for a number of seconds, then the same calls again, which the API answers from its
 * record.
 */
export async function measureLifecycles(
  url: string,
  workers: number,
  seconds: number,
  signal?: AbortSignal,
): Promise<{ commands: Figures; replays: Figures }> {
  const clients = new Clients(url, workers, signal);
  const commands = await clients.commands(seconds);
  const replays = await clients.replays(Math.max(1, seconds / 2));
  return {
    commands: figuresOf(commands.durations, commands.seconds),
    replays: figuresOf(replays.durations, replays.seconds),
  };
}
