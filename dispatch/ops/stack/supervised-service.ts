// Keeps one process of the stack running: started, waited for, started again with growing pauses when it ends, and
// stopped when asked. It knows nothing of what the process is.

import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../process/command-line.ts";
import { endsLately, withEnd, type PartEnd } from "../../process/part-ends.ts";
import { backOff, crashLoopAt, steadyAfterMs } from "./back-off.ts";
import { send } from "./leftovers.ts";
import { identityOf, type ProcessIdentity } from "./process-identity.ts";
import { untilItHangs } from "./hang-watch.ts";
import type { ServiceRecord, ServiceState } from "./state.ts";

/** A process that is ready. */
export type RunningPart = {
  readonly pid: number;
  /** Resolves with how it ended. */
  readonly ended: Promise<string>;
  /** Ends it within a bound of its own. May be called again. */
  stop(): Promise<void>;
  /** How it shows that it does not hang; absent where nobody can ask it. */
  readonly liveness?: Liveness;
};

export type Liveness = {
  /** Whether it answers within so many ms, whatever else is away. */
  answers(withinMs: number): Promise<boolean>;
  /**
   * Has one that did not answer for too long go on; absent: it is killed, and started again.
   * @returns what was done: "was continued"
   */
  rouse?(): Promise<string>;
};

export type ServicePlan = {
  readonly name: string;
  readonly url: string | null;
  readonly log: string;
  /**
   * Starts it and resolves once it is ready; leaves nothing behind when it throws.
   * @param onPid is told the process as soon as there is one
   */
  start(signal: AbortSignal, onPid: (pid: number) => Promise<void>): Promise<RunningPart>;
};

export type Supervision = {
  readonly changed: () => void;
  readonly say: (line: string) => void;
  /** After how long without an answer it is roused; 0: never. */
  readonly hangSeconds: number;
};

export class SupervisedService {
  readonly plan: ServicePlan;
  readonly #changed: () => void;
  readonly #say: (line: string) => void;
  readonly #hangSeconds: number;
  readonly #stopping = new AbortController();
  #state: ServiceState = "starting";
  #process: ProcessIdentity | null = null;
  #since: Date | null = null;
  #nextStartAt: Date | null = null;
  #restarts = 0;
  #failures = 0;
  #lastEnd: string | null = null;
  #ends: readonly PartEnd[] = [];
  #silentSince: Date | null = null;
  #run = Promise.withResolvers<void>();
  /** Why it is about to end, where that is known. */
  #because: string | null = null;
  #part: RunningPart | null = null;
  #life: Promise<void> = Promise.resolve();

  constructor(plan: ServicePlan, { changed, say, hangSeconds }: Supervision) {
    this.plan = plan;
    this.#changed = changed;
    this.#say = say;
    this.#hangSeconds = hangSeconds;
  }

