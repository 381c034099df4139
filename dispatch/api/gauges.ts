// What is measured at the moment somebody asks: the pool, the queue by operator phase, open streams.

import { operatorPhases } from "../contract/states.ts";
import { statement } from "../db/statement.ts";
import type { Desk } from "../kernel/desk.ts";
import type { Metrics } from "./metrics.ts";

/** Counting 100,000 open tickets takes Postgres some 20 ms, so several scrapers share one count. */
const queueFreshForMs = 5_000;
/** A scrape answers with what it has; Postgres being away is no reason to lose all other metrics. */
const queueWithinMs = 1_000;

const countStates = statement<{ state: string; tickets: number }>(
  "gauge_queue",
  `SELECT state, count(*) AS tickets FROM tickets WHERE state NOT IN ('CLOSED', 'CANCELLED') GROUP BY state`,
);

/** Adds the gauges. Closed and cancelled tickets are not counted: they are history, and ever more of it. */
export function addGauges(metrics: Metrics, desk: Desk, openStreams: () => number): void {
  metrics.gauge("dispatch_db_pool_connections", "Connections to Postgres by use", "use", async () => {
    const { total, idle, waiting } = desk.db.gauges();
    return new Map([["busy", total - idle], ["idle", idle], ["waited_for", waiting]]);
  });
  metrics.gauge("dispatch_event_streams", "Event streams open now", null, async () => new Map([["", openStreams()]]));
  metrics.gauge("dispatch_queue_tickets", "Open tickets by operator phase", "phase", queueReader(desk));
}

function queueReader(desk: Desk): () => Promise<ReadonlyMap<string, number>> {
  let known: ReadonlyMap<string, number> = new Map();
  let countedAt = -Infinity;
  let counting: Promise<void> | null = null;
  const count = async (): Promise<void> => {
    try {
      const byState = new Map((await desk.db.rows(countStates)).map(({ state, tickets }) => [state, tickets]));
      const open = Object.entries(operatorPhases).filter(([phase]) => phase !== "closed" && phase !== "cancelled");
      known = new Map(open.map(([phase, states]) => [phase, states.reduce((sum, state) => sum + (byState.get(state) ?? 0), 0)]));
      countedAt = performance.now();
    } catch {
      // Better none than one that looks current.
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
