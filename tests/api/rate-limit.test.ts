import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RateLimit } from "../../dispatch/api/rate-limit.ts";
import { Refusal } from "../../dispatch/kernel/refusal.ts";
import { startTestApi } from "../support/api.ts";
import { TestClock } from "../support/test-clock.ts";
import { call, dispatcher, errorOf, post } from "./calls.ts";

/** Seconds to wait, or null when the command may pass. */
function retryAfter(limit: RateLimit, who: string): number | null {
  try {
    limit.take(who);
    return null;
  } catch (error) {
    assert.ok(error instanceof Refusal);
    return Number(error.headers["retry-after"]);
  }
}

describe("the rate limit", () => {
  test("counts a sliding minute and says exactly when the next command may come", () => {
    const clock = new TestClock();
    const limit = new RateLimit(3, clock);
    for (const pause of [0, 10_000, 10_000]) {
      clock.advanceMs(pause);
      assert.equal(retryAfter(limit, "a"), null);
    }
    assert.equal(retryAfter(limit, "a"), 40);
    clock.advanceMs(39_999);
    assert.equal(retryAfter(limit, "a"), 1);
    clock.advanceMs(1);
    assert.equal(retryAfter(limit, "a"), null);
    assert.equal(retryAfter(limit, "a"), 10, "the second of the three leaves next");
  });

  test("knows everybody apart", () => {
    const limit = new RateLimit(1, new TestClock());
    assert.equal(retryAfter(limit, "a"), null);
    assert.equal(retryAfter(limit, "b"), null);
    assert.equal(retryAfter(limit, "a"), 60);
  });

  test("is off at 0", () => {
    const limit = new RateLimit(0, new TestClock());
    for (let i = 0; i < 500; i++) assert.equal(retryAfter(limit, "a"), null);
  });

  test("holds for long and busy windows", () => {
    const clock = new TestClock();
    const limit = new RateLimit(1_000, clock);
    for (let i = 0; i < 10_000; i++) {
      assert.equal(retryAfter(limit, "a"), null, String(i));
      clock.advanceMs(61);
    }
    for (let i = 0; i < 20; i++) retryAfter(limit, "a");
    assert.equal(retryAfter(limit, "a"), 1);
  });

  test("locks nobody out when the clock is set back", () => {
    const clock = new TestClock();
    const limit = new RateLimit(1, clock);
    assert.equal(retryAfter(limit, "a"), null);
    clock.advanceMs(-3_600_000);
    assert.equal(retryAfter(limit, "a"), null);
  });

  test("forgets actors that fell silent, and never remembers more than its bound", () => {
    const clock = new TestClock();
    const limit = new RateLimit(5, clock);
    for (let i = 0; i < 20_000; i++) retryAfter(limit, `a${i}`);
    assert.equal(limit.size, 10_000);
    clock.advanceMs(60_000);
    retryAfter(limit, "b");
    assert.equal(limit.size, 1);
  });

  test("answers 429 over HTTP, before role and tool, and for commands alone", async (t) => {
    const api = await startTestApi({ t, env: { DISPATCH_RATE_LIMIT_PER_MINUTE: "2" } });
    for (let i = 0; i < 2; i++) assert.equal((await post(api, "/tickets")).status, 400);
    const refused = await post(api, "/tickets", {}, { ...dispatcher, "x-tool-name": "ticket.get" });
    assert.deepEqual(
      [refused.status, errorOf(refused)["code"], refused.headers.get("retry-after")],
      [429, "RATE_LIMITED", "60"],
    );
    assert.deepEqual([errorOf(refused)["limit"], errorOf(refused)["window_seconds"]], [2, 60]);
    assert.equal((await call(api, "/tickets")).status, 200);
    assert.equal((await post(api, "/tickets", {}, { ...dispatcher, "x-actor-type": "SERVICE" })).status, 400);
    api.clock.advanceMs(60_000);
    assert.equal((await post(api, "/tickets")).status, 400);
  });
});
