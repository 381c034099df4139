// What an agent may ask in a minute, and what an address that proves nobody may.

import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentLimits } from "../../dispatch/api/agent-limits.ts";
import { Refusal } from "../../dispatch/kernel/refusal.ts";
import { TestClock } from "../support/test-clock.ts";

const clock = new TestClock();
const start = () => new AgentLimits(120, clock);

/** Whom it let in, or the refusal's code with the seconds to wait. */
const asking = (limits: AgentLimits, address: string, outcome: string | Error): Promise<string> =>
  limits
    .admit(address, async () => {
      if (outcome instanceof Error) throw outcome;
      return { id: outcome };
    })
    .then(
      ({ id }) => id,
      (error: unknown) => {
        if (!(error instanceof Refusal)) throw error;
        return [error.code, error.headers["retry-after"]].join(" ").trim();
      },
    );
const wrong = new Refusal("INVALID_AUTH_TOKEN");

async function times(count: number, ask: () => Promise<string>): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let at = 0; at < count; at++) seen.add(await ask());
  return seen;
}

test("an agent's request 121 in sixty seconds is refused, from any address, and the window slides", async () => {
  const limits = start();
  assert.deepEqual(await times(1, () => asking(limits, "10.0.0.1", "scout")), new Set(["scout"]));
  clock.advanceMs(20_000);
  assert.deepEqual(await times(119, () => asking(limits, "10.0.0.1", "scout")), new Set(["scout"]));
  assert.equal(await asking(limits, "10.0.0.2", "scout"), "RATE_LIMITED 40");
  assert.equal(await asking(limits, "10.0.0.1", "other"), "other");
  clock.advanceMs(40_000);
  assert.equal(await asking(limits, "10.0.0.1", "scout"), "scout");
  assert.equal(await asking(limits, "10.0.0.1", "scout"), "RATE_LIMITED 20");
});

test("what fails counts against the address, until it hears that it is too much; who proves themselves is let in", async () => {
  const limits = start();
  assert.deepEqual(await times(120, () => asking(limits, "10.0.0.1", wrong)), new Set(["INVALID_AUTH_TOKEN"]));
  assert.equal(await asking(limits, "10.0.0.1", wrong), "RATE_LIMITED 60");
  assert.equal(await asking(limits, "10.0.0.2", wrong), "INVALID_AUTH_TOKEN");
  assert.equal(await asking(limits, "10.0.0.1", "scout"), "scout");
  clock.advanceMs(60_000);
  assert.equal(await asking(limits, "10.0.0.1", wrong), "INVALID_AUTH_TOKEN");
});

test("what is nobody's fault counts against no address", async () => {
  const limits = start();
  const away = new Refusal("DEPENDENCY_UNAVAILABLE");
  assert.deepEqual(await times(130, () => asking(limits, "10.0.0.1", away)), new Set([away.code]));
});
