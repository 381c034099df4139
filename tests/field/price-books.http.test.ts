// A desk whose customers pay in two currencies: each account's tickets, limits, invoices and papers are in its own, by the version a
// ticket opened with; and what is refused so that none is left without a price book.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { activatePolicy } from "../../dispatch/ops/policy/activate.ts";
import { checkFolder } from "../../dispatch/ops/policy/check-folder.ts";
import { initFolder } from "../../dispatch/ops/policy/init-folder.ts";
import { refusalOf, startTestApi, type TestApi } from "../support/api.ts";
import { acme, borealis } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { addAllEvidence, fullChecklist, ticketIn } from "../support/ticket-builder.ts";

type After = { after(fn: () => void): void };

const rates = {
  labor_cents_per_hour: 10_000,
  travel_cents_per_hour: 8_000,
  trip_charge_cents: 5_000,
  minimum_labor_minutes: 0,
  materials_markup_basis_points: 0,
};
const elbe = { name: "Elbe Türen", tax_id: "DE123456789", address: { line1: "Elbufer 7", country: "DE" } };
const eur = {
  extends: "price-book.json",
  currency: "EUR",
  default: rates,
  seller: elbe,
  parts: [{ sku: "CLOSER-EN4", name: "Türschließer", price_cents: 12_345 }],
  tax: { default_basis_points: 1_900, regions: [], taxable_lines: ["labor", "travel", "materials", "trip"] },
};
const key = { ...eur, version: "2.0.0", for_accounts: ["sap:42"], default: { ...rates, trip_charge_cents: 1_000 } };

function folderOf(books: Readonly<Record<string, object>>, t: After): string {
  const parent = mkdtempSync(join(tmpdir(), "dispatch-books-"));
  t.after(() => rmSync(parent, { recursive: true }));
  const folder = join(parent, "rules");
  initFolder(folder, "pilot");
  mkdirSync(join(folder, "price-books"), { recursive: true });
  const path = join(folder, "price-book.json");
  const main = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(
    path,
    JSON.stringify({ ...main, accounts: [], parts: [{ sku: "CLOSER-EN4", name: "Closer", price_cents: 14_950 }] }),
  );
  for (const [name, book] of Object.entries(books))
    writeFileSync(join(folder, "price-books", name), JSON.stringify(book));
  return folder;
}

async function inForce(api: TestApi, version: number, folder: string): Promise<void> {
  await activatePolicy(folder, { settings: api.desk.settings, by: "olga", say: () => undefined });
  await eventually(`version ${version}`, () => api.desk.policies.live.version === version);
}

const work = { labor_minutes: 60, travel_minutes: 30, parts: [{ sku: "closer-en4", quantity: 1 }] };

async function invoiced(api: TestApi, ticket: string, reported: object = work) {
  await addAllEvidence(api, ticket);
  const body = { checklist_status: fullChecklist, no_signature_reason: "shop was closed", work: reported };
  await api.run("tech.complete", { as: "tech", ticket, body });
  await api.run("qa.verify", { as: "qa", ticket, body: { timestamp: api.clock.iso, result: "PASS" } });
  return (await api.run("billing.generate_invoice", { as: "finance", ticket })).invoice;
}

