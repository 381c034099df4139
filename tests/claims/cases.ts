// The corpora of replies, as they lie in the files beside: kind, what was called, and the reply, parted by " | ".

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkClaims, type Checked } from "../../plugin/src/claims/check-claims.ts";
import { turnOf } from "./turns.ts";

export type Case = { readonly kind: string; readonly calls: string; readonly reply: string };

/** The cases of a file; lines that begin with # say something of those behind. */
export function casesOf(file: string): Case[] {
  return readFileSync(join(import.meta.dirname, file), "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("# "))
    .map((line) => {
      const [kind, calls, ...reply] = line.split(" | ");
      assert.ok(kind !== undefined && calls !== undefined && reply.length > 0, line);
      return { kind: kind.trim(), calls: calls.trim(), reply: reply.join(" | ").replaceAll("\\n", "\n") };
    });
}

export const checked = ({ calls, reply }: Case): Checked => checkClaims(turnOf(calls), reply);
