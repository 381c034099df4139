// An agent: hears of its tasks, runs a command for each, says what came of it, and that it lives. It holds no truth: what it has is what
// the desk says that it has.

import { setTimeout as delay } from "node:timers/promises";
import { DeskRefused, type DeskClient, type Progress } from "./desk-client.ts";
import { writeLastWill, type LastWill } from "./last-will.ts";
import { runTask } from "./run-command.ts";
import { followTasks, type TaskEvent } from "./task-events.ts";

type Options = {
  readonly client: DeskClient;
  readonly command: readonly [string, ...string[]];
  /** What commands find in their environment, beside the task's own names. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends it when it has had nothing to do for so long; null: never. */
  readonly idleMs: number | null;
  /** No new work; what is in hand is finished. */
  readonly draining: AbortSignal;
  /** Nothing more at all: what is in hand is ended, and goes back. */
  readonly stopping: AbortSignal;
  readonly say: (line: string) => void;
};

/** Why an agent is over. */
export type AgentEnd = "drained" | "stopped" | "idle" | "replaced";

/** One word of a task's progress goes out at most so often; of several the newest. */
const progressEveryMs = 2_000;

/** @throws DeskRefused where the desk does not want this agent at all */
export async function runAgent(options: Options): Promise<AgentEnd> {
  const { client, draining, stopping, say, idleMs } = options;
  const running = new Map<string, AbortController>();
  const over = new AbortController();
  let end = null as AgentEnd | null;
  let lastBusy = performance.now();
  const finish = (why: AgentEnd) => {
    end ??= why;
    over.abort();
    if (why !== "drained") for (const one of running.values()) one.abort();
  };

  const lastWill = writeLastWill();
  await client.started();
  say("started; waiting for tasks");

  // Who is idle again, or at work, says so at once: by that the broker chooses.
  let resting = new AbortController();
  let hasNews = false;
  const tellSoon = () => {
    hasNews = true;
    resting.abort();
  };

  const begin = (id: string) => {
    if (running.has(id) || draining.aborted || over.signal.aborted) return;
    const own = new AbortController();
    running.set(id, own);
    tellSoon();
    void work(options, lastWill, id, own.signal)
      .catch((error: unknown) => {
        if (error instanceof DeskRefused && error.code === "AGENT_REPLACED") finish("replaced");
        say(`${id}: ${error instanceof Error ? error.message : String(error)}`);
      })
      .finally(() => {
        running.delete(id);
        lastBusy = performance.now();
        tellSoon();
        if (draining.aborted && running.size === 0) finish("drained");
        // It may have been given back meanwhile, which was no news while it was still in hand.
        if (own.signal.aborted) catchUp();
      });
  };
  /** What the desk says that this agent has; asked whenever something may have been missed. */
  const catchUp = () => {
    if (draining.aborted || over.signal.aborted) return;
    void client
      .held(over.signal)
      .then((tasks) => tasks.forEach(({ id }) => begin(id)))
      .catch((error: unknown) => say(`its tasks could not be read: ${String(error)}`));
  };
  const onEvent = ({ id, event, data }: TaskEvent) => {
    if (toDo.has(event) && data["assignee"] === client.slug) begin(id);
    if (takenAway.has(event)) running.get(id)?.abort();
  };

  draining.addEventListener("abort", () => {
    say(running.size === 0 ? "draining" : `draining: ${running.size} in hand`);
    if (running.size === 0) finish("drained");
  });
  stopping.addEventListener("abort", () => finish("stopped"));
  if (draining.aborted) finish("drained");

  const following = followTasks({
    client,
    signal: over.signal,
    onEvent,
    onStarted: (run) => {
      if (run !== client.run) finish("replaced");
    },
    onOpen: catchUp,
    onTrouble: (error) => say(`no events: ${error instanceof Error ? error.message : String(error)}`),
  }).catch((error: unknown) => {
    if (error instanceof DeskRefused && error.code === "AGENT_REPLACED") finish("replaced");
    else {
      finish("stopped");
      throw error;
    }
  });
  const beating = (async () => {
    while (!over.signal.aborted) {
      let next = 30_000;
      hasNews = false;
      try {
        next = await client.heartbeat(draining.aborted ? "paused" : running.size > 0 ? "working" : "idle");
      } catch (error) {
        if (error instanceof DeskRefused && error.code === "AGENT_REPLACED") finish("replaced");
        else say(`heartbeat: ${error instanceof Error ? error.message : String(error)}`);
        next = 5_000;
      }
      if (idleMs !== null && running.size === 0 && performance.now() - lastBusy > idleMs) finish("idle");
      const wait = idleMs === null ? next : Math.min(next, idleMs);
      resting = new AbortController();
      // It changed while the last word was under way.
      if (hasNews) continue;
      await delay(wait, undefined, { signal: AbortSignal.any([over.signal, resting.signal]) }).catch(() => undefined);
    }
  })();
  await Promise.all([following, beating]);
  // What is in hand ends by itself, or was told to.
  while (running.size > 0) await delay(50);
  const why = end ?? "stopped";
  if (why !== "replaced") await client.stopped(why);
  say(why === "replaced" ? "another run of this agent has started; this one ends" : `stopped (${why})`);
  return why;
}

