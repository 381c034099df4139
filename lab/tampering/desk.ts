// The desk that is tampered with: some tickets from call to invoice by commands of an API, logged with a key of its own, and the same
// desk as it was halfway, as an old backup would bring it back.

import { randomUUID } from "node:crypto";
import { aggregates } from "../../dispatch/aggregates.ts";
import { openDatabase, type Database } from "../../dispatch/db/pool.ts";
import { openFileStore } from "../../dispatch/storage/file-store.ts";
import type { ObjectStore } from "../../dispatch/storage/object-store.ts";
import { append } from "../../dispatch/transparency/append.ts";
import { makeLogKey, readLogKey, type LogKey } from "../../dispatch/transparency/log-key.ts";
import { readHead } from "../../dispatch/transparency/log-rows.ts";
import { storeWitness, witness } from "../../dispatch/transparency/store-witness.ts";
import { noteWitnessed, untold } from "../../dispatch/transparency/witness-rows.ts";
import { startApiProcess } from "../bench/api-process.ts";
import { lifecycle, pathOf } from "../bench/lifecycle.ts";
import { createDatabase, environmentOf, newDatabase, type ThrowawayServer } from "../bench/throwaway-database.ts";
import { withClient } from "../bench/seed.ts";
import { commands } from "../../dispatch/contract/index.ts";

export type TamperedDesk = {
  /** Nobody is connected to either, so that both can be copied. */
  readonly databaseUrl: string;
  readonly earlierUrl: string;
  readonly store: ObjectStore;
  readonly storeFolder: string;
  readonly key: LogKey;
  readonly events: number;
};

export const connect = (url: string): Database =>
  openDatabase({
    url,
    poolMax: 3,
    applicationName: "dispatch-tampering",
    role: null,
    statementTimeoutMs: 120_000,
    lockTimeoutMs: 30_000,
    onError: () => undefined,
  });

export const openStoreIn = (folder: string) =>
  openFileStore({ folder, bucket: "tampering", baseUrl: "http://127.0.0.1" });

const commandsAMinute = 4;

/** @param tickets an even number */
export async function layOutDesk(
  ends: AsyncDisposableStack,
  server: ThrowawayServer,
  tickets: number,
): Promise<TamperedDesk> {
  const databaseUrl = await newDatabase(server.url);
  const storeFolder = `${server.folder}/witness`;
  const store = await openStoreIn(storeFolder);
  ends.defer(() => store.close());
  const keyFile = `${server.folder}/log-key/log.key`;
  await withDatabase(databaseUrl, async (db) => void (await makeLogKey(keyFile, (await readHead(db)).origin)));
  const key = await readLogKey(keyFile);
  await playLives(server, databaseUrl, tickets / 2, () => logAll(databaseUrl, store, key));
  const earlierUrl = await createDatabase(server.url, databaseUrl);
  await playLives(server, databaseUrl, tickets / 2, () => logAll(databaseUrl, store, key));
  const events = await withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ events: number }>("SELECT count(*)::int AS events FROM audit_events");
    return rows[0]?.events ?? 0;
  });
  return { databaseUrl, earlierUrl, store, storeFolder, key, events };
}

async function withDatabase<T>(url: string, use: (db: Database) => Promise<T>): Promise<T> {
  const db = connect(url);
  try {
    return await use(db);
  } finally {
    await db.close();
  }
}

/** Until nothing waits. */
const logAll = (url: string, store: ObjectStore, { signerFor }: LogKey): Promise<void> =>
  withDatabase(url, async (db) => {
    for (let more = true; more;) {
      const appended = await append(db, { aggregates, signerFor, now: new Date() });
      more = appended.kind === "written";
    }
    for (const checkpoint of await untold(db, storeWitness, 1_000)) {
      await witness(store, checkpoint);
      await noteWitnessed(db, checkpoint, storeWitness, "", new Date());
    }
  });

/** @param log called after every few commands, as a minute brings them, and at the end */
async function playLives(
  server: ThrowawayServer,
  databaseUrl: string,
  tickets: number,
  log: () => Promise<void>,
): Promise<void> {
  let sent = 0;
  const api = await startApiProcess(environmentOf(databaseUrl, server.folder));
  try {
    for (let n = 0; n < tickets; n++) {
      let ticket = "";
      for (const { name, role, input } of lifecycle) {
        const response = await fetch(`${api.url}${pathOf(name, ticket)}`, {
          method: commands[name].method,
          headers: {
            "content-type": "application/json",
            "x-actor-id": `tampering-${role}`,
            "x-actor-role": role,
            "x-actor-type": "SERVICE",
            "idempotency-key": randomUUID(),
          },
          body: JSON.stringify(input),
        });
        const text = await response.text();
        if (!response.ok) throw new Error(`${name}: ${response.status} ${text}`);
        const answer: { id?: string } = JSON.parse(text);
        if (name === "ticket.create") ticket = answer.id ?? "";
        if (++sent % commandsAMinute === 0) await log();
      }
    }
  } finally {
    await api.stop();
  }
  await log();
}
