// How commands are read out of a runbook, and what counts as the output it promises.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
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

/** What each block gave, pasted one behind the other: its exit code and what it printed. */
async function pasted(t: TestContext, ...blocks: readonly string[]): Promise<[number, string][]> {
  const shell = await openShell({ environment: {} });
  t.after(() => shell.close());
  const given: [number, string][] = [];
  for (const commands of blocks) {
    const { code, output } = await shell.run({ heading: "", line: 1, commands, expected: [] });
    given.push([code, output]);
  }
  return given;
}

test("pnpm in a block runs a script of package.json, or a program with its arguments, and knows no other", async (t) => {
  const [program, script, none] = await pasted(
    t,
    "pnpm -s exec printf '%s.' 'a  b' c",
    "pnpm dispatch:drill --help",
    "pnpm dispatch:nothing",
  );
  assert.deepEqual(program, [0, "a  b.c."]);
  assert.equal(script?.[0], 0);
  assert.match(script[1], /^Usage: pnpm dispatch:drill/m);
  assert.deepEqual(none, [1, "package.json has no script dispatch:nothing\n"]);
});

test("the blocks of a page share a terminal: what one sets the next has, until one closes it", async (t) => {
  const given = await pasted(
    t,
    "API=http://a",
    'echo "$API"; echo wrong >&2; false',
    "cat; (exit 3)",
    "if",
    'echo "$API"; exit 4',
    'echo "[$API]"',
  );
  assert.deepEqual(given.toSpliced(3, 1), [
    [0, ""],
    [1, "http://a\nwrong\n"],
    [3, ""],
    [4, "http://a\n"],
    [0, "[]\n"],
  ]);
  assert.match(String(given[3]), /syntax error/);
});
