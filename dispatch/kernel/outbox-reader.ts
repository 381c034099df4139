// Reads events from the outbox in an order that never skips one. Rows come by (xact, id) and only below the oldest
// transaction still running: a row that commits late is waited for and not passed over.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { type Actor, reachParameter } from "./actor.ts";
import type { JsonObject } from "./json.ts";
import { invalidFields } from "./refusal.ts";

/** A place in the outbox: everything up to and including it has been read. */
export type Position = { readonly xact: string; readonly id: string };

export type StreamedEvent = {
  readonly position: Position;
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
  readonly since?: string;
};

const pageSize = 200;

type PageRow = {
  horizon: string;
  withheld: boolean;
  xact: string | null;
  id: string | null;
  subject: string;
  event: string;
  payload: JsonObject;
  created_at: string;
};

const selectHorizon = statement<{ horizon: string; snapshot: string }>(
  "outbox_horizon",
  `SELECT pg_snapshot_xmin(snapshot)::text AS horizon, snapshot::text FROM pg_current_snapshot() AS snapshot`,
);

// Whether rows are withheld is read off the newest one, at the end of the index, and once: asked for each row of the page
// by EXISTS it took five seconds with 100,000 rows.
const selectPage = statement<PageRow>(
  "outbox_page",
  `WITH snapshot AS MATERIALIZED (
     SELECT horizon, coalesce((SELECT xact FROM outbox ORDER BY xact DESC, id DESC LIMIT 1) >= horizon, false) AS withheld
     FROM pg_snapshot_xmin(pg_current_snapshot()) AS horizon
   )
   SELECT snapshot.horizon::text AS horizon,
          snapshot.withheld,
          page.*
   FROM snapshot
   LEFT JOIN LATERAL (
     SELECT xact::text AS xact, id::text AS id, subject, event, payload, created_at
     FROM outbox
     WHERE (outbox.xact, outbox.id) > ($1::xid8, $2::bigint)
       AND outbox.xact < snapshot.horizon
       AND ($3::uuid[] IS NULL OR account_id = ANY ($3))
       AND ($4::uuid[] IS NULL OR site_id = ANY ($4))
       AND ($5::text[] IS NULL OR subject ~ ANY ($5))
       AND ($6::pg_snapshot IS NULL OR NOT pg_visible_in_snapshot(outbox.xact, $6))
     ORDER BY outbox.xact, outbox.id
     LIMIT ${pageSize}
   ) AS page ON true
   ORDER BY page.xact::xid8, page.id::bigint`,
);

/**
 * The place behind which everything still to happen lies, and the snapshot that tells it from what has happened: while
 * an older transaction runs, rows that were committed after it began lie behind that place too.
 */
export async function positionNow(db: Session): Promise<{ position: Position; snapshot: string }> {
  const row = await db.row(selectHorizon);
  if (!row) throw new Error("pg_current_snapshot() gave no row");
  return { position: { xact: row.horizon, id: "0" }, snapshot: row.snapshot };
}

/** The next events behind a position. */
export async function readPage(db: Session, after: Position, { actor, subjects, since }: View): Promise<Page> {
  const scope = [reachParameter(actor.accounts), reachParameter(actor.sites)];
  const rows = await db.rows(selectPage, [after.xact, after.id, ...scope, subjects, since ?? null]);
  const events = rows.flatMap(({ xact, id, subject, event, payload, created_at }): StreamedEvent[] =>
    xact === null || id === null ? [] : [{ position: { xact, id }, subject, event, payload, created_at }],
  );
  const full = events.length === pageSize;
  const last = events.at(-1)?.position ?? after;
  const horizon: Position = { xact: rows[0]?.horizon ?? after.xact, id: "0" };
  // All below the horizon has been looked at, so rows that were filtered out need not be looked at again.
  return {
    events,
    position: full || isBefore(horizon, last) ? last : horizon,
    full,
    withheld: rows[0]?.withheld ?? false,
  };
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
