// The receiver of a webhook takes every request and never answers one.

import { once } from "node:events";
import { createServer } from "node:http";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { mendsItselfMs, type Drill } from "./drill.ts";
import { waitFor } from "./wait-for.ts";

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
  async provoke(ground, signal) {
    // Never answers: whoever sends waits until it has had enough.
    const receiver = createServer(() => undefined);
    await once(receiver.listen(0, "127.0.0.1"), "listening");
    const { sql } = ground;
    const undo = async () => {
      receiver.closeAllConnections();
      receiver.close();
      await sql.query("DELETE FROM webhook_endpoints");
    };
    const address = receiver.address();
    if (address === null || typeof address === "string") throw new Error("the receiver has no TCP address");
    const added = await ground.run(`pnpm dispatch:webhooks add --url http://127.0.0.1:${address.port}/`);
    if (added.code !== 0) throw new CommandFailure(added.output);
    const hasFailed = async () => {
      const { rows } = await sql.query("SELECT FROM webhook_endpoints WHERE failures > 0");
      return rows.length > 0;
    };
    try {
      if ((await waitFor(hasFailed, mendsItselfMs, signal)) === null)
        throw new CommandFailure("No worker tried to bring an event to the receiver.");
    } catch (error) {
      // An open receiver would keep the drill's process from ending.
      await undo();
      throw error;
    }
    await sql.query("UPDATE webhook_deliveries SET event_at = event_at - make_interval(mins => $1)", [behindMinutes]);
    return { undo };
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
