// What `pnpm dispatch:alerts --explain CODE` says: the alert's sections, each with its own failure where it cannot be read. Nothing
// of it waits for what it explains.

import { alertList, type AlertCode } from "../../api/alert-list.ts";
import { databaseReason, databaseWords } from "../../db/failures.ts";
import { openDatabase, type Database } from "../../db/pool.ts";
import type { Settings } from "../../process/settings.ts";
import type { ApiAddress } from "./address.ts";
import { explanations, lockHolding, looksAtPostgres, type Part, type Reading, type Section } from "./explanations.ts";
import { lookAtPostgres, postgresSections, type PostgresSeen } from "./postgres-outside.ts";

export const connectWithinMs = 2_000;

/**
 * A connection for an operator's look, made when it is first used. A statement that waits for a lock leaves the others their
 * time. It is not closed: that would wait for a statement that hangs, and the process ends anyway.
 */
export const openForLook = (url: string): Database =>
  openDatabase({
    url,
    poolMax: 1,
    applicationName: "dispatch-alerts",
    role: null,
    statementTimeoutMs: 1_500,
    lockTimeoutMs: 400,
    connectTimeoutMs: connectWithinMs,
    onError: (error) => console.error(databaseWords(error)),
  });

export type Why = {
  readonly code: AlertCode;
  readonly settings: Settings;
  readonly address: ApiAddress;
  readonly json: boolean;
  /** Moment of performance.now() by which all is told. */
  readonly deadline: number;
};

/** @returns 0 when every section could be read, 1 when one could not */
export async function tellWhy({ code, settings, address, json, deadline }: Why): Promise<number> {
  const { summary, runbook, owner } = alertList[code];
  if (!json) console.log(`${code}: ${summary}`);
  const told: Section[] = [];
  const tell = (section: Section): void => {
    told.push(section);
    if (!json) print(section);
  };
  const parts = explanations[code];
  const isNeeded = parts.some(({ asksPostgres }) => asksPostgres);
  const without = { settings, now: new Date(), address };
  // What needs no Postgres is asked beside it: each may take all the time there is.
  const apart = new Map(
    parts
      .filter(({ asksPostgres }) => !asksPostgres)
      .map((part) => [part, sectionOf(part, { ...without, db: openForLook("") }, null, deadline)]),
  );
  const seen = await lookAtPostgres(settings, connectWithinMs);
  if (looksAtPostgres.has(code) || (isNeeded && seen.failure !== null))
    (await postgresSections(seen, settings)).forEach(tell);

  const reading: Reading = { ...without, db: openForLook(seen.url ?? "") };
  let ranIntoLock = false;
  const read = async (part: Part): Promise<void> => {
    const { section, error } = await (apart.get(part) ?? sectionOf(part, reading, seen.failure, deadline));
    ranIntoLock ||= error !== null && databaseReason(error) === "locked";
    tell(section);
  };
  for (const part of parts) await read(part);
  if (ranIntoLock && !parts.includes(lockHolding)) await read(lockHolding);

  if (json) console.log(JSON.stringify(Object.fromEntries(told.map(asJson))));
  else console.log(`\nread ${runbook}; owner: ${owner}`);
  if (isNeeded && seen.failure !== null) console.error(cannotBeUsed(seen.failure.words));
  return told.some(({ failed = false }) => failed) ? 1 : 0;
}

/** The sentence for whoever needed Postgres. */
export const cannotBeUsed = (words: string): string =>
  `Postgres cannot be used: ${words}. Read ${alertList.DATABASE_UNAVAILABLE.runbook}.`;

type Looked = { readonly section: Section; readonly error: unknown };

async function sectionOf(
  part: Part,
  reading: Reading,
  failure: PostgresSeen["failure"],
  deadline: number,
): Promise<Looked> {
  const title = part.title(reading.settings);
  const without = (why: string, error: unknown): Looked => ({
    section: { title, note: `cannot be read: ${why}`, rows: [], failed: true },
    error,
  });
  if (part.asksPostgres && failure !== null) return without("Postgres cannot be used", null);
  const late = Promise.withResolvers<never>();
  const left = Math.max(0, deadline - performance.now());
  const timer = setTimeout(() => late.reject(new Error("no answer in the time that was left for it")), left);
  try {
    return { section: { title, ...(await Promise.race([part.read(reading), late.promise])) }, error: null };
  } catch (error) {
    return without(databaseWords(error), error);
  } finally {
    clearTimeout(timer);
  }
}

const asJson = ({ title, note, rows, failed }: Section): [string, unknown] => [
  title,
  failed ? { error: note } : note === undefined ? rows : { note, rows },
];

function print({ title, note, rows }: Section): void {
  console.log(`\n${title}: ${note ?? rows.length}`);
  for (const row of rows)
    console.log(
      "line" in row
        ? `  ${String(row.line)}`
        : `  ${Object.entries(row)
            .map(([name, value]) => `${name} ${String(value ?? "–")}`)
            .join(", ")}`,
    );
}
