// Runs gateway-holder.ts as a process of its own, to be killed outright.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { isObject } from "../../../dispatch/kernel/json.ts";
import type { GatewayOptions } from "../../../dispatch/ops/gateway/gateway.ts";

export type HeldGateway = {
  readonly url: string;
  readonly token: string;
  /** The gateway's. */
  readonly pid: number;
  readonly port: number;
  /** Kills its holder, and waits until that is gone. */
  killHolder(): Promise<void>;
};

/** Starts a gateway in a process of its own, killed when `t` ends. */
export async function holdGateway(t: TestContext, options: GatewayOptions): Promise<HeldGateway> {
  const holder = spawn(process.execPath, [join(import.meta.dirname, "gateway-holder.ts"), JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(holder, "exit");
  const killHolder = async () => {
    holder.kill("SIGKILL");
    await gone;
  };
  t.after(killHolder);
  for await (const line of createInterface({ input: holder.stdout })) {
    const said: unknown = JSON.parse(line);
    assert.ok(isObject(said) && isObject(said["ready"]), `the holder did not start a gateway: ${line}`);
    const { url, token, pid, port } = said["ready"];
    assert.ok(
      typeof url === "string" && typeof token === "string" && typeof pid === "number" && typeof port === "number",
    );
    return { url, token, pid, port, killHolder };
  }
  return assert.fail("the holder ended without a word");
}
