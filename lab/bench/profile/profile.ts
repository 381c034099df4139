// Where a command's time goes: this checkout's API under node's profiler while lifecycles load it, and Postgres
// counting its statements. Both cost something, so the rate is no figure to compare.

import { mkdir } from "node:fs/promises";
import { basename } from "node:path";
import type pg from "pg";
import { EmbeddedPostgresError } from "../../../dispatch/db/embedded.ts";
import { startApiProcess } from "../api-process.ts";
import { figuresOf, type Figures } from "../measure.ts";
import { Clients } from "../over-http.ts";
import { withClient } from "../seed.ts";
import { environmentOf, newDatabase, throwawayServer, type ThrowawayServer } from "../throwaway-database.ts";
import { profilesIn, readProfile, selfTimes, type SelfTime, type Span } from "./cpu-profile.ts";
import * as postgres from "./statement-times.ts";

export type ProfileOptions = {
  readonly folder: string;
  readonly seconds: number;
  readonly clients: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
};

export type Profile = {
  readonly files: readonly string[];
  readonly commands: Figures;
  readonly functions: readonly SelfTime[];
  /** Null when the server cannot count them. */
  readonly statements: readonly postgres.StatementTime[] | null;
  readonly wal_bytes_per_command: number;
  readonly page_images_per_command: number;
  readonly flushes_per_command: number;
  readonly flush_ms: number;
  /** Of 1: changes to tickets that needed no new index entry. */
  readonly tickets_hot: number;
};

const warmUpSeconds = 4;

export async function profile(options: ProfileOptions): Promise<Profile> {
  await using ends = new AsyncDisposableStack();
  const server = await countingServer(ends, options);
  const database = await newDatabase(server.url);
  return await withClient(database, async (client) => {
    const counting = await postgres.countsStatements(client);
    const before = await postgres.countersOf(client);
    const run = await loadUnderProfiler(database, server, client, counting, options);
    const after = await postgres.countersOf(client);
    const each = (of: (counters: postgres.Counters) => number) => (of(after) - of(before)) / run.answered;
    const flushes = each((counters) => counters.flushes);
    return {
      files: run.files.map((file) => basename(file)),
      commands: run.commands,
      functions: await functionsIn(run.files, run.span),
      statements: run.statements,
      wal_bytes_per_command: run.walBytes / run.commands.count,
      page_images_per_command: each((counters) => counters.page_images),
      flushes_per_command: flushes,
      flush_ms: each((counters) => counters.flush_ms) / flushes,
      tickets_hot: each((counters) => counters.ticket_hot_updates) / each((counters) => counters.ticket_updates),
    };
  });
}

/** One that counts statements where it can; a server without the library does not start with it. */
async function countingServer(ends: AsyncDisposableStack, { say }: ProfileOptions): Promise<ThrowawayServer> {
  try {
    return await throwawayServer(ends, say, postgres.countingSettings);
  } catch (error) {
    if (!(error instanceof EmbeddedPostgresError) || error.code !== "did_not_start") throw error;
    say("the server has no pg_stat_statements: statements are not counted");
    return await throwawayServer(ends, say);
  }
}

type Run = {
  readonly commands: Figures;
  /** Commands since the API's start, those of the warm-up included. */
  readonly answered: number;
  readonly span: Span;
  readonly walBytes: number;
  readonly statements: postgres.StatementTime[] | null;
  readonly files: readonly string[];
};

async function loadUnderProfiler(
  database: string,
  server: ThrowawayServer,
  client: pg.Client,
  counting: boolean,
  { folder, seconds, clients, signal, say }: ProfileOptions,
): Promise<Run> {
  await mkdir(folder, { recursive: true });
  const api = await startApiProcess(environmentOf(database, server.folder), {
    nodeOptions: ["--cpu-prof", `--cpu-prof-dir=${folder}`],
  });
  const nowUs = () => Number(process.hrtime.bigint() / 1000n);
  try {
    const load = new Clients(api.url, clients, signal);
    say("warming up…");
    const warmUp = await load.commands(Math.min(warmUpSeconds, seconds));
    // Plans of a desk that has had its statistics, as one has a minute after its start.
    await client.query("VACUUM ANALYZE");
    say("profiling…");
    if (counting) await postgres.forgetStatements(client);
    const [from, logFrom] = [nowUs(), await postgres.logPosition(client)];
    const { durations, seconds: took } = await load.commands(seconds);
    const [to, logTo] = [nowUs(), await postgres.logPosition(client)];
    const statements = counting ? await postgres.statementTimes(client) : null;
    // The profile is written, and sessions hand in their counters, when the API ends.
    await api.stop();
    const files = (await profilesIn(folder)).filter((file) => file.includes(`.${api.pid}.`));
    const answered = warmUp.durations.length + durations.length;
    return {
      commands: figuresOf(durations, took),
      answered,
      span: { from, to },
      walBytes: logTo - logFrom,
      statements,
      files,
    };
  } finally {
    await api.stop();
  }
}

