/**
 * An invoice or a credit note in UBL 2.1, as EN 16931-1 asks for: what a customer's program reads without a person. The numbers after
 * BT and BG are the standard's own for its fields and groups. Pure: the same document is the same bytes.
 *
 * The elements stand in the order of UBL's schemas (OASIS UBL 2.1, Invoice and CreditNote), which is part of their meaning.
 */
import type { DocumentBody, Parties, PrintedAddress } from "../contract/money-responses.ts";
import { taxSummary } from "./paper.ts";
import { element, rendered, type Child, type Element } from "./xml.ts";

/** What a document lacks for a program to take it, each with where it is to be said. */
export type Lack = { readonly field: string; readonly way_out: string };

const inPriceBook =
  "say it in price-book.json under seller, or in the account's own price book, and put the folder in force by " +
  "pnpm dispatch:policy activate, for the invoices to come";
const anew = "; then credit this document (billing.credit) and invoice anew";

/** All that EN 16931 requires and the document was issued without; none where ublOf may be asked for it. */
export function lacksForUbl(document: DocumentBody): readonly Lack[] {
  const { parties, lines } = document;
  if (!parties) return [{ field: "parties", way_out: "documents of that release kept neither side; there is its PDF" }];
  const { seller, buyer } = parties;
  const lack = (field: string, is: unknown, way_out: string): Lack[] => (is ? [] : [{ field, way_out }]);
  return [
    ...lack("seller.name", seller.name, inPriceBook),
    ...lack("seller.address.country", country(seller.address), inPriceBook),
    ...lack("seller.tax_id", seller.tax_id, inPriceBook),
    ...lack("buyer.address.country", country(buyer.address), countryWay(parties)),
    ...lack("lines", lines.length > 0, "a document without a line is none to a program; there is its PDF"),
    ...lack(
      "lines.tax_basis_points",
      lines.every((line) => line.tax_basis_points !== null),
      "documents of that release kept no rates; there is its PDF",
    ),
  ];
}

/** The buyer's address is the account's for bills, which is free lines, or else the site's. */
function countryWay({ buyer, place }: Parties): string {
  const ofSite = "site.upsert (country) says the site's";
  if (JSON.stringify(buyer.address) === JSON.stringify(place.address))
    return `the account has no billing address and the site no country of two letters: ${ofSite}${anew}`;
  const first = country(place.address) === null ? `; that one lacks a country too, and ${ofSite}` : "";
  return (
    "the account's billing address is lines as they were written, of which none is a country: empty it by account.upsert " +
    `(billing.address: null), so that the site's address is taken${first}${anew}`
  );
}

/** Its two letters by ISO 3166; null where it is no such code. */
const country = (address: PrintedAddress): string | null =>
  /^[A-Z]{2}$/.test(address.country ?? "") ? address.country : null;

const specification = "urn:cen.eu:en16931:2017";
const ubl = "urn:oasis:names:specification:ubl:schema:xsd";
/** UNTDID 1001. */
const typeCodes = { invoice: "380", credit_note: "381" } as const;
/** UNTDID 4461: credit transfer. */
const byTransfer = "30";
/** UN/ECE Recommendation 20: an hour; one. */
const unitCodes: Readonly<Record<string, string>> = { hour: "HUR", each: "C62" };

const cbc = (name: string, text: string | null | undefined, attributes: Readonly<Record<string, string>> = {}): Child =>
  text === null || text === undefined || text === "" ? null : element(`cbc:${name}`, attributes, [text]);
const cac = (name: string, ...children: readonly Child[]): Child => {
  const there = children.filter((child) => child !== null);
  return there.length === 0 ? null : element(`cac:${name}`, {}, there);
};

/**
 * @param document as invoice.get answers with it
 * @throws {Error} where lacksForUbl has something to say
 */
export function ublOf(document: DocumentBody): string {
  const { parties } = document;
  if (!parties || lacksForUbl(document).length > 0) throw new Error(`${document.number} lacks what UBL needs`);
  return rendered(root(document, parties));
}

