// Invoices and credit notes for the customer's program: the rules of EN 16931 that such a document can break by its numbers, by
// what it leaves out and by its codes, held for whatever was billed and credited; and the order that UBL's schemas ask for. The
// standard's own Schematron is not run, since no package brings it; the rules are written here from their wording (EN 16931-1,
// 6.4), by their ids.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { knownId, type AccountId, type SiteId, type TicketId } from "../../dispatch/contract/ids.ts";
import type { DocumentBody, PrintedAddress } from "../../dispatch/contract/money-responses.ts";
import { documentBody } from "../../dispatch/field/invoice-rows.ts";
import { lacksForUbl, ublOf } from "../../dispatch/money/ubl.ts";
import { billed, words, type Amounts } from "../support/billed-documents.ts";
import { all, one, read, type Node } from "../support/xml-tree.ts";

const id = "aaaaaaaa-0000-4000-8000-000000000001";
const nowhere = { line1: null, line2: null, city: null, region: null, postal_code: null, country: null };
const elbe = { ...nowhere, line1: "Elbufer 1", city: "Dresden", postal_code: "01067", country: "DE" };
const parties: NonNullable<DocumentBody["parties"]> = {
  seller: {
    name: "Tür & Glas Elbe GmbH",
    address: elbe,
    tax_id: "DE123456789",
    registration_id: "HRB 1",
    email: "post@elbe.example",
    phone: "+493514567000",
    bank: { account: "DE89370400440532013000", bank_id: "COBADEFFXXX", account_name: null },
  },
  buyer: { name: "Bäckerei <Größ>", address: elbe, tax_id: null, email: null },
  place: { name: "Größ am Markt", address: elbe },
  purchase_order: "PO-7",
};

function documentOf(amounts: Amounts, over: Partial<DocumentBody> = {}): DocumentBody {
  const { lines, subtotal_cents, tax_cents, total_cents } = amounts;
  const row = {
    id,
    kind: "invoice" as const,
    number: "INV-000001",
    status: "issued" as const,
    ticket_id: knownId<TicketId>(id),
    ticket_number: "T-000001",
    account_id: knownId<AccountId>(id),
    account_name: "Größ",
    site_id: knownId<SiteId>(id),
    site_name: "Größ am Markt",
    currency: "EUR",
    credited_cents: 0,
    issued_at: "2026-11-30T09:00:00.000Z",
    issued_on: "2026-11-30",
    due_on: null,
    credits_invoice_id: null,
    credits_number: null,
    reason: null,
    subtotal_cents,
    tax_cents,
    total_cents,
  };
  return { ...documentBody({ row: { ...row, lines, parties }, notes: [] }), ...over };
}

/** Exactly, as decimals: no binary fraction comes in. */
const hundredths = (text: string): number => {
  assert.match(text, /^-?\d+\.\d\d$/);
  return Number(text.replace(".", ""));
};
const sum = (nodes: readonly Node[], path: string): number =>
  nodes.reduce((total, node) => total + hundredths(one(node, path)), 0);

/** The rules that numbers can break, with their ids. */
function holdsByItsNumbers(root: Node): void {
  const lines = [...all(root, "InvoiceLine"), ...all(root, "CreditNoteLine")];
  const totals = (name: string) => hundredths(one(root, `LegalMonetaryTotal/${name}`));
  const subtotals = all(root, "TaxTotal/TaxSubtotal");
  const tax = hundredths(one(root, "TaxTotal/TaxAmount"));
  assert.ok(lines.length > 0, "BR-16");
  assert.equal(sum(lines, "LineExtensionAmount"), totals("LineExtensionAmount"), "BR-CO-10");
  assert.equal(totals("TaxExclusiveAmount"), totals("LineExtensionAmount"), "BR-CO-13");
  assert.equal(sum(subtotals, "TaxAmount"), tax, "BR-CO-14");
  assert.equal(totals("TaxInclusiveAmount"), totals("TaxExclusiveAmount") + tax, "BR-CO-15");
  assert.equal(totals("PayableAmount"), totals("TaxInclusiveAmount"), "BR-CO-16");
  assert.ok(subtotals.length > 0, "BR-CO-18");
  for (const subtotal of subtotals) {
    const [code, percent] = [one(subtotal, "TaxCategory/ID"), one(subtotal, "TaxCategory/Percent")];
    const own = lines.filter(
      (line) =>
        one(line, "Item/ClassifiedTaxCategory/ID") === code &&
        one(line, "Item/ClassifiedTaxCategory/Percent") === percent,
    );
    const base = hundredths(one(subtotal, "TaxableAmount"));
    assert.equal(sum(own, "LineExtensionAmount"), base, "BR-S-8, BR-E-8");
    const due = (base * hundredths(percent)) / 10_000;
    // The rule grants a whole unit; whatever the rounding, a cent for each line is all there is.
    const taken = hundredths(one(subtotal, "TaxAmount"));
    assert.ok(Math.abs(taken - due) < Math.min(100, 1 + own.length), `BR-CO-17: ${taken} of ${due}`);
    assert.equal(all(subtotal, "TaxCategory/TaxExemptionReason").length, code === "E" ? 1 : 0, "BR-E-10, BR-S-10");
    if (code === "E") assert.deepEqual([percent, taken], ["0.00", 0], "BR-E-9");
  }
  for (const line of lines) {
    assert.ok(hundredths(one(line, "Price/PriceAmount")) >= 0, "BR-27");
    assert.notEqual(one(line, "Item/Name"), "", "BR-25");
    for (const change of all(line, "AllowanceCharge"))
      assert.ok(hundredths(one(change, "Amount")) > 0 && one(change, "AllowanceChargeReason") !== "", "BR-41, BR-42");
  }
  assert.ok(all(root, "DueDate").length + all(root, "PaymentTerms/Note").length > 0, "BR-CO-25");
}