async function functionsIn(files: readonly string[], span: Span): Promise<SelfTime[]> {
  const times = new Map<string, number>();
  for (const file of files)
    for (const { name, ms } of selfTimes(await readProfile(file), span)) times.set(name, (times.get(name) ?? 0) + ms);
  return [...times].map(([name, ms]) => ({ name, ms })).toSorted((a, b) => b.ms - a.ms);
}

const shownRows = 30;

export function printProfile({ commands, functions, statements, ...found }: Profile): void {
  const { count, per_second, p50_ms, p99_ms } = commands;
  console.log(`\n${count} commands under the profiler, ${per_second}/s, p50 ${p50_ms} ms, p99 ${p99_ms} ms`);
  console.log(
    `WAL ${found.wal_bytes_per_command.toFixed(0)} bytes and ` +
      `${found.page_images_per_command.toFixed(3)} full page images a command; ` +
      `${found.flushes_per_command.toFixed(3)} flushes a command, ${found.flush_ms.toFixed(2)} ms each; ` +
      `${(found.tickets_hot * 100).toFixed(0)} % of changes to tickets are HOT\n`,
  );
  const busy = functions.reduce((sum, { ms }) => sum + ms, 0);
  console.log(
    `${"API, us a command".padStart(18)}${"share".padStart(8)}  function; wall time, waits for a core included`,
  );
  for (const { name, ms } of functions.slice(0, shownRows))
    console.log(`${((ms * 1000) / count).toFixed(1).padStart(18)}${percent(ms, busy)}  ${name}`);
  if (statements) printStatements(statements, count);
  console.log(`\nprofile: ${found.files.join(", ")}\n`);
}

function printStatements(statements: readonly postgres.StatementTime[], commands: number): void {
  const timeOf = ({ plan_ms, run_ms }: postgres.StatementTime) => plan_ms + run_ms;
  const sum = (some: readonly postgres.StatementTime[]) => some.reduce((total, one) => total + timeOf(one), 0);
  const all = sum(statements.filter(({ sent }) => sent));
  const heads = ["calls/command", "run ms", "plan ms", "WAL bytes", "share"];
  const widths = [14, 9, 9, 11, 8];
  const head = heads.map((text, i) => text.padStart(widths[i] ?? 0)).join("");
  console.log(`\n${head}  statement; > caused by another, within its time`);
  for (const one of statements.slice(0, shownRows)) {
    const { calls, run_ms, plan_ms, wal_bytes } = one;
    const each = (value: number, digits: number, width: number) => (value / calls).toFixed(digits).padStart(width);
    const figures = `${each(run_ms, 3, 9)}${each(plan_ms, 3, 9)}${each(wal_bytes, 0, 11)}${percent(timeOf(one), all)}`;
    const text = `${one.sent ? "" : "> "}${one.text.slice(0, 110)}`;
    console.log(`${(calls / commands).toFixed(3).padStart(14)}${figures}  ${text}`);
  }
  const keys = sum(statements.filter(postgres.isForeignKeyLook));
  const planning = statements.reduce((total, { plan_ms }) => total + plan_ms, 0);
  console.log(
    `\nall statements ${(all / commands).toFixed(3)} ms a command; ` +
      `of it looks of foreign keys${percent(keys, all)}, planning${percent(planning, all)}`,
  );
}

const percent = (part: number, whole: number): string => `${((part / whole) * 100).toFixed(1).padStart(6)} %`;
