// GET /events: what happens on the desk, as it happens, to whoever may see it. The outbox is the truth; this hands it
// on in order and without gaps.

import type { Role } from "../contract/roles.ts";
import type { Desk } from "../kernel/desk.ts";
import { listenToOutbox } from "../kernel/outbox-listener.ts";
import { positionFrom, positionNow, readPage, type Position, type View } from "../kernel/outbox-reader.ts";
import { invalidFields, Refusal } from "../kernel/refusal.ts";
import { subjectExpressions } from "../kernel/subject-patterns.ts";
import type { Credentials } from "./credentials.ts";
import { EventStream } from "./event-stream.ts";
import type { Exchange } from "./exchange.ts";
import { serviceName } from "./health.ts";
import { decodedParameters } from "./query-string.ts";
import { headersFor } from "./security-headers.ts";

/** Whoever may search tickets may watch them; a technician's or a customer's token names no ticket to keep to. */
export const eventReaders: readonly Role[] = ["dispatcher", "agent", "qa", "approver", "finance"];

/** Open streams per process. Each keeps at most one page of events that its client has not taken yet. */
export const maxStreams = 200;
/**
 * Pages read at the same time, each on a connection kept for that: many streams that wake together leave the commands'
 * connections alone, and where connections have died without a word there are these two to find out about. Among the ten of
 * the commands, at 15 s each, all streams stood still for 64 s.
 */
const maxReads = 2;
const beatMs = 15_000;
/** An announcement may be lost; this long at most it goes unnoticed. */
const tickMs = 5_000;
/** After this the client comes back and shows its credentials again, which may have ended meanwhile. */
const maxStreamMs = 900_000;

const streamHeaders = [...headersFor("text/event-stream; charset=utf-8"), "x-accel-buffering", "no"];

export type EventStreams = {
  /** Answers GET /events. */
  open(exchange: Exchange): Promise<void>;
  readonly count: number;
  /** Ends all streams; further ones are refused. */
  close(): Promise<void>;
};

export type EventStreamsParts = {
  readonly desk: Desk;
  readonly databaseUrl: string;
  readonly credentials: Credentials;
  readonly warn: (message: string, error?: unknown) => void;
};

/** Starts listening for news and makes the handler of the route. */
export function eventStreams({ desk, databaseUrl, credentials, warn }: EventStreamsParts): EventStreams {
  const streams = new Set<EventStream>();
  const db = desk.db.apart("events", maxReads);
  const gate = new Gate(maxReads);
  const wakeAll = () => streams.forEach((stream) => stream.wake());
  const listener = listenToOutbox({
    databaseUrl,
    applicationName: serviceName,
    onNews: wakeAll,
    onTrouble: (error) => {
      // Lost or silent: what else is idle is not believed either, or each would keep a reader for a time limit of its own.
      desk.db.doubt();
      warn("the connection that listens for events was lost; it is made again", error);
    },
  });
  const beat = setInterval(() => streams.forEach((stream) => stream.beat()), beatMs).unref();
  const tick = setInterval(() => streams.forEach((stream) => stream.tick()), tickMs).unref();
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    clearInterval(beat);
    clearInterval(tick);
    streams.forEach((stream) => stream.end());
    await Promise.all([listener.close(), db.close()]);
  };

  const start = (exchange: Exchange, from: Position, view: View): void => {
    const { response } = exchange;
    response.writeHead(200, [...streamHeaders, ...exchange.echoes()]);
    if (exchange.method === "HEAD") {
      response.end();
      return exchange.reportEnd(200);
    }
    response.write("retry: 2000\n\n");
    const stream = new EventStream(
      response,
      from,
      (after) => gate.run(() => readPage(db, after, view)),
      (error) => warn("events could not be read; the next tick tries again", error),
    );
    streams.add(stream);
    const lifetime = setTimeout(() => stream.end(), maxStreamMs).unref();
    response.on("close", () => {
      clearTimeout(lifetime);
      streams.delete(stream);
      exchange.reportEnd(200);
    });
    stream.wake();
  };

  return {
    open: async (exchange) => {
      const { headers } = exchange.request;
      const actor = (exchange.actor = await credentials.actorOf(headers, eventReaders));
      if (!eventReaders.includes(actor.role)) {
        throw new Refusal("FORBIDDEN", { actor_role: actor.role, allowed_roles: eventReaders });
      }
      const parameters = decodedParameters(exchange.query, ["subject", "after"]);
      const subjects = subjectExpressions(parameters.get("subject") ?? []);
      const after = singleOf(parameters.get("after")) ?? headers["last-event-id"];
      const now = await positionNow(desk.db);
      const resumed = typeof after === "string" && after !== "" ? positionFrom(after, now.horizon) : null;
      if (closed || streams.size >= maxStreams) throw tooManyStreams();
      if (resumed) start(exchange, resumed, { actor, subjects });
      else start(exchange, now.position, { actor, subjects, since: now.since });
    },
    get count() {
      return streams.size;
    },
    close: () => (closed ??= close()),
  };
}

function singleOf(values: readonly string[] | undefined): string | undefined {
  if (values !== undefined && values.length > 1) {
    throw invalidFields([{ path: "after", rule: "unique", message: "may be given only once" }], "INVALID_QUERY");
  }
  return values?.[0];
}

const tooManyStreams = (): Refusal =>
  new Refusal(
    "RATE_LIMITED",
    { limit: maxStreams, window_seconds: 0 },
    {
      message: `This process serves ${maxStreams} event streams already; try again after Retry-After.`,
      headers: { "retry-after": "5" },
    },
  );

/** Lets at most so many pieces of work run at once, the others in the order they came. */
class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(width: number) {
    this.#free = width;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
