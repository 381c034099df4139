// What may tell a person that something is wrong, looked at side by side and for as long as a drill lasts. Each look puts what it
// finds into a text:
//   /health 503 postgres: cannot be reached or used     what a probe sees
//   /health does not answer
//   alert WORKER_SILENT                                 /ops/alerts
//   rule DATABASE_UNAVAILABLE                           a rule of Prometheus holds on /metrics
//   stack:status worker-1: heartbeat late               what the stack says of a part
//   supervisor: api: ended with SIGKILL. …              a line of the supervisor's log

import { setTimeout as pause } from "node:timers/promises";
import { allRules } from "../../ops/alerts/rules.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { supervisorName } from "../../dispatch/ops/stack/folder.ts";
import { FollowedLog } from "../../dispatch/ops/stack/followed-log.ts";
import { stackStatus } from "../../dispatch/ops/stack/status.ts";
import { firingAlerts, type Ground } from "./ground.ts";
import { holds, samplesOf } from "./rule-expression.ts";

export type Sign = { readonly text: string; /** Of performance.now(). */ readonly at: number };

type Look = { readonly name: string; readonly everyMs: number; readonly find: () => Promise<readonly string[]> };

const scrapedWithinMs = 3_000;

export class Signs {
  readonly #stopping = new AbortController();
  /** What each look found last. */
  readonly #current = new Map<string, readonly string[]>();
  /** Every sign with the moment it was first seen since the last `forget`. */
  readonly #seen = new Map<string, number>();
  #before: ReadonlySet<string> = new Set();
  #loops: readonly Promise<void>[] = [];

  /** Looks once at everything, and goes on looking. What is there at the first look is no sign. */
  static async watch(ground: Ground): Promise<Signs> {
    const signs = new Signs();
    const log = await FollowedLog.fromItsEnd(ground.folder.log(supervisorName));
    const looks: readonly Look[] = [
      { name: "health", everyMs: 500, find: () => ofHealth(ground) },
      { name: "alerts", everyMs: 500, find: () => ofAlerts(ground) },
      { name: "rules", everyMs: 2_000, find: () => ofRules(ground) },
      { name: "status", everyMs: 2_000, find: () => ofStatus(ground) },
      { name: "supervisor", everyMs: 500, find: async () => (await log.newLines()).map(spoken) },
    ];
    await Promise.all(looks.map((look) => signs.#look(look)));
    signs.#before = new Set([...signs.#current.values()].flat());
    signs.#seen.clear();
    signs.#loops = looks.map((look) => signs.#keepLooking(look));
    return signs;
  }

  /** The first sign that `pattern` knows, of those that were not there before the fault; null while there is none. */
  first(pattern: RegExp): Sign | null {
    for (const [text, at] of this.#seen) if (pattern.test(text)) return { text, at };
    return null;
  }

  /** Whether something that `pattern` knows shows now; what the supervisor once said is over. */
  shows(pattern: RegExp): boolean {
    return [...this.#current].some(
      ([name, texts]) => name !== "supervisor" && texts.some((text) => pattern.test(text) && !this.#before.has(text)),
    );
  }

  /** All that was seen, for a drill that nothing of its own told of. */
  all(): string[] {
    return [...this.#seen.keys()];
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }

  async #keepLooking(look: Look): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await pause(look.everyMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      await this.#look(look);
    }
  }

  async #look({ name, find }: Look): Promise<void> {
    const texts = await find();
    const at = performance.now();
    this.#current.set(name, texts);
    for (const text of texts) if (!this.#before.has(text) && !this.#seen.has(text)) this.#seen.set(text, at);
  }
}

async function ofHealth(ground: Ground): Promise<string[]> {
  const answer = await ground.health();
  if (answer === null) return ["/health does not answer"];
  if (answer.status === 200) return [];
  const checks = isObject(answer.body) && isObject(answer.body["checks"]) ? answer.body["checks"] : {};
  const ill = Object.entries(checks).flatMap(([part, check]) =>
    isObject(check) && check["status"] !== "ok" ? [`${part}: ${String(check["reason"] ?? check["status"])}`] : [],
  );
  return [`/health ${answer.status} ${ill.join(", ")}`.trimEnd()];
}

const ofAlerts = async ({ url }: Ground): Promise<string[]> =>
  ((await firingAlerts(url)) ?? []).map(({ code }) => `alert ${code}`);

/** The rule of a reported alert says what /ops/alerts says; what holds only over a time is not looked at. */
async function ofRules({ url }: Ground): Promise<string[]> {
  const scraped = await fetch(`${url}/metrics`, {
    headers: { accept: "text/plain" },
    signal: AbortSignal.timeout(scrapedWithinMs),
  })
    .then(async (response) => (response.ok ? await response.text() : ""))
    .catch(() => "");
  const up = `up{job="dispatch-api"} ${scraped === "" ? 0 : 1}`;
  const samples = samplesOf(`${up}\n${scraped}`);
  return allRules.filter(({ expression }) => holds(expression, samples) === true).map(({ code }) => `rule ${code}`);
}

async function ofStatus({ settings }: Ground): Promise<string[]> {
  const { state, services } = await stackStatus(settings);
  if (state === "lost" || state === "down") return [`stack:status ${state}`];
  return services.flatMap(({ name, state: part, health }) =>
    part === "running" && health === "ok" ? [] : [`stack:status ${name}: ${part === "running" ? health : part}`],
  );
}

/** Without its time. */
const spoken = (line: string): string => `supervisor: ${line.replace(/^\d{4}-\S+ /, "")}`;
