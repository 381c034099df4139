// The bodies of what is asked of invoices and credit notes, as schemas.

import { answeredId, nullable, oneOf, Type, type Static } from "./fields.ts";
import type { AccountId, SiteId, TicketId } from "./ids.ts";

const uuid = () => Type.String({ format: "uuid" });
const time = () => Type.String({ format: "date-time" });
const text = () => Type.String();
const day = () => Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$" });
const cents = () => Type.Integer();
const maybe = () => nullable(text());

export const documentKinds = ["invoice", "credit_note"] as const;
export const documentStatuses = ["issued", "overdue", "credited"] as const;

/** An address as it was printed. */
const address = Type.Object({
  line1: maybe(),
  line2: maybe(),
  city: maybe(),
  region: maybe(),
  postal_code: maybe(),
  country: maybe(),
});
export type PrintedAddress = Static<typeof address>;

const seller = Type.Object({
  name: maybe(),
  address,
  tax_id: maybe(),
  registration_id: maybe(),
  email: maybe(),
  phone: maybe(),
  bank: nullable(Type.Object({ account: text(), bank_id: maybe(), account_name: maybe() })),
});
const buyer = Type.Object({ name: text(), address, tax_id: maybe(), email: maybe() });

/** Both sides, and where the work was done, as they were when the document was issued. */
export const parties = Type.Object({
  seller,
  buyer,
  place: Type.Object({ name: text(), address }),
  purchase_order: maybe(),
});
export type Parties = Static<typeof parties>;

const summaryFields = {
  id: uuid(),
  kind: oneOf([...documentKinds]),
  number: text(),
  status: oneOf([...documentStatuses], "credited: nothing is left of it; overdue: its due day is over"),
  ticket_id: answeredId<TicketId>(),
  ticket_number: text(),
  account_id: answeredId<AccountId>(),
  account_name: text(),
  site_id: answeredId<SiteId>(),
  site_name: text(),
  currency: text(),
  subtotal_cents: cents(),
  tax_cents: cents(),
  total_cents: cents(),
  credited_cents: Type.Integer({ description: "What credit notes have taken of the total; a credit note's own is 0" }),
  issued_at: time(),
  issued_on: day(),
  due_on: nullable(day(), "Null where it is due on receipt"),
  credits_invoice_id: nullable(uuid(), "Of a credit note: the invoice it lowers"),
  credits_number: maybe(),
  reason: nullable(text(), "Of a credit note: why"),
};

const line = Type.Object({
  line: Type.Integer({ minimum: 1, description: "By which billing.credit names it" }),
  kind: text(),
  description: text(),
  visit: nullable(Type.Integer()),
  quantity: Type.Number(),
  unit: text(),
  list_price_cents: Type.Integer({ description: "Of one unit, by the price book" }),
  amount_cents: Type.Integer({ description: "Quantity by list price" }),
  price_cents: Type.Integer({
    description: "What credits and discounts on the document itself leave of the amount; taxed is this",
  }),
  taxable: Type.Boolean(),
  tax_basis_points: nullable(Type.Integer(), "The rate, in hundredths of a per cent; null on documents that kept none"),
  tax_cents: cents(),
  credited_cents: Type.Integer({ description: "What credit notes have taken of the price since, without tax" }),
  credited_tax_cents: Type.Integer(),
});

const visitSum = Type.Object({
  visit: nullable(Type.Integer(), "Null sums what belongs to no visit"),
  amount_cents: cents(),
  price_cents: cents(),
  tax_cents: cents(),
});

const full = Type.Object({
  ...summaryFields,
  lines: Type.Array(line),
  by_visit: Type.Array(visitSum),
  parties: nullable(parties, "As they were printed; null on documents that kept none"),
  credit_notes: Type.Array(Type.Object({ id: uuid(), number: text(), total_cents: cents(), issued_on: day() })),
});
export type DocumentBody = Static<typeof full>;

export const invoiceRead = Type.Object({ invoice: full });
const summary = Type.Object(summaryFields);
export type DocumentSummary = Static<typeof summary>;
const content = Type.Object({
  path: text(),
  media_type: text(),
  size_bytes: Type.Integer(),
  etag: text(),
  file_name: text(),
});
export const invoiceContent = Type.Object({ invoice_id: uuid(), number: text(), content });
export const invoiceXml = Type.Object({
  invoice_id: uuid(),
  number: text(),
  content: nullable(content, "Null where something is missing"),
  missing: Type.Array(Type.Object({ field: text(), way_out: text() }), {
    description:
      "What EN 16931 requires and the document was issued without; the file is refused with DOCUMENT_INCOMPLETE",
  }),
});
const exportSums = Type.Object({
  kind: oneOf([...documentKinds]),
  currency: text(),
  documents: Type.Integer(),
  lines: Type.Integer(),
  subtotal_cents: cents(),
  tax_cents: cents(),
  total_cents: cents(),
});
export type ExportSums = Static<typeof exportSums>;
export const billingExport = Type.Object({
  from: day(),
  to: day(),
  sums: Type.Array(exportSums),
  csv: Type.String({ description: "Rows of a page; those of all pages, put after each other, are the file" }),
  content: Type.Object({ path: text(), media_type: text(), file_name: text() }),
  next_cursor: Type.Optional(text()),
});
export const invoiceList = Type.Object({ invoices: Type.Array(summary), next_cursor: Type.Optional(text()) });
