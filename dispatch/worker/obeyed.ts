// Gives commands whose refusal is somebody else's success: another worker was there first, or what was to be done is no longer so.

import { setTimeout as delay } from "node:timers/promises";
import { Refusal } from "../kernel/refusal.ts";
import { awayPart } from "./trouble.ts";

/** Whether it was obeyed; not where another command just holds the row: the next round looks again. @throws as patiently */
export async function obeyed(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof Refusal && awayPart(error) === null) return false;
    throw error;
  }
}

/** Whoever just holds a row is waited for: so often, and so many ms each time. */
const again = { times: 40, everyMs: 25 };

/**
 * As obeyed, for what no later round would do: whoever holds the row is waited for.
 * @throws what tells that a part is away, defects, and IDEMPOTENCY_IN_FLIGHT where the row is held for long
 */
export async function patiently(work: () => Promise<unknown>): Promise<boolean> {
  for (let time = 0; ; time++) {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal) || awayPart(error) !== null) throw error;
      if (error.code !== "IDEMPOTENCY_IN_FLIGHT") return false;
      if (time === again.times) throw error;
      await delay(again.everyMs);
    }
  }
}