  /** Starts it for the first time; from then on it is kept running. @throws what kept it from becoming ready */
  async start(): Promise<void> {
    const first = this.#startOnce();
    this.#life = first.then(
      (part) => this.#keepRunning(part),
      () => this.#now("stopped"),
    );
    await first;
  }

  /**
   * Starts it for the first time; where it does not become ready it is started again with growing pauses, as if it had run before.
   * @returns whether it is ready
   * @throws the reason when it is being stopped
   */
  async startOrTryAgain(): Promise<boolean> {
    const first = this.#startOnce().catch((error: unknown) => {
      if (this.#stopping.signal.aborted) throw error;
      return this.#failedToStart(error);
    });
    this.#life = first.then(
      (part) => this.#keepRunning(part),
      () => this.#now("stopped"),
    );
    return (await first) !== null;
  }

  /** Ends it and starts it no more. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error(`${this.plan.name} is being stopped`));
    if (this.#state !== "stopped") this.#now("stopping");
    await this.#part?.stop();
    await this.#life;
  }

  /**
   * Ends it in order and starts it again; resolves once it runs again, or is stopped. Of one that does not run nothing is done.
   * @param because as it is told afterwards: "was started again for …"
   * @throws what kept it from ending
   */
  async restart(because: string): Promise<void> {
    const part = this.#part;
    if (part === null) return;
    this.#because = because;
    const running = this.#run.promise;
    try {
      await part.stop();
    } catch (error) {
      this.#because = null;
      throw error;
    }
    await running;
  }

  record(): ServiceRecord {
    const { name, url, log } = this.plan;
    return {
      name,
      state: this.#state,
      process: this.#process,
      since: this.#since?.toISOString() ?? null,
      restarts: this.#restarts,
      failures: this.#failures,
      lastEnd: this.#lastEnd,
      ends: endsLately(this.#ends, new Date()),
      nextStartAt: this.#nextStartAt?.toISOString() ?? null,
      silentSince: this.#silentSince?.toISOString() ?? null,
      url,
      log,
    };
  }

  async #startOnce(): Promise<RunningPart> {
    this.#now("starting");
    const onPid = async (pid: number) => {
      this.#process = await identityOf(pid);
      this.#changed();
    };
    try {
      const part = await this.plan.start(this.#stopping.signal, onPid);
      // Asked to stop meanwhile, when there was nothing to stop yet.
      if (this.#stopping.signal.aborted) await part.stop();
      this.#stopping.signal.throwIfAborted();
      await onPid(part.pid);
      this.#part = part;
      this.#since = new Date();
      this.#now("running");
      return part;
    } catch (error) {
      this.#process = null;
      throw error;
    }
  }

  async #keepRunning(first: RunningPart | null): Promise<void> {
    for (
      let part: RunningPart | null = first;
      ;
      part = await this.#startOnce().catch((error: unknown) => this.#failedToStart(error))
    ) {
      if (part !== null) await this.#untilEnd(part);
      if (this.#stopping.signal.aborted) return this.#now("stopped");
      const wait = backOff(this.#failures, Math.random());
      this.#nextStartAt = new Date(Date.now() + wait);
      const loop = this.#failures >= crashLoopAt ? ` That was the ${this.#failures}th time in a row.` : "";
      this.#say(`${this.plan.name}: ${this.#lastEnd}. Starting it again in ${(wait / 1000).toFixed(1)} s.${loop}`);
      this.#now("waiting");
      await delay(wait, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      this.#nextStartAt = null;
      if (this.#stopping.signal.aborted) return this.#now("stopped");
      this.#restarts++;
    }
  }

  async #untilEnd(part: RunningPart): Promise<void> {
    const begun = performance.now();
    const over = new AbortController();
    void this.#rouseWhenItHangs(part, over.signal);
    const end = await part.ended;
    over.abort();
    this.#endedBy(this.#because ?? `ended with ${end}`);
    this.#because = null;
    this.#silentSince = null;
    // Only now may stop() be left without anything to stop.
    this.#part = null;
    this.#process = null;
    this.#since = null;
    this.#failures = performance.now() - begun >= steadyAfterMs ? 1 : this.#failures + 1;
  }

  async #rouseWhenItHangs({ pid, liveness }: RunningPart, over: AbortSignal): Promise<void> {
    if (!liveness || this.#hangSeconds === 0) return;
    const { answers, rouse } = liveness;
    const signal = AbortSignal.any([over, this.#stopping.signal]);
    const silent = (isSilent: boolean): void => {
      this.#silentSince = isSilent ? new Date() : null;
      this.#changed();
    };
    while (await untilItHangs({ answers: (ms) => answers(ms), hangMs: this.#hangSeconds * 1_000, silent, signal })) {
      const hung = `did not answer for ${this.#hangSeconds} s`;
      // Nobody waits for this watch: what it threw would end the supervisor, and all parts with it.
      try {
        if (!rouse) {
          send(pid, "SIGKILL");
          this.#because = `${hung}, and was killed`;
          return;
        }
        this.#lastEnd = `${hung}, and ${await rouse()}`;
        this.#say(`${this.plan.name}: ${this.#lastEnd}.`);
        silent(false);
      } catch (error) {
        this.#say(`${this.plan.name}: ${hung}, and nothing could be done: ${messageOf(error)}. It is tried again.`);
      }
    }
  }

  #failedToStart(error: unknown): null {
    this.#endedBy(`did not start: ${messageOf(error)}`);
    this.#failures++;
    return null;
  }

  #endedBy(why: string): void {
    this.#lastEnd = why;
    // What is being stopped is not started again.
    if (!this.#stopping.signal.aborted) this.#ends = withEnd(this.#ends, why, new Date());
  }

  #now(state: ServiceState): void {
    // What ends while everything is being stopped is not told as running.
    this.#state = this.#stopping.signal.aborted && state !== "stopped" ? "stopping" : state;
    if (this.#state === "running" || this.#state === "stopped") {
      this.#run.resolve();
      this.#run = Promise.withResolvers();
    }
    this.#changed();
  }
}
