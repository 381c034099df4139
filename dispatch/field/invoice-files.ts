// invoice.get_pdf: an invoice or a credit note as a file. The same document is the same file; what was missing on
// it when it was issued is filled in from today's records.

import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { DocumentBody } from "../contract/money-responses.ts";
import { pathWith, queries, type QueryBodyOf } from "../contract/index.ts";
import type { DeskQuery, QueryCall } from "../kernel/answer-query.ts";
import { FileAnswer } from "../kernel/file-answer.ts";
import { Refusal } from "../kernel/refusal.ts";
import { paperOf } from "../money/paper.ts";
import { PdfBusy, renderPdf } from "../money/pdf/render.ts";
import { policyOf } from "../ticket/policy-of.ts";
import { documentBody, requireDocument } from "./invoice-rows.ts";
import { completed, loadBuyer, partiesNow } from "./parties.ts";

type Tool = "invoice.get_pdf";
type Call = QueryCall<unknown, { readonly invoiceId: string }>;
type Content = QueryBodyOf<Tool>;

type Made = { readonly bytes: Buffer; readonly mediaType: string; readonly extension: "pdf" };

const invoiceFile = (
  name: Tool,
  make: (document: DocumentBody) => Promise<Made>,
): DeskQuery<unknown, { readonly invoiceId: string }, FileAnswer<Content>> => ({
  name,
  on: "desk",
  async read(call) {
    const document = await loadPrinted(call);
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

async function loadPrinted({ desk, actor, ids: { invoiceId: id }, now }: Call): Promise<DocumentBody> {
  const document = documentBody(await requireDocument(desk, { actor, id, now }));
  const buyer = await loadBuyer(desk.db, document.ticket_id);
  if (!buyer) return document;
  const parties = completed(document.parties, partiesNow(policyOf(desk, buyer).priceBook, buyer, null));
  return { ...document, parties };
}

export const invoiceGetPdf = invoiceFile("invoice.get_pdf", async (document) => {
  const bytes = await renderPdf(paperOf(document)).catch((error: unknown) => {
    if (!(error instanceof PdfBusy)) throw error;
    const message = "Too many PDFs are wanted at this moment; ask again in a few seconds.";
    throw new Refusal("DEPENDENCY_UNAVAILABLE", { dependency: "pdf" }, { message, cause: error });
  });
  return { bytes, mediaType: "application/pdf", extension: "pdf" };
});
