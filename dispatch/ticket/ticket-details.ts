// What a ticket is called and found by, and those of its fields that only a correction changes.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { TicketRow } from "./ticket-row.ts";

const writeWords = statement(
  "ticket_words_write",
  `INSERT INTO ticket_words (ticket_id, words) VALUES ($1, ticket_to_find($2, $3, $4, $5, $6, $7, $8, $9))
   ON CONFLICT (ticket_id) DO UPDATE SET words = excluded.words`,
);

/** Keeps what the ticket is found by, once it is there and whenever its words change. */
export const writeTicketWords = (tx: Session, t: TicketRow): Promise<unknown> =>
  tx.row(writeWords, [
    t.id,
    t.number,
    t.summary,
    t.description,
    t.customer_name,
    t.customer_email,
    t.customer_phone,
    t.site_id,
    t.contact_id,
  ]);

const updateDetails = statement(
  "ticket_details_update",
  `UPDATE tickets SET site_id = $2, asset_id = $3, contact_id = $4, summary = $5, description = $6, customer_name = $7,
                      customer_phone = $8, customer_email = $9
   WHERE id = $1`,
);

/** What a correction alone changes, and no other command's update pays for; with what the ticket is found by. */
export const updateTicketDetails = (tx: Session, t: TicketRow): Promise<unknown>[] => [
  tx.row(updateDetails, [
    t.id,
    t.site_id,
    t.asset_id,
    t.contact_id,
    t.summary,
    t.description,
    t.customer_name,
    t.customer_phone,
    t.customer_email,
  ]),
  writeTicketWords(tx, t),
];

const updateStoredFollowUps = statement("ticket_follow_ups_update", `UPDATE tickets SET follow_ups = $2 WHERE id = $1`);

/** What follows from a ticket, which its other updates leave alone. */
export const updateFollowUps = (
  tx: Session,
  { id, follow_ups }: Pick<TicketRow, "id" | "follow_ups">,
): Promise<unknown> => tx.row(updateStoredFollowUps, [id, JSON.stringify(follow_ups)]);

export const selectNextNumber = statement<{ number: string }>(
  "ticket_number_next",
  `SELECT next_ticket_number() AS number`,
);
