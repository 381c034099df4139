// Files as they come from other programs, and as somebody may make them to do harm, read as tables.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { cellFormat, formatted } from "../../dispatch/ops/import/cell-format.ts";
import { tablesIn } from "../../dispatch/ops/import/read-table.ts";
import { TableError, tableLimits, type Table } from "../../dispatch/ops/import/table.ts";
import { csvLine, csvMark } from "../../dispatch/ops/import/write-csv.ts";
import { workbookOf, zipOf, type Part } from "../support/workbook-file.ts";

const cellsIn = (table: Table | undefined) => table?.rows.map(({ cells }) => [...cells]);
const onlyTable = async (bytes: Buffer | string): Promise<Table> => {
  const [table, ...others] = await tablesIn(Buffer.from(bytes));
  assert.ok(table && others.length === 0);
  return table;
};
const refusal = async (bytes: Buffer | string): Promise<string> => {
  const error: unknown = await tablesIn(Buffer.from(bytes)).then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TableError, String(error));
  return error.message;
};

describe("a text file", () => {
  test("keeps the line of each row, drops empty ones, and reads a stray inch mark as a character", async () => {
    const text = 'Name;Rohr\r\n"Müller ""A""";4" Kupfer\r\n\r\n"zwei\r\nZeilen";b\n;;;\n"5" x 3";c\rTotal;2';
    assert.deepEqual((await onlyTable(text)).rows, [
      { line: 1, cells: ["Name", "Rohr"] },
      { line: 2, cells: ['Müller "A"', '4" Kupfer'] },
      { line: 4, cells: ["zwei\nZeilen", "b"] },
      { line: 7, cells: ['"5" x 3"', "c"] },
      { line: 8, cells: ["Total", "2"] },
    ]);
  });

  test("says by itself which delimiter it has", async () => {
    for (const [text, format, first] of [
      ["a;b, c;d\n1;2, 3;4", "semicolon", ["a", "b, c", "d"]],
      ["a\tb;c, d\n1\t2;3, 4", "tab", ["a", "b;c, d"]],
      ["a,b\n1,2;3\n4,5;6", "comma", ["a", "b"]],
      ["sep=;\na;b,c,d\n1;2,3,4", "semicolon", ["a", "b,c,d"]],
      ["name\nA\nB", "comma", ["name"]],
    ] as const) {
      const table = await onlyTable(text);
      assert.ok(table.format.includes(format), `${text}: ${table.format}`);
      assert.deepEqual(table.rows[0]?.cells, first);
    }
  });

  test("is read in the encoding it has", async () => {
    const text = "Straße,Ort\nÄußere 5,Köln";
    const wide = Buffer.from(`\ufeff${text}`, "utf16le");
    for (const [bytes, encoding] of [
      [Buffer.from(text), "UTF-8"],
      [Buffer.from(`\ufeff${text}`), "UTF-8 with BOM"],
      [Buffer.from(text, "latin1"), "Windows-1252"],
      [wide, "UTF-16 little-endian"],
      [Buffer.from(wide).swap16(), "UTF-16 big-endian"],
      [wide.subarray(2), "UTF-16 without BOM"],
    ] as const) {
      const table = await onlyTable(bytes);
      assert.equal(table.format, `CSV, comma, ${encoding}`);
      assert.deepEqual(cellsIn(table), [
        ["Straße", "Ort"],
        ["Äußere 5", "Köln"],
      ]);
    }
    assert.deepEqual((await onlyTable(Buffer.from([0x80, 0x2c, 0x96]))).rows[0]?.cells, ["€", "–"]);
  });

  test("loses control characters, which no field may hold", async () =>
    assert.deepEqual((await onlyTable("a\u0000b,c\u000bd,\u0007\n")).rows[0]?.cells, ["ab", "c\nd"]));

  test("says where a quote is never closed", async () =>
    assert.match(await refusal('a,b\n1,2\n3,"4\n5,6\n'), /^A quote .* in line 3 or behind it/));

  test("is what was written, whatever the cells", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.array(fc.oneof(fc.string(), fc.constantFrom("=1+1", "+49 30 1", "'=x", "''-", "@a", "a\nb", 'c"')), {
            minLength: 2,
            maxLength: 5,
          }),
          { minLength: 1, maxLength: 8 },
        ),
        async (rows) => {
          const clean = rows.map((row) => ["x", ...row.map((cell) => cell.replaceAll(/\p{Cc}/gu, "\n").trim()), "y"]);
          assert.deepEqual(cellsIn(await onlyTable(csvMark + clean.map(csvLine).join(""))), clean);
        },
      ),
      { numRuns: 100, seed: 14 },
    ));

  test("that a spreadsheet opens computes nothing of what customers wrote", () =>
    assert.equal(
      csvLine(["=cmd|'/c calc'!A1", "@x", "-1+2", "+1 510 555 0188", "-5.5"]),
      "'=cmd|'/c calc'!A1,'@x,'-1+2,+1 510 555 0188,-5.5\r\n",
    ));
});

