// Pushes as turns of sessions of an OpenClaw gateway (2026.9.6), over one WebSocket that is held. The gateway takes a push at once and
// runs it when its session is free: one turn each, in order. By method `agent` alone: chat.send and sessions.send merge two pushes into
// one call of the model, and run a finished one again after a restart.
//
// What is promised. A push that was taken is shown once for every kill -9 of gateway or desk, with one exception: where the gateway dies
// within about 50 ms of beginning its turn, before a model was called, it may show it twice, the first time as "context only".

import type { PushId } from "../../../contract/ids.ts";
import { isObject } from "../../../kernel/json.ts";
import { NotDelivered, type Delivered, type Delivery, type DeliveryRoom, type Transport } from "../transport.ts";
import { holdLine } from "./held-line.ts";
import { findPush, mostRuns, runIdOf, type Found, type Whereabouts } from "./history.ts";
import { GatewayRefused, NoAnswer, type Line, type LineOptions, type Outcome } from "./line.ts";
import { keepSentPushes, type Sent } from "./sent-pushes.ts";
import { runEventOf, watchSessions, type SessionState } from "./sessions.ts";

export type OpenclawOptions = Pick<LineOptions, "url" | "token" | "handshakeMs" | "callMs"> & {
  /** Its turn has begun, and the gateway will not lose it any more. Once, but for a push that somebody asks for again. */
  readonly onHeard: (pushId: PushId) => void;
  /**
   * A session works, or has stopped; whoever made it work. After a time away, what has changed meanwhile.
   * @param sessionKey a room's address, where a push went there; otherwise the gateway's own name for it
   */
  readonly onSession: (sessionKey: string, state: SessionState) => void;
  /** Receives sentences for the log: of the connection, and of pushes that had to be sent again. */
  readonly say?: (sentence: string) => void;
};

export type OpenclawTransport = Transport & {
  withdraw(pushId: PushId, room: DeliveryRoom): Promise<void>;
  /**
   * For a push whose fate nobody here knows, before it is sent again. Where it is still to come, onHeard is called for it.
   * @throws NotDelivered while the gateway cannot be asked
   */
  whereabouts(pushId: PushId, room: Pick<DeliveryRoom, "address">): Promise<Whereabouts>;
  /**
   * A session by its key; null where there is none. A push to one that is missing would make it.
   * @throws NotDelivered while the gateway cannot be asked
   */
  describeSession(sessionKey: string): Promise<{ readonly key: string; readonly works: boolean } | null>;
};

/** What was taken and not heard for so long is looked for at every tick: an event may have been lost. */
const lookAfterMs = 20_000;
const mostRefusals = 8;
/**
 * Two that are sent to one session while a third runs there may change places behind their admission (seen in one of two runs, on a busy
 * machine). So a push waits until the one before it is told to be queued, or to have begun; for so long at most.
 */
const placedWithinMs = 5_000;
/** How often a session is looked at whose turn the gateway is about to resume: some seconds after its start. */
const resumesWithinMs = 1_000;

