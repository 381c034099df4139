// Edits of a desk's database as its superuser, each on a copy of its own that nobody edited before, and what the verification says of
// each, or the worker's watch.

import pg from "pg";
import { aggregates } from "../../dispatch/aggregates.ts";
import type { AuditFault } from "../../dispatch/kernel/chain-faults.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { append } from "../../dispatch/transparency/append.ts";
import { verifyLogs } from "../../dispatch/transparency/verify-all.ts";
import {
  createDatabase,
  dropDatabase,
  nameIn,
  throwawayServer,
  type ThrowawayServer,
} from "../bench/throwaway-database.ts";
import { connect, layOutDesk, type TamperedDesk } from "./desk.ts";
import { edits, type Done } from "./edits.ts";
import { relink } from "./relink.ts";
import { watched, type Circumstances, type Watched } from "./watched.ts";

export type Outcome = Done & {
  readonly kind: string;
  readonly found: boolean;
  /** Whether the row that was edited is named, or the chain where the whole of it is gone. */
  readonly named: boolean;
  readonly says: string;
  /** Where the watch was asked. */
  readonly watch: (Omit<Watched, "faults"> & Circumstances) | null;
};

export type Tampering = {
  readonly count: number;
  readonly seed: number;
  readonly tickets: number;
  readonly by: "verification" | "watch";
  readonly say: (line: string) => void;
};

const restored = "restore an old backup";
const toldAnew = "tell the log anew";
export const kinds: readonly string[] = [...Object.keys(edits), restored, toldAnew];

/** Makes `count` edits, of each kind about as many. */
export async function tamper({ count, seed, tickets, by, say }: Tampering): Promise<{
  readonly outcomes: readonly Outcome[];
  readonly events: number;
  /** What is found where nothing was edited. */
  readonly untouched: readonly AuditFault[];
}> {
  await using ends = new AsyncDisposableStack();
  const server = await throwawayServer(ends, () => undefined, { fsync: "off", full_page_writes: "off" });
  const desk = await layOutDesk(ends, server, tickets);
  say(`${desk.events} events of ${tickets} tickets`);
  const draw = drawer(seed);
  const copied = await createDatabase(server.url, desk.databaseUrl);
  const untouched = await faultsIn(copied, desk);
  const outcomes: Outcome[] = [];
  while (outcomes.length < count) {
    const kind = kinds[outcomes.length % kinds.length] ?? restored;
    const outcome = await (by === "watch" ? editWatched : editOnce)(server, desk, kind, draw);
    if (outcome) outcomes.push(outcome);
    if (outcomes.length % 100 === 0) say(`${outcomes.length} of ${count}`);
  }
  return { outcomes, events: desk.events, untouched };
}

/** Numbers by a seed (mulberry32), so that a run can be had again. */
function drawer(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type EditOf = (server: ThrowawayServer, desk: TamperedDesk, kind: string, draw: Draw) => Promise<Outcome | null>;
type Draw = (below: number) => number;

const editOnce: EditOf = async (server, desk, kind, draw) => {
  const url = await createDatabase(server.url, kind === restored ? desk.earlierUrl : desk.databaseUrl);
  try {
    const done = kind === restored ? halfway : await edit(url, desk, kind, draw);
    if (!done) return null;
    const faults = await faultsIn(url, desk);
    return { ...outcomeOf(done, kind, faults), watch: null };
  } finally {
    await dropDatabase(server.url, url);
  }
};

/** With the duties of a worker on the copy, before the edit and behind it. */
const editWatched: EditOf = async (server, desk, kind, draw) => {
  const url = await createDatabase(server.url, desk.databaseUrl);
  const circumstances = { counted: draw(2) === 0, quiet: draw(2) === 0, ticksBefore: draw(12) };
  let done: Done | null = null;
  const change = async (): Promise<void> => {
    done =
      kind === restored ? await putBack(server, desk, url) : await edit(url, desk, kind, draw, circumstances.counted);
  };
  try {
    const { storeFolder, key } = desk;
    const { faults, ...watch } = await watched(
      { url, folder: server.folder, storeFolder, key },
      circumstances,
      change,
      (found) => done === null || isNamed(done, found),
    );
    return done && { ...outcomeOf(done, kind, faults), watch: { ...watch, ...circumstances } };
  } finally {
    await dropDatabase(server.url, url);
  }
};

const halfway: Done = { what: "the database of halfway", chain: "log" };

/** The older database under the name of the newer, whoever is connected. */
async function putBack(server: ThrowawayServer, { earlierUrl }: TamperedDesk, url: string): Promise<Done> {
  await dropDatabase(server.url, url);
  await createDatabase(server.url, earlierUrl, nameIn(url));
  return halfway;
}

function outcomeOf(done: Done, kind: string, faults: readonly AuditFault[]): Omit<Outcome, "watch"> {
  const [first] = faults;
  const says = first ? `${first.kind} ${first.chain} seq ${first.seq}: ${first.detail}` : "nothing";
  return { ...done, kind, found: faults.length > 0, named: isNamed(done, faults), says };
}

async function edit(url: string, desk: TamperedDesk, kind: string, draw: Draw, counted = true): Promise<Done | null> {
  const client = new pg.Client({ connectionString: url, options: "-c timezone=UTC" });
  await client.connect();
  try {
    // No trigger, no reference.
    await client.query("SET session_replication_role = replica");
    if (!counted) await client.query("SET track_counts = off");
    if (kind === toldAnew) return await tellAnew(client, url, desk);
    const choices = edits[kind] ?? [];
    return (await choices[draw(choices.length)]?.({ client, draw })) ?? null;
  } finally {
    await client.end();
  }
}

/** A chain rewritten, and a whole log over it, signed with the very key: only what was given away speaks against it. */
async function tellAnew(client: pg.Client, url: string, { key }: TamperedDesk): Promise<Done> {
  const { rows } = await client.query<{ chain: string }>("SELECT id::text AS chain FROM tickets ORDER BY id LIMIT 1");
  const chain = rows[0]?.chain ?? "";
  await relink(client, { aggregate: "ticket", chain, from: 2 }, (event) => ({ ...event, actor_id: "mallory" }));
  for (const table of ["log_witnessed", "log_checkpoints", "log_nodes", "log_leaves"])
    await client.query(`DELETE FROM ${table}`);
  const db = connect(url);
  try {
    for (let more = true; more;) {
      const appended = await append(db, { aggregates, signerFor: key.signerFor, now: new Date() });
      more = appended.kind === "written";
    }
  } finally {
    await db.close();
  }
  return { what: "a chain relinked, and the log over it with the desk's own key", chain: "log" };
}

/** What `pnpm dispatch:audit:verify` looks at. */
async function faultsIn(url: string, { store, key }: TamperedDesk): Promise<AuditFault[]> {
  const db = connect(url);
  try {
    const audit = await verifyAudit(db, aggregates);
    const { faults } = await verifyLogs(db, store, key.publicKeys);
    return [...audit.faults, ...faults];
  } finally {
    await db.close();
  }
}

function isNamed({ chain, from, to }: Done, faults: readonly AuditFault[]): boolean {
  if (chain === "log") return faults.some(({ aggregate, kind }) => aggregate === "log" || kind === "LOG_CHANGED");
  const own = faults.filter((fault) => fault.chain === chain);
  return own.some(({ seq }) => from === undefined || to === undefined || (seq >= from && seq <= to));
}
