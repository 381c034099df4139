// `pnpm dispatch:bench:transparency`: what the log of all chains costs on a desk of 200,000 events: a checkpoint, a proof, and commands
// beside the duties that keep it, in turn with the same desk without them.

import { pino } from "pino";
import { aggregates } from "../../dispatch/aggregates.ts";
import type { Database } from "../../dispatch/db/pool.ts";
import { runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";
import { append } from "../../dispatch/transparency/append.ts";
import { makeLogKey, readLogKey, type LogKey } from "../../dispatch/transparency/log-key.ts";
import {
  hashOfLeaf,
  insertRows,
  nodesAt,
  proofFor,
  readHead,
  type Leaf,
} from "../../dispatch/transparency/log-rows.ts";
import { signedCheckpoint } from "../../dispatch/transparency/checkpoint.ts";
import { consistencyPlan, frontierOf, grown, inclusionPlan, rootOf } from "../../dispatch/transparency/merkle.ts";
import type { Desk } from "../../dispatch/kernel/desk.ts";
import { openDesk } from "../../dispatch/process/open-desk.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import type { Duty } from "../../dispatch/worker/duty.ts";
import { verifyPage } from "../../dispatch/kernel/verify-audit.ts";
import { walkFrom, walkPage } from "../../dispatch/transparency/verify-log.ts";
import { watchLog } from "../../dispatch/worker/watch-log.ts";
import { tellStore, writeLog } from "../../dispatch/worker/write-log.ts";
import { connect } from "../tampering/desk.ts";
import { startApiProcess } from "./api-process.ts";
import { figuresOf, median, round } from "./measure.ts";
import { Clients } from "./over-http.ts";
import { seedTickets, withClient } from "./seed.ts";
import { environmentOf, newDatabase, throwawayServer } from "./throwaway-database.ts";

const say = (line: string): void => console.error(line);
const eventsPerTicket = 13;
const proofs = 500;
const checkpoints = 20;
/** As the watches read them. */
const leavesInPage = 2_000;
const chainsInPage = 100;

export const benchTransparencyCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:bench:transparency",
      about:
        "Measures the log of all chains on a throw-away desk: a checkpoint over 1,000 events, proofs, and commands a second with the log " +
        "kept and without, in turn. Prints figures as JSON.",
      options: {
        events: { type: "string" },
        leaves: { type: "string" },
        pairs: { type: "string" },
        seconds: { type: "string" },
        clients: { type: "string" },
      },
      meanings: {
        events: "audit events of the desk (default 200000)",
        leaves: "leaves of its log, at least (default 200000)",
        pairs: "how often commands are measured with and without (default 4)",
        seconds: "of each (default 10)",
        clients: "at the same time (default 16)",
      },
    },
    async (values) => {
      const events = wholeNumber("events", values.events, 200_000);
      await using ends = new AsyncDisposableStack();
      const server = await throwawayServer(ends, () => undefined);
      const databaseUrl = await newDatabase(server.url);
      say(`${events} events…`);
      await seedTickets(databaseUrl, Math.ceil(events / eventsPerTicket));
      const db = connect(databaseUrl);
      ends.defer(() => db.close());
      const keyFile = `${server.folder}/log-key/log.key`;
      await makeLogKey(keyFile, (await readHead(db)).origin);
      const key = await readLogKey(keyFile);
      const begun = performance.now();
      await logAll(db, key);
      const begin = performance.now() - begun;
      await fill(db, databaseUrl, key, wholeNumber("leaves", values.leaves, 200_000));
      say(
        `${(await readHead(db)).newest?.size} leaves, the first look through all chains took ${Math.round(begin)} ms`,
      );
      const figures = {
        ...(await proofFigures(db)),
        ...(await lookFigures(db, key)),
        ...(await loadFigures(ends, { db, key, databaseUrl, folder: server.folder }, values)),
      };
      console.log(JSON.stringify(figures, null, 2));
      return 0;
    },
  );

