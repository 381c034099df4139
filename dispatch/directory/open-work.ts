// The open tickets that hang on something of the directory: they keep it from being archived.

import type { TicketId } from "../contract/ids.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { Refusal } from "../kernel/refusal.ts";

export type OpenTicket = { readonly ticket_id: TicketId; readonly number: string; readonly state: string };

/** As many as a refusal names. */
const named = 50;

const columns = "t.id AS ticket_id, t.number, t.state";
const isOpen = "t.state NOT IN ('CLOSED', 'CANCELLED')";

/**
 * What keeps the row of that id from new work until the transaction ends: a ticket that is being made has locked its key and read that
 * it is in use, and this waits for it.
 */
export const keepFromNewWork = {
  account: statement("account_hold", `SELECT id FROM accounts WHERE id = $1 FOR UPDATE`),
  site: statement("site_hold", `SELECT id FROM sites WHERE id = $1 FOR UPDATE`),
  contact: statement("contact_hold", `SELECT id FROM contacts WHERE id = $1 FOR UPDATE`),
  asset: statement("asset_hold", `SELECT id FROM assets WHERE id = $1 FOR UPDATE`),
};

const ofAccount = statement<OpenTicket>(
  "account_open_tickets",
  `SELECT ${columns} FROM tickets t WHERE t.account_id = $1 AND ${isOpen} ORDER BY t.id LIMIT ${named}`,
);
const ofSite = statement<OpenTicket>(
  "site_open_tickets",
  `SELECT ${columns} FROM tickets t JOIN sites s ON s.id = $1 AND t.account_id = s.account_id
   WHERE t.site_id = $1 AND ${isOpen} ORDER BY t.id LIMIT ${named}`,
);
const ofContact = statement<OpenTicket>(
  "contact_open_tickets",
  `SELECT ${columns} FROM tickets t JOIN contacts c ON c.id = $1 AND t.account_id = c.account_id
   WHERE t.contact_id = $1 AND ${isOpen} ORDER BY t.id LIMIT ${named}`,
);
const ofAsset = statement<OpenTicket>(
  "asset_open_tickets",
  `SELECT ${columns} FROM tickets t JOIN assets a ON a.id = $1 AND t.account_id = a.account_id
   WHERE t.asset_id = $1 AND ${isOpen} ORDER BY t.id LIMIT ${named}`,
);

const read =
  (kind: keyof typeof keepFromNewWork, open: typeof ofSite) =>
  async (tx: Session, id: string): Promise<OpenTicket[]> =>
    (await Promise.all([tx.row(keepFromNewWork[kind], [id]), tx.rows(open, [id])]))[1];

/** By kind: the row is kept from new work while it is read. */
export const openWork = {
  account: read("account", ofAccount),
  site: read("site", ofSite),
  contact: read("contact", ofContact),
  asset: read("asset", ofAsset),
};

/** @throws Refusal STILL_IN_USE */
export function requireNoOpenWork(tickets: readonly OpenTicket[]): void {
  if (tickets.length > 0) throw new Refusal("STILL_IN_USE", { tickets });
}
