/**
 * Draws a paper as a PDF: tagged, so that it can be read aloud, with the font inside, so that it looks the same everywhere. The
 * same paper is the same bytes. It runs in the thread of pdf-thread.ts: a page takes tens of milliseconds.
 */
import { createRequire } from "node:module";
import PDFDocument from "pdfkit";
import type { Paper } from "../paper.ts";

const require = createRequire(import.meta.url);
const fonts = {
  plain: require.resolve("@expo-google-fonts/roboto/400Regular/Roboto_400Regular.ttf"),
  bold: require.resolve("@expo-google-fonts/roboto/700Bold/Roboto_700Bold.ttf"),
};

const sizes = { A4: [595.28, 841.89], LETTER: [612, 792] } as const;
const edge = 48;
const footer = 40;
const gap = 6;
/** Of the columns after the description: their widths, all flush right. */
const narrow = [58, 62, 66, 66, 44] as const;
const numberWidth = 28;

type Doc = InstanceType<typeof PDFDocument>;
type Element = ReturnType<Doc["struct"]>;
type Text = { readonly x: number; readonly y: number; readonly width: number; readonly align?: "left" | "right" };

/** The PDF's bytes. */
export function drawPaper(paper: Paper): Promise<Buffer> {
  const [width, height] = sizes[paper.size];
  const at = new Date(paper.issuedAt);
  const doc = new PDFDocument({
    size: [width, height],
    margin: 0,
    bufferPages: true,
    pdfVersion: "1.7",
    tagged: true,
    lang: paper.language,
    displayTitle: true,
    font: fonts.plain,
    info: {
      Title: `${paper.title} ${paper.number}`,
      Creator: "Dispatch",
      Producer: "Dispatch",
      CreationDate: at,
      ModDate: at,
    },
  });
  const bytes = collected(doc);
  const root = doc.struct("Document");
  doc.addStructure(root);
  const page = new Page(doc, root, { width, height });
  drawHead(page, paper);
  drawLines(page, paper);
  drawSums(page, paper);
  for (const note of paper.notes) page.paragraph(note);
  numberPages(doc, paper, { width, height });
  root.end();
  doc.end();
  return bytes;
}

function collected(doc: Doc): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    doc.on("data", (piece: Buffer) => pieces.push(piece));
    doc.on("end", () => resolve(Buffer.concat(pieces)));
    doc.on("error", reject);
  });
}

/** A place on the paper that moves down, over to the next page where there is no room. */
class Page {
  readonly doc: Doc;
  readonly root: Element;
  readonly left = edge;
  readonly right: number;
  readonly #bottom: number;
  y = edge;

  constructor(doc: Doc, root: Element, { width, height }: { readonly width: number; readonly height: number }) {
    this.doc = doc;
    this.root = root;
    this.right = width - edge;
    this.#bottom = height - edge - footer;
  }

  get width(): number {
    return this.right - this.left;
  }

  style(size: number, weight: keyof typeof fonts = "plain"): this {
    this.doc.font(fonts[weight]).fontSize(size);
    return this;
  }

  heightOf(text: string, width: number): number {
    return this.doc.heightOfString(text, { width });
  }