const signing = ({ signerFor }: LogKey) => ({ aggregates, signerFor, now: new Date() });

async function logAll(db: Database, key: LogKey): Promise<void> {
  while ((await append(db, signing(key))).kind === "written");
}

// Some that no statement of the product reads; a bench's own need no row type from it.
const olderEvents = `SELECT aggregate, aggregate_id AS chain, seq, hash, created_at AS at FROM audit_events
                     WHERE seq < ${eventsPerTicket} AND (aggregate_id, seq) > ($1, $2) ORDER BY aggregate_id, seq LIMIT 10000`;

/** A leaf for each older event, as if every one had been a head when a checkpoint was made, until the tree is as large as wanted. */
async function fill(db: Database, databaseUrl: string, { signerFor }: LogKey, leaves: number): Promise<void> {
  let last = { chain: "", seq: 0 };
  for (;;) {
    const { log, origin, newest } = await readHead(db);
    if (!newest || newest.size >= leaves) return;
    const { rows } = await withClient(databaseUrl, (client) =>
      client.query<Omit<Leaf, "at"> & { at: Date }>(olderEvents, [last.chain, last.seq]),
    );
    const made = rows.slice(0, leaves - newest.size).map((row) => {
      const leaf = { ...row, at: row.at.toISOString() };
      return { ...leaf, bytes: hashOfLeaf(leaf) };
    });
    last = rows.at(-1) ?? last;
    if (made.length === 0) return;
    const edge = { size: newest.size, frontier: await nodesAt(db, log, frontierOf(newest.size)) };
    const { nodes, ...tree } = grown(
      edge,
      made.map(({ bytes }) => bytes),
    );
    const root = rootOf(tree.frontier);
    const number = newest.number + 1;
    const note = signedCheckpoint({ origin, size: tree.size, root, number, at: newest.at }, signerFor(origin));
    await db.transaction(async (tx) => {
      const checkpoint = { ...newest, number, size: tree.size, root: root.toString("hex"), note };
      await Promise.all([...insertRows(tx, checkpoint, edge.size, made, nodes), tx.commit()]);
    });
  }
}

async function proofFigures(db: Database) {
  const { log, newest } = await readHead(db);
  const size = newest?.size ?? 0;
  const timed = async (of: () => ReturnType<typeof inclusionPlan>): Promise<number[]> => {
    const times: number[] = [];
    for (let n = 0; n < proofs; n++) {
      const plan = of();
      const begun = performance.now();
      await proofFor(db, log, plan);
      times.push(performance.now() - begun);
    }
    return times;
  };
  const drawn = () => Math.floor(Math.random() * size);
  const inclusion = figuresOf(await timed(() => inclusionPlan(drawn(), size)), 1);
  const consistency = figuresOf(await timed(() => consistencyPlan(1 + drawn(), size)), 1);
  return {
    leaves: size,
    inclusion_proof_ms: { p50: inclusion.p50_ms, p99: inclusion.p99_ms },
    consistency_proof_ms: { p50: consistency.p50_ms, p99: consistency.p99_ms },
  };
}

/** A look through all of it, as the watches take without pauses. */
async function lookFigures(db: Database, { publicKeys }: LogKey) {
  const { log } = await readHead(db);
  const pages: number[] = [];
  let walk = walkFrom(log);
  for (let isDone = false; !isDone;) {
    const begun = performance.now();
    ({ walk, isDone } = await walkPage(db, walk, leavesInPage, publicKeys));
    pages.push(performance.now() - begun);
  }
  const begun = performance.now();
  let events = 0;
  for (const aggregate of aggregates) {
    for (let after: string | null = null, isDone = false; !isDone;) {
      const page = await verifyPage(db, aggregate, after, chainsInPage);
      [after, isDone, events] = [page.last, page.last === null, events + page.events];
    }
  }
  const seconds = (performance.now() - begun) / 1_000;
  return {
    look_through_the_log: {
      seconds: round(pages.reduce((sum, ms) => sum + ms, 0) / 1_000, 1),
      page_ms: { p50: round(median(pages), 1), most: round(Math.max(...pages), 1) },
    },
    look_through_the_trail: { events, seconds: round(seconds, 1), events_a_second: Math.round(events / seconds) },
  };
}

