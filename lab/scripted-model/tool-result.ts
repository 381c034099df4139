// What a Dispatch tool answered, read from its text. What people wrote stands in it between fences or in quotes: it is
// kept out of every line that is read here, so that nothing in it can be taken for the desk's own word. Pure.

import { isObject } from "../../dispatch/kernel/json.ts";
import type { ToolCall } from "./chat-request.ts";

export const outcomes = ["DONE", "READ", "REFUSED", "QUESTION", "UNKNOWN", "FAILED"] as const;

export type ToolResult = {
  /** OTHER is the host's word, not the desk's: a call it blocked or broke off. */
  readonly outcome: (typeof outcomes)[number] | "OTHER";
  /** Of a refusal, for example MISSING_EVIDENCE. */
  readonly code: string | null;
  /** The desk's lines after the first, without fenced ones. */
  readonly lines: readonly string[];
  /** The first line. */
  readonly first: string;
};

/** A call and what came back; null when nothing did. */
export type Exchange = { readonly call: ToolCall; readonly result: ToolResult | null };

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
export const uuidAnywhere = new RegExp(`\\b${uuid}\\b`, "i");

export function readToolResult(text: string): ToolResult {
  const [first = "", ...lines] = unfencedLines(hostsRefusal(text) ?? text);
  const words = first.split(" ");
  const outcome = outcomes.find((one) => one === words[0]) ?? "OTHER";
  const code = outcome === "REFUSED" ? (/^[A-Z][A-Z0-9_]*$/.exec(words[1] ?? "")?.[0] ?? null) : null;
  return { outcome, code, lines, first };
}

/** Why the host did not run a call, which it says in JSON; null for anything else. Its first line is for people. */
function hostsRefusal(text: string): string | null {
  if (!text.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && typeof value["error"] === "string" ? (value["error"].split("\n")[0] ?? null) : null;
  } catch {
    return null;
  }
}

/** Everything after an opening fence is data until the closing one; when that never comes, all of the rest is. */
function unfencedLines(text: string): string[] {
  const lines: string[] = [];
  let isFenced = false;
  for (const line of text.split("\n")) {
    if (isFenced) isFenced = line.trim() !== "data>>>";
    else if (line.startsWith("<<<data")) isFenced = true;
    else if (line.trim() !== "") lines.push(line);
  }
  return lines;
}

/** The first line's match; quoted words in it are matched by nothing but a pattern that has quotes. */
export function matchIn({ lines }: ToolResult, pattern: RegExp): RegExpExecArray | null {
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match) return match;
  }
  return null;
}

export const matchesIn = ({ lines }: ToolResult, pattern: RegExp): RegExpExecArray[] =>
  lines.map((line) => pattern.exec(line)).filter((match) => match !== null);

const quotedText = String.raw`"((?:[^"\\]|\\.)*)"`;
const time = String.raw`(\d{4}-\d\d-\d\dT[0-9:.]+Z)`;

/** The fixed forms of lines in the results of Dispatch's tools. */
export const forms = {
  ticket: new RegExp(`^ticket (${uuid}) ([A-Z_]+)(?: \\(was ([A-Z_]+)\\))?(.*)$`),
  receipt: new RegExp(`^receipt (${uuid})`),
  task: new RegExp(`^task_id (${uuid}) ([a-z_]+) (.*)$`),
  event: new RegExp(`^event_id (${uuid}) `),
  next: /^next: (.*)$/,
  slot: new RegExp(`^\\d+\\. ${time} to ${time} tech_id (${uuid}) ${quotedText}`),
  booking: new RegExp(`^booking ${uuid} tech_id (${uuid}) ${time} to ${time}`),
  snapshot: new RegExp(`^recommendation_snapshot_id (${uuid})`),
  ranked: new RegExp(`^\\d+\\. tech_id (${uuid}) ${quotedText} score (\\S+) \\((.*)\\)$`),
  queued: new RegExp(
    `^\\d+\\. ticket (${uuid}) ([A-Z_]+) (\\S+) (?:${quotedText}|-); number (\\S+) (?:${quotedText}|-); sla (\\w+) (\\S+)` +
      `(?:; ATTENTION (\\w+) since \\S+ (?:${quotedText}|-))?(?:; caller ${quotedText}(?: ${quotedText})?)?` +
      `; site ${quotedText}; (.*)$`,
  ),
  found: (kind: "site" | "account") =>
    new RegExp(`^${kind}_id (${uuid}) ${quotedText} (?:${quotedText}|-)(?:.* account_id (${uuid})$)?`),
  technician: new RegExp(`^tech_id (${uuid}) ${quotedText}; zones (?:${quotedText}|-);`),
} as const;

/** A JSON text's content as it stood; the text itself when it is no JSON. */
export function unquoted(inside: string): string {
  try {
    return String(JSON.parse(`"${inside}"`));
  } catch {
    return inside;
  }
}
