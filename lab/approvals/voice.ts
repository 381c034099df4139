// Whoever speaks to the desk in this run: people under their own names, and models, whose tokens say so. A thing is said again by the same
// key, as the plugin does, to whichever API is there, until it is answered.

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { SignJWT } from "jose";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import type { ApiProcess } from "../bench/api-process.ts";
import type { KeptUp } from "./kept-up.ts";

export const tokenSecret = "chaos-token-secret-of-more-than-32-characters";

/** What is about to be sent, for whoever wants to kill in just that moment. */
export type Moment = "ask" | "answer" | "card" | "gateway" | "chat" | "other";

export type Said = {
  readonly path: string;
  readonly body: JsonObject;
  /** Of the token, beside those of a dispatcher who reaches everything. */
  readonly claims: JsonObject;
  readonly key?: string;
  readonly moment?: Moment;
  /** Says it once: whoever asked is gone before the answer came. */
  readonly once?: boolean;
};

export type Heard = { readonly status: number; readonly body: JsonObject; readonly error: JsonObject };

const againMs = 60;
const patienceMs = 15_000;

export class Voice {
  readonly #apis: readonly KeptUp<ApiProcess>[];
  readonly #onSend: (moment: Moment, api: number) => void;
  #turn = 0;
  /** How often something had to be said again, and why. */
  readonly repeated = new Map<string, number>();

  constructor(apis: readonly KeptUp<ApiProcess>[], onSend: (moment: Moment, api: number) => void) {
    this.#apis = apis;
    this.#onSend = onSend;
  }

  /** @returns null only for what is said once, and was not answered */
  async say(said: Said): Promise<Heard | null> {
    const key = said.key ?? randomUUID();
    for (;;) {
      const heard = await this.#once(said, key);
      const code = heard === null ? "no answer" : String(heard.error["code"]);
      const passes = heard === null || heard.status >= 500 || code === "IDEMPOTENCY_IN_FLIGHT";
      if (!passes) return heard;
      if (said.once === true) return null;
      this.repeated.set(code, (this.repeated.get(code) ?? 0) + 1);
      await delay(againMs);
    }
  }

  async #once({ path, body, claims, moment = "other" }: Said, key: string): Promise<Heard | null> {
    const there = this.#apis.flatMap(({ now }, at) => (now ? [{ api: now, at }] : []));
    const one = there[this.#turn++ % Math.max(1, there.length)];
    if (!one) return null;
    const { api, at } = one;
    const token = await new SignJWT({ role: "dispatcher", scope: { account_ids: "*", site_ids: "*" }, ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("2m")
      .sign(Buffer.from(tokenSecret));
    this.#onSend(moment, at);
    try {
      const response = await fetch(`${api.url}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(patienceMs),
      });
      const answer: unknown = JSON.parse(await response.text());
      const whole = isObject(answer) ? answer : {};
      return { status: response.status, body: whole, error: isObject(whole["error"]) ? whole["error"] : {} };
    } catch {
      return null;
    }
  }
}
