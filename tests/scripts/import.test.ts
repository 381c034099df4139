// `pnpm dispatch:import` and `pnpm dispatch:export` as an operator runs them.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { importTables } from "./import-tables.ts";

/** As people have them: a title above, semicolons, umlauts, columns twice, an inch mark, two numbers, empty lines, a sum. */
const messy = [
  "Kundenliste;;;;;;;;;",
  "Stand: 01.11.2026;;;;;;;;;",
  "",
  "Kd.-Nr.;Kundenname;Filiale;Straße;PLZ;Ort;Ansprechpartner;Telefon;Telefon;Umsatz 2025",
  "1001;Bäckerei Größ;Größ am Markt;Markt 4;01067;Dresden;Jörg Größ;0351 4567890; 0171 1234567;12.400,00",
  '1001;Bäckerei Größ;Größ Neustadt;Königsbrücker Str. 10;01099;Dresden;Änne Größ;"0351/4567891; 0171 2345678";;8.100,50',
  '1002;Café 4" Rohr;Café Elbe;"Elbufer 1\nHinterhaus";01326;Dresden;"Ullrich ""Ulli"" Faß";+49 351 4567892;;3.000,00',
  ";;;;;;;;;",
  "1003;Ohne Adresse GmbH;;;;;Karl Öhm;0351 4567893;;0,00",
  "1004;Falsche Nummer;Lager;Hafen 3;01067;Dresden;Eva Süß;keine;;1,00",
  "Summe;;;;;;;;;23.501,50",
].join("\r\n");

