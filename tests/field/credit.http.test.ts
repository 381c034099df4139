// Money back and the list of what was billed: billing.credit, invoice.get and invoice.list.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { aggregates } from "../../dispatch/aggregates.ts";
import { startTestApi } from "../support/api.ts";
import { acme, borealis } from "../support/directory.ts";
import { invoicedTicket } from "../support/invoices.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const reason = "the second trip was ours";

describe("a credit note", async () => {
  const api = await startTestApi();
  const credit = (ticket: string, body: object, key?: string) =>
    api.run("billing.credit", { as: "finance", ticket, body: { reason, ...body }, ...(key && { key }) });
  const get = async (invoice: string) => (await api.read("invoice.get", { as: "finance", invoice })).invoice;

  test("takes a line with its tax off an invoice, and the invoice says so", async () => {
    const { id, invoiceId } = await invoicedTicket(api);
    const before = await get(invoiceId);
    const materials = before.lines.find(({ kind }) => kind === "materials");
    assert.ok(materials && materials.tax_cents === 190, "7.25 % of 26.26");
    const { state, credit_note: note } = await credit(id, { lines: [{ line: materials.line, amount_cents: 1_313 }] });
    assert.equal(state, "INVOICED", "something is left");
    assert.match(note.number, /^CN-\d{6}$/);
    assert.deepEqual(
      [note.kind, note.credits_invoice_id, note.subtotal_cents, note.tax_cents, note.total_cents, note.reason],
      ["credit_note", invoiceId, 1_313, 95, 1_408, reason],
    );
    const after = await get(invoiceId);
    assert.deepEqual([after.status, after.credited_cents, after.total_cents], ["issued", 1_408, before.total_cents]);
    const line = after.lines.find((one) => one.line === materials.line);
    assert.deepEqual([line?.credited_cents, line?.credited_tax_cents, line?.price_cents], [1_313, 95, 2_626]);
    assert.deepEqual(
      after.credit_notes.map(({ id: noteId, number }) => [noteId, number]),
      [[note.id, note.number]],
    );
    const own = await get(note.id);
    assert.deepEqual(
      [
        own.kind,
        own.credits_number,
        own.lines.map(({ line: of, price_cents, tax_cents }) => [of, price_cents, tax_cents]),
      ],
      ["credit_note", before.number, [[materials.line, 1_313, 95]]],
    );
  });

  test("is not more than what is left, whoever asks at the same moment, and what is refused takes no number", async () => {
    const { id, invoiceId } = await invoicedTicket(api);
    const { lines } = await get(invoiceId);
    const [labor] = lines;
    assert.ok(labor);
    assert.equal(labor.price_cents, 18_750);
    const body = { reason, lines: [{ line: 1, amount_cents: 9_375 }] };
    const replies = await Promise.all(
      Array.from({ length: 4 }, () => api.call("billing.credit", { as: "finance", ticket: id, body })),
    );
    assert.deepEqual(replies.map(({ status }) => status).toSorted(), [200, 200, 409, 409]);
    const { error } = await api.refuse("billing.credit", {
      as: "finance",
      ticket: id,
      body: { reason, lines: [{ line: 1 }] },
    });
    assert.deepEqual([error.code, error["lines"]], ["NOTHING_TO_CREDIT", [{ line: 1, left_cents: 0 }]]);
    const { rows } = await api.owner.query<{ gaps: string; last: string; n: string }>(
      `SELECT count(*) AS n, max(substr(number, 4)::int) AS last,
              (SELECT last FROM number_series WHERE series = 'credit_note') AS gaps FROM invoices WHERE kind = 'credit_note'`,
    );
    assert.equal(rows[0]?.n, String(rows[0]?.last));
    assert.equal(rows[0]?.n, rows[0]?.gaps);
  });

  test("of all that is left makes the work VERIFIED, and another invoice can follow", async () => {
    const { id, invoiceId } = await invoicedTicket(api);
    await credit(id, {
      lines: [
        { line: 1, amount_cents: 7 },
        { line: 3, amount_cents: 1 },
      ],
    });
    const key = randomUUID();
    const whole = await credit(id, { invoice_id: invoiceId, all: true }, key);
    assert.equal(whole.state, "VERIFIED");
    const first = await get(invoiceId);
    assert.deepEqual([first.status, first.credited_cents], ["credited", first.total_cents]);
    assert.deepEqual(
      await credit(id, { invoice_id: invoiceId, all: true }, key),
      whole,
      "a repetition is the same answer",
    );
    const { invoice } = await api.run("billing.generate_invoice", { as: "finance", ticket: id, body: {} });
    assert.notEqual(invoice.number, first.number);
    const { error } = await api.refuse("billing.credit", {
      as: "finance",
      ticket: id,
      body: { reason, invoice_id: invoiceId, all: true },
    });
    assert.equal(error.code, "NOTHING_TO_CREDIT");
    assert.equal((await credit(id, { all: true })).credit_note.credits_invoice_id, invoice.id, "the newest");
  });

  test("leaves what is closed closed, and it is invoiced anew where it stands", async () => {
    const { id } = await invoicedTicket(api, {}, "CLOSED");
    const again = { as: "finance", ticket: id, body: {} };
    const standing = await api.refuse("billing.generate_invoice", again);
    assert.deepEqual([standing.error.code, standing.error["reason"]], ["NOTHING_TO_INVOICE", "ALREADY_INVOICED"]);
    assert.equal((await credit(id, { all: true })).state, "CLOSED");
    assert.equal((await api.run("billing.generate_invoice", again)).state, "CLOSED");
  });

  test("says which lines, or all, and not both; and of an invoice the ticket has", async () => {
    const { id } = await invoicedTicket(api);
    const other = await invoicedTicket(api);
    const code = async (ticket: string, body: object) =>
      (await api.refuse("billing.credit", { as: "finance", ticket, body: { reason, ...body } })).error.code;
    assert.equal(await code(id, {}), "INVALID_REQUEST");
    assert.equal(await code(id, { all: true, lines: [{ line: 1 }] }), "INVALID_REQUEST");
    assert.equal(await code(id, { all: true, invoice_id: other.invoiceId }), "INVOICE_NOT_FOUND");
  });

  test("needs a person's word where a model chose it", async () => {
    const { id } = await invoicedTicket(api);
    const rule = api.desk.policy.humanApproval.find(({ tool }) => tool === "billing.credit");
    assert.deepEqual([rule?.rule, rule?.when], ["billing.credit", undefined]);
    assert.ok(id);
  });

  test("is vouched for by the audit like the invoice it lowers", async () => {
    const { id, invoiceId } = await invoicedTicket(api);
    await credit(id, { all: true });
    const faults = async () =>
      (await verifyAudit(api.desk.db, aggregates)).faults.filter((one) => JSON.stringify(one).includes(id));
    assert.deepEqual(await faults(), []);
    await api.owner.query("UPDATE invoices SET reason = 'paid' WHERE credits_invoice_id = $1", [invoiceId]);
    assert.equal((await faults()).length, 1);
    await api.owner.query("UPDATE invoices SET reason = $2 WHERE credits_invoice_id = $1", [invoiceId, reason]);
  });
});