type Place = { readonly db: Database; readonly key: LogKey; readonly databaseUrl: string; readonly folder: string };
type Wanted = {
  readonly pairs?: string | undefined;
  readonly seconds?: string | undefined;
  readonly clients?: string | undefined;
};

async function loadFigures(ends: AsyncDisposableStack, { db, key, databaseUrl, folder }: Place, wanted: Wanted) {
  const api = await startApiProcess(environmentOf(databaseUrl, folder));
  ends.defer(() => api.stop());
  const { desk, close } = await openDesk({
    settings: readSettings({
      DISPATCH_DATABASE_URL: databaseUrl,
      DISPATCH_DATA_DIR: folder,
      DISPATCH_LOG_KEY_FILE: "",
    }),
    log: { info: () => undefined, warn: () => undefined },
    applicationName: "dispatch-bench-log",
    apiUrl: () => "",
  });
  ends.defer(close);
  const clients = new Clients(api.url, wholeNumber("clients", wanted.clients, 16));
  const seconds = wholeNumber("seconds", wanted.seconds, 10);
  await clients.commands(3);
  const made = await checkpointTimes(db, key, clients);
  const rates = { with: [] as number[], without: [] as number[] };
  for (let pair = 0; pair < wholeNumber("pairs", wanted.pairs, 4); pair++) {
    // Who comes first changes, so that neither has the younger desk each time.
    const order = pair % 2 === 0 ? (["with", "without"] as const) : (["without", "with"] as const);
    for (const which of order) {
      const kept = which === "with" ? keepLog(desk, key) : null;
      const { durations, seconds: took } = await clients.commands(seconds);
      await kept?.stop();
      rates[which].push(durations.length / took);
    }
    const [one, other] = [rates.with.at(-1) ?? 0, rates.without.at(-1) ?? 0].map(Math.round);
    say(`pair ${pair + 1}: ${one} commands a second with the log, ${other} without`);
    await logAll(db, key);
  }
  const [withLog, without] = [median(rates.with), median(rates.without)];
  return {
    checkpoint_ms: { p50: round(median(made), 1), most: round(Math.max(...made), 1), of: made.length },
    commands_a_second: { with: Math.round(withLog), without: Math.round(without), ratio: round(withLog / without, 3) },
    ratio_of_each_pair: rates.with.map((rate, n) => round(rate / (rates.without[n] ?? rate), 3)),
  };
}

/** Of checkpoints over what two seconds of commands left, some 1,000 events. */
async function checkpointTimes(db: Database, key: LogKey, clients: Clients): Promise<number[]> {
  const times: number[] = [];
  await logAll(db, key);
  while (times.length < checkpoints) {
    await clients.commands(2);
    for (let more = true; more;) {
      const begun = performance.now();
      const appended = await append(db, signing(key));
      more = appended.kind === "written";
      if (more) times.push(performance.now() - begun);
    }
  }
  return times;
}

/** The worker's duties for the log at the pace of its tick, until they are stopped. */
function keepLog(desk: Desk, key: LogKey): { stop(): Promise<void> } {
  const parts = { desk, log: pino({ level: "silent" }), random: Math.random };
  const duties = [writeLog(parts, key, () => undefined), tellStore(parts), watchLog(parts, key)];
  let running: Promise<unknown> = Promise.resolve();
  const tick = (): void => void (running = running.then(() => Promise.all(duties.map(runOut))));
  tick();
  const timer = setInterval(tick, desk.settings.workerLoopMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

async function runOut(duty: Duty): Promise<void> {
  while ((await duty.round(() => false)).more);
}
