// What of a workbook is not its sheets: which there are and in which files, the texts they share, and how their numbers look.

import { posix } from "node:path";
import { cellFormat, type CellFormat } from "./cell-format.ts";
import { tableLimits, TableError } from "./table.ts";
import { readXml } from "./xml-events.ts";
import type { ZipArchive } from "./zip.ts";

export type Sheet = { readonly name: string; readonly path: string; readonly hidden: boolean };

export type Workbook = {
  readonly sheets: readonly Sheet[];
  readonly sharedTexts: readonly string[];
  /** By the number that a cell has as its style. */
  readonly formats: readonly CellFormat[];
  readonly epoch1904: boolean;
};

/** @throws TableError for an archive that is no workbook */
export async function readWorkbook(archive: ZipArchive): Promise<Workbook> {
  const root = await relationsOf(archive, "_rels/.rels");
  const path = root.find(({ type }) => type === "officeDocument")?.target ?? "xl/workbook.xml";
  if (!archive.has(path)) throw new TableError(notAWorkbook(archive));
  const relations = await relationsOf(
    archive,
    posix.join(posix.dirname(path), "_rels", `${posix.basename(path)}.rels`),
  );
  const targets = new Map(relations.map(({ id, target }) => [id, target]));
  const targetOf = (type: string): string | null => relations.find((one) => one.type === type)?.target ?? null;
  const sheets: Sheet[] = [];
  let epoch1904 = false;
  await readXml(path, archive.read(path), {
    opened(name, { name: title = "", state = "visible", date1904, ...rest }) {
      if (name === "workbookPr") epoch1904 = date1904 === "1" || date1904 === "true";
      // A sheet of charts has no cells, and a file of another kind.
      const target = targets.get(relationIn(rest));
      if (name === "sheet" && target !== undefined && archive.has(target))
        sheets.push({ name: title, path: target, hidden: state !== "visible" });
    },
  });
  return {
    sheets,
    sharedTexts: await sharedTexts(archive, targetOf("sharedStrings")),
    formats: await formatsOf(archive, targetOf("styles")),
    epoch1904,
  };
}

function notAWorkbook(archive: ZipArchive): string {
  const known: readonly (readonly [part: string, what: string])[] = [
    ["word/document.xml", "a Word document"],
    ["xl/workbook.bin", "a binary workbook (.xlsb)"],
    ["content.xml", "an OpenDocument file (.ods)"],
    ["Index/Document.iwa", "a Numbers document"],
  ];
  const what = known.find(([part]) => archive.has(part))?.[1] ?? "an archive";
  return `The file is ${what}, and no workbook that can be read. Save the sheet as .xlsx or CSV and import that.`;
}

type Relation = { readonly id: string; readonly type: string; readonly target: string };

async function relationsOf(archive: ZipArchive, path: string): Promise<Relation[]> {
  const relations: Relation[] = [];
  if (!archive.has(path)) return relations;
  const folder = posix.dirname(posix.dirname(path));
  await readXml(path, archive.read(path), {
    opened(name, { Id: id = "", Type: type = "", Target: target = "", TargetMode: mode }) {
      if (name !== "Relationship" || mode === "External") return;
      const whole = target.startsWith("/") ? target.slice(1) : posix.join(folder, target);
      relations.push({ id, type: type.slice(type.lastIndexOf("/") + 1), target: whole });
    },
  });
  return relations;
}

/** `r:id`, whatever the prefix. */
const relationIn = (attributes: Readonly<Record<string, string>>): string =>
  Object.entries(attributes).find(([name]) => name.endsWith(":id"))?.[1] ?? "";

async function sharedTexts(archive: ZipArchive, path: string | null): Promise<string[]> {
  const texts: string[] = [];
  if (path === null || !archive.has(path)) return texts;
  const text = new RichText();
  await readXml(path, archive.read(path), {
    opened: (name) => (name === "si" ? text.begin() : text.opened(name)),
    text: (piece) => text.add(piece),
    closed(name) {
      text.closed(name);
      if (name !== "si") return;
      if (texts.length >= tableLimits.cells) throw new TableError("The workbook has too many texts to be read.");
      texts.push(text.value);
    },
  });
  return texts;
}

/** A text in pieces with formats of their own; how it is pronounced (`rPh`) is no part of it. */
export class RichText {
  value = "";
  #within = false;
  #phonetic = false;

  begin(): void {
    this.value = "";
  }

  opened(name: string): void {
    if (name === "rPh") this.#phonetic = true;
    if (name === "t") this.#within = true;
  }

  add(piece: string): void {
    if (this.#within && !this.#phonetic) this.value += piece;
  }

  closed(name: string): void {
    if (name === "rPh") this.#phonetic = false;
    if (name === "t") this.#within = false;
  }
}

async function formatsOf(archive: ZipArchive, path: string | null): Promise<CellFormat[]> {
  const codes = new Map<number, string>();
  const formats: CellFormat[] = [];
  if (path === null || !archive.has(path)) return formats;
  let withinCells = false;
  await readXml(path, archive.read(path), {
    opened(name, { numFmtId = "0", formatCode = "" }) {
      if (name === "numFmt") codes.set(Number(numFmtId), formatCode);
      if (name === "cellXfs") withinCells = true;
      if (name === "xf" && withinCells) formats.push(cellFormat(Number(numFmtId), codes.get(Number(numFmtId))));
    },
    closed(name) {
      if (name === "cellXfs") withinCells = false;
    },
  });
  return formats;
}