/** What must be there, once and not empty, by the rules that say so. */
const required: Readonly<Record<string, string>> = {
  "BR-01": "CustomizationID",
  "BR-02": "ID",
  "BR-03": "IssueDate",
  "BR-05": "DocumentCurrencyCode",
  "BR-06": "AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName",
  "BR-07": "AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName",
  "BR-09": "AccountingSupplierParty/Party/PostalAddress/Country/IdentificationCode",
  "BR-11": "AccountingCustomerParty/Party/PostalAddress/Country/IdentificationCode",
  "BR-12": "LegalMonetaryTotal/LineExtensionAmount",
  "BR-13": "LegalMonetaryTotal/TaxExclusiveAmount",
  "BR-14": "LegalMonetaryTotal/TaxInclusiveAmount",
  "BR-15": "LegalMonetaryTotal/PayableAmount",
};
const requiredOfLines: Readonly<Record<string, string>> = {
  "BR-21": "ID",
  "BR-24": "LineExtensionAmount",
  "BR-25": "Item/Name",
  "BR-26": "Price/PriceAmount",
  "BR-CO-04": "Item/ClassifiedTaxCategory/ID",
};
const requiredOfTaxes: Readonly<Record<string, string>> = {
  "BR-45": "TaxableAmount",
  "BR-46": "TaxAmount",
  "BR-47": "TaxCategory/ID",
  "BR-48": "TaxCategory/Percent",
};

/** The rules that what is left out, or what is no known code, can break, with their ids. */
function holdsByWhatIsThere(root: Node): void {
  const has = (node: Node, rules: Readonly<Record<string, string>>) => {
    for (const [rule, path] of Object.entries(rules))
      assert.deepEqual([all(node, path).length, one(node, path) !== ""], [1, true], `${rule}: ${path}`);
  };
  const isNote = root.name === "CreditNote";
  const lines = all(root, isNote ? "CreditNoteLine" : "InvoiceLine");
  const subtotals = all(root, "TaxTotal/TaxSubtotal");
  has(root, required);
  for (const line of lines) has(line, requiredOfLines);
  for (const subtotal of subtotals) has(subtotal, requiredOfTaxes);
  assert.equal(one(root, isNote ? "CreditNoteTypeCode" : "InvoiceTypeCode"), isNote ? "381" : "380", "BR-04, BR-CL-01");
  const currency = one(root, "DocumentCurrencyCode");
  assert.match(currency, /^[A-Z]{3}$/, "BR-CL-04");
  for (const amount of amountsOf(root)) {
    assert.equal(amount.attributes["currencyID"], currency, `BR-CL-03: ${amount.name}`);
    assert.match(amount.text, /^-?\d+\.\d\d$/, `BR-DEC: ${amount.name}`);
  }
  for (const country of named(root, "IdentificationCode")) assert.match(country.text, /^[A-Z]{2}$/, "BR-CL-14");
  for (const place of all(root, "Delivery/DeliveryLocation/Address"))
    assert.equal(all(place, "Country/IdentificationCode").length, 1, "BR-57");
  for (const quantity of lines.flatMap((line) => all(line, isNote ? "CreditedQuantity" : "InvoicedQuantity"))) {
    assert.ok(Number.isFinite(Number(quantity.text)), "BR-22");
    assert.ok(["HUR", "C62"].includes(quantity.attributes["unitCode"] ?? ""), "BR-23, BR-CL-23");
  }
  for (const means of all(root, "PaymentMeans")) {
    assert.equal(one(means, "PaymentMeansCode"), "30", "BR-49, BR-CL-16");
    assert.notEqual(one(means, "PayeeFinancialAccount/ID"), "", "BR-50, BR-61");
  }
  for (const before of all(root, "BillingReference"))
    assert.notEqual(one(before, "InvoiceDocumentReference/ID"), "", "BR-55");
  const scheme = "AccountingSupplierParty/Party/PartyTaxScheme";
  assert.equal(all(root, scheme).length, 1, "BR-S-02, BR-E-02");
  if (one(root, `${scheme}/TaxScheme/ID`) === "VAT")
    assert.match(one(root, `${scheme}/CompanyID`), /^[A-Z]{2}/, "BR-CO-09");
  assert.notEqual(one(root, "AccountingSupplierParty/Party/PartyLegalEntity/CompanyID"), "", "BR-CO-26");
  const categories = (nodes: readonly Node[], path: string) => new Set(nodes.map((node) => one(node, path)));
  assert.deepEqual(
    [...categories(subtotals, "TaxCategory/ID")].toSorted(),
    [...categories(lines, "Item/ClassifiedTaxCategory/ID")].toSorted(),
    "BR-S-01, BR-E-01, BR-CL-17, BR-CL-18",
  );
  for (const line of lines) {
    const [code, percent] = ["ID", "Percent"].map((name) => one(line, `Item/ClassifiedTaxCategory/${name}`));
    assert.equal(Number(percent) > 0, code === "S", "BR-S-05, BR-E-05");
  }
}

