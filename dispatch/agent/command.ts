// `pnpm dispatch:agent`: an AI agent, or any program that does desk tasks, on the roster of a desk.

import { randomUUID } from "node:crypto";
import { CommandFailure, runCommand } from "../process/command-line.ts";
import { runAgent } from "./agent.ts";
import { DeskClient, DeskRefused } from "./desk-client.ts";
import { register } from "./register.ts";

const options = {
  slug: { type: "string" },
  command: { type: "string" },
  url: { type: "string" },
  capabilities: { type: "string" },
  type: { type: "string" },
  policy: { type: "string" },
  "max-concurrent": { type: "string" },
  "idle-exit": { type: "string" },
} as const;

export const agentCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:agent",
      about: `Does desk tasks: takes those that the desk gives this agent, and runs a command for each.

The command gets the task as one line of JSON on its standard input. Each line it prints that is a JSON object with
"progress" (a text, or {"message", "percent", "data"}) is told at once; the last with "result" is the result, with
"summary" and "tokens_used" beside it. What else it prints is the result as text. Exit 0: done; 65: nobody else need
try; anything else: it is given out again while it has retries.

Ctrl-C or SIGTERM finishes what is in hand and takes nothing more; a second one gives it back.
DISPATCH_AGENT_TOKEN is this agent's token. Without one, DISPATCH_ADMIN_TOKEN puts the agent on the roster and makes
it one; with neither the desk must have its development headers on.`,
      options,
      meanings: {
        slug: "what the agent is called by, e.g. clerk",
        command: 'a JSON array of words, e.g. \'["node", "clerk.mjs"]\'; no shell reads it',
        url: "the desk; otherwise DISPATCH_API_URL, otherwise http://127.0.0.1:8080",
        capabilities: "what it is able to do, with commas, e.g. 'warranty, quote': for the roster",
        type: "what sort of agent it is, e.g. clerk: for the roster",
        policy: "always_on, or on_demand when it may sleep: for the roster",
        "max-concurrent": "tasks at once, 1 to 50: for the roster",
        "idle-exit": "seconds without a task after which it ends, for one that is woken; never unless given",
      },
    },
    async (values) => {
      const { slug } = values;
      if (!slug || !/^[a-z0-9][a-z0-9_-]{0,62}$/.test(slug))
        throw new CommandFailure("--slug must be lower-case letters, digits, _ and -, e.g. --slug clerk");
      const command = wordsIn(values.command);
      const idle = values["idle-exit"] === undefined ? null : Number(values["idle-exit"]);
      if (idle !== null && !(idle > 0)) throw new CommandFailure("--idle-exit must be a number of seconds above 0");
      const url = (values.url ?? process.env["DISPATCH_API_URL"] ?? "http://127.0.0.1:8080").replace(/\/+$/, "");
      const say = (line: string) => console.log(`${new Date().toISOString()} ${slug} ${line}`);
      try {
        const wanted = {
          slug,
          ...(values.capabilities !== undefined && { capabilities: values.capabilities }),
          ...(values.type !== undefined && { agent_type: values.type }),
          ...(values.policy !== undefined && { policy: values.policy }),
          ...(values["max-concurrent"] !== undefined && { max_concurrent: Number(values["max-concurrent"]) }),
        };
        const admin = process.env["DISPATCH_ADMIN_TOKEN"] || null;
        const token = process.env["DISPATCH_AGENT_TOKEN"] || (await register(url, wanted, { admin, say }));
        const client = new DeskClient({ url, slug, token, run: randomUUID() });
        const { draining, stopping } = twoSignals();
        const environment = { ...commandEnvironment(), DISPATCH_API_URL: url };
        const why = await runAgent({
          client,
          command,
          environment,
          idleMs: idle === null ? null : idle * 1_000,
          draining,
          stopping,
          say,
        });
        return why === "replaced" ? 1 : 0;
      } catch (error) {
        if (error instanceof DeskRefused) throw new CommandFailure(`${error.code}: ${error.message}`);
        throw error;
      }
    },
  );

function wordsIn(text: string | undefined): [string, ...string[]] {
  let words: unknown;
  try {
    words = JSON.parse(text ?? "");
  } catch {
    words = null;
  }
  if (!Array.isArray(words)) throw noWords();
  const [program, ...rest] = words.map(String);
  if (program === undefined || program === "") throw noWords();
  return [program, ...rest];
}

const noWords = () =>
  new CommandFailure('--command must be a JSON array of words, e.g. --command \'["node", "clerk.mjs"]\'');

/** What a command needs of ours, and no secret. */
function commandEnvironment(): Record<string, string> {
  const kept = ["PATH", "HOME", "LANG", "TZ"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(kept);
}

/** The first signal drains, the second stops. */
function twoSignals() {
  const draining = new AbortController();
  const stopping = new AbortController();
  const onSignal = () => (draining.signal.aborted ? stopping : draining).abort();
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return { draining: draining.signal, stopping: stopping.signal };
}
