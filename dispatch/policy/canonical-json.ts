// One text for one value: the JSON form that is hashed (policy, identity signature, request fingerprint, audit payload).
// Must not be used to answer clients: it reorders keys.

import { createHash } from "node:crypto";

/**
 * Serialises with object keys sorted by UTF-16 code unit at every depth, no white space, array order kept (the key order
 * and number form of RFC 8785, https://www.rfc-editor.org/rfc/rfc8785). A member that is undefined is left out. Numbers
 * that JSON cannot write stand as their names, so that a body with 1e400 in it does not hash like one with null.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members: string[] = [];
  for (const [key, member] of Object.entries(value).sort(byKey)) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(",")}}`;
}

/** SHA-256 of the canonical text in UTF-8, as 64 lower-case hex digits. */
export function canonicalSha256(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value), "utf8").digest("hex");
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);
