// A desk with webhooks: endpoints added as the operator does, events put into the outbox, workers woken until what is
// waited for is there.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { openDatabase, type Database } from "../../dispatch/db/pool.ts";
import { addEndpoint } from "../../dispatch/webhooks/endpoints.ts";
import { webhookState, type WebhookState } from "../../dispatch/webhooks/webhook-state.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { startReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";
import { startTestWorker, type TestWorker } from "../support/worker.ts";

export type Ending = { after(fn: () => Promise<void>): void };

export type HookedDesk = {
  readonly api: TestApi;
  /** As the schema's owner, as the operator's command is. */
  readonly db: Database;
  readonly receiver: WebhookReceiver;
  readonly endpoint: { readonly id: string; readonly secret: string };
  add(url: string, subjects?: readonly string[]): Promise<{ id: string; secret: string }>;
  worker(options?: { random?: () => number; env?: Record<string, string> }): Promise<TestWorker>;
  /** Puts events of one ticket into the outbox, unless another subject is given, and tells nobody. */
  happen(count: number, subject?: string): Promise<string>;
  state(): Promise<WebhookState>;
  /** The deliveries that wait or were given up, in their order. */
  deliveries(): Promise<
    { id: string; attempts: number; due: string | null; status: number | null; error: string | null }[]
  >;
};

/** A desk with one endpoint at a receiver of its own. */
export async function hookedDesk(
  t: Ending,
  subjects?: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<HookedDesk> {
  const api = await startTestApi({ t, env });
  const db = openDatabase({
    url: api.databaseUrl,
    poolMax: 2,
    applicationName: "webhook tests",
    role: null,
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 60_000,
    onError: () => undefined,
  });
  t.after(() => db.close());
  const receiver = await startReceiver(t);
  const add: HookedDesk["add"] = (url, wanted) => addEndpoint(db, url, wanted ?? null, api.clock.now());
  return {
    api,
    db,
    receiver,
    endpoint: await add(receiver.url, subjects),
    add,
    worker: (options = {}) => startTestWorker(api, { t, ...options }),
    happen: async (count, subject = `field.ticket.${randomUUID()}`) => {
      await api.owner.query(
        `INSERT INTO outbox (subject, event, payload, created_at)
         SELECT $1 || '.step_' || n, 'step_' || n, jsonb_build_object('seq', n), $3 FROM generate_series(1, $2::int) AS n`,
        [subject, count, api.clock.iso],
      );
      return subject;
    },
    state: () => webhookState(db, api.clock.now()),
    deliveries: async () => {
      const { rows } = await api.owner.query(
        `SELECT id, attempts, due_at AS due, last_status AS status, last_error AS error FROM webhook_deliveries ORDER BY xact, outbox_id`,
      );
      return rows;
    },
  };
}

/** Wakes workers until something holds: an older transaction anywhere on the server may hold events back for a moment. */
export const wakeUntil = (
  workers: readonly TestWorker[],
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> =>
  eventually(what, async () => {
    await Promise.all(workers.map((worker) => worker.wake()));
    return condition();
  });

export function assertSilentAbout(worker: TestWorker, secrets: readonly string[]): void {
  const text = JSON.stringify(worker.log);
  for (const secret of secrets)
    assert.ok(!text.includes(secret.replace("whsec_", "").slice(0, 20)), "a secret is in the log");
}
