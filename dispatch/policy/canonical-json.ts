/**
 * One text for one value: the JSON form that is hashed (policy hash, identity signature).
 * Must not be used to answer clients: it reorders keys.
 */
import { createHash } from "node:crypto";

/** A value as JSON.parse yields it. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * Serialises with object keys sorted by UTF-16 code unit at every depth, no white space, array order kept
 * (the key order and number form of RFC 8785, https://www.rfc-editor.org/rfc/rfc8785).
 * Throws a TypeError on NaN and infinities: JSON would print them as null, and two different values would hash alike.
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`no canonical JSON for ${value}`);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}

/** SHA-256 of the canonical text in UTF-8, as 64 lower-case hex digits. */
export function canonicalSha256(value: JsonValue): string {
  return createHash("sha256").update(canonicalJson(value), "utf8").digest("hex");
}

// Array.isArray does not narrow readonly arrays: https://github.com/microsoft/TypeScript/issues/17002
function isList(value: readonly JsonValue[] | { readonly [key: string]: JsonValue }): value is readonly JsonValue[] {
  return Array.isArray(value);
}
