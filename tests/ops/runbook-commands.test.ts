// Every command of every runbook, as written, one page after the other on one live stack, bootstrapped as a person would. The
// gateway comes with the launch checkpoint, which takes the stack down and brings all of it up.

import assert from "node:assert/strict";
import { glob, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { after, describe, test } from "node:test";
import { freePort } from "../../dispatch/ops/gateway/free-port.ts";
import { blocksOf, type RunbookBlock } from "../../lab/runbooks/blocks.ts";
import { openShell } from "../../lab/runbooks/run-block.ts";
import { StackCommands } from "../stack/stack-commands.ts";

const folder = join(import.meta.dirname, "../../ops/runbooks");
const skip = process.platform === "linux" ? false : "the stack's processes are found by /proc";

/** With `run` blocks, in the order of their names. */
const pages: { name: string; blocks: RunbookBlock[] }[] = [];
for (const file of (await Array.fromAsync(glob("*.md", { cwd: folder }))).sort()) {
  pages.push({ name: basename(file), blocks: blocksOf(await readFile(join(folder, file), "utf8")) });
}

describe("runbooks", { skip }, async () => {
  const [api, metrics, gateway] = await Promise.all([freePort(0), freePort(0), freePort(0)]);
  const stack = await StackCommands.make(
    { after },
    { DISPATCH_API_PORT: String(api), DISPATCH_METRICS_PORT: String(metrics), DISPATCH_GATEWAY_PORT: String(gateway) },
  );
  const shell = await openShell({
    environment: stack.environment,
    addresses: {
      "127.0.0.1:8080": `127.0.0.1:${api}`,
      "127.0.0.1:8601": `127.0.0.1:${metrics}`,
      "127.0.0.1:18080": `127.0.0.1:${gateway}`,
    },
  });
  after(() => shell.close());

  test("a stack with the demo's roster, its evidence where it was asked for, and the secret for its owner alone", async () => {
    const path = join(stack.dataDir, "evidence/roster.json");
    assert.match(
      await stack.with({ DISPATCH_BOOTSTRAP_EVIDENCE_PATH: path }).does("demo-stack.ts", "--no-gateway"),
      /The stack is up/,
    );
    const evidence = JSON.parse(await readFile(path, "utf8"));
    assert.equal(evidence.ready_check.status, "ok");
    assert.equal(evidence.fixtures.site.name, "Demo Site North");
    assert.equal((await stat(join(stack.dataDir, "secrets/auth-jwt-secret"))).mode & 0o777, 0o600);
  });

  for (const { name, blocks } of pages) {
    for (const block of blocks) {
      test(`${name}, ${block.heading}, line ${block.line}`, async () => {
        const { code, output, missing } = await shell.run(block);
        assert.equal(code, 0, output);
        assert.equal(missing, null, output);
      });
    }
  }
});
