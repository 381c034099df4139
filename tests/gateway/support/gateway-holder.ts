// A program for the tests of the gateway: starts one with the options given as JSON, says so in a line of JSON, and holds
// it until it is killed.

import type { GatewayOptions } from "../../../dispatch/ops/gateway/gateway.ts";
import { startGateway } from "../../../dispatch/ops/gateway/gateway.ts";

const options: Omit<GatewayOptions, "say"> = JSON.parse(process.argv[2] ?? "");
try {
  const { url, token, pid, port } = await startGateway({ ...options, say: () => undefined });
  console.log(JSON.stringify({ ready: { url, token, pid, port } }));
} catch (cause) {
  console.log(JSON.stringify({ failed: cause instanceof Error ? cause.message : String(cause) }));
  process.exitCode = 1;
}
