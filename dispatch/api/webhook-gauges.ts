// What is told of webhooks: how much waits, since when, and what was given up; apart for paused endpoints, which nobody
// expects to be served.

import { webhookState, type WebhookState } from "../webhooks/webhook-state.ts";
import type { Desk } from "../kernel/desk.ts";

type Values = ReadonlyMap<string, number>;

/** @param read the state, shared between the gauges; null when it is not known */
export function webhookGauges(read: () => Promise<WebhookState | null>) {
  const showing = (labels: Readonly<Record<string, keyof WebhookState>>) => async (): Promise<Values> => {
    const state = await read();
    return new Map(state === null ? [] : Object.entries(labels).map(([label, name]) => [label, state[name]]));
  };
  return {
    dispatch_webhook_pending: showing({ active: "pending", paused: "pending_paused" }),
    dispatch_webhook_lag_seconds: showing({ active: "lag_seconds", paused: "lag_paused_seconds" }),
    dispatch_webhook_dead_letters: showing({ "": "dead_letters" }),
  };
}

export const readWebhooks = (desk: Desk): Promise<WebhookState> => webhookState(desk.db, desk.clock.now());
