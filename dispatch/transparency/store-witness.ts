// The object store as a witness: each checkpoint of each log under its own number, written once. Numbers have no gaps, so that a log
// which was set back to an older one shows at its next checkpoint, however many leaves that has.

import { buffer } from "node:stream/consumers";
import type { AuditFault } from "../kernel/chain-faults.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { forkFault } from "./log-fault.ts";
import type { StoredCheckpoint } from "./log-rows.ts";
import { isSigned } from "./signed-note.ts";

/** Below it lies what no backup brings back: a witness remembers what the desk would have forgotten. */
export const witnessPrefix = "transparency/";
export const storeWitness = "object store";

type Numbered = Pick<StoredCheckpoint, "origin" | "number">;
const keyOf = ({ origin, number }: Numbered): string => `${witnessPrefix}${origin}/${String(number).padStart(10, "0")}`;

/** What the store holds under a checkpoint's number. @throws ObjectStoreUnavailable */
export async function readWitnessed(store: ObjectStore, checkpoint: Numbered): Promise<string | null> {
  const stream = await store.read(keyOf(checkpoint));
  return stream && (await buffer(stream)).toString("utf8");
}

/** Gives the store a checkpoint. @returns the fork, where it holds another under the number. @throws ObjectStoreUnavailable */
export async function witness(store: ObjectStore, checkpoint: StoredCheckpoint): Promise<AuditFault | null> {
  const written = await store.writeOnce(keyOf(checkpoint), Buffer.from(checkpoint.note), "text/plain");
  return written === "written" ? null : await forkIn(store, checkpoint);
}

/** Holds a checkpoint to what the store has of it; null where they are the same, or the store has none. */
export async function forkIn(store: ObjectStore, checkpoint: StoredCheckpoint): Promise<AuditFault | null> {
  const held = await readWitnessed(store, checkpoint);
  if (held === null || held === checkpoint.note) return null;
  const { number } = checkpoint;
  return forkFault(
    storeWitness,
    number,
    `it holds another checkpoint ${number}: ${JSON.stringify(held.slice(0, 200))}`,
  );
}

/**
 * Holds the last checkpoint of a log's first that nobody signed to what the store has of it. Where a key came later the store's is
 * signed neither; where signatures were taken off it names the first of them: behind a key all are signed.
 * @throws ObjectStoreUnavailable
 */
export async function signaturesTakenOff(store: ObjectStore, last: StoredCheckpoint): Promise<AuditFault | null> {
  const held = await readWitnessed(store, last);
  if (held === null || !isSigned(held)) return forkIn(store, last);
  let [first, below] = [last.number, 0];
  while (first - below > 1) {
    const number = Math.floor((first + below) / 2);
    if (isSigned((await readWitnessed(store, { ...last, number })) ?? "")) first = number;
    else below = number;
  }
  return forkFault(storeWitness, first, `it holds checkpoint ${first} signed, which is signed by nobody here`);
}

/** Whether the store knows a checkpoint behind the newest there is: then the log was cut, or an older one put in its place. */
export async function knowsMore(store: ObjectStore, newest: Numbered): Promise<AuditFault | null> {
  const next = { ...newest, number: newest.number + 1 };
  const held = await readWitnessed(store, next);
  return held === null
    ? null
    : forkFault(
        storeWitness,
        next.number,
        `the log ends before checkpoint ${next.number}, which it holds: the log was cut or set back`,
      );
}
