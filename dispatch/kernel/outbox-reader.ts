// Reads events from the outbox in an order that never skips one. Rows come by (xact, id) and only below the oldest
// transaction still running: a row that commits late is waited for and not passed over.
//
// A place in the outbox is always that of a row, never the number of a transaction that has yet to write one: those numbers
// are not durable. A transaction that was rolled back leaves its number in a log nobody waits for, so that after a crash of
// Postgres the next ones get it again, and whoever stood behind it never saw their events.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { type Actor, reachParameter } from "./actor.ts";
import type { JsonObject } from "./json.ts";
import { invalidFields } from "./refusal.ts";

/** A place in the outbox: everything up to and including it has been read. */
export type Position = { readonly xact: string; readonly id: string };

export type StreamedEvent = {
  readonly position: Position;
  /** The same wherever and however often the event is told; null of a few from before there were ids. */
  readonly event_id: string | null;
  readonly subject: string;
  readonly event: string;
  readonly payload: JsonObject;
  readonly created_at: string;
};

export type Page = {
  readonly events: readonly StreamedEvent[];
  /** Where to read on. */
  readonly position: Position;
  /** More rows can be read at once. */
  readonly full: boolean;
  /** Rows wait for an older transaction to end. */
  readonly withheld: boolean;
};

/** What one reader may and wants to see; with `since`, only what was not yet there in that snapshot. */
export type View = {
  readonly actor: Pick<Actor, "accounts" | "sites">;
  readonly subjects: readonly string[] | null;
  readonly since?: string | null;
  /** Only what this one is a party to, also where it is no account's; absent or null: whatever it is. */
  readonly party?: string | null;
};

const pageSize = 200;
/**
 * Rows one read looks at, wanted or not. Without a bound, whoever wants few of many asks for a statement that runs into its
 * time limit, each time again from the same place.
 */
export const maxLooks = 2_000;

type NowRow = { horizon: string; snapshot: string; newest: string | null; xact: string | null; id: string | null };

type PageRow = {
  withheld: boolean;
  /** The last row looked at, and how many were; null when there was none. */
  last_xact: string | null;
  last_id: string | null;
  looks: number | null;
  xact: string | null;
  id: string | null;
  event_id: string | null;
  subject: string;
  event: string;
  payload: JsonObject;
  created_at: string;
};

const selectNow = statement<NowRow>(
  "outbox_now",
  `SELECT pg_snapshot_xmin(snapshot)::text AS horizon,
          snapshot::text,
          (SELECT xact FROM outbox ORDER BY xact DESC, id DESC LIMIT 1)::text AS newest,
          below.xact::text AS xact,
          below.id::text AS id
   FROM pg_current_snapshot() AS snapshot
   LEFT JOIN LATERAL (
     SELECT xact, id FROM outbox WHERE xact < pg_snapshot_xmin(snapshot) ORDER BY xact DESC, id DESC LIMIT 1
   ) AS below ON true`,
);

// Whether rows are withheld is read off the newest one, at the end of the index, and once: asked for each row of the page
// by EXISTS it took five seconds with 100,000 rows. How far was looked matters only where the page is not full; asked for
// always it made catching up with 300,000 rows take four times as long.
const selectPage = statement<PageRow>(
  "outbox_page",
  `WITH snapshot AS MATERIALIZED (
     SELECT horizon, coalesce((SELECT xact FROM outbox ORDER BY xact DESC, id DESC LIMIT 1) >= horizon, false) AS withheld
     FROM pg_snapshot_xmin(pg_current_snapshot()) AS horizon
   ), page AS MATERIALIZED (
     SELECT wanted.*
     FROM snapshot
     CROSS JOIN LATERAL (
       SELECT xact, id, coalesce(event_id, audit_event_id) AS event_id, subject, event, payload, created_at
       FROM (
         SELECT *
         FROM outbox
         WHERE (outbox.xact, outbox.id) > ($1::xid8, $2::bigint) AND outbox.xact < snapshot.horizon
         ORDER BY xact, id
         LIMIT ${maxLooks}
       ) AS ahead
       WHERE ($3::uuid[] IS NULL OR account_id = ANY ($3) OR ($7::text IS NOT NULL AND account_id IS NULL))
         AND ($4::uuid[] IS NULL OR site_id = ANY ($4) OR ($7::text IS NOT NULL AND site_id IS NULL))
         AND ($5::text[] IS NULL OR subject ~ ANY ($5))
         AND ($6::pg_snapshot IS NULL OR NOT pg_visible_in_snapshot(xact, $6))
         AND ($7::text IS NULL OR $7 = ANY (parties))
       ORDER BY xact, id
       LIMIT ${pageSize}
     ) AS wanted
   )
   SELECT snapshot.withheld,
          last.xact::text AS last_xact,
          last.id::text AS last_id,
          last.looks,
          page.xact::text AS xact,
          page.id::text AS id,
          event_id, subject, event, payload, created_at
   FROM snapshot
   LEFT JOIN LATERAL (
     SELECT *
     FROM (
       SELECT xact, id, row_number() OVER (ORDER BY xact, id) AS looks
       FROM outbox
       WHERE (outbox.xact, outbox.id) > ($1::xid8, $2::bigint) AND outbox.xact < snapshot.horizon
         AND (SELECT count(*) FROM page) < ${pageSize}
       ORDER BY xact, id
       LIMIT ${maxLooks}
     ) AS ahead
     ORDER BY looks DESC
     LIMIT 1
   ) AS last ON true
   LEFT JOIN page ON true
   ORDER BY page.xact, page.id`,
);

