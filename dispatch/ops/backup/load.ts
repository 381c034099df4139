// Loads a backup's tables into an empty database, in one transaction: afterwards all of it is there, or none. The schema
// comes from the migrations, up to the one the backup was made at; later ones run behind the loading.

import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { schemaVersion } from "../../db/migrate.ts";
import { migrate } from "../../db/migrate.ts";
import { CommandFailure } from "../../process/command-line.ts";
import { preparation, readTables, type Table } from "./catalog.ts";
import { withConnection } from "./connection.ts";
import type { Work } from "./dump.ts";
import type { KeptTable, Manifest } from "./manifest.ts";
import { grouped, sayWhere } from "./progress.ts";
import { RowDigest } from "./streams.ts";

/** Tables that hold rows in a database that was only migrated. */
export const filledByMigrations: readonly string[] = [
  "audit_heads",
  "audit_watch",
  "desk_listening",
  "event_notices",
  "log_origins",
  "machine_edges",
  "nats_relay",
  "number_series",
  "room_follow",
  "task_tally",
];

/** What a backup of before calls a table that a later migration has renamed. */
export const renamedByMigrations: Readonly<Record<string, string>> = { ticket_state_transitions: "state_transitions" };

const purpose = "dispatch-restore";

/**
 * Restores the database part of a backup whose files were proved whole, and brings it to this release's schema.
 * @throws CommandFailure when the database is in use already, MigrationError
 */
export async function loadDatabase(
  databaseUrl: string,
  folder: string,
  { database }: Manifest,
  work: Work,
): Promise<void> {
  const { say, signal } = work;
  await withConnection(databaseUrl, purpose, signal, (client) => requireRoom(client, database.schema));
  await migrate({ databaseUrl, log: say, upTo: database.schema });
  await withConnection(databaseUrl, purpose, signal, async (client) => {
    const tables = pairs(await readTables(client), database.tables);
    const { before, after } = await preparation(
      client,
      tables.map(({ table }) => table),
    );
    const [lock = "", ...rest] = before;
    await client.query("BEGIN");
    await client.query(lock);
    // Once more, now that nobody can write.
    await requireUnused(client);
    for (const statement of rest) await client.query(statement);
    for (const { table, kept } of tables) await loadTable(client, folder, table, kept, work);
    for (const [cursors, rewind] of Object.entries(rewinds))
      if (tables.some(({ table }) => table.name === cursors)) await client.query(rewind);
    say("checking every reference…");
    for (const statement of after) await client.query(statement);
    for (const { name, last_value, is_called } of database.sequences) {
      await client.query("SELECT setval(format('public.%I', $1::text)::regclass, $2::bigint, $3)", [
        name,
        last_value,
        is_called,
      ]);
    }
    await client.query("COMMIT");
    await client.query("ANALYZE");
  });
  await migrate({ databaseUrl, log: say });
}

// A cursor counts by transaction and then by id, and without transactions by id alone. So it goes back to just before the
// first event it has not read; what it read behind that is told again, as webhooks, NATS, rooms and notices may, and counted
// again, as sums of hundreds of thousands may.
const firstUnread = `coalesce((SELECT min(o.id) - 1 FROM outbox o WHERE (o.xact, o.id) > (c.xact, c.id)),
                              greatest(c.id, (SELECT max(o.id) FROM outbox o)))`;
const rewinds = {
  webhook_cursors: `UPDATE webhook_cursors c SET since = NULL, id = ${firstUnread}`,
  event_notices: `UPDATE event_notices c SET id = ${firstUnread}`,
  nats_relay: `UPDATE nats_relay c SET id = ${firstUnread}`,
  room_follow: `UPDATE room_follow c SET holder = NULL, held_until = NULL, id = ${firstUnread}`,
  task_tally: `UPDATE task_tally c SET id = ${firstUnread}`,
};

/** A database without any table, or one that was migrated to this very schema and never used. */
async function requireRoom(client: pg.Client, schema: string): Promise<void> {
  const version = await schemaVersion(client);
  const tables = await readTables(client);
  if (version === "none" && tables.length === 0) return;
  await requireUnused(client);
  if (version === schema) return;
  throw new CommandFailure(
    `Database ${client.database ?? ""} is at schema ${version} and the backup at ${schema}. ${wayOut}`,
  );
}

const wayOut =
  "Give an empty database (--database-url), or an empty data folder (DISPATCH_DATA_DIR) for the embedded one.";

async function requireUnused(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string; question: string }>(
    `SELECT name, format('SELECT FROM public.%I LIMIT 1', name) AS question FROM unnest($1::text[]) AS name`,
    [(await readTables(client)).map(({ name }) => name).filter((name) => !filledByMigrations.includes(name))],
  );
  for (const { name, question } of rows) {
    if (((await client.query(question)).rowCount ?? 0) === 0) continue;
    throw new CommandFailure(
      `Database ${client.database ?? ""} is in use: its table ${name} has rows, and a restore replaces nothing. ${wayOut}`,
    );
  }
}

type Pair = { readonly table: Table; readonly kept: KeptTable };

/** The backup's tables beside the database's own; both were made by the same migrations. */
function pairs(tables: readonly Table[], kept: readonly KeptTable[]): Pair[] {
  const found = tables.flatMap((table): Pair[] => {
    const one = kept.find(({ name }) => name === table.name);
    return one && one.columns.join() === table.columns.join() ? [{ table, kept: one }] : [];
  });
  if (found.length === tables.length && found.length === kept.length) return found;
  const odd = kept.find(({ name }) => !found.some(({ table }) => table.name === name))?.name ?? "a table";
  throw new CommandFailure(
    `The backup's ${odd} is not what the migrations of this release make of it: restore with the release that made the backup.`,
  );
}

async function loadTable(
  client: pg.Client,
  folder: string,
  table: Table,
  { file, rows }: KeptTable,
  { say, signal }: Work,
): Promise<void> {
  const counted = new RowDigest();
  using _progress = sayWhere(say, () => `${table.name}: ${grouped(counted.rows)} of ${grouped(rows)} rows…`);
  await pipeline(createReadStream(join(folder, file)), createGunzip(), counted, client.query(copyFrom(table.copy_in)), {
    signal,
  });
  if (counted.rows !== rows)
    throw new CommandFailure(
      `This backup is damaged: ${join(folder, file)} has ${counted.rows} rows where the manifest says ${rows}.`,
    );
}
