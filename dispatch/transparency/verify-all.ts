// All logs from their first leaf to their last, with what the object store holds of them: for an operator who wants to know.

import type { Database } from "../db/pool.ts";
import type { AuditFault } from "../kernel/chain-faults.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { forkFault } from "./log-fault.ts";
import { readHead, type StoredCheckpoint } from "./log-rows.ts";
import { knowsMore, readWitnessed, storeWitness } from "./store-witness.ts";
import { allLogs, unloggedEvents, walkBehind, walkFrom, walkPage, type Walk } from "./verify-log.ts";

export type LogReport = {
  readonly log: number;
  readonly origin: string;
  /** Why it was begun. */
  readonly reason: string;
  readonly begun_at: string;
  readonly leaves: number;
  readonly checkpoints: number;
  readonly unsigned: number;
  /** Whether there was a key to hold signatures to. */
  readonly signatures_checked: boolean;
  /** Checkpoints that the object store holds as they are; null where it was not asked. */
  readonly held: number | null;
  /** Of the newest checkpoint. */
  readonly at: string | null;
};

const pageSize = 5_000;
/** Objects read at the same time. */
const readsAtOnce = 16;

/**
 * @param store null: it is not asked
 * @throws ObjectStoreUnavailable
 */
export async function verifyLogs(
  db: Database,
  store: ObjectStore | null,
  publicKeys: readonly Buffer[],
): Promise<{ readonly logs: readonly LogReport[]; readonly faults: readonly AuditFault[] }> {
  const logs: LogReport[] = [];
  const faults: AuditFault[] = [];
  let before: Walk | null = null;
  for (const { log, origin, reason, begun_at } of await allLogs(db)) {
    let walk: Walk = before ? walkBehind(before, log) : walkFrom(log);
    let held = 0;
    for (let isDone = false; !isDone;) {
      const page = await walkPage(db, walk, pageSize, publicKeys);
      ({ walk, isDone } = page);
      faults.push(...page.faults);
      const compared = store && (await comparedWith(store, page.checkpoints));
      if (compared) {
        held += compared.held;
        faults.push(...compared.faults);
      }
    }
    logs.push({
      log,
      origin,
      reason,
      begun_at,
      leaves: walk.edge.size,
      checkpoints: walk.number,
      unsigned: walk.unsigned,
      signatures_checked: publicKeys.length > 0,
      held: store ? held : null,
      at: walk.number > 0 ? walk.at : null,
    });
    before = walk;
  }
  faults.push(...(await faultsAtTheEnd(db, store)));
  return { logs, faults };
}

async function comparedWith(
  store: ObjectStore,
  checkpoints: readonly StoredCheckpoint[],
): Promise<{ readonly held: number; readonly faults: readonly AuditFault[] }> {
  const faults: AuditFault[] = [];
  let held = 0;
  for (let at = 0; at < checkpoints.length; at += readsAtOnce) {
    const some = checkpoints.slice(at, at + readsAtOnce);
    const texts = await Promise.all(some.map((one) => readWitnessed(store, one)));
    texts.forEach((text, n) => {
      const number = some[n]?.number ?? 0;
      if (text === some[n]?.note) held++;
      else if (text !== null) faults.push(forkFault(storeWitness, number, `it holds another checkpoint ${number}`));
    });
  }
  return { held, faults };
}

/** Of the log that is written: what lies behind its newest checkpoint in the store, and events without a leaf. */
async function faultsAtTheEnd(db: Database, store: ObjectStore | null): Promise<AuditFault[]> {
  const { log, origin, newest } = await readHead(db);
  const more = store && (await knowsMore(store, newest ?? { origin, number: 0 }));
  const isStill = more && (await readHead(db)).newest?.number === newest?.number;
  const isWhole = newest !== null && newest.scan_aggregate === null;
  return [...(more && isStill ? [more] : []), ...(isWhole ? await unloggedEvents(db, log, newest.at) : [])];
}
