// XML as it comes out of an archive, piece by piece, as events. No document type is read, so no entity grows; names lose their
// prefixes, since some programs write x:row for row.

import { SaxesParser } from "saxes";
import { TableError } from "./table.ts";

export type XmlHandler = {
  opened?(name: string, attributes: Readonly<Record<string, string>>): void;
  text?(text: string): void;
  closed?(name: string): void;
};

/** How long one file of a workbook may take. */
const mostMs = 60_000;

/** @throws TableError for what is no XML, has a document type, or takes too long; what the handler throws */
export async function readXml(name: string, pieces: AsyncIterable<Uint8Array>, handler: XmlHandler): Promise<void> {
  const parser = new SaxesParser();
  parser.on("error", ({ message }) => {
    throw new TableError(`${name} in the file is no XML that can be read: ${message}`);
  });
  parser.on("doctype", () => {
    throw new TableError(`${name} in the file declares a document type, which no workbook does; it is not read.`);
  });
  if (handler.opened) parser.on("opentag", ({ name: tag, attributes }) => handler.opened?.(localName(tag), attributes));
  if (handler.text) {
    parser.on("text", (text) => handler.text?.(text));
    parser.on("cdata", (text) => handler.text?.(text));
  }
  if (handler.closed) parser.on("closetag", ({ name: tag }) => handler.closed?.(localName(tag)));
  const until = performance.now() + mostMs;
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  for await (const piece of pieces) {
    decoder ??= new TextDecoder(encodingOf(piece), { fatal: true });
    parser.write(decoded(name, () => decoder?.decode(piece, { stream: true }) ?? ""));
    if (performance.now() > until)
      throw new TableError(`${name} in the file takes too long to read. Save the sheet as CSV.`);
  }
  parser.write(decoded(name, () => decoder?.decode() ?? ""));
  parser.close();
}

const encodingOf = ([first, second]: Uint8Array): string =>
  first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";

function decoded(name: string, decode: () => string): string {
  try {
    return decode();
  } catch {
    throw new TableError(`${name} in the file is no UTF-8. Open the workbook and save it again.`);
  }
}

const localName = (name: string): string => name.slice(name.indexOf(":") + 1);
