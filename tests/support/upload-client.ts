// What a technician's phone does with an upload ticket, honest or not: over real HTTP, for PUT and for POST tickets.

import { once } from "node:events";
import http from "node:http";
import type { UploadTicket } from "../../dispatch/storage/object-store.ts";

/** Sends the bytes as the ticket says; the HTTP status. */
export async function upload(ticket: UploadTicket, bytes: Uint8Array): Promise<number> {
  const { url, method, headers, body } = await encode(ticket, bytes);
  const response = await fetch(url, { method, headers, body });
  await response.arrayBuffer();
  return response.status;
}

/** Sends half the request, lets `meanwhile` look, then sends the rest (or hangs up); the HTTP status, null if hung up. */
export async function uploadInHalves(
  ticket: UploadTicket,
  bytes: Uint8Array,
  meanwhile: () => Promise<"go on" | "hang up">,
): Promise<number | null> {
  const { url, method, headers, body } = await encode(ticket, bytes);
  const request = http.request(url, { method, headers: { ...headers, "Content-Length": body.length } });
  const half = Math.floor(body.length / 2);
  await new Promise((sent) => request.write(body.subarray(0, half), sent));
  if ((await meanwhile()) === "hang up") {
    request.on("error", () => undefined).destroy();
    return null;
  }
  request.end(body.subarray(half));
  const [response]: http.IncomingMessage[] = await once(request, "response");
  response?.resume();
  return response?.statusCode ?? null;
}

/** The same ticket with its signature altered in one place. */
export function withForgedSignature(ticket: UploadTicket): UploadTicket {
  const forge = (text: string | null | undefined) => (text?.startsWith("a") ? "b" : "a") + text?.slice(1);
  if (ticket.fields)
    return { ...ticket, fields: { ...ticket.fields, "x-amz-signature": forge(ticket.fields["x-amz-signature"]) } };
  const url = new URL(ticket.url);
  url.searchParams.set("signature", forge(url.searchParams.get("signature")));
  return { ...ticket, url: url.href };
}

/** The same ticket sent with another content type than the signed one. */
export function withContentType(ticket: UploadTicket, contentType: string): UploadTicket {
  if (ticket.fields) return { ...ticket, fields: { ...ticket.fields, "Content-Type": contentType } };
  return { ...ticket, headers: { ...ticket.headers, "Content-Type": contentType } };
}

/** The same ticket aimed at another key. */
export function withKey(ticket: UploadTicket, from: string, to: string): UploadTicket {
  if (ticket.fields) return { ...ticket, fields: { ...ticket.fields, key: to } };
  return { ...ticket, url: replaced(ticket.url, from, to) };
}

/** The same ticket claiming that a larger object was granted. */
export function withSize(ticket: UploadTicket, from: number, to: number): UploadTicket {
  if (!ticket.fields) return { ...ticket, url: replaced(ticket.url, `size=${from}`, `size=${to}`) };
  const [signed, claimed] = [`["content-length-range",${from},${from}]`, `["content-length-range",0,${to}]`];
  const policy = btoa(replaced(atob(ticket.fields["policy"] ?? ""), signed, claimed));
  return { ...ticket, fields: { ...ticket.fields, policy } };
}

function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`nothing to replace: ${from}`);
  return text.replace(from, to);
}

async function encode(ticket: UploadTicket, bytes: Uint8Array) {
  const { method, url, headers, fields } = ticket;
  if (method === "PUT") return { method, url, headers, body: Buffer.from(bytes) };
  const form = new FormData();
  for (const [name, value] of Object.entries(fields ?? {})) form.append(name, value);
  form.append("file", new Blob([Buffer.from(bytes)]), "upload");
  const multipart = new Response(form);
  const contentType = multipart.headers.get("Content-Type") ?? "";
  const body = Buffer.from(await multipart.arrayBuffer());
  return { method, url, headers: { ...headers, "Content-Type": contentType }, body };
}
