// Pushes that the gateway has, or should have, until each is heard; and what its runs tell of them. Nothing here speaks to the gateway.

import type { PushId } from "../../../contract/ids.ts";
import { runIdOf } from "./history.ts";
import type { RunEvent } from "./sessions.ts";

export type Sent = {
  readonly pushId: PushId;
  /** The session's key, as the room has it. */
  readonly address: string;
  /** Null for one that was only asked for: this process cannot send it again. */
  text: string | null;
  /** Which of its runs is the last. */
  run: number;
  /** Whether the gateway said that it took it: then it is ours to see it shown. */
  taken: boolean;
  takenAt: number;
  refusals: number;
  /** Resolves once its last run has its place in the session's order, or is nobody's concern any more. */
  placed: PromiseWithResolvers<void>;
  /** Believes its turn, once it has run for long enough. */
  belief: NodeJS.Timeout | undefined;
};

export type SentPushes = {
  get(pushId: PushId): Sent | undefined;
  has(one: Sent): boolean;
  /** Those the gateway took, in the order in which they were sent. */
  taken(): readonly Sent[];
  /** The one there is, or a new one. */
  of(pushId: PushId, address: string): Sent;
  forget(one: Sent): void;
  /** Tells it, once. */
  heard(one: Sent): void;
  onRun(event: RunEvent): void;
  /** What the gateway's process has begun may be lost with it. */
  disbelieve(): void;
  /** Later, unless it is closed before. */
  later(ms: number, work: () => void): NodeJS.Timeout;
  close(): void;
};

/**
 * lifecycle/start is told before the push is a row of the session: of six gateways killed at that moment three had lost it, and three
 * had the row and never ran it. So a run is believed at its first sign of life behind the start, or when it has lived for so long.
 */
const believedAfterMs = 1_000;

export function keepSentPushes(onHeard: (pushId: PushId) => void): SentPushes {
  const sent = new Map<PushId, Sent>();
  const timers = new Set<NodeJS.Timeout>();
  const later: SentPushes["later"] = (ms, work) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
    return timer;
  };
  const disbelieve = (one: Sent): void => {
    if (one.belief === undefined) return;
    clearTimeout(one.belief);
    timers.delete(one.belief);
    one.belief = undefined;
  };
  const has = (one: Sent): boolean => sent.get(one.pushId) === one;
  const forget = (one: Sent): void => {
    disbelieve(one);
    one.placed.resolve();
    if (has(one)) sent.delete(one.pushId);
  };
  const heard = (one: Sent): void => {
    if (!has(one)) return;
    forget(one);
    onHeard(one.pushId);
  };
  return {
    get: (pushId) => sent.get(pushId),
    has,
    taken: () => [...sent.values()].filter(({ taken }) => taken),
    of: (pushId, address) => {
      const one = sent.get(pushId) ?? {
        pushId,
        address,
        text: null,
        run: 1,
        taken: false,
        takenAt: 0,
        refusals: 0,
        placed: Promise.withResolvers<void>(),
        belief: undefined,
      };
      sent.set(pushId, one);
      return one;
    },
    forget,
    heard,
    onRun: ({ runId, is }) => {
      for (const one of sent.values()) {
        if (runIdOf(one.pushId, one.run) !== runId) continue;
        one.placed.resolve();
        if (is === "going" || is === "ended") heard(one);
        // A model that is asked again begins again.
        else if (is === "begun") one.belief ??= later(believedAfterMs, () => heard(one));
        // One that waits and is cancelled ends without having begun.
        else if (is !== "placed" && one.belief) heard(one);
        return;
      }
    },
    disbelieve: () => sent.forEach(disbelieve),
    later,
    close: () => timers.forEach(clearTimeout),
  };
}
