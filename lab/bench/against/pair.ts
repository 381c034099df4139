// One pair: the APIs of both checkouts, started fresh on fresh copies of their databases, and each kind of request
// measured in slices. What a pair leaves behind (rows, a grown heap) is thrown away, so that the faster checkout is not
// measured on the fuller database. The slices are short because a machine's other work changes by the second: at a
// load of 15 to 18 on two cores, the same code gave rates of 0.87 and 1.53 in runs of 4 s, 0.67 to 1.37 in slices of 2 s,
// 0.81 to 1.09 in slices of 1 s.

import { setTimeout as delay } from "node:timers/promises";
import { CommandFailure } from "../../../dispatch/process/command-line.ts";
import type { ApiProcess } from "../api-process.ts";
import { HttpConnection } from "../http-connection.ts";
import { figuresOf, round, type Figures } from "../measure.ts";
import { Clients, readHeaders, type Load } from "../over-http.ts";
import { familyCpuMs, peakResidentMiB, processCpuMs, residentMiB } from "../process-figures.ts";
import { withClient } from "../seed.ts";
import { createDatabase, dropDatabase, type ThrowawayServer } from "../throwaway-database.ts";
import { startApiOf, type Checkout } from "./checkout.ts";

export type Side = "this" | "other";
export type Both<T> = { readonly [S in Side]: T };

/** CPU in ms per request, of everybody who takes part. */
export type Cpu = { readonly api: number; readonly postgres: number; readonly client: number };
/** `bytes` is how long an answer was on average; `cpu` is null where the system does not tell it. */
export type Phase = Figures & { readonly bytes: number; readonly cpu: Cpu | null };

export type Pair = {
  readonly commands: Both<Phase>;
  readonly replays: Both<Phase>;
  /** Commands of one client alone. */
  readonly alone: Both<Phase>;
  readonly cockpitFull: Both<Phase>;
  /** The same for one client alone, whose reads cannot be joined with anybody's. */
  readonly cockpitAlone: Both<Phase>;
  /**
   * This checkout's with the actions once per state, the other's in full; null when this API does not know the
   * parameter.
   */
  readonly cockpitState: Both<Phase> | null;
  readonly restMiB: Both<number | null>;
  readonly commandsMiB: Both<number | null>;
  readonly cockpitMiB: Both<number | null>;
};

/** A checkout and the database whose copies its API works on. */
export type Contender = { readonly checkout: Checkout; readonly template: string };

export type PairOptions = {
  readonly server: ThrowawayServer;
  readonly contenders: Both<Contender>;
  /** Whose turn comes first. */
  readonly first: Side;
  readonly seconds: number;
  readonly clients: number;
  readonly signal: AbortSignal;
};

const restMs = 2_000;
const warmUpSeconds = 4;
const sliceSeconds = 1;
export const cockpitRows = 200;

export async function measurePair(options: PairOptions): Promise<Pair> {
  return { ...(await withApis(options, measureCommands)), ...(await withApis(options, measureCockpit)) };
}

/** One side, then the other, in the pair's order. */
async function inTurn<T>(first: Side, run: (side: Side) => Promise<T>): Promise<Both<T>> {
  if (first === "this") {
    const own = await run("this");
    return { this: own, other: await run("other") };
  }
  const other = await run("other");
  return { this: await run("this"), other };
}

async function withApis<T>(
  options: PairOptions,
  measure: (apis: Both<ApiProcess>, options: PairOptions) => Promise<T>,
): Promise<T> {
  const { server, contenders, first, signal } = options;
  await using ends = new AsyncDisposableStack();
  const databases = await inTurn(first, async (side) => {
    signal.throwIfAborted();
    const database = await createDatabase(server.url, contenders[side].template);
    ends.defer(() => dropDatabase(server.url, database));
    return database;
  });
  // Neither pays for the copying.
  await withClient(server.url, (client) => client.query("CHECKPOINT"));
  const apis = await inTurn(first, async (side) => {
    signal.throwIfAborted();
    const api = await startApiOf(contenders[side].checkout, databases[side], server.folder);
    ends.defer(() => api.stop());
    return api;
  });
  return await measure(apis, options);
}

type Commands = Pick<Pair, "commands" | "replays" | "alone" | "restMiB" | "commandsMiB">;

async function measureCommands(apis: Both<ApiProcess>, options: PairOptions): Promise<Commands> {
  const { first, seconds, clients, signal } = options;
  await delay(restMs, undefined, { signal });
  const restMiB = await inTurn(first, (side) => residentMiB(apis[side].pid));
  const open = (count: number): Both<Clients> => ({
    this: new Clients(apis.this.url, count, signal),
    other: new Clients(apis.other.url, count, signal),
  });
  const [warmUp, crowd, single] = [open(clients), open(clients), open(1)];
  await inTurn(first, (side) => warmUp[side].commands(Math.min(warmUpSeconds, seconds)));
  const commands = await inSlices(apis, options, seconds, (side, slice) => crowd[side].commands(slice));
  const commandsMiB = await inTurn(first, (side) => peakResidentMiB(apis[side].pid));
  const replays = await inSlices(apis, options, seconds / 2, (side, slice) => crowd[side].replays(slice));
  const alone = await inSlices(apis, options, seconds / 2, (side, slice) => single[side].commands(slice));
  return { restMiB, commands, commandsMiB, replays, alone };
}

