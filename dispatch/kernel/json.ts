// JSON as the kernel needs it: read without surprises.

import { hash } from "node:crypto";
import { canonicalJson } from "../policy/canonical-json.ts";
import { invalidJson } from "./refusal.ts";

export type JsonObject = { readonly [key: string]: unknown };

/** An answer that is JSON already, in pieces which other answers may share; they are sent as they are. */
export class JsonText {
  readonly pieces: readonly Buffer[];
  readonly byteLength: number;

  constructor(pieces: readonly Buffer[]) {
    this.pieces = pieces;
    this.byteLength = pieces.reduce((bytes, piece) => bytes + piece.length, 0);
  }
}

/** Deep enough for any request of the contract, shallow enough that no walk runs out of stack. */
const maxDepth = 32;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/**
 * Reads a request body.
 * @throws Refusal INVALID_JSON when it is not UTF-8, not JSON, not an object, or nested too deeply
 */
export function parseBody(bytes: Uint8Array): JsonObject {
  let value: unknown;
  try {
    value = bytes.length === 0 ? {} : JSON.parse(utf8.decode(bytes));
  } catch {
    throw invalidJson();
  }
  if (!isObject(value)) throw invalidJson();
  if (depthOf(value) > maxDepth) throw invalidJson(`The body is nested more than ${maxDepth} levels deep.`);
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object a text holds, null when it holds anything else; for files and answers of programs we started. */
export function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * How long a value is as canonical JSON in UTF-8, with each number written out: the database keeps 1e300 as three hundred digits
 * and sends them whenever it is read.
 */
export function storedJsonBytes(value: unknown): number {
  return Buffer.byteLength(canonicalJson(value)) + zerosIn(value);
}

/** How many digits the exponents of a value's numbers stand for. */
function zerosIn(value: unknown): number {
  if (typeof value === "number") return Math.abs(Number(/e([+-]\d+)$/.exec(String(value))?.[1] ?? 0));
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((zeros: number, child: unknown) => zeros + zerosIn(child), 0);
}

/** Levels of nesting, counted only as far as the limit and without recursion: the value is not trusted yet. */
function depthOf(value: object): number {
  let level: object[] = [value];
  let depth = 0;
  while (level.length > 0 && depth <= maxDepth) {
    depth++;
    const next: object[] = [];
    for (const one of level) {
      for (const child of Object.values(one)) if (typeof child === "object" && child !== null) next.push(child);
    }
    level = next;
  }
  return depth;
}

/** Hex SHA-256 of a text. */
export const sha256 = (text: string): string => hash("sha256", text, "hex");