describe("a workbook", () => {
  const cell = (at: string, type: string, value: string, style = "") =>
    `<c r="${at}" t="${type}"${style && ` s="${style}"`}>${type === "inlineStr" ? `<is>${value}</is>` : `<v>${value}</v>`}</c>`;

  test("gives texts, numbers, dates and postcodes as a person saw them, sheet by sheet", async () => {
    const parts = workbookOf(
      [
        {
          name: "Kunden",
          rows:
            `<row r="2">${cell("A2", "s", "0")}${cell("C2", "inlineStr", "<t>PLZ</t>")}${cell("D2", "str", "Seit")}</row>` +
            `<row r="4">${cell("A4", "s", "1")}${cell("C4", "n", "1067", "3")}${cell("D4", "n", "45413", "1")}` +
            `${cell("E4", "n", "5.0999999999999996")}` +
            `${cell("F4", "b", "1")}${cell("G4", "e", "#N/A")}` +
            `${cell("H4", "n", "45413.5625", "2")}${cell("I4", "n", "25500000123")}</row>` +
            '<row r="5"><c r="A5" s="1"/></row>',
        },
        {
          name: "Notizen",
          rows: `<row>${cell("A1", "inlineStr", "<r><t>zwei </t></r><r><t>Teile</t></r><rPh><t>x</t></rPh>")}<c><v>7</v></c></row>`,
        },
        { name: "geheim", state: "veryHidden", rows: `<row r="1">${cell("A1", "n", "1")}</row>` },
        { name: "leer", rows: "" },
      ],
      {
        shared: ["<t>Name &amp; Firma</t>", "<t>Groß_x000A_Handel</t>"],
        styles: ["General", "dd/mm/yyyy", "yyyy\\-mm\\-dd\\ hh:mm", "00000"],
      },
    );
    const tables = await tablesIn(zipOf(parts));
    assert.deepEqual(
      tables.map(({ sheet, rows }) => [sheet, rows]),
      [
        [
          "Kunden",
          [
            { line: 2, cells: ["Name & Firma", "", "PLZ", "Seit"] },
            {
              line: 4,
              cells: [
                "Groß\nHandel",
                "",
                "01067",
                "2024-05-01",
                "5.1",
                "TRUE",
                "#N/A",
                "2024-05-01T13:30",
                "25500000123",
              ],
            },
          ],
        ],
        ["Notizen", [{ line: 1, cells: ["zwei Teile", "7"] }]],
      ],
    );
  });

  test("counts days from 1904 where it says so", async () => {
    const parts = workbookOf([{ name: "a", rows: `<row r="1">${cell("A1", "n", "1", "0")}</row>` }], {
      styles: ["yyyy-mm-dd"],
      properties: '<workbookPr date1904="1"/>',
    });
    assert.deepEqual((await onlyTable(zipOf(parts))).rows[0]?.cells, ["1904-01-02"]);
  });

  test("shows numbers by their format", () => {
    for (const [id, code, value, shown] of [
      [0, undefined, "12345678901234567", "12345678901234600"],
      [14, undefined, "1", "1900-01-01"],
      [14, undefined, "61", "1900-03-01"],
      [22, undefined, "45413.999999999", "2024-05-02"],
      [20, undefined, "0.5", "12:00"],
      [200, "[$-407]d. mmmm yyyy;@", "45413", "2024-05-01"],
      [200, "[h]:mm:ss", "0.25", "06:00"],
      [200, "mm:ss", "0.001", "00:01:26"],
      [200, "mmm\\ yy", "45413", "2024-05-01"],
      [200, "00000\\-0000", "21158833", "02115-8833"],
      [200, '"D-"00000', "1067", "D-01067"],
      [200, "00000", "123456", "123456"],
      [200, "0.00", "7", "7"],
      [200, "#,##0.00 [$€-407]", "1234.5", "1234.5"],
      [200, "0%", "0.19", "0.19"],
      [200, "0", "7", "7"],
      [200, "@", "7", "7"],
      [200, "General", "7", "7"],
    ] as const)
      assert.equal(formatted(value, cellFormat(id, code), false), shown, `${code ?? id}: ${value}`);
  });
});

