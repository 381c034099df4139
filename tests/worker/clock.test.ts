// A worker on a machine whose clock is wrong: what is claimed and what is due it reckons by the database's clock, as all others do.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { spreadEvents } from "../../dispatch/webhooks/spread-events.ts";
import { startTestWorker } from "../support/worker.ts";
import { hookedDesk, wakeUntil, type HookedDesk } from "./webhook-desk.ts";

const minute = 60_000;

/** A desk with one event queued for its webhook as of now, and a worker whose machine's clock is off. */
async function wrongBy(t: TestContext, ms: number) {
  const desk = await hookedDesk(t);
  await desk.happen(1);
  // Another's transaction on the server may hold the event back for a moment.
  while ((await desk.deliveries()).length === 0) await spreadEvents(desk.db, new Date());
  return {
    desk,
    async worker() {
      t.mock.timers.enable({ apis: ["Date"], now: Date.now() + ms });
      return await startTestWorker(desk.api, { t, clock: "database" });
    },
  };
}

const free = ({ api, endpoint }: HookedDesk, at: string) =>
  api.owner.query(`UPDATE webhook_endpoints SET free_at = ${at} WHERE id = $1`, [endpoint.id]);

test("a webhook does not wait for an hour because a machine's clock went back an hour", async (t) => {
  const { desk, worker } = await wrongBy(t, -60 * minute);
  await wakeUntil([await worker()], "the event is sent", () => desk.receiver.received.length === 1);
});

test("a webhook that another worker sends to is left to it by one whose clock is five minutes ahead", async (t) => {
  const { desk, worker } = await wrongBy(t, 5 * minute);
  await free(desk, "clock_timestamp() + interval '1 minute'");
  const ahead = await worker();
  await ahead.wake();
  assert.equal(desk.receiver.received.length, 0);
  await free(desk, "clock_timestamp()");
  await wakeUntil([ahead], "the event is sent once the claim is over", () => desk.receiver.received.length === 1);
});
