// A desk under supervision: two APIs and a Postgres that are killed on request and started again at once, as a service
// manager would, and callers who do what the contract asks of them: the same key until there is an answer.
import assert from "node:assert/strict";
import { join } from "node:path";
import { ApiDidNotStart, startApiProcess, type ApiProcess, type ApiProcessOptions } from "../support/api-process.ts";
import { post, type Command, type Reply } from "./callers.ts";
import { startOwnPostgres, type OwnPostgres } from "./own-postgres.ts";

type Scope = { after(fn: () => Promise<void>): void };
export const victims = ["first API", "second API", "postgres"] as const;
export type Victim = (typeof victims)[number];

/** Somebody who does not try again. */
export class GivenUp extends Error {
  override readonly name = "GivenUp";
}

const maxStarts = 60;
const maxTries = 200;

/** One API, which is started again whenever it was killed; as often as it takes, since Postgres may be away too. */
class SupervisedApi {
  readonly #start: () => Promise<ApiProcess>;
  #up: Promise<ApiProcess>;
  #killed: ApiProcess | null = null;

  constructor(t: Scope, options: ApiProcessOptions, { postgresUp, onFall }: SupervisedApiParts) {
    let over = false;
    // Before the hooks that kill what runs then; nothing may be started behind them.
    t.after(async () => void (over = true));
    this.#start = async () => {
      const api = await startUntilUp(t, options, postgresUp, () => over);
      void api.ended.then(() => api === this.#killed || over || onFall(api.complaints()));
      return api;
    };
    this.#up = this.#start();
  }

  current(): Promise<ApiProcess> {
    return this.#up;
  }

  async kill(): Promise<void> {
    this.#killed = await this.#up;
    const dead = this.#killed.kill();
    this.#up = dead.then(this.#start);
    // Whoever waits for it hears of it; at the end nobody may.
    this.#up.catch(() => undefined);
    await dead;
  }
}

type SupervisedApiParts = {
  postgresUp: () => Promise<void>;
  /** Called with its complaints when it ended though nobody killed it. */
  onFall: (complaints: string) => void;
};

async function startUntilUp(
  t: Scope,
  options: ApiProcessOptions,
  postgresUp: () => Promise<void>,
  isOver: () => boolean,
): Promise<ApiProcess> {
  for (let starts = 1; !isOver(); starts++) {
    try {
      return await startApiProcess(t, options);
    } catch (error) {
      if (!(error instanceof ApiDidNotStart) || starts >= maxStarts) throw error;
      await postgresUp();
    }
  }
  throw new Error("the test is over");
}

export class SupervisedDesk {
  /** What happened to the callers on the way. */
  readonly met = { lostConnections: 0, unavailable: 0, inFlight: 0, replays: 0 };
  /** What APIs complained about that ended by themselves: a supervisor hides it, and it is a defect. */
  readonly fallen: string[] = [];
  readonly postgres: OwnPostgres;
  readonly #apis: readonly [SupervisedApi, SupervisedApi];
  #postgresUp: Promise<void> = Promise.resolve();

  constructor(t: Scope, postgres: OwnPostgres) {
    const options = { databaseUrl: postgres.url, dataDir: join(postgres.folder, "desk") };
    this.postgres = postgres;
    const parts = {
      postgresUp: () => this.#postgresUp,
      onFall: (complaints: string) => void this.fallen.push(complaints),
    };
    this.#apis = [new SupervisedApi(t, options, parts), new SupervisedApi(t, options, parts)];
  }

  static async start(t: Scope): Promise<SupervisedDesk> {
    const desk = new SupervisedDesk(t, await startOwnPostgres(t));
    await desk.allUp();
    return desk;
  }

  /** One of the two, once it is up. */
  api(at: number): Promise<ApiProcess> {
    return (this.#apis[at % 2] ?? this.#apis[0]).current();
  }

  async allUp(): Promise<readonly ApiProcess[]> {
    await this.#postgresUp;
    return await Promise.all(this.#apis.map((api) => api.current()));
  }

  /** Resolves when it is dead; it comes back behind that. */
  async kill(victim: Victim): Promise<void> {
    const [first, second] = this.#apis;
    if (victim === "first API") return await first.kill();
    if (victim === "second API") return await second.kill();
    await this.#postgresUp;
    const dead = this.postgres.kill();
    this.#postgresUp = dead.then(() => this.postgres.start());
    await dead;
  }

  /**
   * Sends a command until it is answered, at one API and the other in turn.
   * @param patient false gives up when the first try finds no answer
   * @throws {GivenUp}
   */
  async deliver(command: Command, key: string, { at, patient }: { at: number; patient: boolean }): Promise<Reply> {
    for (let tries = 0; tries < maxTries; tries++) {
      const api = await this.api(at + tries);
      const reply = await post(api, command, key).catch(lostConnection);
      if (reply !== null && this.#isFinal(reply)) return reply;
      this.met.lostConnections += reply === null ? 1 : 0;
      if (!patient) throw new GivenUp();
      await this.#postgresUp;
    }
    throw new Error(`no answer to ${command.path} in ${maxTries} tries`);
  }

  /** Anything but the three answers a caller repeats must be the one that was asked for. */
  #isFinal(reply: Reply): boolean {
    const code = reply.body.error?.code;
    if (code === undefined) {
      this.met.replays += reply.replayed ? 1 : 0;
      return true;
    }
    assert.ok(code === "DEPENDENCY_UNAVAILABLE" || code === "IDEMPOTENCY_IN_FLIGHT", reply.text);
    assert.equal(reply.status, code === "DEPENDENCY_UNAVAILABLE" ? 503 : 409);
    assert.equal(reply.retryAfter, "1");
    this.met[code === "DEPENDENCY_UNAVAILABLE" ? "unavailable" : "inFlight"]++;
    return false;
  }
}

/** fetch says TypeError for a connection that is refused, reset, or ends before the answer does. */
function lostConnection(error: unknown): null {
  if (error instanceof TypeError) return null;
  throw error;
}
