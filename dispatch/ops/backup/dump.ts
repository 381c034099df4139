// Writes the database of one moment into a backup: every table by COPY in one REPEATABLE READ transaction, so that
// whatever the API commits meanwhile is wholly in or wholly out. Reading takes no transaction id: it delays no event.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import type pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import { schemaVersion } from "../../db/migrate.ts";
import { CommandFailure } from "../../process/command-line.ts";
import { readSequences, readTables, type Table } from "./catalog.ts";
import type { KeptTable, Manifest } from "./manifest.ts";
import { grouped, sayWhere, type Say } from "./progress.ts";
import { keepCompressed, RowDigest } from "./streams.ts";

export type Work = { readonly say: Say; readonly signal: AbortSignal };

const copyHeads = `COPY (
  SELECT id::text, audit_seq, audit_hash FROM tickets
  UNION ALL SELECT chain, seq, hash FROM audit_heads
) TO STDOUT`;

/** Dumps into `folder`. @throws CommandFailure when the database is not one of ours */
export async function dumpDatabase(
  client: pg.Client,
  folder: string,
  work: Work,
): Promise<Pick<Manifest, "taken_at" | "database" | "audit">> {
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const schema = await schemaVersion(client);
  if (schema === "none")
    throw new CommandFailure(
      `Database ${client.database ?? ""} has no schema of Dispatch: there is nothing to back up.`,
    );
  await mkdir(join(folder, "tables"), { mode: 0o700 });
  const tables: KeptTable[] = [];
  for (const table of await readTables(client)) tables.push(await dumpTable(client, folder, table, work));
  const sequences = await readSequences(client);
  const { rows } = await client.query<{ server: string; taken_at: Date; events: number }>(
    "SELECT current_setting('server_version') AS server, now() AS taken_at, (SELECT count(*)::int FROM audit_events) AS events",
  );
  const [known] = rows;
  if (!known) throw new Error("the server answered a question about itself with no row");
  const { server, taken_at, events } = known;
  const heads = await auditHeads(client);
  await client.query("COMMIT");
  return {
    taken_at: taken_at.toISOString(),
    database: { server, schema, tables, sequences },
    audit: { events, ...heads },
  };
}

/** How many audit chains there are and a digest of where each ends, in the transaction `client` is in. */
export async function auditHeads(client: pg.Client): Promise<{ chains: number; heads: string }> {
  const { rows, digest } = await digestOf(client, copyHeads);
  return { chains: rows, heads: digest };
}

/** Rows and digest of what a COPY statement gives. */
export async function digestOf(client: pg.Client, copyOut: string): Promise<{ rows: number; digest: string }> {
  const digest = new RowDigest();
  const sink = new PassThrough().resume();
  await pipeline(client.query(copyTo(copyOut)), digest, sink);
  await finished(sink);
  return { rows: digest.rows, digest: digest.digest };
}

async function dumpTable(
  client: pg.Client,
  folder: string,
  { name, columns, copy_out, xid_columns }: Table,
  { say, signal }: Work,
): Promise<KeptTable> {
  const rows = new RowDigest();
  using _progress = sayWhere(say, () => `${name}: ${grouped(rows.rows)} rows…`);
  const kept = await keepCompressed(
    folder,
    join("tables", `${name}.copy.gz`),
    client.query(copyTo(copy_out)),
    signal,
    rows,
  );
  return { name, columns, rows: rows.rows, content: xid_columns.length === 0 ? rows.digest : null, ...kept };
}
