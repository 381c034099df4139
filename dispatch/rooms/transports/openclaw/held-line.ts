// A line to the gateway that comes back by itself, later and later, up to every few seconds. Whoever asks for it while it is away learns
// that at once.

import { setTimeout as delay } from "node:timers/promises";
import { NotDelivered } from "../transport.ts";
import { GatewayRefused, openLine, type Line, type LineOptions } from "./line.ts";

export type HeldLineOptions = LineOptions & {
  /** Work that comes before everybody else's on a line that has just come about; the line is given out behind it. */
  readonly onOpen: (line: Line) => Promise<void>;
  /** Nothing is known any more of what is under way. */
  readonly onLost: () => void;
  /** Receives a sentence when the gateway is reached, lost, or cannot be reached for another reason than before. */
  readonly say: (sentence: string) => void;
};

export type HeldLine = {
  /** @throws NotDelivered at once where there is none; while the first is still tried for, after two seconds */
  line(): Promise<Line>;
  close(): Promise<void>;
};

const firstWithinMs = 2_000;
const soonestMs = 250;
const latestMs = 5_000;
/** A token that is wrong stays so; asking again is for him who changes it at the gateway. */
const refusedMs = 30_000;

export function holdLine(options: HeldLineOptions): HeldLine {
  const { onOpen, onLost, say } = options;
  const closing = new AbortController();
  const tried = Promise.withResolvers<void>();
  let current: Line | null = null;
  let fault = "The OpenClaw gateway is not reached yet.";

  const tell = (sentence: string): void => {
    if (sentence !== fault) say(sentence);
    fault = sentence;
  };
  const keep = async (): Promise<void> => {
    for (let waitMs = soonestMs; !closing.signal.aborted; waitMs = Math.min(waitMs * 2, latestMs)) {
      try {
        const line = await openLine({ ...options, signal: closing.signal });
        await onOpen(line).catch((error: unknown) => {
          line.close();
          throw error;
        });
        current = line;
        tried.resolve();
        tell("The OpenClaw gateway is reached.");
        waitMs = soonestMs / 2;
        const why = await line.over;
        if (!closing.signal.aborted) tell(`The OpenClaw gateway was lost: ${why}.`);
      } catch (error) {
        if (error instanceof GatewayRefused && error.code !== "UNAVAILABLE") waitMs = refusedMs;
        tell(`The OpenClaw gateway cannot be reached: ${error instanceof Error ? error.message : String(error)}.`);
      }
      current = null;
      onLost();
      tried.resolve();
      await delay(waitMs * (0.5 + Math.random() / 2), undefined, { signal: closing.signal }).catch(() => undefined);
    }
  };
  const kept = keep();

  return {
    line: async () => {
      if (current === null && !closing.signal.aborted)
        await Promise.race([
          tried.promise,
          delay(firstWithinMs, undefined, { signal: closing.signal, ref: false }),
        ]).catch(() => undefined);
      if (current !== null) return current;
      throw new NotDelivered(closing.signal.aborted ? "The desk is stopping, and sends no push any more." : fault);
    },
    close: async () => {
      closing.abort();
      await kept;
    },
  };
}
