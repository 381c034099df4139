// The security page names what exists: each test it relies on, each file, each secret; and it speaks of all ten risks.

import assert from "node:assert/strict";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { settingsList } from "../../dispatch/process/settings/settings-list.ts";

const root = join(import.meta.dirname, "../..");
const page = await readFile(join(root, "ops/security.md"), "utf8");
const testsIn = (text: string): string[] => text.match(/\btests\/[\w/.-]+\.ts\b/g) ?? [];

describe("ops/security.md", () => {
  test("names only tests and files that are there", async () => {
    const named = new Set([
      ...testsIn(page),
      ...(page.match(/`(?:dispatch|plugin|scripts|ops)\/[\w/.-]+`/g) ?? []).map((one) => one.slice(1, -1)),
    ]);
    assert.ok(named.size > 40);
    for (const file of named) await access(join(root, file));
  });

  test("has a row for each of the ten risks, and a test for each", () => {
    const rows = page.split("\n").filter((line) => /^\| API\d/.test(line));
    assert.deepEqual(
      rows.map((line) => /^\| (API\d+:2023) [A-Z]/.exec(line)?.[1]),
      Array.from({ length: 10 }, (_, at) => `API${at + 1}:2023`),
    );
    for (const row of rows)
      assert.ok(
        testsIn(row).some((file) => file.endsWith(".test.ts")),
        row.slice(0, 40),
      );
  });

  test("names a test for each attacker", () => {
    const [, attackers = ""] = /^## What an attacker can and cannot do\n(.*?)^## /ms.exec(page) ?? [];
    const sections = attackers.split(/^### /m).slice(1);
    assert.ok(sections.length >= 9);
    for (const section of sections) assert.ok(testsIn(section).length > 0, section.slice(0, 60));
  });

  test("lists every setting that is a secret, each with where it lies and how it is changed", () => {
    const [, table = ""] = /^## Secrets\n(.*?)^## /ms.exec(page) ?? [];
    const rows = table.split("\n").filter((line) => line.startsWith("| `"));
    for (const { variable, secret } of Object.values(settingsList)) {
      if (secret)
        assert.ok(
          rows.some((line) => line.includes(`\`${variable}\``)),
          variable,
        );
    }
  });
});
