// The ports of a stack: fixed for its whole life, so that a process that is started again is found where it was.

import type { Settings } from "../../process/settings.ts";
import { CommandFailure } from "../../process/command-line.ts";
import { freePort, isFree } from "../gateway/free-port.ts";

export type StackPorts = { readonly api: number; readonly metrics: number; readonly gateway: number | null };

/**
 * Settles the ports before anything is started.
 * @throws CommandFailure naming the port that is taken, and its setting
 */
export async function settlePorts(settings: Settings, withGateway: boolean): Promise<StackPorts> {
  const { apiHost, apiPort, metricsPort, gatewayPort } = settings;
  return {
    api: await settled(apiPort, apiHost, "DISPATCH_API_PORT"),
    metrics: metricsPort === 0 ? 0 : await settled(metricsPort, apiHost, "DISPATCH_METRICS_PORT"),
    gateway: withGateway ? await settled(gatewayPort, "127.0.0.1", "DISPATCH_GATEWAY_PORT") : null,
  };
}

async function settled(port: number, host: string, variable: string): Promise<number> {
  if (port === 0) return freePort(0);
  if (await isFree(port, host)) return port;
  throw new CommandFailure(
    `Port ${port} on ${host} is in use: stop the process that has it, or set ${variable} to another port.`,
  );
}
