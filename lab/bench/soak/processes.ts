// The processes of the soak: two APIs and two workers. The first of each is never killed and is the one whose memory is
// judged; the second is killed and started again. One that ends without being told to is remembered.

import { startApiProcess } from "../api-process.ts";
import { environmentOf } from "../throwaway-database.ts";
import { startWorkerProcess } from "../worker-process.ts";

export type Role = "api" | "worker";

type Running = {
  readonly pid: number;
  /** Null where nobody can call it. */
  readonly url: string | null;
  readonly ended: Promise<number | null>;
  kill(): Promise<void>;
  stop(): Promise<void>;
};

export class SoakProcess {
  readonly name: string;
  readonly role: Role;
  readonly #start: () => Promise<Running>;
  readonly #fell: (what: string) => void;
  #running: Running | null = null;
  #startedAt = 0;
  #starting: Promise<unknown> = Promise.resolve();
  #over = false;
  kills = 0;

  constructor(role: Role, name: string, start: () => Promise<Running>, fell: (what: string) => void) {
    this.role = role;
    this.name = name;
    this.#start = start;
    this.#fell = fell;
  }

  /** Null while it is down. */
  get running(): Pick<Running, "pid" | "url"> | null {
    return this.#running;
  }

  get ageSeconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /** @throws CommandFailure when it ends before it works */
  async start(): Promise<void> {
    if (this.#over) return;
    const starting = this.#start();
    this.#starting = starting;
    const running = await starting;
    this.#running = running;
    this.#startedAt = performance.now();
    void running.ended.then((code) => {
      if (this.#running !== running) return;
      this.#running = null;
      this.#fell(`${this.name} ended by itself with ${code}`);
    });
  }

  /** SIGKILL, and starts it again as a service manager would. */
  async killAndStart(): Promise<void> {
    this.kills++;
    await this.#end((running) => running.kill());
    await this.start();
  }

  /** Asks it to end, and waits. */
  async stop(): Promise<void> {
    await this.#end(async (running) => {
      await running.stop();
      const code = await running.ended;
      if (code !== 0) this.#fell(`${this.name} did not stop in good order: ${code}`);
    });
  }

  /** For good, even if it is just being started. */
  async kill(): Promise<void> {
    this.#over = true;
    await this.#starting.catch(() => undefined);
    await this.#end((running) => running.kill());
  }

  async #end(how: (running: Running) => Promise<void>): Promise<void> {
    const running = this.#running;
    this.#running = null;
    if (running) await how(running);
  }
}

export class SoakProcesses {
  readonly all: readonly SoakProcess[];
  /** Never killed, one of each role. */
  readonly steady: readonly SoakProcess[];
  /** Killed and started again, one of each role. */
  readonly mortal: readonly SoakProcess[];
  /** What ended without being told to, or otherwise than it should. */
  readonly fallen: string[] = [];

  constructor(databaseUrl: string, dataDir: string) {
    const fell = (what: string) => void this.fallen.push(what);
    const starts = { api: () => startApi(databaseUrl, dataDir), worker: () => startWorker(databaseUrl, dataDir) };
    const make = (role: Role, name: string) => new SoakProcess(role, name, starts[role], fell);
    this.steady = [make("api", "API 1"), make("worker", "worker 1")];
    this.mortal = [make("api", "API 2"), make("worker", "worker 2")];
    this.all = [...this.steady, ...this.mortal];
  }

  /** Of each API in turn; null while it is down. */
  get urls(): readonly (string | null)[] {
    return this.all.filter(({ role }) => role === "api").map(({ running }) => running?.url ?? null);
  }

  async start(): Promise<void> {
    await Promise.all(this.all.map((one) => one.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((one) => one.stop()));
  }

  async kill(): Promise<void> {
    await Promise.all(this.all.map((one) => one.kill()));
  }
}

const startApi = (databaseUrl: string, dataDir: string): Promise<Running> =>
  startApiProcess(environmentOf(databaseUrl, dataDir));

async function startWorker(databaseUrl: string, dataDir: string): Promise<Running> {
  // Whether the nightly planner runs would otherwise depend on the hour the soak is begun at.
  const worker = startWorkerProcess({ databaseUrl, dataDir, settings: { DISPATCH_NIGHTLY_PLAN_HOUR: "off" } });
  await worker.works;
  const stop = async (): Promise<void> => {
    worker.signal("SIGTERM");
    await worker.ended;
  };
  return { pid: worker.pid, url: null, ended: worker.ended, kill: worker.kill, stop };
}