describe("dispatch:import", async () => {
  const api = await startTestApi({ profile: "strict" });
  const tables = await importTables(api, after);
  const { folder, write } = tables;
  const run = (script: "import" | "export", ...args: string[]) => tables[script](...args);
  const sites = async (): Promise<number> =>
    (await api.owner.query<{ n: number }>("SELECT count(*)::int AS n FROM sites")).rows[0]?.n ?? 0;

  test("says of a messy file what would happen, row by row, and writes nothing", async () => {
    const before = await sites();
    const file = await write("kunden.csv", Buffer.from(messy, "latin1"));
    const { code, stdout } = await run("import", "--dry-run", file);
    assert.equal(code, 1);
    for (const line of [
      "CSV, semicolon, Windows-1252; columns in row 4, 5 rows, each a site",
      "not used  Umsatz 2025",
      "skipped   row 12: a total",
      "cannot be used: 2 rows",
      "row 10  site.name is required: the row names no site",
      'row 11  contact.phone "keine" holds no phone number',
      "row 5  contact.phone 0351 4567890 is kept; left out: 0171 1234567",
      "row 6  contact.phone 0351/4567891 is kept; left out: 0171 2345678",
      "row 6  contact.phone 0351/4567891 is no valid number of US; kept as it is written",
      "Nothing was written: this was a dry run.",
    ])
      assert.ok(stdout.includes(line), `${line}\nis not in\n${stdout}`);
    assert.match(stdout, /customers +2 +0 +0\n +sites +3 +0 +0\n +people +3 +0 +0\n/);
    const whole = await run("import", file);
    assert.deepEqual([whole.code, await sites()], [1, before]);
    assert.match(whole.stdout, /Nothing was written, since rows cannot be used/);
  });

  test("writes the rest of it where that is wanted, and nothing a second time", async () => {
    const file = await write("kunden.csv", Buffer.from(messy, "latin1"));
    const constants = await write(
      "mapping.json",
      JSON.stringify({ constants: { "site.country": "DE", "site.timezone": "Europe/Berlin" } }),
    );
    const args = ["--skip-refused", "--source", "lexware", "--mapping", constants, file];
    const first = await run("import", ...args);
    assert.deepEqual([first.code, /sites +3 +0 +0/.test(first.stdout)], [0, true], first.stdout + first.stderr);
    const { rows } = await api.owner.query(
      `SELECT s.address1, s.address2, s.postal_code, s.country, s.timezone, a.external_source, a.external_id, c.name, c.phone_e164
       FROM sites s JOIN accounts a ON a.id = s.account_id JOIN contacts c ON c.site_id = s.id WHERE s.name = 'Café Elbe'`,
    );
    assert.deepEqual(rows, [
      {
        address1: "Elbufer 1",
        address2: "Hinterhaus",
        postal_code: "01326",
        country: "DE",
        timezone: "Europe/Berlin",
        external_source: "lexware",
        external_id: "1002",
        name: 'Ullrich "Ulli" Faß',
        phone_e164: "+493514567892",
      },
    ]);
    const again = await run("import", ...args);
    assert.match(again.stdout, /customers +0 +0 +2\n +sites +0 +0 +3\n +people +0 +0 +3\n/);
  });

  test("checks sites of customers that the same command makes, by their ids and by their names", async () => {
    const customers = await write("customers.csv", "Customer ID;Customer Name\nQ-1;Quarry Lane\nQ-2;Quill\n");
    const places = await write(
      "places.csv",
      "Customer ID;Location ID;Street;City\nQ-1;P-1;1 Pier;Reno\nQ-2;P-2;2 Pier;Reno\n",
    );
    const pumps = await write("pumps.csv", "Customer ID;Location ID;Serial number\nQ-1;P-1;S-77\n");
    const people = await write("people.csv", "Customer Name;Contact name;Email\nQuill;Ada;ada@quill.example\n");
    const files = ["--source", "titan", pumps, people, places, customers];
    const dry = await run("import", "--dry-run", ...files);
    const made = await run("import", ...files);
    for (const { code, stdout, stderr } of [dry, made]) {
      assert.equal(code, 0, stdout + stderr);
      const counted = [...stdout.matchAll(/^ {2}(customers|sites|people|assets) +(\d+) +(\d+) +(\d+)$/gm)];
      assert.deepEqual(
        counted.map(([, what, ...numbers]) => `${what} ${numbers.join(" ")}`),
        ["customers 2 0 0", "customers 0 0 2", "sites 2 0 0", "customers 0 0 1", "people 1 0 0"].concat([
          "customers 0 0 1",
          "sites 0 0 1",
          "assets 1 0 0",
        ]),
      );
    }
    const lone = await write("lone.csv", "Customer ID;Street;City\nQ-9;9 Pier;Reno\n");
    const refused = await run("import", "--source", "titan", customers, lone);
    assert.deepEqual([refused.code, /account\.name is required/.test(refused.stdout)], [1, true], refused.stdout);
  });

  test("takes back what dispatch:export wrote, and changes nothing", async () => {
    const out = join(folder, "out");
    await mkdir(out);
    const exported = await run("export", out);
    assert.equal(exported.code, 0, exported.stderr);
    assert.match(
      await readFile(join(out, "sites.csv"), "utf8"),
      /^\ufeffDispatch customer ID,Customer name,Dispatch site ID,/,
    );
    const files = ["assets", "people", "customers", "sites"].map((name) => join(out, `${name}.csv`));
    const { code, stdout, stderr } = await run("import", ...files);
    assert.equal(code, 0, stdout + stderr);
    const changes = [...stdout.matchAll(/^ {2}(?:customers|sites|people|assets) +(\d+) +(\d+) +(\d+)$/gm)];
    assert.ok(changes.length >= 4 && changes.every(([, made, changed]) => made === "0" && changed === "0"), stdout);
  });

  test("says how far it came where the desk stops answering, and goes on from there", async (t) => {
    // As many bytes as three requests hold.
    const rows = Array.from({ length: 200 }, (_, index) => `H-${index},Half ${index},"${"note ".repeat(300)}"`);
    const file = await write("half.csv", ["Customer ID,Customer,Customer notes", ...rows].join("\n"));
    let writes = 0;
    const between = createServer(async (request, response) => {
      const body = await text(request);
      if (body.includes('"dry_run":false') && ++writes > 1) return void response.writeHead(403).end("{}");
      const { authorization = "", "idempotency-key": key } = request.headers;
      const headers = { authorization, "content-type": "application/json", "idempotency-key": String(key) };
      const answer = await fetch(`${api.url}${request.url}`, { method: "POST", headers, body });
      response.writeHead(answer.status).end(await answer.text());
    });
    await once(between.listen(0, "127.0.0.1"), "listening");
    t.after(() => between.close());
    const address = between.address();
    assert.ok(typeof address === "object" && address);
    const url = `http://127.0.0.1:${address.port}`;
    const half = await run("import", "--kind", "account", "--url", url, file);
    assert.equal(half.code, 1);
    const [, written = ""] =
      /refused the import: HTTP 403\n(\d+) rows of .*half\.csv are written, whole\. .* run it again to go on/.exec(
        half.stderr,
      ) ?? assert.fail(half.stderr);
    assert.ok(Number(written) > 0 && Number(written) < 200, written);
    const whole = await run("import", "--kind", "account", file);
    assert.match(whole.stdout, new RegExp(`customers +${200 - Number(written)} +0 +${written}\n`));
  });

  test("says what is wrong with a file, an option or a mapping, and ends with another code", async () => {
    const empty = await write("empty.csv", "");
    const odd = await write("odd.csv", "Alpha,Beta\n1,2\n");
    const wrong = await write("wrong.json", JSON.stringify({ columns: { Alpha: "site.colour" } }));
    for (const [args, code, says] of [
      [[], 2, /expected FILE…/],
      [[join(folder, "none.csv")], 1, /none\.csv cannot be read/],
      [[empty], 1, /There is nothing in it/],
      [[odd], 1, /No column is known: Alpha, Beta\. Say with --mapping/],
      [["--mapping", wrong, odd], 1, /"site\.colour" of column "Alpha" is no field/],
      [["--kind", "house", odd], 1, /--kind must be one of account, site, contact, asset/],
    ] as const) {
      const outcome = await run("import", ...args);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, says);
    }
  });
});
