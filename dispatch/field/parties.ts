// Both sides of an invoice at the moment it is issued: who sells, by the rules in force then; who buys, by the account; and where the
// work was done. They are kept with the invoice and stay so, what was missing as well: an issued paper does not change.

import type { TicketId } from "../contract/ids.ts";
import type { Parties, PrintedAddress } from "../contract/money-responses.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import type { Seller } from "../policy/policy.ts";
import type { PricedAccount } from "../policy/price-books.ts";

export type Buyer = Omit<PricedAccount, "currency"> & {
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
  `SELECT a.id, a.external_source, a.external_id, a.name AS account_name, a.billing_name, a.billing_email, a.billing_address,
          a.tax_id, a.tax_exempt, a.payment_terms_days, a.purchase_order_required, s.name AS site_name, s.address1, s.address2,
          s.city, s.region, s.postal_code, s.country
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

/** As it was written for bills, with no country but what is written; the site's own where nothing was. */
function billingAddress(buyer: Buyer): PrintedAddress {
  const [line1, ...rest] = (buyer.billing_address ?? "")
    .split(/\s*\n\s*/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (line1 === undefined) return siteAddress(buyer);
  return { ...nowhere, line1, line2: rest.join(", ") || null };
}

/** Both sides as the records have them now. */
export function partiesNow(seller: Seller | null, buyer: Buyer, purchaseOrder: string | null): Parties {
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