describe("a file that is not what it should be", () => {
  const sheet = (rows: string) => workbookOf([{ name: "a", rows }]);
  const changed = (parts: Part[], name: string, change: Partial<Part>) =>
    parts.map((part) => (part.name === name ? { ...part, ...change } : part));
  const first = "xl/worksheets/sheet1.xml";

  for (const [what, bytes, says] of [
    ["an old workbook", Buffer.from("d0cf11e0a1b11ae1", "hex"), /old Excel workbook .*Save it as .xlsx/],
    ["a PDF", "%PDF-1.7", /a PDF/],
    ["a web page with the name of a workbook", "\n<html><table>", /web page/],
    ["an archive that breaks off", zipOf(sheet("")).subarray(0, 300), /damaged/],
    ["a document of another program", zipOf([{ name: "word/document.xml", text: "" }]), /Word document/],
    ["one with a password", zipOf(changed(sheet(""), first, { lies: { flags: 1 } })), /password/],
    ["another packing method", zipOf(changed(sheet(""), first, { lies: { method: 12 } })), /method 12/],
    [
      "a sheet larger than it says",
      zipOf(changed(sheet("<row/>".repeat(5_000)), first, { lies: { unpacked: 100 } })),
      /larger than the archive says/,
    ],
    [
      "a sheet with another checksum",
      zipOf(changed(sheet(""), first, { lies: { crc: 1 } })),
      /not what the archive says/,
    ],
    [
      "a sheet that says it is huge",
      zipOf(changed(sheet(""), first, { lies: { unpacked: 0xf0000000 } })),
      /too large when unpacked/,
    ],
    ["a part twice", zipOf([...sheet(""), { name: first, text: "" }]), /in it twice/],
    [
      "a document type with entities",
      zipOf(changed(sheet(""), first, { text: '<!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>' })),
      /document type/,
    ],
    ["XML that is none", zipOf(changed(sheet(""), first, { text: "<worksheet><row>" })), /no XML that can be read/],
    ["rows that go back", zipOf(sheet('<row r="5"/><row r="5"/>')), /stands behind row 5/],
    [
      "a cell far to the right",
      zipOf(sheet('<row r="1"><c r="XFD1"><v>1</v></c></row>')),
      /column 16384; 500 can be read/,
    ],
    ["a cell that is nowhere", zipOf(sheet('<row r="1"><c r="1A"><v>1</v></c></row>')), /says it is 1A/],
    ["a row too wide", ",".repeat(tableLimits.columns), /501 columns/],
    [
      "a cell too long",
      `a,b\n1,"${"x".repeat(tableLimits.cellCharacters + 1)}"`,
      /Row 2, column 2 has 32,768 characters/,
    ],
  ] as const)
    test(`is refused with what to do: ${what}`, async () => assert.match(await refusal(Buffer.from(bytes)), says));

  test("is refused before a gigabyte of it is unpacked", async () => {
    const parts = changed(sheet(""), first, { text: " ".repeat(20 * 1024 * 1024) });
    assert.match(await refusal(zipOf(parts)), /too large when unpacked/);
  });

  test("is read, or refused in words, wherever a bit of it is wrong", async () => {
    const good = zipOf(
      workbookOf([{ name: "a", rows: '<row r="1"><c r="A1" t="s"><v>0</v></c></row>' }], { shared: ["<t>x</t>"] }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, flip, cut) => {
          const bytes = Buffer.from(cut ? good.subarray(0, at) : good);
          if (!cut) bytes[at] = (bytes[at] ?? 0) ^ flip;
          await tablesIn(bytes).catch((error: unknown) => assert.ok(error instanceof TableError, String(error)));
        },
      ),
      { numRuns: 150, seed: 21 },
    );
  });
});
