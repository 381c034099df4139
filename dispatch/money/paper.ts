/**
 * What stands on the paper of an invoice or a credit note, as texts in their order: the drawing (pdf/draw.ts) only places them.
 * Pure.
 */
import type { DocumentBody, Parties, PrintedAddress } from "../contract/money-responses.ts";

export type Paper = {
  readonly title: string;
  readonly number: string;
  /** Language of the texts, for readers aloud. */
  readonly language: "en";
  readonly size: "A4" | "LETTER";
  /** When it was issued, ISO 8601: the file's own date too, so that the same document is the same file. */
  readonly issuedAt: string;
  readonly seller: readonly string[];
  readonly buyer: readonly string[];
  readonly place: readonly string[];
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly columns: readonly string[];
  /** A cell per column. */
  readonly rows: readonly (readonly string[])[];
  readonly taxes: readonly (readonly [base: string, rate: string, tax: string])[];
  readonly totals: readonly (readonly [label: string, value: string])[];
  readonly notes: readonly string[];
};

/** 123456 as 1,234.56 */
export function amountText(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, "0");
  const whole = digits.slice(0, -2).replaceAll(/\B(?=(\d{3})+$)/g, ",");
  return `${cents < 0 ? "\u2212" : ""}${whole}.${digits.slice(-2)}`;
}

/** 725 as 7.25 % */
export const rateText = (basisPoints: number): string => `${Number((basisPoints / 100).toFixed(2))} %`;

const columns = ["No.", "Description", "Quantity", "List price", "Amount", "Price", "Tax"] as const;

/** Letter where paper is cut so. */
const letterCountries: ReadonlySet<string> = new Set(["US", "CA", "MX"]);

/** @param document as invoice.get answers with it */
export function paperOf(document: DocumentBody): Paper {
  const { kind, parties } = document;
  const isNote = kind === "credit_note";
  const country = parties?.seller.address.country ?? null;
  return {
    title: isNote ? "Credit note" : "Invoice",
    number: document.number,
    language: "en",
    size: country === null || letterCountries.has(country) ? "LETTER" : "A4",
    issuedAt: document.issued_at,
    seller: sellerLines(parties),
    buyer: buyerLines(parties),
    place: placeLines(parties),
    facts: factsOf(document),
    columns,
    rows: document.lines.map((line) => [
      String(line.line),
      oneLine(line.description),
      `${line.quantity} ${line.unit === "hour" ? "h" : "pc"}`,
      amountText(line.list_price_cents),
      amountText(line.amount_cents),
      amountText(line.price_cents),
      line.tax_basis_points === null ? amountText(line.tax_cents) : rateText(line.tax_basis_points),
    ]),
    taxes: taxSummary(document).map(({ basisPoints, base, tax }) => [
      amountText(base),
      basisPoints === null ? "as it was charged" : rateText(basisPoints),
      amountText(tax),
    ]),
    totals: [
      ["Subtotal", amountText(document.subtotal_cents)],
      ["Tax", amountText(document.tax_cents)],
      [isNote ? "Total credited" : "Total due", `${amountText(document.total_cents)} ${document.currency}`],
    ],
    notes: notesOf(document),
  };
}

/** What is taxed at each rate, and the tax on it; highest rate first. */
export function taxSummary({ lines }: Pick<DocumentBody, "lines">) {
  const rates = [...new Set(lines.map(({ tax_basis_points }) => tax_basis_points))];
  return rates
    .map((basisPoints) => {
      const own = lines.filter(({ tax_basis_points }) => tax_basis_points === basisPoints);
      return {
        basisPoints,
        base: own.reduce((sum, { price_cents }) => sum + price_cents, 0),
        tax: own.reduce((sum, { tax_cents }) => sum + tax_cents, 0),
      };
    })
    .toSorted((one, other) => (other.basisPoints ?? 0) - (one.basisPoints ?? 0));
}

/** People's words on one line, at most so long as a row has room for. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim().slice(0, 2_000);

const present = (lines: readonly (string | null | undefined)[]): string[] =>
  lines.filter((line) => line !== null && line !== undefined && line !== "").map((line) => oneLine(line ?? ""));

const addressLines = ({ line1, line2, city, region, postal_code, country }: PrintedAddress): (string | null)[] => [
  line1,
  line2,
  present([city, region, postal_code]).join(" "),
  country,
];

/** What stands where nothing was kept: today's records say what is so now, and not what was so when it was issued. */
const absent = (what: string): string[] => [`(no ${what} kept with this document)`];

function sellerLines(parties: Parties | null): string[] {
  if (!parties?.seller.name) return absent("seller");
  const { name, address, tax_id, registration_id, email, phone } = parties.seller;
  return present([
    name,
    ...addressLines(address),
    tax_id && `Tax ID ${tax_id}`,
    registration_id && `Registration ${registration_id}`,
    email,
    phone,
  ]);
}

function buyerLines(parties: Parties | null): string[] {
  if (!parties) return absent("customer");
  const { name, address, tax_id, email } = parties.buyer;
  return present([name, ...addressLines(address), tax_id && `Tax ID ${tax_id}`, email]);
}

const placeLines = (parties: Parties | null): string[] =>
  parties ? present([parties.place.name, ...addressLines(parties.place.address)]) : absent("place");

function factsOf(document: DocumentBody): (readonly [string, string])[] {
  const { kind, number, issued_on, due_on, ticket_number, credits_number, parties, currency } = document;
  const isNote = kind === "credit_note";
  return [
    [isNote ? "Credit note no." : "Invoice no.", number],
    ["Date", issued_on],
    ...(isNote ? [["Lowers invoice", credits_number ?? ""] as const] : [["Due", due_on ?? "on receipt"] as const]),
    ["Work order", ticket_number],
    ...(parties?.purchase_order ? [["Purchase order", parties.purchase_order] as const] : []),
    ["Currency", currency],
  ];
}

function notesOf({ reason, parties, lines }: DocumentBody): string[] {
  const bank = parties?.seller.bank;
  const isLowered = lines.some(({ amount_cents, price_cents }) => amount_cents !== price_cents);
  return present(
    [
      reason && `Reason: ${reason}`,
      isLowered && "Price is what credits and discounts leave of the amount; tax is on the price.",
      bank && `Payment to ${present([bank.account_name, bank.account, bank.bank_id]).join(", ")}`,
    ].map((line) => line || null),
  );
}