/** Everywhere in it. */
const named = (node: Node, name: string): Node[] => [
  ...all(node, name),
  ...node.children.flatMap((child) => named(child, name)),
];
const amountsOf = (node: Node): Node[] =>
  node.children.flatMap((child) => [...(child.name.endsWith("Amount") ? [child] : []), ...amountsOf(child)]);

/** Of the elements that are written, as UBL 2.1's schemas order them. */
const orders: Readonly<Record<string, string>> = {
  Invoice:
    "CustomizationID ID IssueDate DueDate InvoiceTypeCode Note DocumentCurrencyCode OrderReference BillingReference " +
    "AccountingSupplierParty AccountingCustomerParty Delivery PaymentMeans PaymentTerms TaxTotal LegalMonetaryTotal InvoiceLine",
  CreditNote:
    "CustomizationID ID IssueDate CreditNoteTypeCode Note DocumentCurrencyCode OrderReference BillingReference " +
    "AccountingSupplierParty AccountingCustomerParty Delivery PaymentMeans PaymentTerms TaxTotal LegalMonetaryTotal CreditNoteLine",
  Party: "PartyName PostalAddress PartyTaxScheme PartyLegalEntity Contact",
  PostalAddress: "StreetName AdditionalStreetName CityName PostalZone CountrySubentity Country",
  PartyTaxScheme: "CompanyID TaxScheme",
  PartyLegalEntity: "RegistrationName CompanyID",
  Contact: "Telephone ElectronicMail",
  Delivery: "DeliveryLocation DeliveryParty",
  PaymentMeans: "PaymentMeansCode PayeeFinancialAccount",
  PayeeFinancialAccount: "ID Name FinancialInstitutionBranch",
  Address: "StreetName AdditionalStreetName CityName PostalZone CountrySubentity Country",
  TaxTotal: "TaxAmount TaxSubtotal",
  TaxSubtotal: "TaxableAmount TaxAmount TaxCategory",
  TaxCategory: "ID Percent TaxExemptionReason TaxScheme",
  ClassifiedTaxCategory: "ID Percent TaxScheme",
  LegalMonetaryTotal: "LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount PayableAmount",
  InvoiceLine: "ID InvoicedQuantity LineExtensionAmount AllowanceCharge Item Price",
  CreditNoteLine: "ID CreditedQuantity LineExtensionAmount AllowanceCharge Item Price",
  AllowanceCharge: "ChargeIndicator AllowanceChargeReason Amount",
  Item: "Name ClassifiedTaxCategory",
};

function isInOrder({ name, children }: Node): void {
  const order = orders[name.replace(/^.*:/, "")]?.split(" ");
  const names = children.map((child) => child.name.replace(/^.*:/, ""));
  if (order) {
    const places = names.map((one) => order.indexOf(one));
    assert.ok(!places.includes(-1), `${name}: ${names.join(" ")}`);
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
      name,
    );
  } else assert.ok(children.length <= 1, `${name} has no order here`);
  for (const child of children) isInOrder(child);
}

