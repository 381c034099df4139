// Several price books in a policy folder: what one takes from the main book, which account is in which, and what is refused.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { calculateInvoice } from "../../dispatch/field/invoice-lines.ts";
import { idNamed } from "../support/ids.ts";
import type { AccountId } from "../../dispatch/contract/ids.ts";
import { loadPolicy, loadPolicySet, PolicyError } from "../../dispatch/policy/load.ts";
import { bookFor, currenciesOf, type PricedAccount } from "../../dispatch/policy/price-books.ts";
import { underVersion, type Policy } from "../../dispatch/policy/policy.ts";
import { shippedFolder } from "../../dispatch/policy/policy-set.ts";
import { buildStoredPolicy } from "../../dispatch/policy/stored-policy.ts";

type Books = Readonly<Record<string, object>>;

function folderWith(t: TestContext, books: Books, main: object = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-books-"));
  t.after(() => rmSync(folder, { recursive: true }));
  cpSync(shippedFolder, folder, { recursive: true });
  mkdirSync(join(folder, "price-books"), { recursive: true });
  const path = join(folder, "price-book.json");
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...main }));
  for (const [name, book] of Object.entries(books))
    writeFileSync(join(folder, "price-books", name), JSON.stringify(book));
  return folder;
}

const rates = {
  labor_cents_per_hour: 10_000,
  travel_cents_per_hour: 8_000,
  trip_charge_cents: 5_000,
  minimum_labor_minutes: 30,
  materials_markup_basis_points: 1_000,
};
const seller = { name: "Elbe Doors", address: { country: "DE" }, bank: { account: "DE89370400440532013000" } };
const vat = { default_basis_points: 1_900, regions: [], taxable_lines: ["labor", "travel", "materials", "trip"] };
const eur = { extends: "price-book.json", currency: "EUR", default: rates, tax: vat, rounding: "half_even", seller };
const key = {
  extends: "price-book.json",
  version: "7.0.0",
  for_accounts: ["quickbooks:1001", "d3f77db0-5d1a-4f9c-b0ea-222222222222"],
  default: { labor_cents_per_hour: 9_900 },
};
const account = (more: Partial<PricedAccount>): PricedAccount => ({
  id: "d3f77db0-5d1a-4f9c-b0ea-999999999999",
  external_source: null,
  external_id: null,
  currency: null,
  ...more,
});
const strike = { sku: "STRIKE-01", name: "Strike plate", price_cents: 4_900 };

