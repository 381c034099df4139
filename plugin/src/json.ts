// Reading JSON that came from elsewhere, without believing its shape.

import { createHash } from "node:crypto";

export type JsonObject = { readonly [key: string]: unknown };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The member of an object as an object; empty when it is none. */
export const objectAt = (value: unknown, key: string): JsonObject => {
  const member = isObject(value) ? value[key] : undefined;
  return isObject(member) ? member : {};
};

/** The member of an object as a list; empty when it is none. */
export const listAt = (value: unknown, key: string): readonly unknown[] => {
  const member = isObject(value) ? value[key] : undefined;
  return Array.isArray(member) ? member : [];
};

/** The member of an object as text; null when it is none. */
export const textAt = (value: unknown, key: string): string | null => {
  const member = isObject(value) ? value[key] : undefined;
  return typeof member === "string" ? member : null;
};

/** The member of an object as a number; null when it is none. */
export const numberAt = (value: unknown, key: string): number | null => {
  const member = isObject(value) ? value[key] : undefined;
  return typeof member === "number" ? member : null;
};

/** The object a text holds; null when it holds anything else. */
export function parseObject(text: string): JsonObject | null {
  const value = parsed(text);
  return isObject(value) ? value : null;
}

/** The list a text holds; null when it holds anything else. */
export function parseList(text: string): readonly unknown[] | null {
  const value = parsed(text);
  return Array.isArray(value) ? value : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** True when lists and objects lie in each other more than `levels` deep: recursion over it would not end well. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}

/** Key-sorted JSON: equal values give equal text. */
export function sortedJson(value: unknown): string {
  if (Array.isArray(value))
    return `[${value.map((item) => (item === undefined ? "null" : sortedJson(item))).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "null";
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .toSorted();
  return `{${members.map((key) => `${JSON.stringify(key)}:${sortedJson(value[key])}`).join(",")}}`;
}

/** SHA-256 of that text, in hex: for telling values apart without keeping them. */
export const hashOf = (value: unknown): string => createHash("sha256").update(sortedJson(value)).digest("hex");