type Cockpit = Pick<Pair, "cockpitFull" | "cockpitAlone" | "cockpitState" | "cockpitMiB">;

async function measureCockpit(apis: Both<ApiProcess>, options: PairOptions): Promise<Cockpit> {
  const { first, seconds, signal } = options;
  const plain = `/ux/dispatcher/cockpit?limit=${cockpitRows}`;
  const [full, state] = [`${plain}&actions=full`, `${plain}&actions=state`];
  const read = async (paths: Both<string>, clients: number): Promise<Both<Phase>> => {
    const reads = (side: Side, length: number) =>
      new Clients(apis[side].url, clients, signal).reads(paths[side], length);
    await inTurn(first, (side) => reads(side, Math.min(warmUpSeconds, seconds) / 2));
    return await inSlices(apis, options, seconds / 2, reads);
  };
  const fullOf = await inTurn(first, async (side) => ((await isAnswered(apis[side], full)) ? full : plain));
  const cockpitFull = await read(fullOf, options.clients);
  const cockpitMiB = await inTurn(first, (side) => peakResidentMiB(apis[side].pid));
  const cockpitAlone = await read(fullOf, 1);
  const knowsState = await isAnswered(apis.this, state);
  const cockpitState = knowsState ? await read({ ...fullOf, this: state }, options.clients) : null;
  return { cockpitFull, cockpitMiB, cockpitAlone, cockpitState };
}

/**
 * Whether the API takes a path's parameters. @throws CommandFailure when the page is not of the size that is compared
 */
async function isAnswered(api: ApiProcess, path: string): Promise<boolean> {
  const connection = await HttpConnection.open(api.url);
  try {
    const { status, body } = await connection.request("GET", path, readHeaders);
    if (status === 400) return false;
    const answer: unknown = JSON.parse(body);
    const queue = typeof answer === "object" && answer !== null && "queue" in answer ? answer.queue : null;
    if (status !== 200 || !Array.isArray(queue) || queue.length !== cockpitRows)
      throw new CommandFailure(`${path} answered ${status} without ${cockpitRows} rows: ${body.slice(0, 300)}`);
    return true;
  } finally {
    connection.close();
  }
}

type Slice = { readonly load: Load; readonly cpu: Cpu | null };

/**
 * Both sides' loads in short slices, in turn, as one phase each. The order is A B, B A, B A, A B, so that each comes as
 * often right behind the other, whose work is then in the machine's caches. By A B, B A alone, five pairs of the same code
 * gave whoever began a tenth more CPU.
 */
async function inSlices(
  apis: Both<ApiProcess>,
  { server, first }: PairOptions,
  seconds: number,
  run: (side: Side, seconds: number) => Promise<Load>,
): Promise<Both<Phase>> {
  const count = Math.ceil(seconds / sliceSeconds);
  const slices: Both<Slice[]> = { this: [], other: [] };
  const second: Side = first === "this" ? "other" : "this";
  const order = [first, second, second, first];
  for (let slice = 0; slice < count; slice++) {
    await inTurn(order[slice % order.length] ?? first, async (side) => {
      const before = await cpuUsed(apis[side], server);
      const load = await run(side, seconds / count);
      const after = await cpuUsed(apis[side], server);
      slices[side].push({ load, cpu: before && after && difference(after, before) });
    });
  }
  return { this: phaseOf(slices.this), other: phaseOf(slices.other) };
}

async function cpuUsed(api: ApiProcess, server: ThrowawayServer): Promise<Cpu | null> {
  const [ofApi, postgres, client] = await Promise.all([
    processCpuMs(api.pid),
    familyCpuMs(server.pid),
    processCpuMs(process.pid),
  ]);
  return ofApi === null || postgres === null || client === null ? null : { api: ofApi, postgres, client };
}

const difference = (after: Cpu, before: Cpu): Cpu => ({
  api: after.api - before.api,
  postgres: after.postgres - before.postgres,
  client: after.client - before.client,
});

function phaseOf(slices: readonly Slice[]): Phase {
  const sum = (of: (slice: Slice) => number) => slices.reduce((total, slice) => total + of(slice), 0);
  const durations = slices.flatMap(({ load }) => load.durations);
  const each = (total: number) => round(total / Math.max(1, durations.length), 3);
  const told = slices.every(({ cpu }) => cpu !== null);
  const cpuOf = (who: keyof Cpu) => each(sum(({ cpu }) => cpu?.[who] ?? 0));
  return {
    ...figuresOf(
      durations,
      sum(({ load }) => load.seconds),
    ),
    bytes: Math.round(each(sum(({ load }) => load.bytes))),
    cpu: told ? { api: cpuOf("api"), postgres: cpuOf("postgres"), client: cpuOf("client") } : null,
  };
}
