// What the process counts and measures. One registry; /metrics shows it as JSON, and as text for Prometheus.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry, type MetricObjectWithValues, type MetricValue } from "prom-client";
import type { CommandName } from "../contract/index.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Answer } from "../kernel/command-call.ts";
import type { JsonObject } from "../kernel/json.ts";
import type { Exchange } from "./exchange.ts";
import { serviceName } from "./health.ts";

/** From a replay out of memory to a command that waits for a lock; in seconds. */
const latencyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Metrics {
  readonly #registry = new Registry();
  readonly #clock: Clock;
  readonly #requests = this.#counter("dispatch_requests_total", "Requests answered", ["method", "endpoint", "status"]);
  readonly #errors = this.#counter("dispatch_errors_total", "Errors answered", ["code"]);
  readonly #transitions = this.#counter("dispatch_transitions_total", "Moves of tickets", ["from_state", "to_state"]);
  readonly #replays = this.#counter("dispatch_idempotency_replay_total", "Commands answered from a stored answer");
  readonly #conflicts = this.#counter("dispatch_idempotency_conflict_total", "Idempotency keys used for another request");
  readonly #withSnapshot = this.#counter("dispatch_assignments_with_snapshot_total", "Dispatches that followed a recommendation");
  readonly #withoutSnapshot = this.#counter("dispatch_assignments_without_snapshot_total", "Dispatches without a recommendation");
  readonly #latency = new Histogram({
    name: "dispatch_request_duration_seconds",
    help: "Time from a request's headers to its answer",
    labelNames: ["tool"],
    buckets: latencyBuckets,
    registers: [this.#registry],
  });

  constructor(clock: Clock) {
    this.#clock = clock;
    // Event-loop lag, memory, garbage collection.
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Counts an answered request. */
  answered(exchange: Exchange, status: number): void {
    this.#requests.inc({ method: exchange.method, endpoint: exchange.endpoint, status });
    if (exchange.tool) this.#latency.observe({ tool: exchange.tool }, (performance.now() - exchange.startedAt) / 1_000);
    if (!exchange.refusal) return;
    this.#errors.inc({ code: exchange.refusal.code });
    if (exchange.refusal.code === "IDEMPOTENCY_PAYLOAD_MISMATCH") this.#conflicts.inc();
  }

  /** Counts what a command did. */
  effect(name: CommandName, answer: Answer, input: JsonObject): void {
    if (answer.replayed) return this.#replays.inc();
    answer.moves.from.forEach((from, step) => this.#transitions.inc({ from_state: from, to_state: answer.moves.to[step] ?? "" }));
    if (name === "assignment.dispatch") (input["recommendation_snapshot_id"] ? this.#withSnapshot : this.#withoutSnapshot).inc();
  }

  /**
   * Adds a gauge that is read when the metrics are.
   * @param read values by label; the label is left out where its name is null
   */
  gauge(name: string, help: string, label: string | null, read: () => Promise<ReadonlyMap<string, number>>): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: label === null ? [] : [label],
      registers: [this.#registry],
      collect: async () => {
        const values = await read();
        gauge.reset();
        for (const [value, number] of values) gauge.set(label === null ? {} : { [label]: value }, number);
      },
    });
  }

  /** The contract's JSON form. */
  async json(): Promise<object> {
    return {
      service: serviceName,
      generated_at: this.#clock.now().toISOString(),
      counters: {
        requests_total: rows(await this.#requests.get(), ["method", "endpoint", "status"]),
        errors_total: rows(await this.#errors.get(), ["code"]),
        transitions_total: rows(await this.#transitions.get(), ["from_state", "to_state"]),
        idempotency_replay_total: await total(this.#replays),
        idempotency_conflict_total: await total(this.#conflicts),
        dispatch_assignments_with_snapshot_total: await total(this.#withSnapshot),
        dispatch_assignments_without_snapshot_total: await total(this.#withoutSnapshot),
      },
    };
  }

  /** Prometheus' text form, gauges and histograms included. */
  async text(): Promise<{ contentType: string; body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }
}

type Counted = MetricObjectWithValues<MetricValue<string>>;

/** A counter's values, sorted by its labels in their order. */
function rows(counter: Counted, labels: readonly string[]): object[] {
  return counter.values
    .map(({ labels: by, value }) => ({ key: labels.map((label) => String(by[label])).join("\n"), by, value }))
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ by, value }) => ({ ...Object.fromEntries(labels.map((label) => [label, by[label]])), count: value }));
}

async function total(counter: Counter): Promise<number> {
  const { values } = await counter.get();
  return values[0]?.value ?? 0;
}
