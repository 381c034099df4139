// Cells, columns and rows of an import, before any desk is asked.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readCell } from "../../dispatch/directory/import/cell-readings.ts";
import { importFieldNamed, importFields } from "../../dispatch/directory/import/import-fields.ts";
import { knownPrograms } from "../../dispatch/directory/import/known-columns.ts";
import { matchColumns } from "../../dispatch/directory/import/match-columns.ts";
import { readPhoneCell } from "../../dispatch/directory/import/phone-cell.ts";
import { draftsOf, type DraftOptions } from "../../dispatch/directory/import/row-drafts.ts";
import { batchesOf } from "../../dispatch/ops/import/batches.ts";
import { noMapping } from "../../dispatch/ops/import/mapping-file.ts";
import { importClient } from "../../dispatch/ops/import/import-client.ts";
import { rowsToImport } from "../../dispatch/ops/import/table-rows.ts";
import { maxBodyBytes } from "../../dispatch/api/read-body.ts";

describe("a cell with phone numbers", () => {
  for (const [cell, region, phone, others] of [
    ["(510) 555-0188; (510) 555-0199", "US", "(510) 555-0188", ["(510) 555-0199"]],
    ["+49 30 901820 / +49 171 1234567", "DE", "+49 30 901820", ["+49 171 1234567"]],
    ["510-555-0188 ::: 510-555-0199", "US", "510-555-0188", ["510-555-0199"]],
    ["510-555-0188 or 510-555-0199", "US", "510-555-0188", ["510-555-0199"]],
    ["510-555-0188, ext 12", "US", "510-555-0188 ext 12", []],
    ["030/90 18 20", "DE", "030/90 18 20", []],
    ["Office: 510-555-0188 (Kim)", "US", "510-555-0188", []],
    ["510-555-0188 x12", "US", "510-555-0188 x12", []],
    ["123; 510-555-0188", "US", "510-555-0188", ["123"]],
    ["call Kim", "US", null, []],
  ] as const)
    test(`${cell} is ${phone ?? "none"}`, () => {
      const read = readPhoneCell(cell, region);
      assert.deepEqual([read.phone, read.others], [phone, others]);
      assert.equal(read.valid, phone !== null);
    });

  test("never gives a number that is not in it", () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("510-555-0188", "+49 30 901820", "x", ";", " or ", "(a)", "12"), { maxLength: 6 }),
        (parts) => {
          const { phone, others } = readPhoneCell(parts.join(""), "US");
          const digits = parts.join("").replaceAll(/\D/g, "");
          for (const number of [phone ?? "", ...others])
            assert.ok(digits.includes(number.replaceAll(/\D/g, "")), number);
        },
      ),
      { numRuns: 200, seed: 7 },
    ));
});

test("a cell is a value, or says why it is none", () => {
  for (const [text, reading, value] of [
    ["Net 30", "days", 30],
    ["30 Tage netto", "days", 30],
    ["45", "days", 45],
    ["Immediate Payment", "days", 0],
    ["Due on receipt", "days", 0],
    ["ja", "flag", true],
    ["No", "flag", false],
    ["52,5", "number", 52.5],
    ["31.12.2024", "date", "2024-12-31"],
    ["12/31/2024", "date", "2024-12-31"],
    ["31/12/2024", "date", "2024-12-31"],
    ["Deutschland", "country", "DE"],
    ["usa", "country", "US"],
    ["de", "country", "DE"],
  ] as const)
    assert.deepEqual(readCell(text, reading), { value }, text);
  for (const [text, reading, rule] of [
    ["2/10 net 30", "days", "days"],
    ["2 Months", "days", "days"],
    ["10 Days after End of Next Month", "days", "days"],
    ["30 days", "whole", "whole-number"],
    ["1.5", "whole", "whole-number"],
    ["perhaps", "flag", "flag"],
    ["03/04/2024", "date", "date"],
    ["#REF!", "text", "spreadsheet-error"],
    ["Utopia", "country", "country"],
    ["[1", "hours", "json"],
  ] as const) {
    const read = readCell(text, reading);
    assert.equal("fault" in read ? read.fault.rule : "none", rule, text);
  }
});