function root(document: DocumentBody, parties: Parties): Element {
  const isNote = document.kind === "credit_note";
  const name = isNote ? "CreditNote" : "Invoice";
  const namespaces = {
    xmlns: `${ubl}:${name}-2`,
    "xmlns:cac": `${ubl}:CommonAggregateComponents-2`,
    "xmlns:cbc": `${ubl}:CommonBasicComponents-2`,
  };
  const amount = (cents: number) => amountOf(cents, document.currency);
  return element(name, namespaces, [
    cbc("CustomizationID", specification), // BT-24
    cbc("ID", document.number), // BT-1
    cbc("IssueDate", document.issued_on), // BT-2
    isNote ? null : cbc("DueDate", document.due_on), // BT-9
    cbc(`${name}TypeCode`, typeCodes[document.kind]), // BT-3
    cbc("Note", document.reason), // BT-22
    cbc("DocumentCurrencyCode", document.currency), // BT-5
    cac("OrderReference", cbc("ID", parties.purchase_order)), // BT-13
    cac("BillingReference", cac("InvoiceDocumentReference", cbc("ID", document.credits_number))), // BT-25
    cac("AccountingSupplierParty", sellerParty(parties.seller)), // BG-4
    cac("AccountingCustomerParty", buyerParty(parties.buyer)), // BG-7
    delivery(parties.place), // BG-13
    paymentMeans(parties.seller), // BG-16
    termsOf(document), // BT-20
    taxTotal(document), // BG-22, BG-23
    cac(
      "LegalMonetaryTotal",
      cbc("LineExtensionAmount", ...amount(document.subtotal_cents)), // BT-106
      cbc("TaxExclusiveAmount", ...amount(document.subtotal_cents)), // BT-109
      cbc("TaxInclusiveAmount", ...amount(document.total_cents)), // BT-112
      cbc("PayableAmount", ...amount(document.total_cents)), // BT-115
    ),
    ...document.lines.map((line) => lineOf(line, document)), // BG-25
  ]);
}

type Amount = readonly [text: string, attributes: { readonly currencyID: string }];
const amountOf = (cents: number, currency: string): Amount => [decimal(cents), { currencyID: currency }];