/** Events after which the task is this agent's to work on: given to it, no longer blocked, or sent back by who reviewed it. */
const toDo: ReadonlySet<string> = new Set(["assigned", "unblocked"]);
/** Events after which the task is no longer this agent's to work on. */
const takenAway: ReadonlySet<string> = new Set(["cancelled", "timeout", "reassigned", "blocked"]);

async function work(
  { client, command, environment, say }: Options,
  lastWill: LastWill,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  await client.begin(id, signal);
  // Read behind that: of an earlier assignment nothing may reach the command, and the one begun may be over by now.
  const task = await client.task(id, signal);
  if (task.assignee !== client.slug || task.status !== "in_progress") return say(`${id}: was taken away`);
  say(`${id}: ${task.title}`);
  const pace = paced((said) => client.progress(id, said));
  const ended = await runTask({
    command,
    task,
    environment: { ...environment, DISPATCH_TASK_ID: id },
    signal,
    onProgress: pace.say,
    lastWill,
  });
  await pace.settled();
  if (ended.kind === "stopped") return say(`${id}: was taken away, or this agent stops`);
  if (ended.kind === "failed") {
    await client.fail(id, { error: ended.error, retry: ended.retry }, signal);
    return say(`${id}: failed`);
  }
  const { result, summary, tokensUsed } = ended;
  const done = {
    result,
    ...(summary !== null && { summary }),
    ...(tokensUsed !== null && { tokens_used: tokensUsed }),
  };
  try {
    await client.complete(id, done, signal);
  } catch (error) {
    if (!(error instanceof DeskRefused) || !unfit.has(error.status)) throw error;
    // The desk never takes this result: the task must not wait for one until its time is over.
    await client.fail(id, { error: `Its result was refused: ${error.message}`.slice(0, 4_000) }, signal);
    return say(`${id}: failed, since its result was refused: ${error.message}`);
  }
  say(`${id}: done`);
}

/** A result that breaks a rule, or is too large. */
const unfit: ReadonlySet<number> = new Set([400, 413]);

/** Says the newest of what is said, at most so often; a word that does not arrive is no reason to stop. */
function paced(send: (said: Progress) => Promise<unknown>) {
  let waiting: Progress | null = null;
  let sending: Promise<void> | null = null;
  const run = async () => {
    while (waiting) {
      const said = waiting;
      waiting = null;
      await send(said).catch(() => undefined);
      if (waiting) await delay(progressEveryMs);
    }
    sending = null;
  };
  return {
    say: (said: Progress) => {
      waiting = said;
      sending ??= run();
    },
    settled: async () => {
      await sending;
    },
  };
}
