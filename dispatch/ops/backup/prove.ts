// Proves a restored database against its backup: as many rows as the manifest says, the same rows, whole audit chains
// that end where they ended, and every piece of evidence with the bytes it was recorded with.

import { aggregates } from "../../aggregates.ts";
import { schemaVersion } from "../../db/migrate.ts";
import { openDatabase, type Database } from "../../db/pool.ts";
import { statement } from "../../db/statement.ts";
import { keyInStore } from "../../field/stored-object.ts";
import { sortFaults } from "../../kernel/audit-faults.ts";
import type { AuditFault } from "../../kernel/chain-faults.ts";
import { verifyAudit } from "../../kernel/verify-audit.ts";
import { inspectObject, unlessAborted } from "../../storage/object-store.ts";
import { readTables } from "./catalog.ts";
import { withConnection } from "./connection.ts";
import { filledByMigrations, renamedByMigrations } from "./load.ts";
import { auditHeads, digestOf, type Work } from "./dump.ts";
import type { KeptTable, Manifest } from "./manifest.ts";
import { keptObjects, type ReadObject } from "./objects.ts";
import { grouped, sayWhere } from "./progress.ts";

export type Proof = {
  readonly tables: number;
  readonly rows: number;
  readonly chains: number;
  readonly events: number;
  readonly evidence: number;
  readonly objects: number;
  /** One sentence for each thing that does not hold. */
  readonly faults: readonly string[];
  /** What is broken of the trail and the owner of the database accepted, as the backup itself has it. */
  readonly accepted: readonly string[];
};

export type Proving = {
  readonly databaseUrl: string;
  readonly folder: string;
  readonly manifest: Manifest;
  /** Gives an object's bytes: the backup's own copy, or the store the backup relies on. */
  readonly objects: ReadObject;
  readonly schemes: readonly string[];
};

const selectEvidence = statement<{ id: string; uri: string; checksum: string | null }>(
  "backup_evidence",
  `SELECT id, uri, checksum FROM evidence_items WHERE verification = 'verified' AND id > $1 ORDER BY id LIMIT $2`,
);

const pageSize = 1_000;
const nil = "00000000-0000-0000-0000-000000000000";

/** Runs every proof; what does not hold is in `faults`. @throws ObjectStoreUnavailable */
export async function prove({ databaseUrl, folder, manifest, objects, schemes }: Proving, work: Work): Promise<Proof> {
  const { rows, faults: rowFaults } = await proveRows(databaseUrl, manifest, work);
  const db = openDatabase({
    url: databaseUrl,
    poolMax: 2,
    applicationName: "dispatch-restore",
    role: null,
    statementTimeoutMs: 600_000,
    lockTimeoutMs: 30_000,
    onError: (error) => work.say(error.message),
  });
  try {
    const audit = await unlessAborted(
      verifyAudit(db, aggregates, (events) => work.say(`${grouped(events)} audit events read…`)),
      work.signal,
    );
    const { open, accepted } = await sortFaults(db, audit.faults);
    const lost =
      audit.events === manifest.audit.events
        ? []
        : [`audit: ${audit.events} events where the backup had ${manifest.audit.events}`];
    const kept = await proveObjects(folder, objects, work);
    const evidence = await proveEvidence(db, kept.proved, { bucket: manifest.objects.bucket, schemes });
    return {
      tables: manifest.database.tables.length,
      rows,
      chains: audit.chains,
      events: audit.events,
      evidence: evidence.items,
      objects: kept.proved.size,
      faults: [...rowFaults, ...open.map(inWords), ...lost, ...kept.faults, ...evidence.faults],
      accepted: accepted.map(inWords),
    };
  } finally {
    // After Ctrl-C nobody waits for a statement that may take minutes; it ends with the process, or with its server.
    const closed = db.close();
    if (work.signal.aborted) closed.catch(() => undefined);
    else await closed;
  }
}

const inWords = ({ chain, seq, kind, detail }: AuditFault): string =>
  `audit chain ${chain} seq ${seq}: ${kind}, ${detail}`;

type Found<T> = T & { readonly faults: readonly string[] };

async function proveRows(
  databaseUrl: string,
  { database, audit }: Manifest,
  { say, signal }: Work,
): Promise<Found<{ rows: number }>> {
  return withConnection(databaseUrl, "dispatch-restore", signal, async (client) => {
    const faults: string[] = [];
    let total = 0;
    let at = "";
    using _progress = sayWhere(say, () => `comparing the rows of ${at}…`);
    const tables = await readTables(client);
    const isUpgraded = (await schemaVersion(client)) !== database.schema;
    for (const kept of database.tables) {
      at = kept.name;
      const called = [kept.name, renamedByMigrations[kept.name]];
      const table = tables.find(({ name }) => called.includes(name));
      if (!table) {
        faults.push(`table ${kept.name} is not there`);
        continue;
      }
      // A later migration may have added columns; the rows of the older ones then read otherwise.
      const alike = table.columns.join() === kept.columns.join();
      const { rows, digest } = await digestOf(client, table.copy_out);
      total += rows;
      // And rows to a table that they fill, as they bring in moves of a machine.
      const grown = isUpgraded && filledByMigrations.includes(kept.name) && rows > kept.rows;
      if (!grown) faults.push(...rowFault(kept, rows, alike ? digest : null));
    }
    const { heads } = await auditHeads(client);
    if (heads !== audit.heads) faults.push("audit: the chains do not end where they ended in the backup");
    return { rows: total, faults };
  });
}

function rowFault({ name, rows, content }: KeptTable, found: number, digest: string | null): string[] {
  if (found !== rows) return [`table ${name} has ${found} rows where the backup had ${rows}`];
  return content !== null && digest !== null && digest !== content
    ? [`table ${name} has other rows than the backup`]
    : [];
}

/** Reads every object the backup knows. */
async function proveObjects(
  folder: string,
  objects: ReadObject,
  { say, signal }: Work,
): Promise<Found<{ proved: Map<string, string> }>> {
  const proved = new Map<string, string>();
  const faults: string[] = [];
  using _progress = sayWhere(say, () => `objects read: ${grouped(proved.size)}…`);
  for await (const { key, size_bytes, sha256 } of keptObjects(folder)) {
    signal.throwIfAborted();
    const found = await inspectObject(objects, key, size_bytes);
    if (found?.sizeBytes === size_bytes && found.sha256 === sha256) proved.set(key, sha256);
    else faults.push(`object ${key} ${found === null ? "is not there" : "has another content than in the backup"}`);
  }
  return { proved, faults };
}

/** Every verified piece of evidence must name an object that was read with the very hash the evidence was recorded with. */
async function proveEvidence(
  db: Database,
  proved: ReadonlyMap<string, string>,
  { bucket, schemes }: { bucket: string; schemes: readonly string[] },
): Promise<Found<{ items: number }>> {
  const faults: string[] = [];
  let items = 0;
  for (let after = nil; ;) {
    const page = await db.rows(selectEvidence, [after, pageSize]);
    for (const { id, uri, checksum } of page) {
      const key = keyInStore(uri, { bucket }, schemes);
      const found = key === null ? undefined : proved.get(key);
      if (found === undefined) faults.push(`evidence ${id}: its object ${uri} was not found whole`);
      else if (found !== checksum) faults.push(`evidence ${id}: its object ${uri} does not have the recorded SHA-256`);
    }
    items += page.length;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return { items, faults };
    after = last.id;
  }
}
