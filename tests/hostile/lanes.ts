// How the hostile tests send many requests: several lanes side by side, each a fast-check property of its own on a
// connection of its own, so that a failure shrinks to the one request that caused it.

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import fc from "fast-check";
import { cut } from "./request-bytes.ts";
import { Wire } from "./wire.ts";

/**
 * How many requests each part of a whole run sends at least. `pnpm test` spares some, so that it ends in time;
 * DISPATCH_TEST_HOSTILE_SHARE=1 sends all, 0.02 a few, 10 many more.
 */
export const shares = {
  contractPilot: 10_000,
  contractStrict: 7_000,
  bytes: 11_000,
  targets: 11_000,
  credentials: 6_000,
  uploads: 1_000,
  isolationPilot: 3_000,
  isolationStrict: 2_000,
} as const;

const promised = 50_000;
const together = Object.values(shares).reduce((sum, share) => sum + share, 0);
assert.ok(together >= promised, `the parts send ${together} requests together, and ${promised} are promised`);

const asked = process.env["DISPATCH_TEST_HOSTILE_SHARE"];
const scale = Number(asked ?? "1");
export const scaled = (requests: number): number => Math.ceil(requests * scale);
/**
 * For parts whose requests are much alike, or like another part's: a tenth of them, or another share, unless one is asked for. What a
 * run leaves out the next ones send, since each begins with a seed of its own.
 */
export const spared = (requests: number, usual = 0.1): number =>
  Math.ceil(requests * (asked === undefined ? usual : scale));
/** Short runs prove too little about memory and coverage for those checks to mean anything. */
export const isFullRun = scale >= 1;

/**
 * Where all randomness of a run begins. What is generated follows from it; which of two lanes' requests comes first at
 * the server does not.
 */
export const seed = Number(process.env["DISPATCH_TEST_SEED"] ?? randomInt(2 ** 31));

const laneCount = 12;
/** A failure may be slow to fail again, a request that nobody answers for example. */
const shrinkWithinMs = 20_000;

export type Lane = { readonly wire: Wire; readonly number: number };

/**
 * Runs the check on that many generated values, each of which sends one request.
 * @param check rejects when an answer is not as it must be
 * @param go which go at these values it is: another one, other values
 */
export async function inLanes<T>(
  port: number,
  requests: number,
  values: fc.Arbitrary<T>,
  check: (value: T, lane: Lane) => Promise<void>,
  go = 0,
): Promise<void> {
  let failing: number | null = null;
  let shrinkUntil = Infinity;
  const run = async (number: number): Promise<void> => {
    const wire = new Wire(port);
    const property = fc.asyncProperty(values, async (value) => {
      // Once one lane has found something, the machine is its own until it has found the smallest such request.
      if (failing !== null && (failing !== number || performance.now() > shrinkUntil)) return;
      try {
        await check(value, { wire, number });
      } catch (error) {
        if (failing === null) shrinkUntil = performance.now() + shrinkWithinMs;
        failing ??= number;
        if (failing === number) throw error;
      }
    });
    try {
      const details = await fc.check(property, {
        seed: seed + go * laneCount + number,
        numRuns: Math.ceil(requests / laneCount),
      });
      if (details.failed)
        throw new Error(
          `DISPATCH_TEST_SEED=${seed}, lane ${number}: ` +
            `${messageOf(details.errorInstance)}\n${cut(fc.defaultReportMessage(details) ?? "", 5_000)}`,
        );
    } finally {
      wire.close();
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: laneCount }, (_, number) => run(number)));
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

const messageOf = (error: unknown): string => cut(error instanceof Error ? error.message : String(error), 10_000);
