// Workbooks and archives as bytes, right ones and wrong ones, for whoever reads them.

import { crc32, deflateRawSync } from "node:zlib";

export type Part = {
  readonly name: string;
  readonly text: string;
  /** What the directory says of it, where that is not so. */
  readonly lies?: {
    readonly unpacked?: number;
    readonly flags?: number;
    readonly method?: number;
    readonly crc?: number;
  };
};

/** An archive of these parts, packed. */
export function zipOf(parts: readonly Part[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, text, lies = {} } of parts) {
    const whole = Buffer.from(text);
    const packed = deflateRawSync(whole);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(lies.flags ?? 0, 2);
    common.writeUInt16LE(lies.method ?? 8, 4);
    common.writeUInt32LE(lies.crc ?? crc32(whole), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(lies.unpacked ?? whole.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), common, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from("PK\u0001\u0002\u0014\u0000"), common, tail, Buffer.from(name)]));
    bodies.push(local);
    at += local.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", "latin1");
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...bodies, entries, end]);
}

const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const packageNs = "http://schemas.openxmlformats.org/package/2006/relationships";
const relation = (id: string, type: string, target: string) =>
  `<Relationship Id="${id}" Type="${office}/${type}" Target="${target}"/>`;

export type SheetPart = { readonly name: string; readonly rows: string; readonly state?: string };

/** A workbook of these sheets, whose rows are XML; `styles` are the number formats of its cells, in their order. */
export function workbookOf(
  sheets: readonly SheetPart[],
  {
    shared = [],
    styles = [],
    properties = "",
  }: { shared?: readonly string[]; styles?: readonly string[]; properties?: string } = {},
): Part[] {
  const formats = styles.map((code, at) => `<numFmt numFmtId="${200 + at}" formatCode="${code}"/>`).join("");
  const cells = styles.map((_, at) => `<xf numFmtId="${200 + at}"/>`).join("");
  return [
    {
      name: "_rels/.rels",
      text: `<Relationships xmlns="${packageNs}">${relation("r1", "officeDocument", "xl/workbook.xml")}</Relationships>`,
    },
    {
      name: "xl/workbook.xml",
      text:
        `<?xml version="1.0"?><workbook xmlns="${main}" xmlns:r="${office}">${properties}<sheets>` +
        sheets
          .map(
            ({ name, state = "visible" }, at) =>
              `<sheet name="${name}" state="${state}" sheetId="${at + 1}" r:id="s${at}"/>`,
          )
          .join("") +
        "</sheets></workbook>",
    },
    {
      name: "xl/_rels/workbook.xml.rels",
      text:
        `<Relationships xmlns="${packageNs}">${relation("x", "sharedStrings", "sharedStrings.xml")}` +
        relation("y", "styles", "/xl/styles.xml") +
        `${sheets.map((_, at) => relation(`s${at}`, "worksheet", `worksheets/sheet${at + 1}.xml`)).join("")}</Relationships>`,
    },
    {
      name: "xl/styles.xml",
      text:
        `<styleSheet xmlns="${main}"><numFmts>${formats}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>` +
        `<cellXfs>${cells}</cellXfs></styleSheet>`,
    },
    {
      name: "xl/sharedStrings.xml",
      text: `<sst xmlns="${main}">${shared.map((text) => `<si>${text}</si>`).join("")}</sst>`,
    },
    ...sheets.map(({ rows }, at) => ({
      name: `xl/worksheets/sheet${at + 1}.xml`,
      text: `<worksheet xmlns="${main}"><sheetData>${rows}</sheetData></worksheet>`,
    })),
  ];
}