describe("invoice.list", async () => {
  const api = await startTestApi();
  const one = await invoicedTicket(api);
  api.clock.advance(1_440);
  const two = await invoicedTicket(api);
  api.clock.advance(1);
  const theirs = await invoicedTicket(api, { accountId: borealis.id, siteId: borealis.albany });
  api.clock.advance(1);
  const {
    credit_note: { id: note },
  } = await api.run("billing.credit", { as: "finance", ticket: one.id, body: { all: true, reason } });
  const list = async (query: string, headers: Record<string, string> = {}, as = "finance") =>
    (await api.read("invoice.list", { as, query, headers })).invoices.map(({ id }) => id);

  test("has the newest first, page by page", async () => {
    assert.deepEqual(await list(""), [note, theirs.invoiceId, two.invoiceId, one.invoiceId]);
    const seen: string[] = [];
    let cursor: string | undefined = "";
    while (cursor !== undefined) {
      const page: { invoices: { id: string }[]; next_cursor?: string } = await api.read("invoice.list", {
        as: "finance",
        query: `limit=3${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
      });
      seen.push(...page.invoices.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    assert.deepEqual(seen, await list(""));
  });

  test("is narrowed by account, ticket, number, kind, status and day", async () => {
    const { number, issued_on } = (await api.read("invoice.get", { as: "finance", invoice: one.invoiceId })).invoice;
    assert.deepEqual(await list(`account_id=${borealis.id}`), [theirs.invoiceId]);
    assert.deepEqual(await list(`ticket_id=${one.id}`), [note, one.invoiceId]);
    assert.deepEqual(await list(`number=${number.toLowerCase()}`), [one.invoiceId]);
    assert.deepEqual(await list("kind=credit_note"), [note]);
    assert.deepEqual(await list("status=credited"), [one.invoiceId]);
    assert.deepEqual(await list(`issued_to=${issued_on}`), [one.invoiceId]);
    assert.deepEqual(await list(`issued_from=${issued_on}&issued_to=${issued_on}&kind=invoice`), [one.invoiceId]);
    for (const query of ["issued_from=2026-13-45", "issued_to=2026-02-30"])
      assert.equal((await api.refuse("invoice.list", { as: "finance", query })).error.code, "INVALID_QUERY", query);
    assert.deepEqual(await list("status=overdue"), []);
    await api.owner.query("UPDATE invoices SET due_on = issued_on - 1 WHERE id = $1", [two.invoiceId]);
    assert.deepEqual(await list("status=overdue"), [two.invoiceId]);
  });

  test("shows a customer their own and nobody else's", async () => {
    const headers = { "x-account-scope": acme.id };
    assert.deepEqual(await list("", headers, "customer"), [note, two.invoiceId, one.invoiceId]);
    assert.equal(
      (await api.refuse("invoice.get", { as: "customer", invoice: theirs.invoiceId, headers })).error.code,
      "FORBIDDEN_SCOPE",
    );
  });

  test("sums what was done by visit, and lines, taxes and totals agree", async () => {
    const { invoice } = await api.read("invoice.get", { as: "finance", invoice: two.invoiceId });
    const sum = (of: "amount_cents" | "price_cents" | "tax_cents") =>
      [invoice.lines, invoice.by_visit].map((rows) => rows.reduce((total, row) => total + row[of], 0));
    assert.deepEqual(sum("amount_cents"), [invoice.subtotal_cents, invoice.subtotal_cents]);
    assert.deepEqual(sum("price_cents"), [invoice.subtotal_cents, invoice.subtotal_cents]);
    assert.deepEqual(sum("tax_cents"), [invoice.tax_cents, invoice.tax_cents]);
    assert.deepEqual(
      invoice.lines.map(({ kind, tax_basis_points }) => [kind, tax_basis_points]),
      [
        ["labor", 0],
        ["travel", 0],
        ["materials", 725],
        ["trip", 0],
      ],
    );
  });

  test("opens as a PDF, the same bytes each time", async () => {
    const path = `/invoices/${two.invoiceId}/document.pdf`;
    const headers = { accept: "application/pdf", "x-actor-id": "finance-1", "x-actor-role": "finance" };
    const [first, again] = [await api.send("GET", path, headers), await api.send("GET", path, headers)];
    const { "content-type": type, "cache-control": cache, "content-disposition": shown } = first.headers;
    assert.deepEqual([first.status, type, cache], [200, "application/pdf", "no-store"]);
    assert.match(String(shown), /^attachment; filename="INV-\d{6}\.pdf"$/);
    assert.match(first.text, /^%PDF-1\.7/);
    assert.equal(first.headers.etag, again.headers.etag);
    assert.equal(
      (await api.send("GET", path, { ...headers, "if-none-match": String(first.headers.etag) })).status,
      304,
    );
  });

  test("names who buys, when it is due, and no tax for whoever pays none", async () => {
    const paper = async () =>
      (await api.read("invoice.get_pdf", { as: "finance", invoice: two.invoiceId })).content.etag;
    const before = await paper();
    await api.owner.query(
      "UPDATE accounts SET billing_name = 'Acme Payables', billing_address = E'PO Box 1\nReno', payment_terms_days = 30, " +
        "billing_email = 'pay@acme.example', tax_id = 'US-1', " +
        "tax_exempt = true, purchase_order_required = true WHERE id = $1",
      [acme.id],
    );
    assert.equal(await paper(), before, "an issued paper does not change");
    const { id } = await ticketIn(api, "VERIFIED");
    const without = await api.refuse("billing.generate_invoice", { as: "finance", ticket: id, body: {} });
    assert.match(JSON.stringify(without.error), /purchase_order/);
    const { invoice } = await api.run("billing.generate_invoice", {
      as: "finance",
      ticket: id,
      body: { purchase_order: "PO-7" },
    });
    assert.equal(invoice.tax_cents, 0);
    assert.equal(Date.parse(String(invoice.due_on)) - Date.parse(String(invoice.issued_on)), 30 * 86_400_000);
    assert.deepEqual(
      [invoice.parties?.buyer.name, invoice.parties?.buyer.address.line1, invoice.parties?.purchase_order],
      ["Acme Payables", "PO Box 1", "PO-7"],
    );
  });

  test("an invoice from before parties and days were kept is read as it is", async () => {
    const { id } = await ticketIn(api, "VERIFIED");
    await api.owner.query(
      `INSERT INTO invoices (id, number, ticket_id, currency, lines, subtotal_cents, tax_cents, total_cents, issued_at)
       VALUES (gen_random_uuid(), 'INV-900001', $1, 'USD', '[]', 0, 0, 0, '2026-01-02T23:00:00Z')`,
      [id],
    );
    const [old] = (await api.read("invoice.list", { as: "finance", query: "number=INV-900001" })).invoices;
    assert.deepEqual([old?.issued_on, old?.due_on, old?.kind], ["2026-01-02", null, "invoice"]);
  });
});
