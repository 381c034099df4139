// Whatever reads settings can print them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sourceFiles, textOf } from "./sources.ts";

test("every command that reads settings prints them", async () => {
  // Hand all words on to OpenClaw; are started by programs alone.
  const without = ["gateway/openclaw-command.ts", "stack/supervise.ts", "stack/check-worker.ts"].map(
    (one) => `dispatch/ops/${one}`,
  );
  let seen = 0;
  for (const file of (await sourceFiles()).filter(
    (one) => /^(dispatch\/ops|lab)\//.test(one) && !without.includes(one),
  )) {
    const text = await textOf(file);
    if (!/runCommand\(/.test(text) || !/\b(readSettings|stackSettings|demoSettings)\(\w*[,)]/.test(text)) continue;
    seen++;
    assert.match(text, /^ {6}configuration: /m, file);
  }
  assert.ok(seen >= 20, `only ${seen} commands were found`);
  assert.match(await textOf("dispatch/process/service-process.ts"), /"print-config"/);
});
