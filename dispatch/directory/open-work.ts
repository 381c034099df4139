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

// A ticket that is being made has its account's and site's key locked, and FOR UPDATE waits for it.
const holdAccount = statement("account_hold", `SELECT id FROM accounts WHERE id = $1 FOR UPDATE`);
const holdSite = statement("site_hold", `SELECT id FROM sites WHERE id = $1 FOR UPDATE`);
const holdContact = statement("contact_hold", `SELECT id FROM contacts WHERE id = $1 FOR UPDATE`);
const holdAsset = statement("asset_hold", `SELECT id FROM assets WHERE id = $1 FOR UPDATE`);

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
  (hold: typeof holdSite, open: typeof ofSite) =>
  async (tx: Session, id: string): Promise<OpenTicket[]> =>
    (await Promise.all([tx.row(hold, [id]), tx.rows(open, [id])]))[1];

/** By kind: the row is kept from new work while it is read. */
export const openWork = {
  account: read(holdAccount, ofAccount),
  site: read(holdSite, ofSite),
  contact: read(holdContact, ofContact),
  asset: read(holdAsset, ofAsset),
};

/** @throws Refusal STILL_IN_USE */
export function requireNoOpenWork(tickets: readonly OpenTicket[]): void {
  if (tickets.length > 0) throw new Refusal("STILL_IN_USE", { tickets });
}
