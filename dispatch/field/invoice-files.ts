// invoice.get_pdf: an invoice or a credit note as a file, of nothing but what was kept when it was issued: the same document is the
// same file.

import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { DocumentBody } from "../contract/money-responses.ts";
import { pathWith, queries, type QueryBodyOf } from "../contract/index.ts";
import type { DeskQuery } from "../kernel/answer-query.ts";
import { FileAnswer } from "../kernel/file-answer.ts";
import { Refusal } from "../kernel/refusal.ts";
import { paperOf } from "../money/paper.ts";
import { PdfBusy, renderPdf } from "../money/pdf/render.ts";
import { documentBody, requireDocument } from "./invoice-rows.ts";

type Tool = "invoice.get_pdf";
type Content = QueryBodyOf<Tool>;

type Made = { readonly bytes: Buffer; readonly mediaType: string; readonly extension: "pdf" };

const invoiceFile = (
  name: Tool,
  make: (document: DocumentBody) => Promise<Made>,
): DeskQuery<unknown, { readonly invoiceId: string }, FileAnswer<Content>> => ({
  name,
  on: "desk",
  async read({ desk, actor, ids: { invoiceId: id }, now }) {
    const document = documentBody(await requireDocument(desk, { actor, id, now }));
    const { bytes, mediaType, extension } = await make(document);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const fileName = `${document.number}.${extension}`;
    const content = {
      path: pathWith(queries[name].path, { invoiceId: document.id }),
      media_type: mediaType,
      size_bytes: bytes.length,
      etag: `"${sha256}"`,
      file_name: fileName,
    };
    return new FileAnswer({ invoice_id: document.id, number: document.number, content }, () => ({
      mediaType,
      sizeBytes: bytes.length,
      sha256,
      fileName,
      inline: false,
      read: async (range) => Readable.from([range ? bytes.subarray(range.start, range.end + 1) : bytes]),
    }));
  },
});

export const invoiceGetPdf = invoiceFile("invoice.get_pdf", async (document) => {
  const bytes = await renderPdf(paperOf(document)).catch((error: unknown) => {
    if (!(error instanceof PdfBusy)) throw error;
    const message = "Too many PDFs are wanted at this moment; ask again in a few seconds.";
    throw new Refusal("DEPENDENCY_UNAVAILABLE", { dependency: "pdf" }, { message, cause: error });
  });
  return { bytes, mediaType: "application/pdf", extension: "pdf" };
});
