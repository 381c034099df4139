// The hash by which a plan names the problem it answers: SHA-256 over JSON with sorted keys and no spaces.

import { createHash } from "node:crypto";
import type { Problem } from "./problem.ts";

/** 64 hexadecimal digits; the order in which fields were written makes no difference. */
export function inputSha256(problem: Problem): string {
  return createHash("sha256").update(canonical(problem)).digest("hex");
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  const byKey = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${byKey.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(",")}}`;
}
