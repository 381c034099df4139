// How commands are read out of a runbook, and what counts as the output it promises.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openShell } from "../../lab/runbooks/run-block.ts";
import { blocksOf, missingFrom, RunbookError } from "../../lab/runbooks/blocks.ts";

const page = `# Title
## How to confirm
Words.
\`\`\`sh run
curl -s http://127.0.0.1:8080/health
echo done
\`\`\`
\`\`\`expect
"status":"ok"
^done$
\`\`\`
\`\`\`sh
not run
\`\`\`
## Fix
\`\`\`sh run
true
\`\`\`
`;

test("marked blocks are read with their headings, lines and expectations; others are for people alone", () => {
  assert.deepEqual(blocksOf(page), [
    {
      heading: "How to confirm",
      line: 5,
      commands: "curl -s http://127.0.0.1:8080/health\necho done",
      expected: [/"status":"ok"/m, /^done$/m],
    },
    { heading: "Fix", line: 17, commands: "true", expected: [] },
  ]);
});

const wrong: Record<string, [string, RegExp]> = {
  "a block that is not closed": ["```sh run\ntrue\n", /line 1: the block is not closed/],
  "expectations of nothing": ["# A\n```expect\nx\n```\n", /line 2: what is expected belongs to no block/],
  "expectations given twice": [
    "```sh run\ntrue\n```\n```expect\nx\n```\n```expect\ny\n```\n",
    /line 7: what is expected belongs to no block/,
  ],
  "an expectation that is no pattern": [
    "```sh run\ntrue\n```\n```expect\n(\n```\n",
    /line 4: \( is no regular expression/,
  ],
};
for (const [name, [text, message]] of Object.entries(wrong)) {
  test(`${name} is refused with its line`, () =>
    assert.throws(
      () => blocksOf(text),
      (error) => error instanceof RunbookError && message.test(error.message),
    ));
}

test("expectations must come one behind the other", () => {
  assert.equal(missingFrom("first\nsecond\n", [/^first$/m, /^second$/m]), null);
  assert.equal(missingFrom("second\nfirst\n", [/^first$/m, /^second$/m])?.source, "^second$");
  assert.equal(missingFrom("once", [/once/, /once/])?.source, "once");
});

test("pnpm in a block runs a script of package.json, or a program with its arguments, and knows no other", async (t) => {
  const shell = await openShell({ environment: {}, addresses: {} });
  t.after(() => shell.close());
  const run = async (commands: string) => {
    const { code, output } = await shell.run({ heading: "", line: 1, commands, expected: [] });
    return [code, output];
  };
  assert.deepEqual(await run("pnpm -s exec printf '%s.' 'a  b' c"), [0, "a  b.c."]);
  const [code, help] = await run("pnpm dispatch:drill --help");
  assert.equal(code, 0);
  assert.match(String(help), /^Usage: pnpm dispatch:drill/m);
  assert.deepEqual(await run("pnpm dispatch:nothing"), [1, "package.json has no script dispatch:nothing\n"]);
});
