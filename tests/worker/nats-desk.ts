// A desk whose workers tell a real NATS server what happens: events put into the outbox, and what the stream holds of them.

import { randomUUID } from "node:crypto";
import { relayLock, relayState, type RelayState } from "../../dispatch/nats/relay-state.ts";
import { streamName } from "../../dispatch/nats/stream.ts";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { startNatsServer, type Login, type NatsServer } from "../../lab/drills/nats-server.ts";
import { startTestWorker, type TestWorker } from "../support/worker.ts";

export type Ending = { after(fn: () => Promise<void>): void };

export type Stored = { readonly subject: string; readonly id: string; readonly body: JsonObject };

export type NatsDesk = {
  readonly api: TestApi;
  readonly nats: NatsServer;
  worker(url?: string): Promise<TestWorker>;
  /** Puts events of one ticket into the outbox, unless another subject is given, and tells nobody. */
  happen(count: number, subject?: string): Promise<string>;
  /** What the stream holds, in its order. */
  stored(): Promise<Stored[]>;
  state(): Promise<RelayState>;
  /** The relay's row. */
  row(): Promise<{ xact: string; id: string; failing_since: Date | null; last_error: string | null }>;
  /** Sessions that hold the relay's lock. */
  relaying(): Promise<number[]>;
};

export async function natsDesk(t: Ending, login?: Login): Promise<NatsDesk> {
  const nats = await startNatsServer(t, login && { login });
  const api = await startTestApi({ t });
  return {
    api,
    nats,
    worker: (url = nats.url) => startTestWorker(api, { t, env: { DISPATCH_NATS_URL: url } }),
    happen: async (count, subject = `field.ticket.${randomUUID()}`) => {
      await api.owner.query(
        `INSERT INTO outbox (subject, event, payload, created_at)
         SELECT $1 || '.step_' || n, 'step_' || n, jsonb_build_object('seq', n, 'actor_id', 'ann', 'correlation_id', 'c' || n), $3
         FROM generate_series(1, $2::int) AS n`,
        [subject, count, api.clock.iso],
      );
      return subject;
    },
    stored: () =>
      nats.manage(async ({ streams }) => {
        const { state } = await streams.info(streamName);
        const found: Stored[] = [];
        for (let seq = Math.max(state.first_seq, 1); seq <= state.last_seq; seq++) {
          const message = await streams.getMessage(streamName, { seq });
          if (message === null) throw new Error(`message ${seq} is gone`);
          const body: unknown = message.json();
          if (!isObject(body)) throw new Error("a message is no JSON object");
          found.push({ subject: message.subject, id: message.header.get("Nats-Msg-Id"), body });
        }
        return found;
      }),
    state: () => relayState(api.desk.db, api.clock.now()),
    row: async () => {
      const { rows } = await api.owner.query(
        "SELECT xact::text AS xact, id::text AS id, failing_since, last_error FROM nats_relay",
      );
      return rows[0];
    },
    relaying: async () => {
      const { rows } = await api.owner.query<{ pid: number }>(
        `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objid = $2 AND granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        [...relayLock],
      );
      return rows.map(({ pid }) => pid);
    },
  };
}
