// Every minute, or once 1,000 events wait, adds a checkpoint to the log of all chains' heads, and gives it to its witnesses: the object
// store gets every one, each URL the newest. A witness that holds another history is told by AUDIT_BROKEN, and nothing is overwritten.

import { aggregates } from "../aggregates.ts";
import { recordFaults, sortFaults } from "../kernel/audit-faults.ts";
import type { AuditFault } from "../kernel/chain-faults.ts";
import { append, isDue } from "../transparency/append.ts";
import type { LogKey } from "../transparency/log-key.ts";
import { readHead } from "../transparency/log-rows.ts";
import { knowsMore, storeWitness, witness } from "../transparency/store-witness.ts";
import { tellWitness } from "../transparency/url-witness.ts";
import { newestOf, noteWitnessed, untold } from "../transparency/witness-rows.ts";
import { breathMs } from "../webhooks/back-off.ts";
import type { Duty, DutyParts } from "./duty.ts";

/** What these duties need of a worker. */
export type LogParts = Pick<DutyParts, "desk" | "log" | "random">;

const events = 1_000;
/** Given to the store in one round. */
const toldAtOnce = 50;
const foundBy = "transparency log";
const secondMs = 1_000;

/**
 * @param key null: checkpoints are signed by nobody
 * @param onWritten called when there is one more to tell
 */
export function writeLog(parts: LogParts, key: LogKey | null, onWritten: () => void): Duty {
  const { desk, log } = parts;
  const { db, store, settings } = desk;
  const appending = { aggregates, signerFor: (origin: string) => key?.signerFor(origin) ?? null };

  return {
    name: "transparency log",
    async round() {
      const now = desk.clock.now();
      if (!(await isDue(db, now, settings.logEveryMs, events))) return { more: false };
      // A log that was set back goes no further: its next checkpoint would be another of a number that is taken.
      const { newest } = await readHead(db);
      // While the store is away the log goes on; the store tells of a fork when it is given the checkpoint.
      const fork = newest && (await knowsMore(store, newest).catch(() => null));
      if (fork && (await readHead(db)).newest?.number === newest.number) {
        await note(parts, fork);
        return { more: false };
      }
      const appended = await append(db, { ...appending, now });
      if (appended.kind === "broken") await note(parts, appended.fault);
      if (appended.kind !== "written") return { more: false };
      const { number, size } = appended.checkpoint;
      log.debug({ number, size, leaves: appended.leaves }, "worker.log_checkpoint");
      onWritten();
      return { more: appended.more };
    },
  };
}

async function note({ desk: { db }, log }: LogParts, fault: AuditFault): Promise<void> {
  const { open } = await sortFaults(db, [fault]);
  if ((await recordFaults(db, open, foundBy)) > 0)
    log.error({ found_by: foundBy, faults: open, count: open.length }, "worker.audit_broken");
}

/** Gives the object store what it has not got, in order. */
export function tellStore(parts: LogParts): Duty {
  const { desk } = parts;
  const { db, store } = desk;
  return {
    name: "log to the object store",
    async round() {
      const waiting = await untold(db, storeWitness, toldAtOnce);
      for (const checkpoint of waiting) {
        const fork = await witness(store, checkpoint);
        if (fork) {
          await note(parts, fork);
          return { more: false };
        }
        await noteWitnessed(db, checkpoint, storeWitness, "", desk.clock.now());
      }
      return { more: waiting.length === toldAtOnce };
    },
  };
}

/** One witness behind a URL: it gets the newest checkpoint, and is left alone for a while after a failure. */
export function tellUrl(parts: LogParts, url: string): Duty {
  const { desk, log, random } = parts;
  const { db, settings } = desk;
  const telling = { mayBePrivate: settings.webhookPrivateAddresses, timeoutMs: settings.webhookTimeoutMs };
  let failures = 0;
  let restsUntil = -Infinity;

  function failed(why: string): void {
    if (failures === 0) log.warn({ witness: new URL(url).host, reason: why }, "worker.log_witness_failed");
    failures++;
    restsUntil = desk.clock.now().getTime() + secondMs + breathMs(failures, random);
  }

  return {
    name: "log to a witness",
    async round() {
      const now = desk.clock.now();
      if (now.getTime() < restsUntil) return { more: false };
      const { log: number, newest } = await readHead(db);
      const had = newest && (await newestOf(db, url, number));
      if (!newest || newest.size === 0 || had?.number === newest.number) return { more: false };
      const told = await tellWitness(db, url, newest, had?.size ?? 0, telling).catch((error: unknown) => ({
        kind: "failed" as const,
        why: error instanceof Error ? error.message : String(error),
      }));
      if (told.kind === "failed") failed(told.why);
      else if (told.kind === "seen") {
        failures = 0;
        await noteWitnessed(db, newest, url, told.cosignatures, now);
      } else {
        failed(told.fault.detail);
        await note(parts, told.fault);
      }
      return { more: false };
    },
  };
}