  /** Makes room, on the next page if need be. @returns whether it turned the page */
  room(height: number): boolean {
    if (this.y + height <= this.#bottom) return false;
    this.doc.addPage();
    this.y = edge;
    return true;
  }

  /** A text, as an element of the given kind. */
  put(parent: Element, kind: string, text: string, { x, y, width, align = "left" }: Text): void {
    const content = this.doc.markStructureContent(kind);
    this.doc.text(text, x, y, { width, align });
    this.doc.endMarkedContent();
    const element = this.doc.struct(kind, {}, content);
    parent.add(element);
    element.end();
  }

  /** A line that means nothing to whoever hears the page. */
  rule(): void {
    this.doc.markContent("Artifact", { type: "Layout" });
    this.doc.moveTo(this.left, this.y).lineTo(this.right, this.y).lineWidth(0.5).strokeColor("#888888").stroke();
    this.doc.endMarkedContent();
    this.y += gap / 2;
  }

  paragraph(text: string): void {
    this.style(8.5);
    const height = this.heightOf(text, this.width);
    this.room(height);
    this.put(this.root, "P", text, { x: this.left, y: this.y, width: this.width });
    this.y += height + gap;
  }

  child(parent: Element, kind: string): Element {
    const element = this.doc.struct(kind);
    parent.add(element);
    return element;
  }
}

function drawHead(page: Page, paper: Paper): void {
  const half = page.width / 2 - gap;
  page.style(20, "bold").put(page.root, "H1", paper.title, { x: page.left, y: page.y, width: half });
  const [top, x] = [page.y, page.left + half + 2 * gap];
  let factsEnd = top;
  for (const [label, value] of paper.facts) {
    page.style(9).put(page.root, "P", `${label}: ${value}`, { x, y: factsEnd, width: half, align: "right" });
    factsEnd += page.heightOf(`${label}: ${value}`, half) + 1;
  }
  page.y += 30;
  page.y = Math.max(block(page, "From", paper.seller, page.left, half), factsEnd) + gap;
  const [y, second] = [page.y, page.left + half + 2 * gap];
  const buyerEnd = block(page, "To", paper.buyer, page.left, half);
  page.y = y;
  page.y = Math.max(buyerEnd, block(page, "Work done at", paper.place, second, half)) + 2 * gap;
}

/** @returns where it ends */
function block(page: Page, title: string, lines: readonly string[], x: number, width: number): number {
  let { y } = page;
  page.style(8, "bold").put(page.root, "H2", title, { x, y, width });
  y += 12;
  for (const line of lines) {
    page.style(10).put(page.root, "P", line, { x, y, width });
    y += page.heightOf(line, width) + 1;
  }
  return y;
}

function placesOf(page: Page): Text[] {
  const description = page.width - numberWidth - narrow.reduce((sum, one) => sum + one, 0);
  let x = page.left;
  return [numberWidth, description, ...narrow].map((width, index) => {
    const place = { x, y: 0, width: width - 4, align: index < 2 ? ("left" as const) : ("right" as const) };
    x += width;
    return place;
  });
}

function drawLines(page: Page, { columns, rows }: Paper): void {
  const places = placesOf(page);
  const table = page.child(page.root, "Table");
  const row = (kind: "TH" | "TD", cells: readonly string[]) => {
    const element = page.child(table, "TR");
    for (const [index, place] of places.entries()) page.put(element, kind, cells[index] ?? "", { ...place, y: page.y });
    element.end();
  };
  const head = () => {
    page.style(8, "bold");
    row("TH", columns);
    page.y += 12;
    page.rule();
  };
  page.room(60);
  head();
  for (const cells of rows) {
    page.style(9);
    const height = Math.max(...places.map(({ width }, index) => page.heightOf(cells[index] ?? "", width))) + 3;
    if (page.room(height)) head();
    page.style(9);
    row("TD", cells);
    page.y += height;
  }
  table.end();
  page.rule();
}

/** The taxes on the left, the totals on the right. */
function drawSums(page: Page, { taxes, totals }: Paper): void {
  page.room(30 + 14 * Math.max(taxes.length + 1, totals.length + 1));
  const top = page.y + gap;
  const half = page.width / 2;
  const third = half / 3 - gap;
  const table = page.child(page.root, "Table");
  let y = top;
  for (const [index, cells] of [["Taxed", "Rate", "Tax"], ...taxes].entries()) {
    const element = page.child(table, "TR");
    page.style(8.5, index === 0 ? "bold" : "plain");
    for (const [at, cell] of cells.entries())
      page.put(element, index === 0 ? "TH" : "TD", cell, { x: page.left + at * (third + gap), y, width: third });
    element.end();
    y += 13;
  }
  table.end();
  let end = top;
  for (const [index, [label, value]] of totals.entries()) {
    const isLast = index === totals.length - 1;
    page.style(isLast ? 11 : 9.5, isLast ? "bold" : "plain");
    page.put(page.root, "P", `${label}: ${value}`, { x: page.left + half, y: end, width: half, align: "right" });
    end += isLast ? 18 : 14;
  }
  page.y = Math.max(y, end) + 2 * gap;
}

/** Every page says which it is, and of what: papers get apart. */
function numberPages(
  doc: Doc,
  paper: Paper,
  { width, height }: { readonly width: number; readonly height: number },
): void {
  const { start, count } = doc.bufferedPageRange();
  for (let index = start; index < start + count; index++) {
    doc.switchToPage(index);
    doc.markContent("Artifact", { type: "Pagination" });
    doc.font(fonts.plain).fontSize(8);
    doc.text(`${paper.title} ${paper.number}, page ${index - start + 1} of ${count}`, edge, height - edge, {
      width: width - 2 * edge,
      align: "center",
      lineBreak: false,
    });
    doc.endMarkedContent();
  }
}
