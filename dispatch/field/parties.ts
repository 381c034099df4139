// Both sides of an invoice: who sells, by the price book; who buys, by the account; and where the work was done. They are kept with
// the invoice as they were. What was missing then is filled in from today's records, so that it can be put right; what stood there stays.

import type { TicketId } from "../contract/ids.ts";
import type { Parties, PrintedAddress } from "../contract/money-responses.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import type { PriceBook } from "../policy/policy.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";

export type Buyer = Pick<TicketRow, "policy_version"> & {
  readonly account_name: string;
  readonly billing_name: string | null;
  readonly billing_email: string | null;
  readonly billing_address: string | null;
  readonly tax_id: string | null;
  readonly tax_exempt: boolean;
  readonly payment_terms_days: number | null;
  readonly purchase_order_required: boolean;
  readonly site_name: string;
  readonly address1: string | null;
  readonly address2: string | null;
  readonly city: string | null;
  readonly region: string | null;
  readonly postal_code: string | null;
  readonly country: string | null;
};

const selectBuyer = statement<Buyer>(
  "invoice_buyer",
  `SELECT t.policy_version, a.name AS account_name, a.billing_name, a.billing_email, a.billing_address, a.tax_id, a.tax_exempt,
          a.payment_terms_days, a.purchase_order_required, s.name AS site_name, s.address1, s.address2, s.city, s.region,
          s.postal_code, s.country
   FROM tickets t JOIN accounts a ON a.id = t.account_id JOIN sites s ON s.id = t.site_id WHERE t.id = $1`,
);

export const loadBuyer = (tx: Pick<Session, "row">, ticketId: TicketId): Promise<Buyer | null> =>
  tx.row(selectBuyer, [ticketId]);

const nowhere: PrintedAddress = {
  line1: null,
  line2: null,
  city: null,
  region: null,
  postal_code: null,
  country: null,
};

const siteAddress = (buyer: Buyer): PrintedAddress => ({
  line1: buyer.address1,
  line2: buyer.address2,
  city: buyer.city,
  region: buyer.region,
  postal_code: buyer.postal_code,
  country: buyer.country,
});

/** As it was written for bills, in the site's country; the site's own where nothing was. */
function billingAddress(buyer: Buyer): PrintedAddress {
  const [line1, ...rest] = (buyer.billing_address ?? "")
    .split(/\s*\n\s*/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (line1 === undefined) return siteAddress(buyer);
  return { ...nowhere, line1, line2: rest.join(", ") || null, country: buyer.country };
}

/** Both sides as the records have them now. */
export function partiesNow({ seller }: PriceBook, buyer: Buyer, purchaseOrder: string | null): Parties {
  return {
    seller: seller ?? {
      name: null,
      address: nowhere,
      tax_id: null,
      registration_id: null,
      email: null,
      phone: null,
      bank: null,
    },
    buyer: {
      name: buyer.billing_name ?? buyer.account_name,
      address: billingAddress(buyer),
      tax_id: buyer.tax_id,
      email: buyer.billing_email,
    },
    place: { name: buyer.site_name, address: siteAddress(buyer) },
    purchase_order: purchaseOrder,
  };
}

/** What was kept, with what was missing then from `now`. An address is kept whole once it names its country. */
export function completed(kept: Parties | null, now: Parties): Parties {
  if (!kept) return now;
  return {
    seller: filled(kept.seller, now.seller),
    buyer: filled(kept.buyer, now.buyer),
    place: filled(kept.place, now.place),
    purchase_order: kept.purchase_order,
  };
}

function filled<Side extends { readonly address: PrintedAddress }>(kept: Side, now: Side): Side {
  const present = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== null));
  return { ...now, ...present, address: kept.address.country === null ? now.address : kept.address };
}