export function openclawTransport(options: OpenclawOptions): OpenclawTransport {
  const { onSession, say = () => undefined } = options;
  const sent = keepSentPushes(options.onHeard);
  /** Withdrawn while the gateway was away. */
  const takeBack = new Map<PushId, string>();
  /** By the gateway's name for a session, the room's. */
  const addresses = new Map<string, string>();
  const sessions = watchSessions((key, state) => onSession(addresses.get(key) ?? key, state));
  /** By session, when the last push that was sent there has its place. */
  const places = new Map<string, Promise<void>>();
  /** Sessions that were looked at since the gateway was last away: none of them has a turn to be resumed. */
  const settled = new Set<string>();
  const turns = turnsByRoom();
  const held = holdLine({
    ...options,
    say,
    onEvent: (event, payload) => {
      const run = runEventOf(event, payload);
      if (run) {
        sessions.heard(run);
        sent.onRun(run);
      }
      const longAgo = performance.now() - lookAfterMs;
      if (event === "tick")
        for (const { address, takenAt } of sent.taken()) if (takenAt < longAgo) seeLater(address, 0);
    },
    onLost: sent.disbelieve,
    onOpen: async (line) => {
      settled.clear();
      for (const [pushId, address] of takeBack) await turns.take(address, () => abortQueued(line, pushId, address));
      // Before new ones.
      for (const address of new Set(sent.taken().map((one) => one.address))) await seeShown(address, line);
      await sessions.catchUp(line).catch((error: unknown) => {
        if (!(error instanceof GatewayRefused)) throw error;
        say(`The OpenClaw gateway does not tell which sessions work: ${error.message}`);
      });
    },
  });

  /** @returns whether it was shown before */
  const send = async (line: Line, one: Sent, message: string, signal?: AbortSignal): Promise<boolean> => {
    const { run } = one;
    const idempotencyKey = runIdOf(one.pushId, run);
    await places.get(one.address);
    one.placed = Promise.withResolvers();
    const { status, sessionKey } = await line.call(
      "agent",
      { sessionKey: one.address, message, idempotencyKey, deliver: false },
      { ...(signal && { signal }), onOutcome: (outcome) => ended(one, run, outcome) },
    );
    if (typeof sessionKey === "string") addresses.set(sessionKey, one.address);
    one.taken = true;
    one.takenAt = performance.now();
    const place = within(placedWithinMs, one.placed.promise).finally(
      () => places.get(one.address) === place && places.delete(one.address),
    );
    places.set(one.address, place);
    if (status === "ok" || status === "accepted" || status === "in_flight") return status === "ok";
    one.run++;
    throw new GatewayRefused("UNAVAILABLE", `it has done with ${idempotencyKey} (${String(status)})`);
  };

  /** The second answer to a push: one that was taken may be refused all the same. */
  const ended = (one: Sent, run: number, outcome: Outcome): void => {
    if (!sent.has(one) || one.run !== run) return;
    if ("status" in outcome && outcome.status === "ok") return sent.heard(one);
    refused(one, "refused" in outcome ? outcome.refused.message : `it ended with ${outcome.status}`);
  };
  const refused = (one: Sent, why: string): void => {
    one.refusals++;
    if (one.refusals < mostRefusals) return seeLater(one.address, Math.min(500 * 2 ** one.refusals, 30_000));
    sent.forget(one);
    say(`Push ${one.pushId} was taken and then refused, ${one.refusals} times; the last time: ${why}`);
  };

  /** Looks for what a room's session took, oldest first, and sends again what nobody would ever show. */
  const seeShown = (address: string, on?: Line): Promise<void> =>
    turns.take(address, async () => {
      const looked = sent.taken().filter((one) => one.address === address);
      for (const one of looked)
        if (sent.has(one) && !(await isSeenTo(one, on))) return seeLater(address, resumesWithinMs);
    });
  /** @returns false where it, and what comes behind it, is to be looked at again soon */
  const isSeenTo = async (one: Sent, on?: Line): Promise<boolean> => {
    try {
      const line = on ?? (await held.line());
      const found = await findPush(line, one.address, one.pushId);
      if (found.is === "queued") return true;
      if (found.is !== "unknown") sent.heard(one);
      else if (one.text === null) sent.forget(one);
      else if (found.resumes) return false;
      else {
        nextRun(one, found);
        say(`Push ${one.pushId} was taken and never shown; it is sent again as ${runIdOf(one.pushId, one.run)}.`);
        if (await send(line, one, one.text)) sent.heard(one);
      }
    } catch (error) {
      if (error instanceof GatewayRefused) refused(one, error.message);
      else if (!(error instanceof NoAnswer || error instanceof NotDelivered)) throw error;
      return false;
    }
    return true;
  };
  const looks = new Map<string, NodeJS.Timeout>();
  const seeLater = (address: string, ms: number): void => {
    if (looks.has(address)) return;
    const look = () => {
      looks.delete(address);
      void seeShown(address);
    };
    looks.set(address, sent.later(ms, look));
  };

  const abortQueued = async (line: Line, pushId: PushId, address: string): Promise<void> => {
    try {
      const { queuedRun } = await findPush(line, address, pushId);
      if (queuedRun !== null) await line.call("chat.abort", { sessionKey: address, runId: queuedRun });
    } catch (error) {
      // Away again: the next line begins with this.
      if (error instanceof NoAnswer) return;
      if (!(error instanceof GatewayRefused)) throw error;
      say(`Push ${pushId} could not be taken back: ${error.message}`);
    }
    takeBack.delete(pushId);
  };

  const deliver = async (delivery: Delivery, signal: AbortSignal): Promise<Delivered> => {
    const line = await held.line();
    if (signal.aborted) throw new NotDelivered("The desk stopped waiting for the gateway.");
    const { pushId, room, attempt } = delivery;
    const before = sent.get(pushId);
    const one = sent.of(pushId, room.address);
    one.text = messageOf(delivery);
    takeBack.delete(pushId);
    // The first time there is nothing to be found; should there be something all the same, the gateway does not show it twice.
    if (before !== undefined || attempt > 1 || !settled.has(room.address)) {
      const found = await findPush(line, room.address, pushId, signal);
      one.taken ||= found.is === "queued";
      if (found.is === "queued") return taken;
      if (found.is !== "unknown") {
        sent.forget(one);
        return { heard: true, captured: null };
      }
      if (found.resumes) throw new NotDelivered("The gateway has yet to resume a turn there that its restart cut off.");
      settled.add(room.address);
      nextRun(one, found);
    }
    try {
      if (await send(line, one, one.text, signal)) sent.forget(one);
    } catch (error) {
      // Whoever asked tries again, and it is looked for then; should it run meanwhile, that is heard.
      one.taken = false;
      if (error instanceof GatewayRefused) sent.forget(one);
      throw error;
    }
    return sent.has(one) ? taken : { heard: true, captured: null };
  };

  return {
    deliver: (delivery, signal) =>
      turns.take(delivery.room.address, () => deliver(delivery, signal).catch(rethrowAsNotDelivered)),
    withdraw: (pushId, { address }) =>
      turns.take(address, async () => {
        const one = sent.get(pushId);
        if (one) sent.forget(one);
        takeBack.set(pushId, address);
        const line = await held.line().catch(() => null);
        // While it is away, the next line begins with this.
        if (line !== null) await abortQueued(line, pushId, address);
      }),
    whereabouts: (pushId, { address }) =>
      turns.take(address, async () => {
        const line = await held.line();
        const found = await findPush(line, address, pushId).catch(rethrowAsNotDelivered);
        if (found.is === "queued" && sent.get(pushId) === undefined)
          Object.assign(sent.of(pushId, address), { run: found.freeRun - 1, taken: true, takenAt: performance.now() });
        return found.is;
      }),
    describeSession: async (sessionKey) => {
      const line = await held.line();
      const { session } = await line.call("sessions.describe", { key: sessionKey }).catch(rethrowAsNotDelivered);
      return isObject(session) ? { key: String(session["key"]), works: session["hasActiveRun"] === true } : null;
    },
    close: async () => {
      await held.close();
      await turns.ended();
      sent.close();
    },
  };
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  await Promise.race([work, late.promise]);
  clearTimeout(timer);
}

