// When and why parts of this machine's stack ended in the last hour, and were started again. The supervisor keeps it in the record it
// writes (ops/stack/state.ts); the API, which must not know the supervisor, reads it there, and so do the operators' commands.

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isObject } from "../kernel/json.ts";

export type PartEnd = {
  readonly at: string;
  /** In one sentence, without its full stop. */
  readonly why: string;
};

export type EndsOfPart = { readonly part: string; readonly ends: readonly PartEnd[] };

const hourMs = 3_600_000;
/** Of one part so many are kept, the newest. A crash loop has more in an hour, and is no longer counted then. */
export const mostEnds = 50;
const longestWhy = 200;
/** Many times what the largest stack writes; whatever is larger is no record. */
const largestRecord = 1024 ** 2;

/** Where the supervisor of a stack writes its record. */
export const stackRecordFile = (dataDir: string): string => join(dataDir, "stack", "stack.json");

/** `ends` with one more. What stands behind the first sentence, such as a log's last lines, is for the log. Pure. */
export function withEnd(ends: readonly PartEnd[], why: string, now: Date): readonly PartEnd[] {
  const [sentence = ""] = why.split(/\.?\n|\.\s|\.$/, 1);
  return [...ends, { at: now.toISOString(), why: sentence.slice(0, longestWhy) }].slice(-mostEnds);
}

/** Those of the last hour. Pure. */
export const endsLately = (ends: readonly PartEnd[], now: Date): readonly PartEnd[] =>
  ends.filter(({ at }) => Date.parse(at) > now.getTime() - hourMs);

/**
 * Every part of the stack in the data folder with its ends, as its supervisor wrote them last; none where no stack is.
 * @throws when there is a record that cannot be read
 */
export async function readPartEnds(dataDir: string): Promise<readonly EndsOfPart[]> {
  const path = stackRecordFile(dataDir);
  const found = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });
  if (found === null) return [];
  if (!found.isFile() || found.size > largestRecord) throw new Error(`${path} is no record of a stack`);
  const record: unknown = JSON.parse(await readFile(path, "utf8"));
  if (!isObject(record) || !Array.isArray(record["services"])) throw new Error(`${path} is no record of a stack`);
  // A supervisor of an earlier release says nothing of ends.
  return record["services"].flatMap((service: unknown) => {
    if (!isObject(service) || typeof service["name"] !== "string") return [];
    const { name, ends } = service;
    return [{ part: name, ends: Array.isArray(ends) ? ends.filter(isEnd) : [] }];
  });
}

const isEnd = (value: unknown): value is PartEnd =>
  isObject(value) && typeof value["at"] === "string" && typeof value["why"] === "string";
