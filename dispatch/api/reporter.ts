// Told once about every answered request: it writes the log line and counts.

import type { Exchange, Reporter } from "./exchange.ts";
import type { Metrics } from "./metrics.ts";

export class RequestReporter implements Reporter {
  readonly #metrics: Metrics;
  readonly #log: (exchange: Exchange, status: number) => void;
  readonly #reported = new WeakSet<Exchange>();
  /** Set once the server stops: answers then close their connections. */
  closing = false;

  constructor(metrics: Metrics, log: (exchange: Exchange, status: number) => void) {
    this.#metrics = metrics;
    this.#log = log;
  }

  answered(exchange: Exchange, status: number): void {
    this.count(exchange, status);
    this.#log(exchange, status);
  }

  /** Counts a request before its answer is sent, for an answer that tells the counts. */
  count(exchange: Exchange, status: number): void {
    if (this.#reported.has(exchange)) return;
    this.#reported.add(exchange);
    this.#metrics.answered(exchange, status);
  }
}