describe("the books of a folder", () => {
  it("are the main one alone where there is no other, and its page is no book", (t) => {
    const policy = loadPolicy("pilot");
    assert.deepEqual([policy.furtherBooks, currenciesOf(policy)], [[], ["USD"]]);
    const { policyHash } = loadPolicy("pilot", folderWith(t, {}));
    assert.equal(policyHash, policy.policyHash);
  });

  it("take from the main book what they do not say, and from one in another currency no amount", (t) => {
    const folder = folderWith(t, { "eur.json": eur, "key.json": key }, { parts: [strike] });
    const policy = loadPolicy("pilot", folder);
    const [inEuro, ofKey] = policy.furtherBooks;
    assert.deepEqual(currenciesOf(policy), ["USD", "EUR"]);
    assert.deepEqual(
      [inEuro?.book.byAccount, inEuro?.book.parts, inEuro?.book.rounding, inEuro?.book.version],
      [Object.create(null), Object.create(null), "half_even", policy.priceBook.version],
    );
    assert.equal(inEuro?.book.default.laborCentsPerHour, 10_000);
    assert.equal(inEuro?.seller?.bank?.account, seller.bank.account);
    const { priceBook } = policy;
    assert.deepEqual(
      [ofKey?.book.default, ofKey?.book.parts, ofKey?.book.tax, ofKey?.book.currency, ofKey?.book.version],
      [{ ...priceBook.default, laborCentsPerHour: 9_900 }, priceBook.parts, priceBook.tax, "USD", "7.0.0"],
    );
    assert.equal(ofKey?.seller, policy.seller);
    assert.throws(() => Object.assign(ofKey?.book.default ?? assert.fail(), { tripChargeCents: 0 }), TypeError);
  });

  it("stand whole without extends, with the main book's seller where they name none", (t) => {
    const { schema_version, accounts, ...main } = JSON.parse(
      readFileSync(join(shippedFolder, "price-book.json"), "utf8"),
    );
    const {
      extends: _extends,
      seller: _seller,
      ...whole
    } = { ...main, schema_version, accounts, ...eur, parts: [strike] };
    const policy = loadPolicy("pilot", folderWith(t, { "eur.json": whole }, { seller }));
    assert.equal(policy.furtherBooks[0]?.seller?.name, "Elbe Doors");
    assert.deepEqual(Object.keys(policy.furtherBooks[0]?.book.parts ?? {}), ["STRIKE-01"]);
  });

  it("may be as their page shows", (t) => {
    const page = readFileSync(join(shippedFolder, "price-books/README.md"), "utf8");
    const [inEuro, ofKey] = [...page.matchAll(/```json\n([^`]*)```/g)].map(([, text = ""]) => JSON.parse(text));
    const folder = folderWith(t, { "eur.json": inEuro, "key-customers.json": ofKey }, { seller });
    const { furtherBooks } = loadPolicy("pilot", folder);
    assert.deepEqual(
      furtherBooks.map(({ book, forAccounts, seller: who }) => [book.currency, forAccounts !== null, who?.name]),
      [
        ["EUR", false, "Elbe Doors"],
        ["USD", true, "Elbe Doors"],
      ],
    );
  });

  it("are part of the version that is kept, and of its hash", (t) => {
    const folder = folderWith(t, { "eur.json": eur });
    const { set, policy } = loadPolicySet("pilot", folder);
    const kept = buildStoredPolicy(JSON.parse(JSON.stringify(set)));
    assert.deepEqual([kept.furtherBooks, kept.policyHash], [policy.furtherBooks, policy.policyHash]);
    assert.notEqual(policy.policyHash, loadPolicy("pilot").policyHash);
    const cheaper = folderWith(t, { "eur.json": { ...eur, default: { ...rates, trip_charge_cents: 1 } } });
    assert.notEqual(loadPolicy("pilot", cheaper).policyHash, policy.policyHash);
  });
});

describe("the book of an account", () => {
  const books = { "eur.json": eur, "key.json": key, "key-eur.json": { ...eur, for_accounts: ["sap:7", "sap:8"] } };
  const currencyAndTrip = (policy: Policy, one: Partial<PricedAccount>) => {
    const { book } = bookFor(policy, account(one));
    return [book.currency, book.version, book.default.laborCentsPerHour];
  };

  it("is that of its currency which names it, else that which names nobody", (t) => {
    const policy = loadPolicy(
      "pilot",
      folderWith(t, { ...books, "key-eur.json": { ...books["key-eur.json"], version: "3.0.0" } }),
    );
    const sap = (external_id: string) => ({ external_source: "sap", external_id });
    for (const [one, expected] of [
      [{}, ["USD", "1.0.0", 12_500]],
      [{ currency: "USD" }, ["USD", "1.0.0", 12_500]],
      [{ currency: "EUR" }, ["EUR", "1.0.0", 10_000]],
      [{ currency: "EUR", ...sap("7") }, ["EUR", "3.0.0", 10_000]],
      [{ ...sap("8") }, ["EUR", "3.0.0", 10_000]],
      // Its currency comes first.
      [{ currency: "USD", ...sap("8") }, ["USD", "1.0.0", 12_500]],
      [{ external_source: "quickbooks", external_id: "1001" }, ["USD", "7.0.0", 9_900]],
      [{ id: "D3F77DB0-5d1a-4f9c-b0ea-222222222222" }, ["USD", "7.0.0", 9_900]],
      // Its id before its reference.
      [{ id: "d3f77db0-5d1a-4f9c-b0ea-222222222222", ...sap("8") }, ["USD", "7.0.0", 9_900]],
      // Kept from before the book was taken away.
      [{ currency: "CHF" }, ["USD", "1.0.0", 12_500]],
    ] as const)
      assert.deepEqual(currencyAndTrip(policy, one), expected, JSON.stringify(one));
  });

  it("is that of the version a ticket opened with", (t) => {
    const before = loadPolicy("pilot");
    const after = loadPolicy("pilot", folderWith(t, books));
    assert.deepEqual(currencyAndTrip(underVersion(after, before), { currency: "EUR" }), ["USD", "1.0.0", 12_500]);
    assert.deepEqual(currencyAndTrip(underVersion(before, after), { currency: "EUR" }), ["EUR", "1.0.0", 10_000]);
  });

  it("bills each account in its own currency, at its own rates and tax, and every sum agrees", (t) => {
    const policy = loadPolicy("pilot", folderWith(t, books, { parts: [strike] }));
    const one = fc.record({
      id: fc.uuid(),
      external_source: fc.constantFrom("sap", "quickbooks", null),
      external_id: fc.constantFrom("7", "1001", "9", null),
      currency: fc.constantFrom("EUR", "USD", null),
    });
    const minutes = fc.integer({ min: 0, max: 600 });
    fc.assert(
      fc.property(one, minutes, minutes, fc.integer({ min: 0, max: 99_999 }), (who, labor, travel, cost) => {
        const { book } = bookFor(policy, who);
        if (who.currency !== null) assert.equal(book.currency, who.currency);
        const work = { labor_minutes: labor, travel_minutes: travel, parts: [{ quantity: 1, unit_price_cents: cost }] };
        const result = calculateInvoice({
          visits: [{ number: 1, began_at: null, reports: [work], noWork: null }],
          adjustments: [],
          accountId: idNamed<AccountId>(who.id),
          region: "CA",
          priceBook: book,
          rules: policy.invoice,
        });
        assert.ok(result.ok);
        const { lines, subtotal_cents, tax_cents, total_cents, currency } = result.invoice;
        const sum = (of: (line: (typeof lines)[number]) => number) => lines.reduce((all, line) => all + of(line), 0);
        assert.equal(currency, book.currency);
        assert.equal(
          sum((line) => line.amount_cents),
          subtotal_cents,
        );
        assert.equal(
          sum((line) => line.tax_cents),
          tax_cents,
        );
        assert.equal(subtotal_cents + tax_cents, total_cents);
        assert.equal(lines.find(({ kind }) => kind === "trip")?.amount_cents, book.currency === "EUR" ? 5_000 : 8_900);
        assert.ok(lines.every((line) => !line.taxable || line.tax_basis_points === (currency === "EUR" ? 1_900 : 725)));
      }),
      { numRuns: 300 },
    );
  });
});

describe("books that are refused", () => {
  const cases: [what: string, books: Books, file: string, path: string, reason: RegExp][] = [
    [
      "one that extends none there is",
      { "eur.json": { ...eur, extends: "usd.json" } },
      "eur.json",
      "/extends",
      /no price book "usd.json".*known: price-book.json/,
    ],
    [
      "one in another currency without rates",
      { "eur.json": { ...eur, default: undefined } },
      "eur.json",
      "/default",
      /required.*not taken over/,
    ],
    [
      "one in another currency with half of the rates",
      { "eur.json": { ...eur, default: { trip_charge_cents: 1 } } },
      "eur.json",
      "/default",
      /labor_cents_per_hour/,
    ],
    [
      "one in no currency",
      { "eur.json": { ...eur, currency: "EUO" } },
      "eur.json",
      "/currency",
      /no currency of ISO 4217/,
    ],
    [
      "a second for everybody in the main book's currency",
      { "b.json": { extends: "price-book.json" } },
      "b.json",
      "/for_accounts",
      /price-book.json is for all accounts in USD already/,
    ],
    [
      "two for everybody in one currency",
      { "a.json": eur, "b.json": eur },
      "b.json",
      "/for_accounts",
      /price-books\/a.json is for all accounts in EUR already/,
    ],
    [
      "a list that leaves others in no book",
      { "a.json": { ...eur, for_accounts: ["sap:7"] } },
      "a.json",
      "/for_accounts",
      /leaves other accounts in EUR without/,
    ],
    [
      "two that claim one account",
      { "a.json": key, "b.json": { ...key, for_accounts: ["sap:7", "quickbooks:1001"] } },
      "b.json",
      "/for_accounts/1",
      /"quickbooks:1001" is in price-books\/a.json already/,
    ],
    [
      "a reference that is none",
      { "a.json": { ...key, for_accounts: ["ACME"] } },
      "a.json",
      "/for_accounts/0",
      /pattern/,
    ],
    ["an empty list", { "a.json": { ...key, for_accounts: [] } }, "a.json", "/for_accounts", /fewer than 1/],
    ["a name that a book does not have", { "a.json": { ...key, group: "key" } }, "a.json", "/", /"group"; known are/],
    [
      "a part twice",
      { "eur.json": { ...eur, parts: [strike, strike] } },
      "eur.json",
      "/parts/1/sku",
      /already at \/parts\/0/,
    ],
    ["a book by no name", { "Euro.JSON": eur }, "Euro.JSON", "/", /is no price book/],
  ];
  for (const [what, books, file, path, reason] of cases)
    it(what, (t) => {
      const folder = folderWith(t, books);
      assert.throws(
        () => loadPolicy("pilot", folder),
        (error) => {
          assert.ok(error instanceof PolicyError, String(error));
          assert.deepEqual([error.file, error.path], [`price-books/${file}`, path], error.message);
          assert.match(error.reason, reason);
          assert.match(error.reason, /an example: /);
          return true;
        },
      );
    });
});
