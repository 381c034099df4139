// How a part of the stack ended, in one line for a table. The log's last lines behind it are many; the last of them mostly says why.

import { isObject } from "../../kernel/json.ts";

const longest = 300;

/** The first sentence, and where that announces the log's last lines the newest of them. Pure. */
export function endInALine(end: string): string {
  const [first = "", ...lines] = end.split("\n");
  const last = lines.map(wordsOf).findLast((words) => words !== "");
  return last === undefined || !first.endsWith(":") ? first : `${first} ${last.slice(0, longest)}`;
}

/** Of a line of Dispatch's own log its message alone. */
function wordsOf(line: string): string {
  const text = line.trim();
  if (!text.startsWith("{")) return text;
  try {
    const entry: unknown = JSON.parse(text);
    return isObject(entry) && typeof entry["message"] === "string" ? entry["message"] : text;
  } catch {
    return text;
  }
}
