// What metrics tell of events that wait for NATS. No server is needed: nobody relays.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { metricsWith } from "../support/metrics.ts";

/** Two for the stream, and one of the desk itself. */
const happen = (api: TestApi) =>
  api.owner.query(
    `INSERT INTO outbox (subject, event, payload, created_at)
     SELECT subject, 'event', '{}', $1 FROM unnest(ARRAY['room.a.event', 'desk.plan', 'field.ticket.a.close']) AS subject`,
    [api.clock.iso],
  );

test("metrics tell how many events the server has not acknowledged, and for how long, and how many it never gets", async (t) => {
  const api = await startTestApi({ t, env: { DISPATCH_NATS_URL: "nats://ann:s3cret@127.0.0.1:18120" } });
  await happen(api);
  api.clock.advance(5);
  await api.owner.query("UPDATE nats_relay SET skipped = 3");
  const text = await metricsWith(
    api,
    /^dispatch_outbox_pending\{sink="webhook"\} 0$/m,
    /^dispatch_outbox_pending\{sink="nats"\} 2$/m,
    /^dispatch_nats_lag_seconds 300$/m,
    /^dispatch_nats_skipped 3$/m,
  );
  assert.ok(!text.includes("s3cret"));
  await api.owner.query("UPDATE nats_relay SET (xact, id) = (SELECT xact, max(id) FROM outbox GROUP BY xact)");
  api.clock.advance(1);
  await metricsWith(api, /^dispatch_outbox_pending\{sink="nats"\} 0$/m, /^dispatch_nats_lag_seconds 0$/m);
});

test("health tells whether NATS is behind, and no more", async (t) => {
  const api = await startTestApi({ t, env: { DISPATCH_NATS_URL: "nats://ann:s3cret@127.0.0.1:18120" } });
  const healthIs = (standing: string) =>
    eventually(`it is ${standing}`, async () =>
      (await api.send("GET", "/health")).text.includes(`"nats":"${standing}"`),
    );
  await healthIs("on");
  await happen(api);
  api.clock.advance(6);
  await healthIs("behind");
  assert.ok(!(await api.send("GET", "/health")).text.includes("s3cret"));
});

test("without an address nothing waits", async (t) => {
  const api = await startTestApi({ t });
  await happen(api);
  api.clock.advance(5);
  await metricsWith(api, /^dispatch_outbox_pending\{sink="nats"\} 0$/m, /^dispatch_nats_lag_seconds 0$/m);
});
