// billing.export: a range of days for accounting, as a file, in pages, and as an operator's command.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { parse } from "csv-parse/sync";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { startTestApi } from "../support/api.ts";
import { acme, borealis } from "../support/directory.ts";
import { invoicedTicket } from "../support/invoices.ts";

describe("billing.export", async () => {
  const api = await startTestApi();
  const finance = { "x-actor-id": "fin", "x-actor-role": "finance", accept: "*/*" };
  const file = async (from: string, to: string, headers: object = {}, method = "GET") => {
    const {
      status,
      headers: got,
      text,
    } = await api.send(method, `/billing/export.csv?from=${from}&to=${to}`, { ...finance, ...headers });
    return { status, headers: got, text };
  };
  const rowsIn = (text: string): Record<string, string>[] => parse(text, { bom: true, columns: true });
  const issuedOn = (invoice: string, day: string, at: string) =>
    api.owner.query("UPDATE invoices SET issued_on = $2, issued_at = $3 WHERE id = $1", [invoice, day, at]);

  await api.owner.query(
    "UPDATE accounts SET external_source = 'odoo', external_id = 'C-77', tax_id = 'US-1' WHERE id = $1",
    [acme.id],
  );
  const first = await invoicedTicket(api);
  const second = await invoicedTicket(api);
  const theirs = await invoicedTicket(api, { accountId: borealis.id, siteId: borealis.albany });
  const { credit_note: note } = await api.run("billing.credit", {
    as: "finance",
    ticket: first.id,
    body: { lines: [{ line: 1, amount_cents: 1_000 }], reason: "agreed" },
  });
  // Half past eleven in the evening of a month's last day is the next month in UTC already.
  await issuedOn(first.invoiceId, "2026-03-31", "2026-04-01T06:30:00.000Z");
  await issuedOn(second.invoiceId, "2026-03-01", "2026-03-01T08:00:00.000Z");
  await issuedOn(theirs.invoiceId, "2026-03-15", "2026-03-15T08:00:00.000Z");
  await issuedOn(note.id, "2026-04-01", "2026-04-01T08:00:00.000Z");
  const march = ["2026-03-01", "2026-03-31"] as const;

  test("has every document of the days printed on them, a row to each line, and the same bytes each time", async () => {
    const { status, headers, text } = await file(...march);
    assert.equal(status, 200);
    assert.deepEqual(
      [headers["content-type"], headers["content-disposition"], headers["cache-control"], headers["accept-ranges"]],
      ["text/csv; charset=utf-8", 'attachment; filename="billing_2026-03-01_2026-03-31.csv"', "no-store", "none"],
    );
    const rows = rowsIn(text);
    for (const { invoiceId } of [first, second, theirs]) {
      const { invoice } = await api.read("invoice.get", { as: "finance", invoice: invoiceId });
      const own = rows.filter((row) => row["document_number"] === invoice.number);
      assert.deepEqual(
        own.map((row) => [row["line"], row["line_kind"], row["list_price"], row["price"], row["tax"]]),
        invoice.lines.map(({ line, kind, list_price_cents, price_cents, tax_cents }) => [
          String(line),
          kind,
          ...[list_price_cents, price_cents, tax_cents].map((cents) => (cents / 100).toFixed(2)),
        ]),
      );
      assert.equal(own[0]?.["document_total"], (invoice.total_cents / 100).toFixed(2));
      assert.equal(own[0]?.["ticket_number"], invoice.ticket_number);
    }
    assert.deepEqual(
      [...new Set(rows.map((row) => row["issued_on"]))],
      ["2026-03-01", "2026-03-15", "2026-03-31"],
      "in the order they were issued, and no credit note of April",
    );
    const ours = rows.find((row) => row["account_id"] === acme.id);
    assert.deepEqual([ours?.["external_source"], ours?.["external_id"], ours?.["tax_id"]], ["odoo", "C-77", "US-1"]);
    assert.equal((await file(...march)).text, text);
    const april = rowsIn((await file("2026-04-01", "2026-04-30")).text);
    assert.deepEqual(
      april.map((row) => [row["document_kind"], row["document_number"], row["price"], row["balance_change"]]),
      [["credit_note", note.number, "10.00", "-10.00"]],
    );
    assert.equal(april[0]?.["credits_number"], rows.at(-1)?.["document_number"]);
    const nothing = await file("2026-05-01", "2026-05-01");
    assert.deepEqual([nothing.status, rowsIn(nothing.text).length], [200, 0]);
  });

  test("comes in pages as JSON, which put after each other are the file, with what the days come to", async () => {
    const pages: string[] = [];
    let cursor: string | undefined;
    do {
      const query: string = `from=2026-03-01&to=2026-04-30&limit=1${cursor ? `&cursor=${cursor}` : ""}`;
      const page: {
        csv: string;
        next_cursor?: string;
        sums: { kind: string; documents: number; total_cents: number }[];
      } = await api.read("billing.export", { as: "finance", query });
      assert.deepEqual(
        page.sums.map(({ kind, documents }) => [kind, documents]),
        [
          ["invoice", 3],
          ["credit_note", 1],
        ],
      );
      assert.equal(page.sums[1]?.total_cents, note.total_cents);
      pages.push(page.csv);
      cursor = page.next_cursor;
    } while (cursor);
    assert.equal(pages.length, 4);
    assert.equal(pages.join(""), (await file("2026-03-01", "2026-04-30")).text);
  });

  test("reads a long range page by page", async () => {
    await api.owner.query(
      `INSERT INTO invoices (id, number, ticket_id, currency, lines, subtotal_cents, tax_cents, total_cents, issued_at)
       SELECT gen_random_uuid(), 'INV-8' || lpad(n::text, 5, '0'), $1, 'USD', '[]', 0, 0, 0,
              '2025-02-01T00:00:00Z'::timestamptz + (n / 7) * interval '1 hour'
       FROM generate_series(1, 203) n`,
      [first.id],
    );
    const numbers = rowsIn((await file("2025-02-01", "2025-02-03")).text).map((row) => row["document_number"]);
    assert.deepEqual([numbers.length, new Set(numbers).size], [203, 203]);
  });

  test("shows a caller their own customers, and is refused to a customer and for days that are none", async () => {
    const { text } = await file(...march, { "x-account-scope": acme.id });
    assert.deepEqual([...new Set(rowsIn(text).map((row) => row["account_id"]))], [acme.id]);
    assert.equal((await file(...march, { "x-actor-role": "customer" })).status, 403);
    for (const [from, to, path] of [
      ["2026-02-30", "2026-03-01", "from"],
      ["2026-03-02", "2026-03-01", "to"],
      ["yesterday", "2026-03-01", "from"],
    ] as const) {
      const reply = await file(from, to);
      assert.equal(reply.status, 400, reply.text);
      assert.equal(JSON.parse(reply.text).error.validation_errors[0].path, path);
    }
    const empty = await file("0000-01-01", "9999-12-31");
    assert.equal(empty.status, 200, "the longest range there is");
    const head = await file(...march, {}, "HEAD");
    assert.deepEqual([head.status, head.text, head.headers["content-type"]], [200, "", "text/csv; charset=utf-8"]);
  });

  test("is the same file when an operator writes it, and nothing when a day is wrong", async () => {
    const folder = await mkdtemp(join(tmpdir(), "dispatch-billing-"));
    after(() => rm(folder, { recursive: true, force: true }));
    const out = join(folder, "march.csv");
    const script = join(import.meta.dirname, "../../scripts/billing-export.ts");
    const run = (...args: string[]) =>
      new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
        const env = { ...bareEnvironment, HOME: folder, DISPATCH_DATABASE_URL: api.databaseUrl };
        execFile(process.execPath, [script, ...args], { env }, (error, stdout, stderr) =>
          resolve({ code: error?.code ?? 0, stdout, stderr }),
        );
      });
    const days = ["--from", march[0], "--to", march[1]];
    const [saved, printed, wrong] = await Promise.all([
      run(...days, "--out", out),
      run(...days),
      run("--from", "2026-03-31", "--to", "2026-03-01", "--out", join(folder, "none.csv")),
    ]);
    const { text } = await file(...march);
    assert.equal(saved.code, 0, saved.stderr);
    assert.equal(await readFile(out, "utf8"), text);
    assert.equal(printed.stdout, text);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /--from 2026-03-31 and --to 2026-03-01 must be days/);
    assert.deepEqual(await readdir(folder), ["march.csv"]);
  });
});
