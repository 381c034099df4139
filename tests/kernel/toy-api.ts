// An API that serves toys and nothing else of the house, on a database of its own.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { pino } from "pino";
import { startApi, type RunningApi } from "../../dispatch/api/start.ts";
import { queries } from "../../dispatch/contract/index.ts";
import { deskAggregate } from "../../dispatch/kernel/desk-chain.ts";
import { receiptQuery } from "../../dispatch/kernel/receipt-query.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { createTestDatabase } from "../support/database.ts";
import { toyAggregate, toyCommands, toyContract, toyQueries, toyTables } from "./toys.ts";

type TestLife = { after(fn: () => Promise<void>): void };

export const toyAggregates = [toyAggregate, deskAggregate];
export const servedContract = {
  ...toyContract,
  queries: { ...toyContract.queries, "receipt.get": queries["receipt.get"] },
};
const handlers = { commands: toyCommands, queries: { ...toyQueries, "receipt.get": receiptQuery(toyAggregates) } };

export type ToyApi = RunningApi & {
  /** As the schema's owner. */
  readonly owner: pg.Client;
};

/** Starts one that ends with the test. */
export async function startToyApi(test: TestLife, environment: Record<string, string> = {}): Promise<ToyApi> {
  // node:test runs its hooks in the order they were made; an API ends before the database it uses.
  const ends: (() => Promise<unknown>)[] = [];
  test.after(async () => {
    for (const end of ends) await end();
  });
  const database = await createTestDatabase({ after: (end) => void ends.unshift(end) });
  const owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  ends.unshift(() => owner.end());
  await owner.query(toyTables);
  const folder = await mkdtemp(join(tmpdir(), "dispatch-toys-"));
  ends.unshift(() => rm(folder, { recursive: true, force: true }));
  const settings = readSettings({
    DISPATCH_DATABASE_URL: database.url,
    DISPATCH_DATA_DIR: folder,
    DISPATCH_API_PORT: "0",
    DISPATCH_METRICS_PORT: "0",
    ...environment,
  });
  const api = await startApi({ settings, log: pino({ level: "silent" }), contract: servedContract, handlers });
  ends.unshift(() => api.stop());
  return { ...api, owner };
}
