// Every runbook has the same parts and can be run: a block marked to run is followed by what its output must show, and that
// can be read. Running them against a live desk is another test's work.

import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { alertCodes, alertList } from "../../dispatch/api/alert-list.ts";

const root = join(import.meta.dirname, "../..");
const parts = ["Symptom", "How to confirm", "First five minutes", "Fix", "Verify", "After"];
const runbooks = new Set<string>(alertCodes.map((code) => alertList[code].runbook));
for (const page of ["autonomy_controls", "key_rotation"]) runbooks.add(`ops/runbooks/${page}.md`);

const block = /^```([^\n]*)\n(.*?)^```$/gms;

const written: string[] = [];
for await (const file of glob("ops/runbooks/*.md", { cwd: root })) written.push(file);

test("the index names every page", async () => {
  const index = await readFile(join(root, "ops/runbooks/README.md"), "utf8");
  for (const file of written)
    if (!file.endsWith("README.md")) assert.ok(index.includes(`(${file.slice("ops/runbooks/".length)})`), file);
});

for (const file of written.filter((one) => runbooks.has(one) || one.endsWith("README.md"))) {
  describe(file, async () => {
    const text = await readFile(join(root, file), "utf8");
    const blocks = [...text.matchAll(block)].map(([, kind = "", body = ""]) => ({ kind, body }));

    test("has a block to run, and each says what it must show", () => {
      assert.ok(blocks.some(({ kind }) => kind === "sh run"));
      blocks.forEach(({ kind, body }, at) => {
        if (kind === "sh run") assert.equal(blocks[at + 1]?.kind, "expect", body);
        if (kind !== "expect") return;
        assert.equal(blocks[at - 1]?.kind, "sh run", body);
        const lines = body.split("\n").filter((line) => line.trim() !== "");
        assert.ok(lines.length > 0, "expects nothing");
        for (const line of lines) assert.ok(!new RegExp(line).test(""), `says nothing: ${line}`);
      });
    });

    test("speaks to API and gateway at one address each, and to the API as somebody", () => {
      for (const { body } of blocks.filter(({ kind }) => kind.startsWith("sh"))) {
        for (const [url] of body.matchAll(/http:\/\/[^\s"']+/g))
          assert.match(url, /^http:\/\/127\.0\.0\.1:(?:8080|18080)\//);
        if (/127\.0\.0\.1:8080\/(?!health|metrics|ops\/alerts)/.test(body))
          assert.match(body, /dispatch:token .*--header/);
      }
    });

    if (!file.endsWith("README.md")) {
      test("has the parts every page has, in their order", () => {
        assert.deepEqual(
          [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title),
          parts,
        );
      });
    }
  });
}
