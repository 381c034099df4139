// GET /events: what happens on the desk, as it happens, to whoever may see it. The outbox is the truth; this hands it
// on in order and without gaps.

import type { Role } from "../contract/roles.ts";
import type { Desk } from "../kernel/desk.ts";
import { listenToOutbox } from "../kernel/outbox-listener.ts";
import { positionFrom, positionNow, readPage, type Position, type View } from "../kernel/outbox-reader.ts";
import { invalidFields, Refusal } from "../kernel/refusal.ts";
import { subjectExpressions } from "../kernel/subject-patterns.ts";
import { Shares } from "../kernel/shares.ts";
import type { Caller, Credentials } from "./credentials.ts";
import { EventStream, type StreamEnd } from "./event-stream.ts";
import type { Exchange } from "./exchange.ts";
import { serviceName } from "./health.ts";
import { decodedParameters } from "./query-string.ts";
import { headersFor } from "./security-headers.ts";

/** Whoever may search tickets may watch them; a technician's or a customer's token names no ticket to keep to. */
export const eventReaders: readonly Role[] = ["dispatcher", "agent", "qa", "approver", "finance"];

/** Open streams per process and per actor. Each keeps at most one page of events that its client has not taken yet. */
export const streamLimits = { most: 200, each: 20 };
/**
 * Pages read at the same time, each on a connection kept for that: many streams that wake together leave the commands'
 * connections alone, and where connections have died without a word there are these two to find out about. Among the ten of
 * the commands, at 15 s each, all streams stood still for 64 s.
 */
const maxReads = 2;
const retryAfterSeconds = 5;
const beatMs = 15_000;
/** An announcement may be lost; this long at most it goes unnoticed. */
const tickMs = 5_000;
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
  /** Each with what looks whether its client may still have it. */
  const streams = new Map<EventStream, () => void>();
  const shares = new Shares(streamLimits);
  const db = desk.db.apart("events", maxReads);
  const gate = new Gate(maxReads);
  const wakeAll = () => streams.forEach((_, stream) => stream.wake());
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
  const beat = setInterval(
    () =>
      streams.forEach((recheck, stream) => {
        stream.beat();
        recheck();
      }),
    beatMs,
  ).unref();
  const tick = setInterval(() => streams.forEach((_, stream) => stream.tick()), tickMs).unref();
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    clearInterval(beat);
    clearInterval(tick);
    streams.forEach((_, stream) => stream.end());
    await Promise.all([listener.close(), db.close()]);
  };

  const leftMs = (until: number): number => Math.min(Math.max(until - desk.clock.now().getTime(), 0), maxStreamMs);

  const start = (exchange: Exchange, { actor, until }: Caller, from: Position, view: View): void => {
    const { request, response } = exchange;
    response.writeHead(200, [...streamHeaders, ...exchange.echoes()]);
    response.write("retry: 2000\n\n");
    const stream = new EventStream(
      response,
      from,
      (after) => gate.run(() => readPage(db, after, view)),
      (error) => warn("events could not be read; the next tick tries again", error),
    );
    // A key that was taken back, a secret that was changed: what was verified is kept for a minute at most.
    const recheck = () =>
      void credentials.actorOf(request.headers, eventReaders).catch((error: unknown) => {
        if (error instanceof Refusal && error.status === 401) stream.end({ code: error.code, message: error.message });
      });
    streams.set(stream, recheck);
    const lifetime = setTimeout(() => stream.end(), maxStreamMs).unref();
    const token = until === null ? null : setTimeout(() => stream.end(tokenEnded), leftMs(until)).unref();
    response.on("close", () => {
      clearTimeout(lifetime);
      if (token) clearTimeout(token);
      streams.delete(stream);
      shares.give(actor.id);
      exchange.reportEnd(200);
    });
    stream.wake();
  };

  return {
    open: async (exchange) => {
      const { headers } = exchange.request;
      const caller = await credentials.callerOf(headers, eventReaders);
      const actor = (exchange.actor = caller.actor);
      if (!eventReaders.includes(actor.role)) {
        throw new Refusal("FORBIDDEN", { actor_role: actor.role, allowed_roles: eventReaders });
      }
      const parameters = decodedParameters(exchange.query, ["subject", "after"]);
      const subjects = subjectExpressions(parameters.get("subject") ?? []);
      const after = singleOf(parameters.get("after")) ?? headers["last-event-id"];
      const now = await positionNow(desk.db);
      const resumed = typeof after === "string" && after !== "" ? positionFrom(after, now.horizon) : null;
      if (exchange.method === "HEAD") return answerHead(exchange);
      // Whoever has hung up meanwhile would never give a place back.
      if (exchange.response.destroyed) return exchange.reportEnd(200);
      const taken = closed ? "most" : shares.take(actor.id);
      if (taken !== "taken") throw shares.refusal(taken, "streams of events", retryAfterSeconds);
      if (resumed) start(exchange, caller, resumed, { actor, subjects });
      else start(exchange, caller, now.position, { actor, subjects, since: now.since });
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

const tokenEnded: StreamEnd = {
  code: "INVALID_AUTH_CLAIMS",
  message: "The token's exp has been reached: come back with a new token and the id of the last event.",
};

function answerHead(exchange: Exchange): void {
  exchange.response.writeHead(200, [...streamHeaders, ...exchange.echoes()]);
  exchange.response.end();
  exchange.reportEnd(200);
}

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