/** 123456 as 1234.56 */
function decimal(hundredths: number): string {
  const digits = String(Math.abs(hundredths)).padStart(3, "0");
  return `${hundredths < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

const addressOf = (address: PrintedAddress, name = "PostalAddress"): Child =>
  cac(
    name,
    cbc("StreetName", address.line1),
    cbc("AdditionalStreetName", address.line2),
    cbc("CityName", address.city),
    cbc("PostalZone", address.postal_code),
    cbc("CountrySubentity", address.region),
    cac("Country", cbc("IdentificationCode", country(address))),
  );

/** A number for VAT begins with its country (BR-CO-9); any other is one of the local tax office's (BT-32). */
const isForVat = (taxId: string): boolean => /^[A-Z]{2}[0-9A-Z+*]{2,}$/.test(taxId.replaceAll(/[\s.-]/g, ""));

function sellerParty({ name, address, tax_id, registration_id, email, phone }: Parties["seller"]): Child {
  const scheme = tax_id !== null && isForVat(tax_id) ? "VAT" : "TAX";
  return cac(
    "Party",
    cac("PartyName", cbc("Name", name)),
    addressOf(address),
    cac("PartyTaxScheme", cbc("CompanyID", tax_id), cac("TaxScheme", cbc("ID", scheme))),
    cac("PartyLegalEntity", cbc("RegistrationName", name), cbc("CompanyID", registration_id ?? tax_id)),
    cac("Contact", cbc("Telephone", phone), cbc("ElectronicMail", email)),
  );
}

function buyerParty({ name, address, tax_id, email }: Parties["buyer"]): Child {
  return cac(
    "Party",
    cac("PartyName", cbc("Name", name)),
    addressOf(address),
    tax_id !== null && isForVat(tax_id)
      ? cac("PartyTaxScheme", cbc("CompanyID", tax_id), cac("TaxScheme", cbc("ID", "VAT")))
      : null,
    cac("PartyLegalEntity", cbc("RegistrationName", name)),
    cac("Contact", cbc("ElectronicMail", email)),
  );
}

/** An address without a country is none to the standard (BR-57). */
const delivery = ({ name, address }: Parties["place"]): Child =>
  cac(
    "Delivery",
    country(address) === null ? null : cac("DeliveryLocation", addressOf(address, "Address")),
    cac("DeliveryParty", cac("PartyName", cbc("Name", name))),
  );

const paymentMeans = ({ bank }: Parties["seller"]): Child =>
  bank &&
  cac(
    "PaymentMeans",
    cbc("PaymentMeansCode", byTransfer),
    cac(
      "PayeeFinancialAccount",
      cbc("ID", bank.account),
      cbc("Name", bank.account_name),
      cac("FinancialInstitutionBranch", cbc("ID", bank.bank_id)),
    ),
  );

/** What is to be paid has a day or terms (BR-CO-25), and a credit note no day. */
const termsOf = ({ kind, due_on }: DocumentBody): Child =>
  kind === "credit_note"
    ? cac("PaymentTerms", cbc("Note", "Lowers the invoice it names"))
    : due_on === null
      ? cac("PaymentTerms", cbc("Note", "Due on receipt"))
      : null;

/** UNTDID 5305: S is taxed at a rate, E is not taxed. */
const categoryOf = (basisPoints: number): "S" | "E" => (basisPoints > 0 ? "S" : "E");
const whyUntaxed = "Not taxed";

const category = (name: string, basisPoints: number, reason: string | null): Child =>
  cac(
    name,
    cbc("ID", categoryOf(basisPoints)),
    cbc("Percent", decimal(basisPoints)),
    cbc("TaxExemptionReason", categoryOf(basisPoints) === "E" ? reason : null),
    cac("TaxScheme", cbc("ID", "VAT")),
  );

function taxTotal(document: DocumentBody): Child {
  const { currency, tax_cents } = document;
  return cac(
    "TaxTotal",
    cbc("TaxAmount", ...amountOf(tax_cents, currency)),
    ...taxSummary(document).map(({ basisPoints, base, tax }) =>
      cac(
        "TaxSubtotal",
        cbc("TaxableAmount", ...amountOf(base, currency)),
        cbc("TaxAmount", ...amountOf(tax, currency)),
        category("TaxCategory", basisPoints ?? 0, whyUntaxed),
      ),
    ),
  );
}

function lineOf(line: DocumentBody["lines"][number], { kind, currency }: DocumentBody): Child {
  const isNote = kind === "credit_note";
  // A price is never below nothing (BR-27): what lowers a document is less than none of it.
  const sign = line.list_price_cents < 0 ? -1 : 1;
  const lowered = line.amount_cents - line.price_cents;
  const quantity = String(Number((sign * line.quantity).toFixed(6)));
  return cac(
    isNote ? "CreditNoteLine" : "InvoiceLine",
    cbc("ID", String(line.line)),
    cbc(isNote ? "CreditedQuantity" : "InvoicedQuantity", quantity, { unitCode: unitCodes[line.unit] ?? "C62" }),
    cbc("LineExtensionAmount", ...amountOf(line.price_cents, currency)),
    lowered === 0
      ? null
      : cac(
          "AllowanceCharge",
          cbc("ChargeIndicator", String(lowered < 0)),
          cbc("AllowanceChargeReason", "Credits and discounts on the document"),
          cbc("Amount", ...amountOf(Math.abs(lowered), currency)),
        ),
    cac(
      "Item",
      cbc("Name", line.description.replaceAll(/\s+/g, " ").trim() || line.kind),
      category("ClassifiedTaxCategory", line.tax_basis_points ?? 0, null),
    ),
    cac("Price", cbc("PriceAmount", ...amountOf(sign * line.list_price_cents, currency))),
  );
}