test("a customer that is called like a total is a customer", () => {
  const names = ["Gesamtschule Bonn", "Total Energies", "Summe GmbH", "Total", "Summe:", "Grand Total", "Insgesamt 12"];
  const rows = [["Customer", "PLZ"], ...names.map((name) => [name, "53111"])].map((cells, at) => ({
    line: at + 1,
    cells,
  }));
  const { skipped } = rowsToImport({ sheet: null, format: "", rows }, noMapping, null);
  assert.deepEqual(
    skipped.map(({ line }) => line),
    [5, 6, 7, 8],
  );
});

test("an import waits where the desk is held", async () => {
  const answers = [
    {
      status: 409,
      headers: { "retry-after": "2" },
      body: { error: { code: "IDEMPOTENCY_IN_FLIGHT", message: "held" } },
    },
    { status: 200, headers: {}, body: { applied: true, refused: [], kinds: {} } },
    { status: 409, headers: {}, body: { error: { code: "IDEMPOTENCY_KEY_REUSED", message: "other" } } },
  ];
  const server = createServer((_, response) => {
    const { status = 500, headers = {}, body = {} } = answers.shift() ?? {};
    response.writeHead(status, headers).end(JSON.stringify(body));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const waits: number[] = [];
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const client = importClient(`http://127.0.0.1:${address.port}`, () => Promise.resolve("t"), {
    wait: (ms) => Promise.resolve(waits.push(ms)),
    say: () => undefined,
  });
  try {
    assert.equal((await client("{}")).applied, true);
    assert.deepEqual(waits, [2_000]);
    await assert.rejects(client("{}"), /IDEMPOTENCY_KEY_REUSED/);
  } finally {
    server.close();
  }
});

test("an import waits for a minute where nothing answers, says so, and goes on when something does", async (t) => {
  const server = createServer((_, response) => response.end(JSON.stringify({ applied: true, refused: [], kinds: {} })));
  t.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const { port } = address;
  const stop = () => new Promise((resolve) => server.close(resolve));
  await stop();
  const said: string[] = [];
  let waits: number[] = [];
  let comesBackAfter = 3;
  const client = importClient(`http://127.0.0.1:${port}`, () => Promise.resolve("t"), {
    say: (line) => void said.push(line),
    wait: async (ms) => {
      if (waits.push(ms) === comesBackAfter) await once(server.listen(port, "127.0.0.1"), "listening");
    },
  });
  assert.equal((await client("{}")).applied, true);
  assert.deepEqual(waits, [1_000, 2_000, 4_000]);
  assert.match(
    said.join("\n"),
    /cannot be reached: .*ECONNREFUSED.* Trying again for 60 s…\nIt answers again, after 7 s\.$/,
  );
  server.closeAllConnections();
  await stop();
  [waits, comesBackAfter] = [[], Infinity];
  await assert.rejects(client("{}"), /cannot be reached: .* So it was for 60 s\./);
  assert.equal(
    waits.reduce((sum, ms) => sum + ms, 0),
    60_000,
  );
  assert.ok(Math.max(...waits) <= 8_000);
});

describe("columns", () => {
  test("of known programs are fields that there are", () => {
    for (const { program, columns } of knownPrograms)
      for (const [column, field] of Object.entries(columns))
        assert.ok(
          importFieldNamed(field.replace(/^row\./, "site.")) ?? importFieldNamed(field),
          `${program}: ${column}`,
        );
  });

  test("of an export are the fields they were written from", () => {
    for (const { column, name, kind } of importFields)
      if (column !== null) assert.equal(matchColumns([column], kind)[0]?.field, name, column);
  });

  test("called an ID are another system's, and Dispatch's own where they say so", () => {
    const fields = matchColumns(["Account ID", "SITE-ID", "site.id", "Dispatch site ID"], "site").map(
      ({ field }) => field,
    );
    assert.deepEqual(fields, ["account.external_id", "site.external_id", "site.id", "site.id"]);
  });

  test("are known in other writings, and otherwise as their owner says", () => {
    const fields = (columns: string[], mapping = {}) =>
      matchColumns(columns, "contact", mapping).map(({ field }) => field);
    assert.deepEqual(fields(["E-MAIL", "zip_code", "Name", "Umsatz", "strasse"]), [
      "contact.email",
      "site.postal_code",
      "contact.name",
      null,
      "site.address1",
    ]);
    assert.deepEqual(fields(["Zip Code", "Umsatz"], { zipcode: null, umsatz: "account.notes" }), [
      null,
      "account.notes",
    ]);
  });
});

describe("a row", () => {
  const options: DraftOptions = { kind: "site", source: "jobber", phoneRegion: () => "US" };
  const read = (cells: Record<string, string>, more: Partial<DraftOptions> = {}) =>
    draftsOf(1, new Map(Object.entries(cells).map(([name, text]) => [name, [text]])), { ...options, ...more });

  test("of a household is a customer, a place and a person of one name", () => {
    const { drafts } = read({
      "contact.first_name": "Dana",
      "contact.last_name": "Whitfield",
      "site.address1": "9 Oak St",
    });
    assert.deepEqual(
      [drafts.account?.name, drafts.site?.name, drafts.contact?.name],
      ["Dana Whitfield", "9 Oak St", "Dana Whitfield"],
    );
    // Two people of one name are two customers, and the same one a second time is one.
    const other = read({ "contact.name": "Dana Whitfield", "site.address1": "1 Elm St" });
    const again = read({ "contact.name": "dana  whitfield", "site.address1": "9 OAK ST" });
    assert.notEqual(other.drafts.account?.key, drafts.account?.key);
    assert.equal(again.drafts.account?.key, drafts.account?.key);
  });

  test("keeps a street's further lines, and puts an invoice's address together", () => {
    const { drafts } = read({
      "account.name": "Acme",
      "site.address1": "1 Broadway\nSuite 4",
      "account.billing_street": "PO Box 7",
      "account.billing_city": "Reno",
      "account.billing_postal_code": "89501",
      "account.billing_region": "NV",
    });
    assert.deepEqual(drafts.site?.fields, { address1: "1 Broadway", address2: "Suite 4", name: "1 Broadway" });
    assert.deepEqual(drafts.account?.fields, { name: "Acme", billing: { address: "PO Box 7\n89501 Reno, NV" } });
  });

  test("goes with others in requests that a body may hold, each once and in order", () =>
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "binary", maxLength: 3_000 }), { minLength: 1, maxLength: 300 }),
        (texts) => {
          const rows = texts.map((text, at) => ({ line: at + 2, cells: [`n${at}`, text] }));
          const table = { sheet: null, format: "", rows: [{ line: 1, cells: ["Customer", "Notes"] }, ...rows] };
          const taken = {
            kind: "account",
            fields: new Map([
              [0, "account.name"],
              [1, "account.notes"],
            ]),
            rows,
          } as const;
          assert.equal(rowsToImport(table, noMapping, null).kind, "account");
          const lines: number[] = [];
          for (const { body } of batchesOf(taken, noMapping, { source: "x", dryRun: true, skipRefused: false })) {
            assert.ok(Buffer.byteLength(body) <= maxBodyBytes);
            const { row_numbers: numbers }: { row_numbers: number[] } = JSON.parse(body);
            lines.push(...numbers);
          }
          assert.deepEqual(
            lines,
            rows.map(({ line }) => line),
          );
        },
      ),
      { numRuns: 20, seed: 3 },
    ));
});
