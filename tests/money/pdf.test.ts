// The paper of an invoice: what stands on it, that its letters are there, and that the same paper is the same bytes.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import { test } from "node:test";
import { knownId, type AccountId, type SiteId, type TicketId } from "../../dispatch/contract/ids.ts";
import type { DocumentBody } from "../../dispatch/contract/money-responses.ts";
import { amountText, paperOf } from "../../dispatch/money/paper.ts";
import { renderPdf } from "../../dispatch/money/pdf/render.ts";

const nowhere = { line1: null, line2: null, city: "Łódź", region: null, postal_code: null, country: "PL" };
const id = "d3f77db0-5d1a-4f9c-b0ea-000000000001";

function invoice(lines: number, description: string): DocumentBody {
  const line = {
    kind: "materials",
    description,
    visit: 1,
    quantity: 2,
    unit: "each",
    list_price_cents: 500,
    amount_cents: 1_000,
    price_cents: 1_000,
    taxable: true,
    tax_basis_points: 2_300,
    tax_cents: 230,
    credited_cents: 0,
    credited_tax_cents: 0,
  };
  return {
    id,
    kind: "invoice",
    number: "INV-000001",
    status: "issued",
    ticket_id: knownId<TicketId>(id),
    ticket_number: "T-000001",
    account_id: knownId<AccountId>(id),
    account_name: "Київ",
    site_id: knownId<SiteId>(id),
    site_name: "Ελλάδα",
    currency: "USD",
    subtotal_cents: 1_000 * lines,
    tax_cents: 230 * lines,
    total_cents: 1_230 * lines,
    credited_cents: 0,
    issued_at: "2026-11-29T20:00:00.000Z",
    issued_on: "2026-11-29",
    due_on: null,
    credits_invoice_id: null,
    credits_number: null,
    reason: null,
    lines: Array.from({ length: lines }, (_, index) => ({ ...line, line: index + 1 })),
    by_visit: [],
    credit_notes: [],
    parties: {
      seller: {
        name: "Żółw",
        address: nowhere,
        tax_id: null,
        registration_id: null,
        email: null,
        phone: null,
        bank: null,
      },
      buyer: { name: "Київ", address: nowhere, tax_id: null, email: null },
      place: { name: "Ελλάδα", address: nowhere },
      purchase_order: null,
    },
  };
}

const pagesOf = (pdf: Buffer): number => (pdf.toString("latin1").match(/\/Type \/Page\b/g) ?? []).length;

/** The letters that its fonts can say again as text. */
function lettersOf(pdf: Buffer): Set<string> {
  const raw = pdf.toString("latin1");
  const letters = new Set<string>();
  for (const [, body = ""] of raw.matchAll(/stream\r?\n([\s\S]*?)\r?\nendstream/g)) {
    let text: string;
    try {
      text = inflateSync(Buffer.from(body, "latin1")).toString("latin1");
    } catch {
      continue;
    }
    if (!text.includes("begincmap")) continue;
    for (const [, hex = ""] of text.matchAll(/<([0-9a-f]{4})>(?=[ \]])/g))
      letters.add(String.fromCodePoint(parseInt(hex, 16)));
  }
  return letters;
}

test("a paper has its letters with it, is tagged, and is the same bytes whenever it is drawn", async () => {
  const paper = paperOf(invoice(2, "Замок, κλειδαριά"));
  const [one, other] = [await renderPdf(paper), await renderPdf(paper)];
  assert.equal(createHash("sha256").update(one).digest("hex"), createHash("sha256").update(other).digest("hex"));
  const raw = one.toString("latin1");
  assert.match(raw, /^%PDF-1\.7/);
  assert.match(raw, /\/MarkInfo/);
  assert.match(raw, /\/StructTreeRoot/);
  assert.match(raw, /\/FontFile2/);
  assert.doesNotMatch(raw, /Helvetica/);
  assert.doesNotMatch(raw, /\/(?:JavaScript|AcroForm|Annots|OpenAction)\b/);
  const letters = lettersOf(one);
  for (const letter of "ŁódźКиївЗамокΕλλάδακλειδαριά") assert.ok(letters.has(letter), letter);
  assert.equal(pagesOf(one), 1);
});

test("a long one has many pages, whatever words are in it, and does not stop the process meanwhile", async () => {
  let turns = 0;
  const counting = setInterval(() => turns++, 5);
  const pdf = await renderPdf(paperOf(invoice(300, "x".repeat(500))));
  clearInterval(counting);
  assert.ok(pagesOf(pdf) > 20, String(pagesOf(pdf)));
  assert.ok(turns > 5, `${turns} turns of the event loop`);
});

test("sixteen wait for theirs, and one more is told to come again", async () => {
  const paper = paperOf(invoice(1, "Pane"));
  const asked = await Promise.allSettled(Array.from({ length: 17 }, () => renderPdf(paper)));
  assert.deepEqual(
    asked.map((one) => (one.status === "rejected" ? String(one.reason.name) : "drawn")),
    [...Array.from({ length: 16 }, () => "drawn"), "PdfBusy"],
  );
});

test("what was not kept is said to be absent, and not taken from today's records", () => {
  const kept = invoice(1, "Pane");
  const none = paperOf({ ...kept, parties: null });
  assert.deepEqual(
    [none.seller, none.buyer, none.place],
    [
      ["(no seller kept with this document)"],
      ["(no customer kept with this document)"],
      ["(no place kept with this document)"],
    ],
  );
  assert.ok(kept.parties);
  const unnamed = { ...kept.parties, seller: { ...kept.parties.seller, name: null } };
  const { seller, buyer } = paperOf({ ...kept, account_name: "Today", parties: unnamed });
  assert.deepEqual([seller, buyer], [none.seller, ["Київ", "Łódź", "PL"]]);
});

test("amounts and lines are told in words of the trade", () => {
  assert.deepEqual([0, 5, 123_456, -100_000_000].map(amountText), ["0.00", "0.05", "1,234.56", "\u22121,000,000.00"]);
  const { rows, taxes, totals, size } = paperOf(invoice(2, "Pane\n of glass"));
  assert.deepEqual(rows[1], ["2", "Pane of glass", "2 pc", "5.00", "10.00", "10.00", "23 %"]);
  assert.deepEqual(taxes, [["20.00", "23 %", "4.60"]]);
  assert.deepEqual(totals.at(-1), ["Total due", "24.60 USD"]);
  assert.equal(size, "A4");
});