test("each account's tickets and papers are in its own currency, at its own book's prices, tax and seller", async (t) => {
  const api = await startTestApi({ t });
  const folder = folderOf({ "eur.json": eur, "key.json": key }, t);
  assert.match(checkFolder(folder).lines.join("\n"), /prices in USD and EUR/);
  const opened = await ticketIn(api, "IN_PROGRESS");
  assert.equal((await api.read("ticket.get", { ticket: opened.id })).currency, "USD");
  await inForce(api, 1, folder);

  const terms = { account_id: acme.id, currency: "EUR", default_nte_cents: 77_000 };
  assert.equal((await api.run("account.upsert", { body: terms })).outcome, "changed");
  const inEuro = await ticketIn(api, "IN_PROGRESS");
  const inDollars = await ticketIn(api, "IN_PROGRESS", { accountId: borealis.id, siteId: borealis.albany });
  await api.run("account.upsert", { body: { account_id: acme.id, external_ref: { source: "sap", id: "42" } } });
  const ofKey = await ticketIn(api, "IN_PROGRESS");
  const bodies = await Promise.all([inEuro, inDollars, ofKey].map(({ id }) => api.read("ticket.get", { ticket: id })));
  assert.deepEqual(
    bodies.map(({ currency }) => currency),
    ["EUR", "USD", "EUR"],
  );
  const created = await api.run("ticket.create", {
    body: { account_id: acme.id, site_id: acme.oakland, summary: "Without a limit of its own" },
  });
  assert.deepEqual([created.nte_cents, created.currency], [77_000, "EUR"]);

  // 60 min at 100.00, 30 at 80.00, the part at 123.45, the trip at 50.00, 19 % of all of it. The key customer's book is the one
  // that names it when the invoice is made, and its trip costs 10.00.
  const euros = await invoiced(api, ofKey.id);
  assert.deepEqual(
    [euros.currency, euros.subtotal_cents, euros.tax_cents, euros.total_cents],
    ["EUR", 27_345, 5_196, 32_541],
  );
  assert.equal(euros.parties?.seller.name, elbe.name);
  assert.equal(euros.lines.find(({ kind }) => kind === "materials")?.description, "Türschließer");
  const dollars = await invoiced(api, inDollars.id);
  assert.deepEqual(
    [
      dollars.currency,
      dollars.lines.map(({ amount_cents }) => amount_cents),
      dollars.tax_cents,
      dollars.parties?.seller.name,
    ],
    ["USD", [12_500, 4_750, 14_950, 8_900], 598, null],
  );

  // Opened in dollars, before there was a second book.
  const earlier = await invoiced(api, opened.id, { ...work, parts: [] });
  assert.deepEqual(
    [earlier.currency, earlier.lines.map(({ amount_cents }) => amount_cents)],
    ["USD", [12_500, 4_750, 8_900]],
  );
  assert.equal((await api.read("ticket.get", { ticket: opened.id })).currency, "USD");

  const credit = await api.run("billing.credit", {
    as: "finance",
    ticket: ofKey.id,
    body: { invoice_id: euros.id, all: true, reason: "By agreement" },
  });
  assert.deepEqual([credit.credit_note.currency, credit.credit_note.total_cents], ["EUR", 32_541]);
  const day = euros.issued_on ?? "";
  const { sums } = await api.read("billing.export", { as: "finance", query: `from=${day}&to=${day}` });
  assert.deepEqual(
    sums.map(({ kind, currency, total_cents }) => [kind, currency, total_cents]),
    [
      ["invoice", "EUR", 32_541],
      ["invoice", "USD", dollars.total_cents + earlier.total_cents],
      ["credit_note", "EUR", 32_541],
    ],
  );

  const as = { "x-actor-id": "dora", "x-actor-role": "dispatcher" };
  const { currency, profile } = JSON.parse((await api.send("GET", "/contract", as)).text);
  assert.deepEqual(
    [currency, profile.price_book.currency, profile.price_books],
    [
      null,
      "USD",
      [
        { file: "price-books/eur.json", version: "1.0.0", currency: "EUR" },
        { file: "price-books/key.json", version: "2.0.0", currency: "EUR" },
      ],
    ],
  );
});

test("no account gets a currency that no book is in, and no book is taken away under an account", async (t) => {
  const api = await startTestApi({ t });
  const upsert = (currency: string | null) => api.call("account.upsert", { body: { account_id: acme.id, currency } });
  const { error } = refusalOf(await upsert("EUR"));
  assert.equal(error.code, "INVALID_REQUEST");
  assert.match(
    JSON.stringify(error),
    /"currency".*no price book is in ..EUR..; known: USD\. Leave it out.*price-books\/eur\.json/,
  );
  // Kept from before it was asked: nothing that is sent as it stands is refused.
  await api.owner.query("UPDATE accounts SET currency = 'CHF' WHERE id = $1", [borealis.id]);
  const same = await api.run("account.upsert", { body: { account_id: borealis.id, currency: "CHF" } });
  assert.equal(same.outcome, "unchanged");

  await inForce(api, 1, folderOf({ "eur.json": eur }, t));
  assert.equal((await upsert("EUR")).status, 200);
  const without = folderOf({}, t);
  const activating = inForce(api, 2, without);
  await assert.rejects(
    activating,
    /no price book would be in EUR, as 1 of the accounts are billed: keep a book in EUR/,
  );
  await upsert(null);
  await inForce(api, 2, without);
});