const anInvoice = (): DocumentBody => {
  const [sample] = fc.sample(billed, { numRuns: 1, seed: 14 });
  return documentOf(sample?.invoice ?? assert.fail());
};

describe("UBL", () => {
  test("keeps the standard's rules whatever was billed and credited, under every rounding", () => {
    fc.assert(
      fc.property(billed, words, ({ invoice, creditNotes }, name) => {
        const buyer = { ...parties.buyer, name: `Größ ${name}` };
        const documents = [
          documentOf(invoice, { parties: { ...parties, buyer } }),
          ...creditNotes.map((amounts, index) =>
            documentOf(amounts, {
              kind: "credit_note",
              number: `CN-${index}`,
              credits_number: "INV-000001",
              reason: name,
            }),
          ),
        ];
        for (const document of documents) {
          if (document.lines.length === 0) continue;
          assert.deepEqual(lacksForUbl(document), []);
          const root = read(ublOf(document));
          holdsByItsNumbers(root);
          holdsByWhatIsThere(root);
          isInOrder(root);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("says who, what and until when, in a file that is the same each time", () => {
    const document = { ...anInvoice(), due_on: "2026-12-14" };
    const xml = ublOf(document);
    assert.equal(ublOf(document), xml);
    const root = read(xml);
    assert.equal(root.attributes["xmlns"], "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2");
    assert.deepEqual(
      [
        "CustomizationID",
        "ID",
        "IssueDate",
        "DueDate",
        "InvoiceTypeCode",
        "DocumentCurrencyCode",
        "OrderReference/ID",
        "AccountingSupplierParty/Party/PartyTaxScheme/CompanyID",
        "AccountingSupplierParty/Party/PartyTaxScheme/TaxScheme/ID",
        "AccountingSupplierParty/Party/PostalAddress/Country/IdentificationCode",
        "AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName",
        "PaymentMeans/PayeeFinancialAccount/ID",
      ].map((path) => one(root, path)),
      [
        "urn:cen.eu:en16931:2017",
        "INV-000001",
        "2026-11-30",
        "2026-12-14",
        "380",
        "EUR",
        "PO-7",
        "DE123456789",
        "VAT",
        "DE",
        "Bäckerei <Größ>",
        "DE89370400440532013000",
      ],
    );
  });

  test("tells a number for VAT from another by its country", () => {
    const seller = { ...parties.seller, tax_id: "201/123/12340", registration_id: null };
    const root = read(ublOf({ ...anInvoice(), parties: { ...parties, seller } }));
    const of = (path: string) => one(root, `AccountingSupplierParty/Party/${path}`);
    assert.deepEqual([of("PartyTaxScheme/TaxScheme/ID"), of("PartyLegalEntity/CompanyID")], ["TAX", "201/123/12340"]);
  });

  test("is refused with all that is missing at once, and where to say it", () => {
    const bare = {
      ...parties,
      seller: { ...parties.seller, name: null, tax_id: null, address: nowhere },
      buyer: { ...parties.buyer, address: { ...elbe, country: "Germany" } },
    };
    const document = { ...anInvoice(), parties: bare };
    assert.deepEqual(
      lacksForUbl(document).map(({ field }) => field),
      ["seller.name", "seller.address.country", "seller.tax_id", "buyer.address.country"],
    );
    assert.ok(lacksForUbl(document).every(({ way_out }) => way_out.length > 20));
    const wayFor = (buyer: PrintedAddress, place: PrintedAddress) =>
      lacksForUbl({
        ...anInvoice(),
        parties: {
          ...parties,
          buyer: { ...parties.buyer, address: buyer },
          place: { ...parties.place, address: place },
        },
      }).map(({ field, way_out }) => `${field}: ${way_out}`);
    const lines = { ...nowhere, line1: "Postfach 7", line2: "Dresden" };
    const [free = ""] = wayFor(lines, elbe);
    assert.match(
      free,
      /^buyer\.address\.country: .* account\.upsert \(billing\.address: null\)[^;]*; then credit .*billing\.credit/,
    );
    assert.match(
      wayFor(lines, nowhere).join(),
      /account\.upsert .*; that one lacks a country too, and site\.upsert \(country\)/,
    );
    assert.match(wayFor(nowhere, nowhere).join(), /no country of two letters: site\.upsert \(country\)/);
    assert.doesNotMatch(wayFor(nowhere, nowhere).join(), /account\.upsert/);
    assert.deepEqual(
      lacksForUbl({ ...document, parties: null }).map(({ field }) => field),
      ["parties"],
    );
    assert.throws(() => ublOf(document), /INV-000001 lacks what UBL needs/);
  });
});
