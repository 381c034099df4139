// Which events a reader wants, by subject. Patterns are those of NATS: tokens between dots, `*` for one token, `>` at
// the end for one or more.

import { invalidFields } from "./refusal.ts";

const maxPatterns = 20;
const maxLength = 200;
const token = /^[\w-]+$/;

/**
 * The patterns as regular expressions for Postgres; null, for every subject, when none was given.
 * @throws Refusal INVALID_QUERY
 */
export function subjectExpressions(patterns: readonly string[]): string[] | null {
  if (patterns.length === 0) return null;
  if (patterns.length > maxPatterns) throw refused("maxItems", `at most ${maxPatterns} may be given`);
  return patterns.map((pattern) => {
    if (pattern.length > maxLength) throw refused("maxLength", `must have at most ${maxLength} characters`);
    return `^${pattern.split(".").map(expressionOf).join("\\.")}$`;
  });
}

function expressionOf(part: string, at: number, parts: readonly string[]): string {
  if (part === "*") return "[^.]+";
  if (part === ">" && at === parts.length - 1) return ".+";
  // What is left holds no character with a meaning in regular expressions.
  if (token.test(part)) return part;
  throw refused(
    "pattern",
    "must be tokens of letters, digits, _ and - between dots; * stands for one, > at the end for all that follow",
  );
}

const refused = (rule: string, message: string) => invalidFields([{ path: "subject", rule, message }], "INVALID_QUERY");
