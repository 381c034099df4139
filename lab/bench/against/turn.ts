// One turn of one checkout: its API, started fresh on a fresh copy of its database, measured with nothing else running. What a
// turn leaves behind (rows, a grown heap) is thrown away, so that the faster checkout is not measured on the fuller database.

import { setTimeout as delay } from "node:timers/promises";
import type { ApiProcess } from "../api-process.ts";
import { HttpConnection } from "../http-connection.ts";
import { Clients, readHeaders, type Load } from "../over-http.ts";
import { round } from "../measure.ts";
import { familyCpuMs, peakResidentMiB, processCpuMs, residentMiB } from "../process-figures.ts";
import { withClient } from "../seed.ts";
import { createDatabase, dropDatabase, type ThrowawayServer } from "../throwaway-database.ts";
import { CommandFailure } from "../../../dispatch/process/command-line.ts";
import { startApiOf, type Checkout } from "./checkout.ts";

/** CPU in ms per request, of everybody who takes part. */
export type Cpu = { readonly api: number; readonly postgres: number; readonly client: number };
/** `cpu` is null where the system does not tell it. */
export type Phase = Load & { readonly cpu: Cpu | null };

export type Turn = {
  readonly commands: Phase;
  readonly replays: Phase;
  /** Commands of one client alone. */
  readonly alone: Phase;
  readonly cockpitFull: Phase;
  /** With the actions once per state; null when the API does not know the parameter. */
  readonly cockpitState: Phase | null;
  readonly restMiB: number | null;
  readonly commandsMiB: number | null;
  readonly cockpitMiB: number | null;
};

export type TurnOptions = {
  readonly server: ThrowawayServer;
  readonly seconds: number;
  readonly clients: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
};

const restMs = 2_000;
const warmUpSeconds = 2;
export const cockpitRows = 200;

export async function takeTurn(checkout: Checkout, template: string, options: TurnOptions): Promise<Turn> {
  return {
    ...(await withApi(checkout, template, options, measureCommands)),
    ...(await withApi(checkout, template, options, measureCockpit)),
  };
}

type Commands = Pick<Turn, "commands" | "replays" | "alone" | "restMiB" | "commandsMiB">;
type Cockpit = Pick<Turn, "cockpitFull" | "cockpitState" | "cockpitMiB">;

async function withApi<T>(
  checkout: Checkout,
  template: string,
  options: TurnOptions,
  measure: (api: ApiProcess, options: TurnOptions) => Promise<T>,
): Promise<T> {
  const { server, signal } = options;
  signal.throwIfAborted();
  const database = await createDatabase(server.url, template);
  try {
    // Both checkouts begin with the log just flushed, so that neither pays for the other's dirty pages.
    await withClient(server.url, (client) => client.query("CHECKPOINT"));
    const api = await startApiOf(checkout, database, server.folder);
    try {
      return await measure(api, options);
    } finally {
      await api.stop();
    }
  } finally {
    await dropDatabase(server.url, database);
  }
}

async function measureCommands(api: ApiProcess, options: TurnOptions): Promise<Commands> {
  const { seconds, signal } = options;
  await delay(restMs, undefined, { signal });
  const restMiB = await residentMiB(api.pid);
  await withClients(api, options, options.clients, (clients) => clients.commands(Math.min(warmUpSeconds, seconds)));
  const crowd = await withClients(api, options, options.clients, async (clients) => ({
    commands: await withCpu(api, options, () => clients.commands(seconds)),
    commandsMiB: await peakResidentMiB(api.pid),
    replays: await withCpu(api, options, () => clients.replays(seconds / 2)),
  }));
  const alone = await withClients(api, options, 1, (client) =>
    withCpu(api, options, () => client.commands(seconds / 2)),
  );
  return { restMiB, ...crowd, alone };
}

async function measureCockpit(api: ApiProcess, options: TurnOptions): Promise<Cockpit> {
  const plain = `/ux/dispatcher/cockpit?limit=${cockpitRows}`;
  const full = (await answers(api, `${plain}&actions=full`)) ? `${plain}&actions=full` : plain;
  if (!(await answers(api, full))) throw new CommandFailure(`${full} was refused by ${api.url}`);
  const state = (await answers(api, `${plain}&actions=state`)) ? `${plain}&actions=state` : null;
  return await withClients(api, options, options.clients, async (clients) => {
    const measured = async (path: string) => {
      await clients.reads(path, Math.min(warmUpSeconds, options.seconds) / 2);
      return await withCpu(api, options, () => clients.reads(path, options.seconds / 2));
    };
    const cockpitFull = await measured(full);
    const cockpitMiB = await peakResidentMiB(api.pid);
    return { cockpitFull, cockpitMiB, cockpitState: state === null ? null : await measured(state) };
  });
}

/** Whether the API answers a path of the cockpit, and with as many rows as are measured. */
async function answers(api: ApiProcess, path: string): Promise<boolean> {
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

async function withClients<T>(
  api: ApiProcess,
  { signal }: TurnOptions,
  count: number,
  use: (clients: Clients) => Promise<T>,
): Promise<T> {
  const clients = await Clients.open(api.url, count, signal);
  try {
    return await use(clients);
  } finally {
    clients.close();
  }
}

async function withCpu(api: ApiProcess, { server }: TurnOptions, run: () => Promise<Load>): Promise<Phase> {
  const usedMs = () => Promise.all([processCpuMs(api.pid), familyCpuMs(server.pid), processCpuMs(process.pid)]);
  const before = await usedMs();
  const load = await run();
  const after = await usedMs();
  const each = after.flatMap((ms, i) => {
    const begun = before[i] ?? null;
    return ms === null || begun === null ? [] : [round((ms - begun) / load.count, 3)];
  });
  const [ofApi = 0, postgres = 0, client = 0] = each;
  return { ...load, cpu: each.length < after.length ? null : { api: ofApi, postgres, client } };
}
