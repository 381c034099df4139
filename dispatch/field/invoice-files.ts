// invoice.get_pdf, invoice.get_xml: an invoice or a credit note as a file, of nothing but what was kept when it was issued: the same
// document is the same file.

import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { DocumentBody } from "../contract/money-responses.ts";
import { pathWith, queries, type QueryBodyOf } from "../contract/index.ts";
import type { DeskQuery } from "../kernel/answer-query.ts";
import { FileAnswer, type AnsweredFile } from "../kernel/file-answer.ts";
import { Refusal } from "../kernel/refusal.ts";
import { paperOf } from "../money/paper.ts";
import { PdfBusy, renderPdf } from "../money/pdf/render.ts";
import { lacksForUbl, ublOf } from "../money/ubl.ts";
import { documentBody, requireDocument } from "./invoice-rows.ts";

type Tool = "invoice.get_pdf" | "invoice.get_xml";
type FileQuery<N extends Tool> = DeskQuery<unknown, { readonly invoiceId: string }, FileAnswer<QueryBodyOf<N>>>;
type Made = { readonly bytes: Buffer; readonly mediaType: string; readonly extension: "pdf" | "xml" };

const invoiceFile = <N extends Tool>(
  name: N,
  answer: (document: DocumentBody) => FileAnswer<QueryBodyOf<N>> | Promise<FileAnswer<QueryBodyOf<N>>>,
): FileQuery<N> => ({
  name,
  on: "desk",
  read: async ({ desk, actor, ids: { invoiceId: id }, now }) =>
    answer(documentBody(await requireDocument(desk, { actor, id, now }))),
});

/** What is told of a file, and the file. */
function fileOf(name: Tool, { id, number }: DocumentBody, { bytes, mediaType, extension }: Made) {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const fileName = `${number}.${extension}`;
  const content = {
    path: pathWith(queries[name].path, { invoiceId: id }),
    media_type: mediaType,
    size_bytes: bytes.length,
    etag: `"${sha256}"`,
    file_name: fileName,
  };
  const file = (): AnsweredFile => ({
    mediaType,
    sizeBytes: bytes.length,
    sha256,
    fileName,
    inline: false,
    read: async (range) => Readable.from([range ? bytes.subarray(range.start, range.end + 1) : bytes]),
  });
  return { content, file };
}

export const invoiceGetPdf = invoiceFile("invoice.get_pdf", async (document) => {
  const bytes = await renderPdf(paperOf(document)).catch((error: unknown) => {
    if (!(error instanceof PdfBusy)) throw error;
    const message = "Too many PDFs are wanted at this moment; ask again in a few seconds.";
    throw new Refusal("DEPENDENCY_UNAVAILABLE", { dependency: "pdf" }, { message, cause: error });
  });
  const { content, file } = fileOf("invoice.get_pdf", document, {
    bytes,
    mediaType: "application/pdf",
    extension: "pdf",
  });
  return new FileAnswer({ invoice_id: document.id, number: document.number, content }, file);
});

export const invoiceGetXml = invoiceFile("invoice.get_xml", (document) => {
  const { id, number } = document;
  const missing = [...lacksForUbl(document)];
  if (missing.length > 0)
    return new FileAnswer({ invoice_id: id, number, content: null, missing }, () => {
      throw new Refusal("DOCUMENT_INCOMPLETE", { invoice_id: id, invoice_number: number, missing });
    });
  const bytes = Buffer.from(ublOf(document));
  const { content, file } = fileOf("invoice.get_xml", document, {
    bytes,
    mediaType: "application/xml",
    extension: "xml",
  });
  return new FileAnswer({ invoice_id: id, number, content, missing }, file);
});