const taken: Delivered = { heard: false, captured: null };

/** One thing at a time in each room, in order: a push is delivered, looked for, sent again, withdrawn. */
function turnsByRoom() {
  const turns = new Map<string, Promise<unknown>>();
  return {
    take<T>(address: string, work: () => Promise<T>): Promise<T> {
      const turn = (turns.get(address) ?? Promise.resolve()).then(work);
      const last: Promise<unknown> = turn
        .catch(() => undefined)
        .finally(() => turns.get(address) === last && turns.delete(address));
      turns.set(address, last);
      return turn;
    },
    ended: () => Promise.all(turns.values()),
  };
}

function nextRun(one: Sent, { freeRun }: Found): void {
  one.run = Math.max(one.run, freeRun);
  if (one.run > mostRuns) throw new GatewayRefused("UNAVAILABLE", `it has failed to show this push ${mostRuns} times`);
}

/** The same for a push however often it is sent, whatever its run is called: another text under one id is taken for the first. */
const messageOf = ({ text, pushId, prompt }: Delivery): string =>
  `${text} #${pushId}${prompt === null ? "" : `\n\n${prompt}`}`;

function rethrowAsNotDelivered(cause: unknown): never {
  if (cause instanceof GatewayRefused) {
    // For example an agent that is configured no more.
    const roomBroken = cause.code === "INVALID_REQUEST";
    throw new NotDelivered(`The OpenClaw gateway refused: ${cause.message}`, { cause, roomBroken });
  }
  if (cause instanceof NoAnswer)
    throw new NotDelivered(`Nobody knows whether it arrived: ${cause.message}.`, { cause });
  throw cause;
}
