// A real OpenClaw gateway, by which a model's calls come to the desk as they do from a chat. It is killed, and started again on what it
// kept; behind one address, as behind a balancer, it finds whichever API is there.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { bundlePlugin, pluginFolder } from "../../dispatch/ops/gateway/bundle.ts";
import { GatewayError } from "../../dispatch/ops/gateway/error.ts";
import { GatewayClient, type ToolAnswer } from "../../dispatch/ops/gateway/gateway-client.ts";
import { startGateway, type GatewayOptions } from "../../dispatch/ops/gateway/gateway.ts";
import type { JsonObject } from "../../dispatch/kernel/json.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { ApiProcess } from "../bench/api-process.ts";
import { KeptUp } from "./kept-up.ts";
import { tokenSecret } from "./voice.ts";

/** Whose gateway it is: what its model calls, the desk hears in this name. */
export const gatewayOwner = "gia";

export type DeskGateway = {
  /** Calls a tool as its model does. @returns what came of it; null where the gateway was gone before it said so */
  call(tool: string, args: JsonObject): Promise<ToolAnswer | null>;
  readonly up: Promise<unknown>;
  kill(): Promise<void>;
};

/** It ends with `ends`. */
export async function startDeskGateway(
  ends: AsyncDisposableStack,
  folder: string,
  apis: readonly KeptUp<ApiProcess>[],
): Promise<DeskGateway> {
  await bundlePlugin();
  const options: GatewayOptions = {
    dataDir: folder,
    apiUrl: await openBalancer(ends, apis),
    signing: { secret: tokenSecret },
    owner: { actor: gatewayOwner, roles: ["dispatcher"], accounts: ["*"], sites: ["*"] },
    pluginPath: pluginFolder,
    // No model takes part: its calls are made by whoever asks here.
    scriptedModelUrl: "http://127.0.0.1:9",
    port: 0,
    say: () => undefined,
  };
  let port: number | null = null;
  const gateway = new KeptUp(async () => {
    const started = await startGateway(port === null ? options : { ...options, fixedPort: port }).catch(
      (error: unknown) => {
        throw error instanceof GatewayError ? new CommandFailure(error.message) : error;
      },
    );
    ({ port } = started);
    return {
      client: new GatewayClient(started.url, started.token),
      ended: started.ended,
      kill: async () => {
        process.kill(started.pid, "SIGKILL");
        await started.ended;
      },
    };
  });
  ends.defer(() => gateway.stop());
  await gateway.up;
  return {
    call: async (tool, args) => {
      const { client } = await gateway.up;
      try {
        return await client.invoke(tool, args);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        return error.code === "unreachable" ? null : { text: error.message, details: {} };
      }
    },
    get up() {
      return gateway.up;
    },
    kill: () => gateway.kill(),
  };
}

/** @returns an address at which the API answers that is there, in turn */
async function openBalancer(ends: AsyncDisposableStack, apis: readonly KeptUp<ApiProcess>[]): Promise<string> {
  const sockets = new Set<Socket>();
  let turn = 0;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    const there = apis.flatMap(({ now }) => now ?? []);
    const api = there[turn++ % Math.max(1, there.length)];
    if (!api) return void client.destroy();
    const far = keep(connect(Number(new URL(api.url).port), "127.0.0.1"));
    client.pipe(far).pipe(client);
    client.on("close", () => far.destroy());
    far.on("close", () => client.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  ends.defer(async () => {
    const closed = once(server.close(), "close");
    sockets.forEach((socket) => socket.destroy());
    await closed;
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the balancer has no port");
  return `http://127.0.0.1:${address.port}`;
}