export type Now = {
  /** Everything still to happen lies behind it. */
  readonly position: Position;
  /**
   * For View: tells what is still to happen from what has happened. While an older transaction runs, rows that were
   * committed after it began lie behind the position too.
   */
  readonly since: string | null;
  /** Nothing at or behind it can have been handed out. */
  readonly horizon: Position;
};

/** Where a reader begins who wants what happens from now on. */
export async function positionNow(db: Session): Promise<Now> {
  const row = await db.row(selectNow);
  if (!row) throw new Error("pg_current_snapshot() gave no row");
  const { horizon, snapshot, newest, xact, id } = row;
  return {
    position: { xact: xact ?? "0", id: id ?? "0" },
    since: newest !== null && BigInt(newest) >= BigInt(horizon) ? upTo(BigInt(newest), snapshot) : null,
    horizon: { xact: horizon, id: "0" },
  };
}

/** A snapshot (xmin:xmax:running) as if nothing had begun after `newest`, which like a position is the number of a row. */
function upTo(newest: bigint, snapshot: string): string {
  const [xmin = "", , running = ""] = snapshot.split(":");
  const older = running.split(",").filter((xact) => xact !== "" && BigInt(xact) <= newest);
  return `${xmin}:${newest + 1n}:${older.join(",")}`;
}

/** The next events behind a position. */
export async function readPage(db: Session, after: Position, { actor, subjects, since, party }: View): Promise<Page> {
  const scope = [reachParameter(actor.accounts), reachParameter(actor.sites)];
  const rows = await db.rows(selectPage, [after.xact, after.id, ...scope, subjects, since ?? null, party ?? null]);
  const events = rows.flatMap(({ xact, id, event_id, subject, event, payload, created_at }): StreamedEvent[] =>
    xact === null || id === null ? [] : [{ position: { xact, id }, event_id, subject, event, payload, created_at }],
  );
  const { last_xact: xact = null, last_id: id = null, looks = null, withheld = false } = rows[0] ?? {};
  const full = events.length === pageSize;
  const last = full ? events.at(-1)?.position : undefined;
  // Rows that were looked at and not wanted need not be looked at again.
  const looked = xact === null || id === null ? after : { xact, id };
  return { events, position: last ?? looked, full: full || looks === maxLooks, withheld };
}

const selectOldest = statement<{ xact: string; id: string; kept: boolean }>(
  "outbox_oldest",
  `SELECT oldest.xact::text AS xact, oldest.id::text AS id,
          EXISTS (SELECT FROM outbox WHERE xact = $1::xid8 AND outbox.id = $2::bigint) AS kept
   FROM (SELECT xact, id FROM outbox ORDER BY xact, id LIMIT 1) AS oldest`,
);

/**
 * Whether events behind a position may have been removed since it was handed out: its own row is gone, and so may be those after it.
 * Whoever asks for the very beginning asks for all that is kept.
 */
export async function isPruned(db: Session, after: Position): Promise<boolean> {
  if (after.id === "0") return false;
  const oldest = await db.row(selectOldest, [after.xact, after.id]);
  return oldest !== undefined && oldest !== null && !oldest.kept && isBefore(after, oldest);
}

export const positionText = ({ xact, id }: Position): string => `${xact}.${id}`;

const maxXact = 2n ** 64n - 1n;
const maxId = 2n ** 63n - 1n;

/**
 * Reads `<xact>.<id>`.
 * @param horizon nothing at or behind it can have been handed out
 * @throws Refusal INVALID_QUERY
 */
export function positionFrom(text: string, horizon: Position): Position {
  const [, xact, id] = /^(\d{1,20})\.(\d{1,19})$/.exec(text) ?? [];
  if (xact === undefined || id === undefined || BigInt(xact) > maxXact || BigInt(id) > maxId) {
    throw refused("pattern", "must be the id of an event");
  }
  const position = { xact, id };
  if (isBefore(horizon, position)) throw refused("maximum", "is not an event of this database; start without it");
  return position;
}

const isBefore = (one: Position, other: Position): boolean =>
  BigInt(one.xact) < BigInt(other.xact) || (one.xact === other.xact && BigInt(one.id) < BigInt(other.id));

const refused = (rule: string, message: string) =>
  invalidFields([{ path: "after", rule, message: `${message} (also in the header Last-Event-ID)` }], "INVALID_QUERY");
