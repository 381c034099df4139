// The NATS server that is told every event is killed; commands go on, and when it is back it has each event once.

import { randomInt } from "node:crypto";
import type { JetStreamManager } from "@nats-io/jetstream";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { streamExpressions } from "../../dispatch/nats/relay-state.ts";
import { streamName } from "../../dispatch/nats/stream.ts";
import { mendsItselfMs, type Drill } from "./drill.ts";
import type { Ground } from "./ground.ts";
import { natsMissing, startNatsServer, type NatsServer } from "./nats-server.ts";
import { waitFor } from "./wait-for.ts";

const behindMinutes = 20;
/** Its address is in the settings of the stack, which starts first. Below the ports that systems give to outgoing connections. */
const port = randomInt(20_000, 32_000);

let server: NatsServer | null = null;

export const natsAway: Drill = {
  name: "nats-away",
  about: `the NATS server is killed, and ${behindMinutes} minutes pass`,
  told: { by: /rule NATS_BEHIND/, withinMs: 45_000 },
  reads: {
    command: "pnpm dispatch:alerts --explain NATS_BEHIND",
    must: [/fails_with .*(no connection|lost|timeout)/i, /waiting [1-9]/],
    mustNot: [/Postgres cannot be used/],
  },
  runbook: "ops/runbooks/nats_behind.md",
  needs: { settings: { DISPATCH_NATS_URL: `nats://127.0.0.1:${port}` } },
  seconds: 60,
  skip: natsMissing,
  async provoke(ground, signal) {
    const opened = new AsyncDisposableStack();
    const undo = () => opened.disposeAsync();
    const wait = async (what: string, condition: () => Promise<boolean>): Promise<void> => {
      if ((await waitFor(condition, mendsItselfMs, signal)) === null) throw new CommandFailure(what);
    };
    try {
      const nats = await startNatsServer({ after: (end) => opened.defer(end) }, { port });
      server = nats;
      await wait("No event reached the server.", async () => (await relay(ground)).acknowledged > 0);
      await nats.kill();
      await wait("No worker noticed that the server is away.", async () => (await relay(ground)).failing);
      await ground.sql.query(
        `UPDATE outbox o SET created_at = o.created_at - make_interval(mins => $1)
         FROM nats_relay r WHERE (o.xact, o.id) > (r.xact, r.id)`,
        [behindMinutes],
      );
      return { undo, isWell: async () => nats.manage((manager) => holdsEachOnce(ground, manager)) };
    } catch (error) {
      await undo();
      throw error;
    }
  },
  mend: {
    by: "cause",
    async fix() {
      await server?.start();
      return "started the server again, and nothing else";
    },
  },
};

async function relay({ sql }: Ground): Promise<{ readonly acknowledged: number; readonly failing: boolean }> {
  const { rows } = await sql.query<{ acknowledged: number; failing: boolean }>(
    "SELECT acknowledged::int, failing_since IS NOT NULL AS failing FROM nats_relay",
  );
  const [row] = rows;
  if (!row) throw new CommandFailure("The table nats_relay has lost its row.");
  return row;
}

/** Whether the stream holds as many events as were told by then, and no id twice. */
async function holdsEachOnce({ sql }: Ground, { streams }: JetStreamManager): Promise<boolean> {
  const { rows } = await sql.query<{ id: string }>(
    `SELECT o.event_id::text AS id FROM outbox o JOIN nats_relay r ON (o.xact, o.id) <= (r.xact, r.id)
     WHERE r.failing_since IS NULL AND o.subject ~ ANY ($1::text[]) ORDER BY o.xact, o.id`,
    [streamExpressions],
  );
  const ids: string[] = [];
  for (let seq = 1; seq <= rows.length; seq++) {
    const message = await streams.getMessage(streamName, { seq });
    ids.push(message?.header.get("Nats-Msg-Id") ?? "");
  }
  return rows.length > 0 && ids.join() === rows.map(({ id }) => id).join();
}
