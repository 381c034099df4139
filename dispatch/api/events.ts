// GET /events: what happens on the desk, as it happens, to whoever may see it. The outbox is the truth; this hands it
// on in order and without gaps.

import type { IncomingHttpHeaders } from "node:http";
import type { Role } from "../contract/roles.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Desk } from "../kernel/desk.ts";
import { listenToOutbox } from "../kernel/outbox-listener.ts";
import { envelopeOf } from "../kernel/event-envelope.ts";
import {
  isPruned,
  positionFrom,
  positionNow,
  positionText,
  readPage,
  type Position,
  type StreamedEvent,
  type View,
} from "../kernel/outbox-reader.ts";
import { invalidFields, Refusal } from "../kernel/refusal.ts";
import { subjectExpressions } from "../kernel/subject-patterns.ts";
import { Shares } from "../kernel/shares.ts";
import type { AgentCredentials } from "./agent-credentials.ts";
import type { Caller, Credentials } from "./credentials.ts";
import { EventStream, type StreamEnd } from "./event-stream.ts";
import type { Exchange } from "./exchange.ts";
import { News } from "./news.ts";
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

/** Of one agent; more of them are one that forgot to close the others. */
const streamsOfAgent = 5;

export type EventStreams = {
  /** Answers GET /events. */
  open(exchange: Exchange): Promise<void>;
  /** Answers GET /api/v1/events: the same events in the envelope of the outside, and workers hear of what is theirs. */
  openForAgent(exchange: Exchange): Promise<void>;
  readonly count: number;
  /** For whoever waits for something without a stream. */
  readonly news: News;
  /** Ends all streams; further ones are refused. */
  close(): Promise<void>;
};

export type EventStreamsParts = {
  readonly desk: Desk;
  readonly databaseUrl: string;
  readonly credentials: Credentials;
  readonly agents: AgentCredentials;
  readonly warn: (message: string, error?: unknown) => void;
};

/** Starts listening for news and makes the handler of the route. */
export function eventStreams({ desk, databaseUrl, credentials, agents, warn }: EventStreamsParts): EventStreams {
  /** Each with what looks whether its client may still have it. */
  const streams = new Map<EventStream, () => void>();
  const shares = new Shares(streamLimits);
  const db = desk.db.apart("events", maxReads);
  const gate = new Gate(maxReads);
  const news = new News();
  const wakeAll = () => {
    streams.forEach((_, stream) => stream.wake());
    news.tell();
  };
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
  const tick = setInterval(() => {
    streams.forEach((_, stream) => stream.tick());
    news.tell();
  }, tickMs).unref();
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    clearInterval(beat);
    clearInterval(tick);
    streams.forEach((_, stream) => stream.end());
    await Promise.all([listener.close(), db.close()]);
  };

  const leftMs = (until: number): number => Math.min(Math.max(until - desk.clock.now().getTime(), 0), maxStreamMs);

  const start = (exchange: Exchange, { actor, until }: Caller, from: Position, view: View, style: Style): void => {
    const { request, response } = exchange;
    response.writeHead(200, [...streamHeaders, ...exchange.echoes()]);
    response.write("retry: 2000\n\n");
    if (style.gap) response.write(gapMessage);
    const stream = new EventStream(
      response,
      from,
      (after) => gate.run(() => readPage(db, after, view)),
      (error) => warn("events could not be read; the next tick tries again", error),
      style.write,
    );
    // A key that was taken back, a secret that was changed: what was verified is kept for a minute at most.
    const recheck = () =>
      void style.recheck(request.headers).catch((error: unknown) => {
        if (error instanceof Refusal && (error.status === 401 || error.code === "AGENT_REPLACED"))
          stream.end({ code: error.code, message: error.message });
      });
    streams.set(stream, recheck);
    const lifetime = setTimeout(() => stream.end(), maxStreamMs).unref();
    const token = until === null ? null : setTimeout(() => stream.end(tokenEnded), leftMs(until)).unref();
    response.on("close", () => {
      clearTimeout(lifetime);
      if (token) clearTimeout(token);
      streams.delete(stream);
      style.shares.give(actor.id);
      exchange.reportEnd(200);
    });
    stream.wake();
  };

  const open = async (
    exchange: Exchange,
    caller: Caller,
    style: Omit<Style, "gap">,
    party: string | null,
  ): Promise<void> => {
    const { headers } = exchange.request;
    const actor = (exchange.actor = caller.actor);
    const parameters = decodedParameters(exchange.query, ["subject", "after"]);
    const subjects = subjectExpressions(parameters.get("subject") ?? []);
    const after = singleOf(parameters.get("after")) ?? headers["last-event-id"];
    const now = await positionNow(desk.db);
    const resumed = typeof after === "string" && after !== "" ? positionFrom(after, now.horizon) : null;
    const gap = style.write !== undefined && resumed !== null && (await isPruned(desk.db, resumed));
    if (exchange.method === "HEAD") return answerHead(exchange);
    // Whoever has hung up meanwhile would never give a place back.
    if (exchange.response.destroyed) return exchange.reportEnd(200);
    const taken = closed ? "most" : style.shares.take(actor.id);
    if (taken !== "taken") throw style.shares.refusal(taken, "streams of events", retryAfterSeconds);
    if (resumed) start(exchange, caller, resumed, { actor, subjects, party }, { ...style, gap });
    else start(exchange, caller, now.position, { actor, subjects, since: now.since, party }, { ...style, gap });
  };

  const ofDesk = { shares, recheck: (headers: IncomingHttpHeaders) => credentials.actorOf(headers, eventReaders) };
  const ofAgents = {
    shares: new Shares({ most: streamLimits.most, each: streamsOfAgent }),
    recheck: (headers: IncomingHttpHeaders) => agents.recheck(headers, agentEventReaders),
    write: agentMessageOf,
  };

  return {
    open: async (exchange) => {
      const caller = await credentials.callerOf(exchange.request.headers, eventReaders);
      requireReader(caller.actor, eventReaders);
      await open(exchange, caller, ofDesk, null);
    },
    openForAgent: async (exchange) => {
      const actor = await agents.callerOf(exchange, agentEventReaders);
      requireReader(actor, agentEventReaders);
      const isOffice = actor.role === "dispatcher" || actor.role === "admin";
      await open(exchange, { actor, until: null }, ofAgents, isOffice ? null : actor.id);
    },
    news,
    get count() {
      return streams.size;
    },
    close: () => (closed ??= close()),
  };
}

/** How a stream tells events, and to whom. */
type Style = {
  readonly shares: Shares;
  /** Fails when the client may have it no longer. */
  recheck(headers: IncomingHttpHeaders): Promise<unknown>;
  readonly write?: (event: StreamedEvent) => string;
  /** Whether events may be missing between where the client was and what there is. */
  readonly gap: boolean;
};

/** Who may read under /api/v1: the office all of it, workers of desk tasks what is theirs. */
const agentEventReaders: readonly Role[] = ["dispatcher", "admin", "agent", "tech"];

const missing = { message: "Events since the one you named were removed: read what you need to know anew." };
const gapMessage = `event: gap\ndata: ${JSON.stringify(missing)}\n\n`;

const agentMessageOf = (event: StreamedEvent): string =>
  `id: ${positionText(event.position)}\nevent: ${event.subject}\ndata: ${JSON.stringify(envelopeOf(event))}\n\n`;

/** @throws Refusal FORBIDDEN */
function requireReader({ role }: Actor, readers: readonly Role[]): void {
  if (!readers.includes(role)) throw new Refusal("FORBIDDEN", { actor_role: role, allowed_roles: readers });
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
