// What whoever follows the events for the rooms reads and writes: how far they were followed and by whom, and which room is whose.

import type { PushId, RoomId } from "../contract/ids.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import type { Position } from "../kernel/outbox-reader.ts";

type Place = { readonly xact: string; readonly id: string };

// One process follows at a time. Of whoever has fallen silent another takes over.
const takePlace = statement<Place>(
  "room_follow_take",
  `UPDATE room_follow SET holder = $1, held_until = clock_timestamp() + $2 * interval '1 millisecond'
   WHERE holder = $1 OR held_until IS NULL OR held_until < clock_timestamp() RETURNING xact::text AS xact, id::text AS id`,
);
const movePlace = statement(
  "room_follow_move",
  `UPDATE room_follow SET xact = $2::xid8, id = $3::bigint WHERE holder = $1 AND (xact, id) < ($2::xid8, $3::bigint)`,
);
const leavePlace = statement(
  "room_follow_leave",
  `UPDATE room_follow SET holder = NULL, held_until = NULL WHERE holder = $1`,
);

/** How long a follower who says nothing more is waited for. */
const heldMs = 4_000;

/** Null while another process follows. */
export const takeFollowing = async (db: Session, holder: string): Promise<Position | null> =>
  (await db.row(takePlace, [holder, heldMs])) ?? null;
export const moveFollowing = (db: Session, holder: string, { xact, id }: Position): Promise<unknown> =>
  db.row(movePlace, [holder, xact, id]);
export const leaveFollowing = (db: Session, holder: string): Promise<unknown> => db.row(leavePlace, [holder]);

/** A room, and who sits there. */
export type Seat = { readonly id: RoomId; readonly worker_slug: string | null };

const selectSeats = statement<Seat>("room_seats", `SELECT id, worker_slug FROM rooms WHERE kind <> 'control'`);
export const readSeats = (db: Session): Promise<Seat[]> => db.rows(selectSeats);

const selectTechnician = statement<{ slug: string | null }>(
  "room_technician_of_ticket",
  `SELECT slug FROM tickets LEFT JOIN worker_slugs ON technician_id = assigned_tech_id WHERE tickets.id = $1`,
);
export const workerOfTicket = async (db: Session, ticketId: string): Promise<string | null> =>
  (await db.row(selectTechnician, [ticketId]))?.slug ?? null;

const selectWithdrawn = statement<{ id: PushId }>(
  "pushes_withdrawn",
  `SELECT id FROM pushes WHERE subject = $1 AND assignment < $2 AND status = 'queued'`,
);
export const readWithdrawn = async (db: Session, subject: string, before: number): Promise<PushId[]> =>
  (await db.rows(selectWithdrawn, [subject, before])).map(({ id }) => id);

const selectSent = statement<{ id: PushId }>(
  "pushes_sent_to",
  `SELECT id FROM pushes WHERE room_id = $1 AND status = 'sent' AND lead_id IS NULL`,
);
export const readSent = async (db: Session, room: RoomId): Promise<PushId[]> =>
  (await db.rows(selectSent, [room])).map(({ id }) => id);
