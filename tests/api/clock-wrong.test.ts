// An API process whose machine's clock differs from Postgres's says so, which way and by how much: nobody else sees both.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { clockDifference } from "../../dispatch/process/database-clock.ts";
import { explanations } from "../../dispatch/ops/alerts/explanations.ts";
import { objectsIn, startTestApi, type TestApi } from "../support/api.ts";
import { metricsWith } from "../support/metrics.ts";
import { call } from "./calls.ts";

/** From here on this process's clock is wrong by so many seconds. */
function shiftClock(t: TestContext, seconds: number): void {
  const right = Date.now.bind(Date);
  t.mock.method(Date, "now", () => right() + seconds * 1_000);
}

async function clockAlert(api: TestApi) {
  // An answer is shared by all who ask within a moment.
  api.clock.advance(1);
  const { status, body } = await call(api, "/ops/alerts");
  assert.equal(status, 200);
  return objectsIn(body["alerts"]).find(({ code }) => code === "CLOCK_WRONG");
}

async function offsetGauge(api: TestApi, which: "ahead" | "behind"): Promise<number> {
  const text = await metricsWith(api, /^dispatch_clock_offset_seconds/m);
  return Number(new RegExp(`^dispatch_clock_offset_seconds\\{which="${which}"\\} (\\S+)$`, "m").exec(text)?.[1]);
}

const isAbout = (value: unknown, seconds: number): boolean => Math.abs(Number(value) - seconds) < seconds / 5;

for (const [which, other, seconds] of [
  ["ahead", "behind", 3_600],
  ["behind", "ahead", -3_600],
] as const)
  test(`a clock that is an hour ${which} is told, with the way to set it`, async (t) => {
    const api = await startTestApi({ t });
    assert.equal(await clockAlert(api), undefined);
    shiftClock(t, seconds);
    const alert = await clockAlert(api);
    assert.deepEqual(
      [alert?.["severity"], alert?.["threshold"], alert?.["runbook"]],
      ["warning", 60, "ops/runbooks/clock_wrong.md"],
    );
    assert.ok(isAbout(alert?.["count"], 3_600), String(alert?.["count"]));
    const reason = String(alert?.["reason"]);
    assert.match(
      reason,
      new RegExp(`process \\d+'s clock is \\d+ s ${which === "ahead" ? "ahead of" : "behind"} Postgres's`),
    );
    assert.match(reason, /timedatectl.*chronyc/);
    assert.ok(isAbout(await offsetGauge(api, which), 3_600));
    assert.equal(await offsetGauge(api, other), 0);
    const { db, settings, clock } = api.desk;
    const address = { url: api.url, from: "the test" };
    const section = await explanations.CLOCK_WRONG[0]?.read({ db, settings, now: clock.now(), address });
    assert.match(JSON.stringify(section?.rows), /"whose":"this terminal's machine"/);
  });

test("a clock that differs by less than a minute is no alert", async (t) => {
  const api = await startTestApi({ t });
  shiftClock(t, 30);
  assert.equal(await clockAlert(api), undefined);
});

test("the way to Postgres and back makes no clock wrong", () => {
  const asked = Date.parse("2026-03-02T08:00:00.000Z");
  // Answered ten minutes later: Postgres read its clock somewhere between.
  for (const after of [1, 300_000, 599_999])
    assert.equal(clockDifference({ asked, tookMs: 600_000, there: asked + after }), 0);
  assert.equal(clockDifference({ asked, tookMs: 1_000, there: asked - 299_500 }), 300);
  assert.equal(clockDifference({ asked, tookMs: 1_000, there: asked + 300_500 }), -300);
});
