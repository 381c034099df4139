// An agent as it runs for users, `dispatch/agent/main.ts` in a process of its own, killed by SIGKILL and started again as by a process
// manager.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { noteDeath, recordingCommand } from "./effects.ts";

const program = join(import.meta.dirname, "../../dispatch/agent/main.ts");
const endWithParent = new URL("../bench/end-with-parent.ts", import.meta.url).href;
/** Between the end of one process and the start of the next, when nobody says otherwise. */
const restartMs = 500;

export type AgentParts = {
  readonly apiUrl: string;
  readonly slug: string;
  readonly token: string;
  /** Where its commands record what they do. */
  readonly effectsFile: string;
  /** Called with each task whose completion was answered. */
  readonly onCompleted: (task: string) => void;
};

/** When no process of an agent was there, in ms since 1970. */
export type Absence = { readonly agent: string; readonly from: number; readonly to: number };

export class AgentProcess {
  readonly #parts: AgentParts;
  readonly #life = new AbortController();
  readonly #running: Promise<void>;
  #child: ChildProcess | null = null;
  #awayMs = restartMs;
  #launch = 0;
  readonly absences: Absence[] = [];
  /** What it said of trouble: words without ids, and how often. */
  readonly troubles = new Map<string, number>();
  /** How often it ended although nobody killed it. */
  ownEnds = 0;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.#running = this.#live();
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** SIGKILL. @param awayMs until it is started again */
  kill(awayMs = restartMs): void {
    this.#awayMs = awayMs;
    this.#child?.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    this.#life.abort();
    this.#child?.kill("SIGKILL");
    await this.#running;
  }

  async #live(): Promise<void> {
    const { slug, effectsFile } = this.#parts;
    const { signal } = this.#life;
    while (!signal.aborted) {
      const child = this.#start(++this.#launch);
      const [code] = await once(child, "exit");
      const from = Date.now();
      this.#child = null;
      if (code !== null) this.ownEnds++;
      await noteDeath(effectsFile, slug, this.#launch);
      const awayMs = this.#awayMs;
      this.#awayMs = restartMs;
      await delay(awayMs, undefined, { signal }).catch(() => undefined);
      this.absences.push({ agent: slug, from, to: Date.now() });
    }
  }

  #start(launch: number): ChildProcess {
    const { apiUrl, slug, token, effectsFile, onCompleted } = this.#parts;
    const command = recordingCommand(effectsFile, slug, launch);
    const child = spawn(
      process.execPath,
      ["--import", endWithParent, program, "--slug", slug, "--url", apiUrl, "--command", command],
      { stdio: ["ignore", "pipe", "pipe", "ipc"], env: { ...bareEnvironment, DISPATCH_AGENT_TOKEN: token } },
    );
    this.#child = child;
    createInterface({ input: child.stdout ?? process.stdin }).on("line", (line) => {
      const [, task, words = ""] = /^\S+ \S+ (?:([0-9a-f-]{36}): )?(.*)$/.exec(line) ?? [];
      if (task !== undefined && words === "done") onCompleted(task);
      else if (!usual.test(words)) this.#note(words);
    });
    createInterface({ input: child.stderr ?? process.stdin }).on("line", (line) => this.#note(line));
    return child;
  }

  #note(words: string): void {
    const plain = words.replaceAll(/[0-9a-f-]{36}/g, "…");
    this.troubles.set(plain, (this.troubles.get(plain) ?? 0) + 1);
  }
}

const usual = /^(started; |A task of the chaos$|failed$|was taken away)/;
