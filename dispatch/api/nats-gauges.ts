// What is told of the relay to NATS: how much waits, since when, and what it left out. The API connects to no NATS server; it reads the
// outbox, and only where it has the server's address in its settings, as the workers have.

import type { Desk } from "../kernel/desk.ts";
import { relayState, type RelayState } from "../nats/relay-state.ts";
import type { WebhookState } from "../webhooks/webhook-state.ts";
import { natsBehindSeconds } from "./metric-list.ts";

type Values = ReadonlyMap<string, number>;

const off: RelayState = { pending: 0, lag_seconds: 0, skipped: 0 };

/** @param read the state, shared between the gauges; null when it is not known */
export function natsGauges(read: () => Promise<RelayState | null>) {
  const showing = (name: keyof RelayState) => async (): Promise<Values> => {
    const state = await read();
    return new Map(state === null ? [] : [["", state[name]]]);
  };
  return { dispatch_nats_lag_seconds: showing("lag_seconds"), dispatch_nats_skipped: showing("skipped") };
}

/** What waits for each sink, as far as it is known. */
export function pendingBySink(webhooks: WebhookState | null, nats: RelayState | null): Values {
  const values = new Map<string, number>();
  if (webhooks !== null) values.set("webhook", webhooks.pending + webhooks.pending_paused);
  if (nats !== null) values.set("nats", nats.pending);
  return values;
}

export const readNats = ({ db, clock, settings }: Desk): Promise<RelayState> =>
  settings.natsUrl === null ? Promise.resolve(off) : relayState(db, clock.now());

/** How NATS stands, for whoever may know no more. */
export async function natsStanding(desk: Desk): Promise<"off" | "on" | "behind"> {
  if (desk.settings.natsUrl === null) return "off";
  return (await readNats(desk)).lag_seconds > natsBehindSeconds ? "behind" : "on";
}
