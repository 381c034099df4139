// Whether a gateway is ready, asked over HTTP without credentials, and whether it is the one a token opens.

import { isObject } from "../../kernel/json.ts";

const answerWithinMs = 2_000;

export type Readiness = {
  readonly ready: boolean;
  /** Since its last start or restart, in ms. */ readonly uptimeMs: number;
};

/** What /readyz says; null when nobody answers there. */
export async function readiness(url: string): Promise<Readiness | null> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(answerWithinMs) });
    const body: unknown = await response.json();
    if (!isObject(body)) return null;
    const { ready, uptimeMs } = body;
    return { ready: ready === true && response.status === 200, uptimeMs: typeof uptimeMs === "number" ? uptimeMs : 0 };
  } catch {
    return null;
  }
}

/** Whether an OpenClaw gateway that takes this token answers at the address. */
export async function opens(url: string, token: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/models`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(answerWithinMs),
    });
    const body: unknown = await response.json();
    const models: readonly unknown[] = isObject(body) && Array.isArray(body["data"]) ? body["data"] : [];
    return response.status === 200 && models.some((model) => isObject(model) && model["id"] === "openclaw");
  } catch {
    return false;
  }
}
