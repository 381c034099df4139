// The receiver of a webhook takes every request and never answers one.

import { once } from "node:events";
import { createServer } from "node:http";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { Drill } from "./drill.ts";

const behindMinutes = 20;

export const webhookHangs: Drill = {
  name: "webhook-hangs",
  about: `the receiver of a webhook takes requests and answers none, and ${behindMinutes} minutes pass`,
  told: { by: /rule WEBHOOKS_BEHIND|alert WEBHOOKS/, withinMs: 45_000 },
  reads: {
    command: "pnpm dispatch:alerts --explain WEBHOOKS_BEHIND",
    must: [/last_error .*(no answer|time|answer)/i, /waiting [1-9]/],
    mustNot: [/Postgres cannot be used/],
  },
  runbook: "ops/runbooks/outbox_dead_letters.md",
  seconds: 40,
  async provoke(ground) {
    // Never answers: whoever sends waits until it has had enough.
    const receiver = createServer(() => undefined);
    await once(receiver.listen(0, "127.0.0.1"), "listening");
    const address = receiver.address();
    if (address === null || typeof address === "string") throw new Error("the receiver has no TCP address");
    const added = await ground.run(`pnpm dispatch:webhooks add --url http://127.0.0.1:${address.port}/`);
    if (added.code !== 0) throw new CommandFailure(added.output);
    const { sql } = ground;
    for (let failed = 0; failed === 0;) {
      const { rows } = await sql.query<{ failed: string }>(
        "SELECT count(*) AS failed FROM webhook_endpoints WHERE failures > 0",
      );
      failed = Number(rows[0]?.failed ?? 0);
    }
    await sql.query("UPDATE webhook_deliveries SET event_at = event_at - make_interval(mins => $1)", [behindMinutes]);
    return {
      undo: async () => {
        await sql.query("DELETE FROM webhook_endpoints");
        receiver.closeAllConnections();
        receiver.close();
      },
    };
  },
  mend: {
    by: "page",
    command: 'pnpm dispatch:webhooks pause --endpoint "$ENDPOINT"',
    async fill({ sql }) {
      const { rows } = await sql.query<{ id: string }>("SELECT id::text FROM webhook_endpoints LIMIT 1");
      return { ENDPOINT: rows[0]?.id ?? "" };
    },
  },
};
