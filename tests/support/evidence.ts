// Evidence the honest way: a file is announced, sent to the signed address over HTTP, and recorded.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { TestApi } from "./api.ts";
import { jpeg } from "./pictures.ts";
import { upload as send } from "./upload-client.ts";

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The smallest things that pass for a photo and a note; `text` makes each different. */
export const photo = (text = "photo"): Buffer => jpeg({ comment: text });
export const writing = (text = "adjusted the strike, 20 cycles"): Buffer => Buffer.from(text);

export type File = { readonly bytes: Buffer; readonly contentType: string; readonly kind: string };
export const photoFile = (text?: string): File => ({ bytes: photo(text), contentType: "image/jpeg", kind: "PHOTO" });
export const noteFile = (text?: string): File => ({ bytes: writing(text), contentType: "text/plain", kind: "NOTE" });

type Where = { readonly ticket: string; readonly as?: string; readonly actor?: string; readonly key?: string };

/** Announces a file; what comes back is the ticket for sending it. */
export function requestUpload(
  api: TestApi,
  { ticket, as = "dispatcher", actor }: Where,
  { bytes, contentType, kind }: File,
) {
  const body = { kind, content_type: contentType, size_bytes: bytes.length, sha256: sha256(bytes) };
  return api.run("closeout.request_upload", { as, ...(actor !== undefined && { actor }), ticket, body });
}

/** Announces and sends a file; its URI. */
export async function store(api: TestApi, where: Where, file: File): Promise<string> {
  const ticket = await requestUpload(api, where, file);
  assert.equal(await send(ticket, file.bytes), 201);
  return ticket.uri;
}

let files = 0;

/** A file that an evidence key takes, and that nobody has recorded. */
export function fileFor(evidenceKey: string): File {
  const text = `${evidenceKey} ${++files}`;
  if (evidenceKey.startsWith("photo")) return photoFile(text);
  return evidenceKey.startsWith("signature") ? { ...photoFile(text), kind: "SIGNATURE" } : noteFile(text);
}

/** Announces, sends and records a file under an evidence key. */
export async function addVerified(api: TestApi, where: Where, evidenceKey: string) {
  const file = fileFor(evidenceKey);
  const uri = await store(api, where, file);
  const { ticket, as = "dispatcher", actor } = where;
  const body = { kind: file.kind, uri, evidence_key: evidenceKey };
  return api.run("closeout.add_evidence", { as, ...(actor !== undefined && { actor }), ticket, body });
}

/** Records something kept elsewhere under an evidence key. */
export function addReferenced(api: TestApi, { ticket, as = "dispatcher", actor }: Where, evidenceKey: string) {
  const body = {
    kind: evidenceKey.startsWith("photo") ? "PHOTO" : "NOTE",
    uri: `s3://camera-roll/${ticket}/${evidenceKey}`,
    evidence_key: evidenceKey,
  };
  return api.run("closeout.add_evidence", { as, ...(actor !== undefined && { actor }), ticket, body });
}

/** The id of what was recorded first on a ticket; there must be something. */
export async function firstEvidenceOf(api: TestApi, ticket = ""): Promise<string> {
  const [first] = (await api.read("closeout.list_evidence", { ticket })).evidence;
  return first?.id ?? assert.fail("the ticket has no evidence");
}
