// `pnpm dispatch:restore` and `pnpm dispatch:restore:rehearse`: bring a backup back, into empty places only, or try it
// on a throw-away server and prove that everything is there.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startEmbeddedPostgres } from "../../db/embedded.ts";
import { openStore } from "../../process/open-desk.ts";
import { configurationFrom, readSettings, type Settings } from "../../process/settings.ts";
import type { ObjectStore } from "../../storage/object-store.ts";
import type { Work } from "./dump.ts";
import { interruptible } from "./interrupt.ts";
import { loadDatabase } from "./load.ts";
import { readManifest, requireWhole, type Manifest } from "./manifest.ts";
import { copiesIn, loadObjects, requireWholeObjects } from "./objects.ts";
import { grouped } from "./progress.ts";
import { prove, type Proof } from "./prove.ts";
import { CommandFailure, runCommand } from "../../process/command-line.ts";
import { beginLogAgain } from "../../transparency/log-rows.ts";
import { withConnections, withDatabase } from "../../process/configured-database.ts";

export const restoreCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:restore",
      configuration: () => configurationFrom(),
      about:
        "Restores a backup of pnpm dispatch:backup into an empty database and object store, then proves it: rows, audit chains, " +
        "evidence. It replaces nothing that is there. dispatch:restore:rehearse does the same on a throw-away server.",
      options: { rehearse: { type: "boolean" }, json: { type: "boolean" }, "database-url": { type: "string" } },
      meanings: {
        rehearse:
          "restore into a throw-away embedded PostgreSQL (or --database-url, an empty one), prove it, and write no object",
        json: "print the report as JSON alone",
        "database-url":
          "the empty database; otherwise DISPATCH_DATABASE_URL (not for a rehearsal), otherwise the embedded PostgreSQL",
      },
      operands: { FOLDER: "the backup" },
    },
    async (values, [given = ""]) => {
      const settings = readSettings();
      const folder = resolve(given);
      const say = values.json ? () => undefined : (message: string) => console.error(message);
      const left =
        "The database has nothing of the backup; objects that were written stay, and a second try goes on from there.";
      const begun = performance.now();
      const { manifest, proof } = await interruptible(left, async (signal) => {
        const work: Work = { say, signal };
        const whole = await provenWhole(folder, work);
        const found = values.rehearse
          ? await rehearse(folder, whole, values["database-url"] ?? null, settings, work)
          : await restore(
              folder,
              whole,
              { ...settings, databaseUrl: values["database-url"] ?? settings.databaseUrl },
              work,
            );
        return { manifest: whole, proof: found };
      });
      const seconds = Number(((performance.now() - begun) / 1000).toFixed(1));
      if (values.json)
        console.log(
          JSON.stringify({ taken_at: manifest.taken_at, schema: manifest.database.schema, ...proof, seconds }),
        );
      else report(values.rehearse ? "rehearsed" : "restored", manifest, proof, seconds);
      return proof.faults.length === 0 ? 0 : 1;
    },
  );

/** The manifest of a backup of which every file has its hash. */
async function provenWhole(folder: string, work: Work): Promise<Manifest> {
  const manifest = await readManifest(folder);
  for (const file of [...manifest.database.tables, manifest.objects]) await requireWhole(folder, file);
  if (manifest.objects.copied) await requireWholeObjects(folder, work);
  return manifest;
}

const connecting = { name: "dispatch-restore", statementTimeoutMs: 600_000, lockTimeoutMs: 30_000 };

async function restore(folder: string, manifest: Manifest, settings: Settings, work: Work): Promise<Proof> {
  return withStore(settings, (store) => {
    requireSameBucket(store, manifest);
    return withDatabase(settings, work.say, async (databaseUrl) => {
      // Objects first: without rows that speak of them they harm nobody, the other way round they would be missed.
      if (manifest.objects.copied) work.say(`${grouped(await loadObjects(store, folder, work))} objects written`);
      await loadDatabase(databaseUrl, folder, manifest, work);
      const proof = await prove(
        { databaseUrl, folder, manifest, objects: store, schemes: settings.objectStoreSchemes },
        work,
      );
      // What was given away of the log goes further than what came back.
      await withConnections({ ...connecting, url: databaseUrl, log: work.say }, (db) =>
        beginLogAgain(db, `restored from the backup of ${manifest.taken_at}`),
      );
      return proof;
    });
  });
}

/** Evidence names its bucket, in rows that nobody may change. */
function requireSameBucket(store: ObjectStore, { objects }: Manifest): void {
  if (store.bucket === objects.bucket) return;
  throw new CommandFailure(
    `The backup's evidence lies in bucket ${objects.bucket}, and DISPATCH_OBJECT_STORE_BUCKET is ` +
      `${store.bucket}: set it to ${objects.bucket}.`,
  );
}

async function rehearse(
  folder: string,
  manifest: Manifest,
  databaseUrl: string | null,
  settings: Settings,
  work: Work,
): Promise<Proof> {
  const schemes = settings.objectStoreSchemes;
  return onThrowAwayServer(databaseUrl, work, async (url) => {
    await loadDatabase(url, folder, manifest, work);
    if (manifest.objects.copied)
      return prove({ databaseUrl: url, folder, manifest, objects: copiesIn(folder), schemes }, work);
    // Then a restore relies on the bucket, so the bucket is what is read.
    return withStore(settings, (store) => {
      requireSameBucket(store, manifest);
      return prove({ databaseUrl: url, folder, manifest, objects: store, schemes }, work);
    });
  });
}

async function onThrowAwayServer<T>(
  databaseUrl: string | null,
  { say }: Work,
  use: (url: string) => Promise<T>,
): Promise<T> {
  if (databaseUrl !== null) return use(databaseUrl);
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-rehearsal-"));
  try {
    // What is thrown away need not survive a power cut.
    const server = await startEmbeddedPostgres({
      dataDir,
      log: say,
      settings: { fsync: "off", full_page_writes: "off" },
    });
    try {
      return await use(server.url);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function withStore<T>(settings: Settings, use: (store: ObjectStore) => Promise<T>): Promise<T> {
  const { store } = await openStore(settings, () => "");
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

function report(what: string, { taken_at, database }: Manifest, proof: Proof, seconds: number): void {
  for (const fault of proof.faults) console.log(`BROKEN ${fault}`);
  for (const fault of proof.accepted) console.log(`ACCEPTED ${fault}`);
  console.log(`${what} the backup of ${taken_at}, schema ${database.schema}, in ${seconds} s`);
  console.log(`rows: ${grouped(proof.rows)} in ${proof.tables} tables`);
  console.log(`audit: ${grouped(proof.chains)} chains, ${grouped(proof.events)} events`);
  console.log(`evidence: ${grouped(proof.evidence)} items held to ${grouped(proof.objects)} objects`);
  console.log(`${proof.faults.length} broken`);
}
