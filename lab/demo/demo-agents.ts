// The demo's AI agents: each a `pnpm dispatch:agent` with a small command in place of a model, and the service that starts one who is
// woken.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";

export type DemoAgents = {
  /** Of the service that wakes agents. */
  readonly url: string;
  /** Starts one, once the desk is there; it comes onto the roster by itself. */
  start(slug: string, options: AgentOptions): Promise<ChildProcess>;
  /** Who is started when the desk wakes them. */
  wakes(slug: string, options: AgentOptions): void;
  stop(): Promise<void>;
};

export type AgentOptions = {
  /** The desk. */
  readonly apiUrl: string;
  readonly capabilities: string;
  readonly policy?: "always_on" | "on_demand";
  /** The words of its command. */
  readonly command: readonly string[];
};

const script = fileURLToPath(new URL("../../dispatch/agent/main.ts", import.meta.url));

export async function startDemoAgents(adminToken: string): Promise<DemoAgents> {
  const children: ChildProcess[] = [];
  const sleepers = new Map<string, AgentOptions>();
  const run = (slug: string, { apiUrl, capabilities, policy, command }: AgentOptions): ChildProcess => {
    const args = [
      "--slug",
      slug,
      "--url",
      apiUrl,
      "--capabilities",
      capabilities,
      "--command",
      JSON.stringify(command),
    ];
    const child = spawn(process.execPath, [script, ...args, ...(policy ? ["--policy", policy] : [])], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...bareEnvironment, DISPATCH_ADMIN_TOKEN: adminToken },
    });
    children.push(child);
    return child;
  };
  const service = createServer((request, response) => {
    const [, slug = "", wake] = /^\/admin\/agents\/([\w-]+)(\/wake)?$/.exec(request.url ?? "") ?? [];
    const options = sleepers.get(slug);
    if (options && wake && request.method === "POST") run(slug, options);
    response.writeHead(options ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify({ slug }));
  });
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  const address = service.address();
  if (address === null || typeof address === "string") throw new Error("the service that wakes agents has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async start(slug, options) {
      const child = run(slug, options);
      await says(child, "waiting for tasks");
      return child;
    },
    wakes: (slug, options) => void sleepers.set(slug, options),
    async stop() {
      service.close();
      service.closeAllConnections();
      const living = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
      for (const child of living) child.kill("SIGKILL");
      await Promise.all(living.map((child) => once(child, "exit")));
    },
  };
}

/** @throws Error when it ends before */
async function says(child: ChildProcess, words: string): Promise<void> {
  let said = "";
  const heard = new Promise<void>((resolve) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(words)) resolve();
    });
  });
  const ended = once(child, "exit").then(() => {
    throw new Error(`an agent of the demo ended before it said "${words}": ${said}`);
  });
  await Promise.race([heard, ended]);
  // Its end is nobody's failure from here on.
  ended.catch(() => undefined);
}
