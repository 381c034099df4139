// Says once that something broke and once that it works again, however often it is tried in between.

import type { Logger } from "pino";
import { isDatabaseAway } from "../db/failures.ts";
import { rulesOfTicket } from "../kernel/failure.ts";
import { Refusal } from "../kernel/refusal.ts";
import { NatsUnavailable } from "../nats/publisher.ts";
import { ObjectStoreMisconfigured, ObjectStoreUnavailable } from "../storage/object-store.ts";
import type { Totals } from "./duty.ts";

/** Whether one ticket's rules cannot be read: that one is put aside, and the others go on. */
export const lacksRules = (error: unknown): boolean =>
  error instanceof Refusal && error.details["dependency"] === rulesOfTicket;

/** The part of the desk that is away, when that is what a failure means. */
export function awayPart(error: unknown): string | null {
  if (error instanceof Refusal)
    return error.code === "DEPENDENCY_UNAVAILABLE" && !lacksRules(error) ? String(error.details["dependency"]) : null;
  if (error instanceof ObjectStoreUnavailable || error instanceof ObjectStoreMisconfigured) return "object_store";
  if (error instanceof NatsUnavailable) return "nats";
  return isDatabaseAway(error) ? "postgres" : null;
}

export class Trouble {
  readonly #log: Logger;
  readonly #totals: Totals;
  /** Each broken thing with the duties that met it. */
  readonly #broken = new Map<string, Set<string>>();

  constructor(log: Logger, totals: Totals) {
    this.#log = log;
    this.#totals = totals;
  }

  /** @param part what is away, where the caller knows */
  failed(duty: string, error: unknown, part: string | null = awayPart(error)): void {
    const what = part ?? `duty ${duty}`;
    const known = this.#broken.get(what);
    this.#broken.set(what, (known ?? new Set()).add(duty));
    if (part === null) this.#totals.errors++;
    if (known) return;
    if (part === null) this.#log.error({ duty, err: error }, "worker.duty_failed");
    else this.#log.warn({ dependency: part, err: error }, "worker.waiting");
  }

  worked(duty: string): void {
    for (const [what, duties] of this.#broken) {
      duties.delete(duty);
      if (duties.size > 0) continue;
      this.#broken.delete(what);
      this.#log.info({ recovered: what }, "worker.recovered");
    }
  }
}
