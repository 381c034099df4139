// A real NATS server with JetStream for drills and tests, Debian's nats-server: on 127.0.0.1, its files in a temporary folder. It can be
// killed, and started again on the same port with the same files. Knows nothing of Dispatch.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { access, constants, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { freePort } from "../../dispatch/ops/gateway/free-port.ts";

/** Debian keeps it where only root's PATH leads. */
const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin"];

async function program(): Promise<string | null> {
  for (const folder of folders) {
    const path = join(folder, "nats-server");
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return null;
}

/** Why there is none on this machine, in words fit for a skip message; null when there is. */
export const natsMissing = async (): Promise<string | null> =>
  (await program()) === null
    ? "nats-server is not installed: apt-get install -y --no-install-recommends nats-server"
    : null;

export type Login = { readonly user: string; readonly password: string };

export type NatsServer = {
  readonly port: number;
  readonly url: string;
  /** As when its machine loses power. */
  kill(): Promise<void>;
  /** The same server again, after `kill`; with another login where one is given. */
  start(login?: Login): Promise<void>;
  /** Asks it as its operator. */
  manage<T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T>;
};

export type NatsServerOptions = { readonly login?: Login; /** A free one unless given. */ readonly port?: number };

/** Starts one that ends with `t`. */
export async function startNatsServer(
  t: { after(fn: () => Promise<void>): void },
  { login: first, port: given }: NatsServerOptions = {},
): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-nats-"));
  const port = given ?? (await freePort(0));
  let login = first;
  let child: ChildProcess | null = null;
  const kill = async (): Promise<void> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  const start = async (next = login): Promise<void> => {
    login = next;
    const server = await program();
    if (server === null) throw new Error("nats-server is not installed");
    const options = ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", folder];
    if (login) options.push("--user", login.user, "--pass", login.password);
    // A test process that is killed takes it along.
    const [command = server, ...before] =
      process.platform === "linux" ? ["setpriv", "--pdeathsig", "KILL", server] : [];
    child = spawn(command, [...before, ...options], { stdio: ["ignore", "ignore", "pipe"] });
    await ready(child);
  };
  t.after(async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  });
  await start();
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    kill,
    start,
    manage: async (work) => {
      const nc = await connect({
        servers: `127.0.0.1:${port}`,
        ...(login && { user: login.user, pass: login.password }),
      });
      try {
        return await work(await jetstreamManager(nc));
      } finally {
        await nc.close();
      }
    },
  };
}

async function ready({ stderr }: ChildProcess): Promise<void> {
  if (stderr === null) throw new Error("the server's log is not read");
  const lines: string[] = [];
  for await (const line of createInterface({ input: stderr })) {
    lines.push(line);
    if (!line.includes("Server is ready")) continue;
    // Whoever reads no more must not stop the server.
    stderr.resume();
    return;
  }
  throw new Error(`nats-server did not start:\n${lines.slice(-8).join("\n")}`);
}
