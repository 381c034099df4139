// The sheets of an .xlsx workbook as tables. Values are those that were kept with the file: no formula is computed, no macro,
// link or picture is looked at.

import { formatted, type CellFormat } from "./cell-format.ts";
import { RowCollector, tableLimits, TableError, type Table } from "./table.ts";
import { readWorkbook, RichText, type Workbook } from "./workbook.ts";
import { readXml } from "./xml-events.ts";
import { ZipArchive } from "./zip.ts";

/**
 * The visible sheets that have anything in them, in their order.
 * @throws TableError for what is no workbook, is damaged, or beyond the limits
 */
export async function readXlsx(bytes: Buffer): Promise<Table[]> {
  const archive = new ZipArchive(bytes);
  const workbook = await readWorkbook(archive);
  const tables: Table[] = [];
  for (const { name, path, hidden } of workbook.sheets) {
    if (hidden) continue;
    const reader = new SheetReader(workbook);
    await readXml(path, archive.read(path), reader);
    if (reader.rows.length > 0) tables.push({ sheet: name, format: `XLSX, sheet ${name}`, rows: reader.rows });
  }
  return tables;
}

type Cell = { column: number; type: string; format: CellFormat | undefined; value: string };

class SheetReader {
  readonly #workbook: Workbook;
  readonly #collector = new RowCollector();
  readonly #inline = new RichText();
  #line = 0;
  #cells: string[] = [];
  #cell: Cell | null = null;
  #next = 0;
  #withinValue = false;

  constructor(workbook: Workbook) {
    this.#workbook = workbook;
  }

  get rows(): Table["rows"] {
    return this.#collector.rows;
  }

  opened(name: string, attributes: Readonly<Record<string, string>>): void {
    if (name === "row") this.#beginRow(attributes["r"]);
    else if (name === "c") this.#beginCell(attributes);
    else if (name === "v") this.#withinValue = true;
    else if (name === "is") this.#inline.begin();
    else this.#inline.opened(name);
  }

  text(piece: string): void {
    if (!this.#cell) return;
    if (this.#withinValue) this.#cell.value += piece;
    else this.#inline.add(piece);
  }

  closed(name: string): void {
    if (name === "v") this.#withinValue = false;
    else if (name === "is" && this.#cell) this.#cell.value = this.#inline.value;
    else if (name === "c") this.#endCell();
    else if (name === "row") this.#collector.add(this.#line, this.#cells);
    else this.#inline.closed(name);
  }

  #beginRow(number: string | undefined): void {
    const line = number === undefined ? this.#line + 1 : Number(number);
    if (!Number.isSafeInteger(line) || line <= this.#line)
      throw new TableError(
        `Row ${number} of the sheet stands behind row ${this.#line}. Open the workbook and save it again.`,
      );
    this.#line = line;
    this.#cells = [];
    this.#next = 0;
  }

  #beginCell({ r: reference, t: type = "n", s: style = "0" }: Readonly<Record<string, string>>): void {
    const column = reference === undefined ? this.#next : columnOf(reference);
    this.#cell = { column, type, format: this.#workbook.formats[Number(style)], value: "" };
    this.#next = column + 1;
  }

  #endCell(): void {
    const cell = this.#cell;
    this.#cell = null;
    if (!cell) return;
    const text = this.#textOf(cell);
    if (text === "") return;
    if (cell.column >= tableLimits.columns)
      throw new TableError(
        `Row ${this.#line} has a value in column ${cell.column + 1}; ${tableLimits.columns} can be read.`,
      );
    while (this.#cells.length < cell.column) this.#cells.push("");
    this.#cells[cell.column] = text;
  }

  #textOf({ type, value, format }: Cell): string {
    switch (type) {
      case "s":
        return unescaped(this.#workbook.sharedTexts[Number(value)] ?? "");
      case "inlineStr":
      case "str":
        return unescaped(value);
      case "b":
        return value === "1" ? "TRUE" : "FALSE";
      case "n":
        return formatted(value, format ?? { kind: "number" }, this.#workbook.epoch1904);
      default:
        // Errors (#N/A) and dates in ISO 8601 are what they say.
        return value;
    }
  }
}

/** The column of AB12, the first being 0. */
function columnOf(reference: string): number {
  const letters = /^[A-Z]{1,3}(?=\d+$)/i.exec(reference)?.[0].toUpperCase() ?? "";
  if (letters === "") throw new TableError(`A cell of the sheet says it is ${reference.slice(0, 20)}, which is none.`);
  return [...letters].reduce((column, letter) => column * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

/** Characters that XML cannot hold stand as _x000D_. */
const unescaped = (text: string): string =>
  text.includes("_x")
    ? text.replaceAll(/_x([\dA-F]{4})_/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    : text;
