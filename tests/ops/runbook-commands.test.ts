// Every command of every runbook, as written, one page after the other on one live stack, bootstrapped as a person would. What
// several pages have word for word is run once, and held to what each of them expects. The gateway costs more than all else and
// comes at the end, with the launch checkpoint, which takes the stack down and brings all of it up.

import assert from "node:assert/strict";
import { glob, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { after, describe, test } from "node:test";
import { freePort } from "../../dispatch/ops/gateway/free-port.ts";
import { blocksOf, missingFrom, type RunbookBlock } from "../../lab/runbooks/blocks.ts";
import { openShell, type BlockOutcome } from "../../lab/runbooks/run-block.ts";
import { StackCommands } from "../stack/stack-commands.ts";

const folder = join(import.meta.dirname, "../../ops/runbooks");
const skip = process.platform === "linux" ? false : "the stack's processes are found by /proc";

type Page = { readonly name: string; readonly blocks: readonly RunbookBlock[] };

const launchCheckpoint = "mvp_launch_checkpoint.md";
const pages: Page[] = [];
for (const file of (await Array.fromAsync(glob("*.md", { cwd: folder }))).sort()) {
  pages.push({ name: basename(file), blocks: blocksOf(await readFile(join(folder, file), "utf8")) });
}
const others = pages.filter(({ name }) => name !== launchCheckpoint);
const last = pages.filter(({ name }) => name === launchCheckpoint);

describe("runbooks", { skip }, async () => {
  const [api, metrics, gateway] = await Promise.all([freePort(0), freePort(0), freePort(0)]);
  const stack = await StackCommands.make(
    { after },
    { DISPATCH_API_PORT: String(api), DISPATCH_METRICS_PORT: String(metrics), DISPATCH_GATEWAY_PORT: String(gateway) },
  );
  const shell = await openShell({ environment: stack.environment });
  after(() => shell.close());
  const given = new Map<string, Promise<BlockOutcome>>();
  const once = (block: RunbookBlock): Promise<BlockOutcome> => {
    const outcome = given.get(block.commands) ?? shell.run(block);
    given.set(block.commands, outcome);
    return outcome;
  };
  const walk = ({ name, blocks }: Page, run: (block: RunbookBlock) => Promise<BlockOutcome>): void => {
    for (const block of blocks) {
      test(`${name}, ${block.heading}, line ${block.line}`, async () => {
        const { code, output } = await run(block);
        assert.equal(code, 0, output);
        assert.equal(missingFrom(output, block.expected), null, output);
      });
    }
  };

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

  for (const page of others) walk(page, once);
  for (const page of last) walk(page, (block) => shell.run(block));
});
