// What is measured at the moment somebody asks: the pool, the queue by operator phase, open streams, workers, webhooks.

import { operatorPhases } from "../contract/states.ts";
import { statement } from "../db/statement.ts";
import type { Desk } from "../kernel/desk.ts";
import { webhookState, type WebhookState } from "../webhooks/webhook-state.ts";
import type { Metrics } from "./metrics.ts";
import { workersSeen } from "./workers-seen.ts";

/** Counting 100,000 open tickets takes Postgres some 20 ms, so several scrapers share one count. */
const queueFreshForMs = 5_000;
/** A scrape answers with what it has; Postgres being away is no reason to lose all other metrics. */
const queueWithinMs = 1_000;

const countStates = statement<{ state: string; tickets: number }>(
  "gauge_queue",
  `SELECT state, count(*) AS tickets FROM tickets WHERE state NOT IN ('CLOSED', 'CANCELLED') GROUP BY state`,
);

const countAwaiting = statement<{ due: number; put_aside: number }>(
  "gauge_awaiting",
  `SELECT count(*) FILTER (WHERE assign_after IS NULL OR assign_after <= $1) AS due,
          count(*) FILTER (WHERE assign_after > $1) AS put_aside
   FROM tickets WHERE awaiting_technician`,
);

const selectLag = statement<{ seconds: number | null }>(
  "gauge_outbox_lag",
  `SELECT greatest(extract(epoch FROM $1::timestamptz - min(created_at)), 0)::float8 AS seconds
   FROM outbox WHERE xact >= pg_snapshot_xmin(pg_current_snapshot())`,
);

/** Adds the gauges. Closed and cancelled tickets are not counted: they are history, and ever more of it. */
export function addGauges(metrics: Metrics, desk: Desk, openStreams: () => number): void {
  metrics.gauge("dispatch_db_pool_connections", "Connections to Postgres by use", "use", async () => {
    const { total, idle, waiting } = desk.db.gauges();
    return new Map([["busy", total - idle], ["idle", idle], ["waited_for", waiting]]);
  });
  metrics.gauge("dispatch_event_streams", "Event streams open now", null, async () => new Map([["", openStreams()]]));
  metrics.gauge("dispatch_queue_tickets", "Open tickets by operator phase", "phase", sharing(() => countQueue(desk)));
  metrics.gauge("dispatch_awaiting_technician", "Scheduled tickets without a technician, by whether the worker may look at them now", "when", sharing(() => countAssignments(desk)));
  metrics.gauge("dispatch_workers", "Worker processes, by whether they were seen within three heartbeats", "status", sharing(() => workersByStatus(desk)));
  metrics.gauge("dispatch_outbox_lag_seconds", "Age of the oldest event that is held back by a transaction still running", null, sharing(() => outboxLag(desk)));
  addWebhookGauges(metrics, desk);
}

function addWebhookGauges(metrics: Metrics, desk: Desk): void {
  const state = sharing(async () => new Map<string, number>(Object.entries(await webhookState(desk.db, desk.clock.now()))));
  const showing = (labels: Readonly<Record<string, keyof WebhookState>>) => async () => {
    const known = await state();
    return new Map(Object.entries(labels).map(([label, name]) => [label, known.get(name)] as const).filter(isKnown));
  };
  metrics.gauge("dispatch_webhook_pending", "Events that wait for a webhook, by whether it is paused", "endpoint", showing({ active: "pending", paused: "pending_paused" }));
  metrics.gauge("dispatch_webhook_lag_seconds", "Age of the oldest event some webhook has not got, by whether it is paused", "endpoint", showing({ active: "lag_seconds", paused: "lag_paused_seconds" }));
  metrics.gauge("dispatch_webhook_dead_letters", "Events that were given up because no try reached the webhook", null, showing({ "": "dead_letters" }));
}

const isKnown = (entry: readonly [string, number | undefined]): entry is readonly [string, number] => entry[1] !== undefined;

async function countQueue(desk: Desk): Promise<ReadonlyMap<string, number>> {
  const byState = new Map((await desk.db.rows(countStates)).map(({ state, tickets }) => [state, tickets]));
  const open = Object.entries(operatorPhases).filter(([phase]) => phase !== "closed" && phase !== "cancelled");
  return new Map(open.map(([phase, states]) => [phase, states.reduce((sum, state) => sum + (byState.get(state) ?? 0), 0)]));
}

async function countAssignments(desk: Desk): Promise<ReadonlyMap<string, number>> {
  const row = await desk.db.row(countAwaiting, [desk.clock.now().toISOString()]);
  return new Map(Object.entries(row ?? {}));
}

async function workersByStatus(desk: Desk): Promise<ReadonlyMap<string, number>> {
  const { alive, stale } = await workersSeen(desk);
  return new Map([["alive", alive], ["stale", stale]]);
}

async function outboxLag(desk: Desk): Promise<ReadonlyMap<string, number>> {
  const row = await desk.db.row(selectLag, [desk.clock.now().toISOString()]);
  return new Map([["", row?.seconds ?? 0]]);
}

/** Asks at most every few seconds and answers with what it knows; nothing, where that would only look current. */
function sharing(read: () => Promise<ReadonlyMap<string, number>>): () => Promise<ReadonlyMap<string, number>> {
  let known: ReadonlyMap<string, number> = new Map();
  let countedAt = -Infinity;
  let counting: Promise<void> | null = null;
  const count = async (): Promise<void> => {
    try {
      known = await read();
      countedAt = performance.now();
    } catch {
      known = new Map();
    } finally {
      counting = null;
    }
  };
  return async () => {
    if (performance.now() - countedAt > queueFreshForMs) {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, queueWithinMs);
      await Promise.race([(counting ??= count()), late.promise]);
      clearTimeout(timer);
    }
    return known;
  };
}
