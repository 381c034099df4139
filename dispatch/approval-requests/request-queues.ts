// Which requests a time has come for: those allowed and not carried out, those that nobody answered, and those to be reminded of.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";

type Found = { readonly id: string };

const selectAllowed = statement<Found>(
  "approval_requests_allowed",
  `SELECT id FROM approval_requests WHERE status = 'approved' AND decided_at <= $1 ORDER BY decided_at LIMIT $2`,
);
const selectExpired = statement<Found>(
  "approval_requests_expired",
  `SELECT id FROM approval_requests WHERE status = 'pending' AND expires_at <= $1 ORDER BY expires_at LIMIT $2`,
);
const selectForgotten = statement<Found>(
  "approval_requests_forgotten",
  `SELECT id FROM approval_requests WHERE status = 'pending' AND remind_at <= $1 ORDER BY remind_at LIMIT $2`,
);

const idsOf = (rows: readonly Found[]): string[] => rows.map(({ id }) => id);

/** Allowed before a time, and neither done nor given up. */
export const readAllowed = async (db: Session, before: string, most: number): Promise<string[]> =>
  idsOf(await db.rows(selectAllowed, [before, most]));
export const readExpired = async (db: Session, now: string, most: number): Promise<string[]> =>
  idsOf(await db.rows(selectExpired, [now, most]));
export const readForgotten = async (db: Session, now: string, most: number): Promise<string[]> =>
  idsOf(await db.rows(selectForgotten, [now, most]));
