// A real OpenClaw gateway, by which a model's calls and people's words come to the desk as they do from a chat. It is killed, and started
// again on what it kept; behind one address, as behind a balancer, it finds whichever API is there.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { bundlePlugin, pluginFolder } from "../../dispatch/ops/gateway/bundle.ts";
import { GatewayError } from "../../dispatch/ops/gateway/error.ts";
import { callMethod, GatewayClient, type ToolAnswer } from "../../dispatch/ops/gateway/gateway-client.ts";
import { startGateway, type Gateway, type GatewayOptions } from "../../dispatch/ops/gateway/gateway.ts";
import { makeStateFolder, writeConfiguration } from "../../dispatch/ops/gateway/state-folder.ts";
import type { JsonObject } from "../../dispatch/kernel/json.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { ApiProcess } from "../bench/api-process.ts";
import { startTelegram, telegramChannel, type Sent } from "../telegram.ts";
import { KeptUp } from "./kept-up.ts";
import { tokenSecret } from "./voice.ts";

/** Whose gateway it is: what its model calls, the desk hears in this name. */
export const gatewayOwner = "gia";

/** Who writes to it in a chat. Each waits for an answer before they write again. */
export const chatters = ["olga", "otto", "pia", "quin", "rosa", "sam"] as const;
export type Chatter = (typeof chatters)[number];
const senderOf = (person: Chatter): number => 2_001 + chatters.indexOf(person);

export type DeskGateway = {
  /** Calls a tool as its model does. @returns what came of it; null where whoever called, or the gateway, was gone before it said so */
  call(tool: string, args: JsonObject): Promise<ToolAnswer | null>;
  /**
   * A person writes to it: where it is away, their chat keeps that until it is back.
   * @returns the first answer that is one to this; null when none came in time, once it is there
   */
  write(person: Chatter, text: string, isAnswer: (text: string) => boolean): Promise<string | null>;
  readonly up: Promise<unknown>;
  kill(): Promise<void>;
};

/** How long a call is waited for: once somebody has written to it, a gateway shows a card, and waits for an answer on that. */
const callMs = 5_000;
/** How long a person waits before they write again. */
const patienceMs = 10_000;

const roles = ["dispatcher", "finance"] as const;
const everywhere = { accounts: ["*"], sites: ["*"] };

/** It ends with `ends`. */
export async function startDeskGateway(
  ends: AsyncDisposableStack,
  folder: string,
  apis: readonly KeptUp<ApiProcess>[],
): Promise<DeskGateway> {
  await bundlePlugin();
  const telegram = await startTelegram();
  ends.defer(() => telegram.stop());
  await writeConfiguration(await makeStateFolder(folder), {
    channels: { telegram: telegramChannel(telegram, chatters.map(senderOf)) },
    plugins: { allow: ["telegram"] },
  });
  const options: GatewayOptions = {
    dataDir: folder,
    apiUrl: await openBalancer(ends, apis),
    signing: { secret: tokenSecret },
    owner: { actor: gatewayOwner, roles, ...everywhere },
    people: chatters.map((actor) => ({
      channel: "telegram",
      senderId: String(senderOf(actor)),
      actor,
      roles,
      ...everywhere,
    })),
    pluginPath: pluginFolder,
    // No model takes part: its calls are made by whoever asks here.
    scriptedModelUrl: "http://127.0.0.1:9",
    port: 0,
    say: () => undefined,
  };
  let port: number | null = null;
  const breaker = crashLoopBreaker();
  const gateway = new KeptUp(async () => {
    const started = await startGateway(port === null ? options : { ...options, fixedPort: port }).catch(
      (error: unknown) => {
        throw error instanceof GatewayError ? new CommandFailure(error.message) : error;
      },
    );
    ({ port } = started);
    if (breaker.isTripped()) await startChat(started);
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
        return await client.invoke(tool, args, { timeoutMs: callMs });
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        return error.code === "unreachable" ? null : { text: error.message, details: {} };
      }
    },
    write: async (person, text, isAnswer) => {
      const sender = senderOf(person);
      const before = telegram.sentTo(sender).length;
      telegram.write(sender, text);
      // Not a card, which has buttons.
      const isNew = (sent: Sent): boolean =>
        sent.buttons.length === 0 && telegram.sentTo(sender).indexOf(sent) >= before;
      const hear = () => telegram.heard(sender, (sent) => isNew(sent) && isAnswer(sent.text), patienceMs);
      const answer = (await hear()) ?? (gateway.now ? null : await gateway.up.then(hear));
      return answer?.text ?? null;
    },
    get up() {
      return gateway.up;
    },
    kill: () => gateway.kill(),
  };
}

/**
 * OpenClaw starts no chat once it was begun three times within five minutes and ended in good order none of these times, as its
 * gateway-boot-lifecycle has it: somebody has to look, and to start it by hand.
 */
function crashLoopBreaker(): { isTripped(): boolean } {
  const [mostBoots, withinMs] = [3, 300_000];
  let boots: number[] = [];
  return {
    isTripped: () => {
      const now = performance.now();
      // A little longer than that: what runs already is not started twice.
      boots = boots.filter((at) => now - at < withinMs * 1.2);
      return boots.push(now) > mostBoots;
    },
  };
}

/** What whoever looks after it does then. */
async function startChat({ folder, pid, ended }: Gateway): Promise<void> {
  try {
    await callMethod(folder, "channels.start", { channel: "telegram" });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    process.kill(pid, "SIGKILL");
    await ended;
    throw new CommandFailure(error.message);
  }
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
