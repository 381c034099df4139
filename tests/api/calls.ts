// Requests to an API in the test's own process as any client sends them, with whatever is wrong about them, and what they
// name: two accounts of the directory with a site each.

import { randomUUID } from "node:crypto";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { acme, borealis } from "../support/directory.ts";

export const accountId = acme.id;
export const siteId = acme.oakland;
export const otherAccountId = borealis.id;
export const otherSiteId = borealis.albany;

export type Call = {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** The body's bytes, where `body` as JSON would not do. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
};

export type Reply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: JsonObject;
};

export const dispatcher = { "x-actor-id": "dora", "x-actor-role": "dispatcher" };

/** Sends a request; a POST gets a fresh Idempotency-Key unless it brings one. */
export async function call(
  api: { url: string },
  path: string,
  { method = "GET", headers = dispatcher, body, raw }: Call = {},
): Promise<Reply> {
  const key: Record<string, string> = method === "POST" ? { "idempotency-key": randomUUID() } : {};
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(api.url + path, {
    method,
    headers: { ...key, ...headers },
    ...(sent !== undefined && { body: sent }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: response.headers.get("content-type")?.startsWith("application/json") && text ? parsed(text) : {},
  };
}

/** Sends a command. */
export const post = (
  api: { url: string },
  path: string,
  body: unknown = {},
  headers: Record<string, string> = dispatcher,
): Promise<Reply> => call(api, path, { method: "POST", body, headers });

/** Opens a ticket and tells its id. */
export async function newTicket(api: { url: string }, site: "own" | "other" = "own"): Promise<string> {
  const place =
    site === "own" ? { account_id: accountId, site_id: siteId } : { account_id: otherAccountId, site_id: otherSiteId };
  const reply = await post(api, "/tickets", { ...place, summary: "Door will not close" });
  if (reply.status !== 201) throw new Error(`no ticket: ${reply.text}`);
  return String(reply.body["id"]);
}

/** The error of a reply's body. */
export function errorOf(reply: Reply): JsonObject {
  const { error } = reply.body;
  return isObject(error) ? error : {};
}

function parsed(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error(`not a JSON object: ${text}`);
  return value;
}
