// What the process counts and measures. One registry; /metrics shows it as JSON, and as text for Prometheus.

import { claimLacks, type ClaimLack } from "../contract/claim-lacks.ts";
import { creation } from "../contract/states.ts";
import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type MetricObjectWithValues,
  type MetricValue,
} from "prom-client";
import { commands } from "../contract/index.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Answer } from "../kernel/command-call.ts";
import type { JsonObject } from "../kernel/json.ts";
import { logLinesDropped } from "../process/line-writer.ts";
import type { Exchange } from "./exchange.ts";
import { serviceName } from "./health.ts";
import {
  deskMetrics,
  latencyBuckets,
  metricList,
  type CounterName,
  type GaugeName,
  type MetricName,
  type TallyName,
} from "./metric-list.ts";

export class Metrics {
  readonly #registry = new Registry();
  readonly #clock: Clock;
  readonly #kept: (() => Promise<string>)[] = [];
  readonly #requests = this.#counter("dispatch_requests_total");
  readonly #httpRequests = this.#counter("dispatch_http_requests_total");
  readonly #errors = this.#counter("dispatch_errors_total");
  readonly #transitions = this.#counter("dispatch_transitions_total");
  readonly #replays = this.#counter("dispatch_idempotency_replay_total");
  readonly #conflicts = this.#counter("dispatch_idempotency_conflict_total");
  readonly #withSnapshot = this.#counter("dispatch_assignments_with_snapshot_total");
  readonly #withoutSnapshot = this.#counter("dispatch_assignments_without_snapshot_total");
  readonly #claimsChecked = this.#counter("dispatch_claims_checked_total");
  readonly #claimsUnproven = this.#counter("dispatch_claims_unproven_total");
  readonly #latency = new Histogram({
    ...this.#described("dispatch_request_duration_seconds"),
    buckets: latencyBuckets,
  });

  constructor(clock: Clock) {
    this.#clock = clock;
    // Told from the start: a rate has a first value to rise from.
    for (const lack of claimLacks) this.#claimsUnproven.inc({ lack }, 0);
    // Event-loop lag, memory, garbage collection.
    collectDefaultMetrics({ register: this.#registry });
    const missing: Counter = new Counter({
      ...this.#described("dispatch_log_lines_dropped_total"),
      collect: () => {
        missing.reset();
        missing.inc(logLinesDropped());
      },
    });
  }

  /** Counts an answered request. */
  answered(exchange: Exchange, status: number): void {
    const request = { method: exchange.method, endpoint: exchange.endpoint, status };
    this.#requests.inc(request);
    this.#httpRequests.inc(request);
    if (exchange.tool) {
      const kind = Object.hasOwn(commands, exchange.tool) ? "command" : "query";
      this.#latency.observe({ kind, tool: exchange.tool }, (performance.now() - exchange.startedAt) / 1_000);
    }
    if (!exchange.refusal) return;
    this.#errors.inc({ code: exchange.refusal.code });
    if (exchange.refusal.code === "IDEMPOTENCY_PAYLOAD_MISMATCH") this.#conflicts.inc();
  }

  /** Counts what a command did. */
  effect(name: string, answer: Answer, input: JsonObject): void {
    if (answer.replayed) return this.#replays.inc();
    answer.moves.from.forEach((from, step) =>
      this.#transitions.inc({ from_state: from === creation ? "" : from, to_state: answer.moves.to[step] ?? "" }),
    );
    if (name === "assignment.dispatch")
      (input["recommendation_snapshot_id"] ? this.#withSnapshot : this.#withoutSnapshot).inc();
  }

  /** Counts what was said of the desk, and what of that no receipt showed. */
  claims(checked: number, unproven: readonly { readonly lack: ClaimLack }[]): void {
    this.#claimsChecked.inc(checked);
    for (const { lack } of unproven) this.#claimsUnproven.inc({ lack });
  }

  /**
   * Adds what is read when the metrics are: gauges, and sums that are kept elsewhere.
   * @param readers values by the metric's label; by "" where it has none
   */
  readings(readers: Readonly<Record<GaugeName | TallyName, () => Promise<ReadonlyMap<string, number>>>>): void {
    for (const {
      name,
      type,
      labels: [label],
    } of deskMetrics) {
      if (!isRead(name, readers)) continue;
      const read = readers[name];
      const labelled = (value: string) => (label === undefined ? {} : { [label]: value });
      const collect = async () => {
        const values = await read();
        metric.reset();
        for (const [value, number] of values) metric.inc(labelled(value), number);
      };
      const metric: Gauge | Counter = new (type === "gauge" ? Gauge : Counter)({ ...this.#described(name), collect });
    }
  }

  /** Adds a histogram that is kept elsewhere, as its text for Prometheus. */
  histogram(text: () => Promise<string>): void {
    this.#kept.push(text);
  }

  /** The contract's JSON form; a creation's from_state is null there and empty for Prometheus. */
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
    const [own, ...kept] = await Promise.all([this.#registry.metrics(), ...this.#kept.map((text) => text())]);
    return { contentType: this.#registry.contentType, body: [own, ...kept].join("\n") };
  }

  #counter(name: CounterName): Counter {
    return new Counter(this.#described(name));
  }

  #described(name: MetricName): { name: string; help: string; labelNames: string[]; registers: Registry[] } {
    const { help, labels } = metricList[name];
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }
}

const isRead = <T extends object>(name: string, readers: T): name is Extract<keyof T, string> =>
  Object.hasOwn(readers, name);

type Counted = MetricObjectWithValues<MetricValue<string>>;

/** A counter's values, sorted by its labels in their order. */
function rows(counter: Counted, labels: readonly string[]): object[] {
  return counter.values
    .map(({ labels: by, value }) => ({ key: labels.map((label) => String(by[label])).join("\n"), by, value }))
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ by, value }) => ({
      ...Object.fromEntries(labels.map((label) => [label, by[label] || null])),
      count: value,
    }));
}

async function total(counter: Counter): Promise<number> {
  const { values } = await counter.get();
  return values[0]?.value ?? 0;
}
