// Two texts for any setting that it takes and that mean other things than its default; found by trying, so that a new setting
// is in every test that goes through the list.

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { settingEntries } from "../../dispatch/process/settings/settings-list.ts";
import type { Setting } from "../../dispatch/process/settings/setting.ts";

const tried = [
  ["14", "17", "150", "250", "1500", "2500"],
  ["false", "anywhere", "strict", "./acme.json", "off", "required", "warn", "error", "DE", "FR", "true"],
  ["https://a.example/x", "https://b.example/y", "postgresql://a.example/x", "postgresql://b.example/y"],
  ["nats://a.example:4222", "nats://b.example:4222"],
  ["ws://127.0.0.1:18080", "wss://b.example:18080"],
  ["11111111-2222-4333-8444-555555555555", "66666666-7777-4888-9999-aaaaaaaaaaaa"],
].flat();

type Sample = { readonly text: string; readonly value: unknown };

/** Two such texts with what they are read as; one where it takes no more than that. */
export function samplesOf(one: Setting<unknown>): [Sample, ...Sample[]] {
  const fallback = one.fallback({}, {});
  const found: Sample[] = [];
  for (const text of tried) {
    const value = valueOf(one, text);
    if (
      value !== undefined &&
      ![fallback, ...found.map((sample) => sample.value)].some((other) => isDeepStrictEqual(other, value))
    )
      found.push({ text, value });
  }
  const [first, ...others] = found;
  assert.ok(first, `${one.variable} takes none of the texts that are tried`);
  return [first, ...others];
}

function valueOf(one: Setting<unknown>, text: string): unknown {
  try {
    return one.kind.parse(text);
  } catch {
    return undefined;
  }
}

/** A file of settings as YAML, with these texts by key. */
export function yamlOf(texts: Readonly<Record<string, string>>, quoted = true): string {
  const groups = new Map<string, string[]>();
  for (const [key, text] of Object.entries(texts)) {
    const [group = "", name = ""] = key.split(".");
    groups.set(group, [...(groups.get(group) ?? []), `  ${name}: ${quoted ? JSON.stringify(text) : text}`]);
  }
  return [...groups].map(([group, lines]) => `${group}:\n${lines.join("\n")}\n`).join("");
}

/** What a setting needs beside it to be taken. */
export const beside: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  DISPATCH_API_HOST: { DISPATCH_AUTH_ALLOW_DEV_HEADERS: "false" },
  DISPATCH_OBJECT_STORE_ENDPOINT: { DISPATCH_OBJECT_STORE_KEY: "key", DISPATCH_OBJECT_STORE_SECRET: "secret" },
};

export const secretSettings = settingEntries.filter(([, { secret }]) => secret);
