// Every runbook has the same parts and can be run: a block marked to run is followed by what its output must show, and that
// can be read. Nothing in it needs more than a terminal: no address of some other desk, no variable nobody has set, no SQL without
// the command that runs it. Running them against a live desk is another test's work.

import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { alertCodes, alertList } from "../../dispatch/api/alert-list.ts";

const root = join(import.meta.dirname, "../..");
const parts = ["Symptom", "How to confirm", "First five minutes", "Fix", "Verify", "After"];
const runbooks = new Set<string>(alertCodes.map((code) => alertList[code].runbook));
for (const page of [
  "autonomy_controls",
  "database_recovery",
  "database_unavailable",
  "disk_full",
  "everything_is_broken",
  "incident_template",
  "key_rotation",
  "locked_table",
  "mvp_launch_checkpoint",
])
  runbooks.add(`ops/runbooks/${page}.md`);

/** Those within lists too, which are indented. */
const block = /^ *```([^\n]*)\n(.*?)^ *```$/gms;

type Block = { readonly kind: string; readonly body: string };
const blocksIn = (text: string): Block[] =>
  [...text.matchAll(block)].map(([, kind = "", body = ""]) => ({ kind, body }));
const shellOf = (text: string): string[] =>
  blocksIn(text).flatMap(({ kind, body }) => (kind.startsWith("sh") ? [body] : []));

/** What sets API, GATEWAY and DATA. */
const addresses = 'eval "$(pnpm -s dispatch:stack:status --export)"';

/** What is wrong with a page's commands, for somebody who pastes them from the top into a new terminal. */
function faultsOf(page: string): string[] {
  const faults: string[] = [];
  // A container's own ports are its own.
  for (const line of page.split("\n").filter((one) => !one.includes("docker compose exec")))
    for (const [port] of line.matchAll(/(?:127\.0\.0\.1|localhost|\[::1\]):\d+/g))
      faults.push(`${port} is the port of one desk: ${addresses}`);
  for (const [address] of page.matchAll(/\w+:\/\/[^\s:/@'"]+:[^\s@/]+@/g))
    faults.push(`ps and the shell's history show the password in ${address}…: have it typed into PGPASSWORD`);
  for (const { kind, body } of blocksIn(page))
    if (!["sh", "sh run", "expect", "text"].includes(kind))
      faults.push(`no command runs the block of ${kind}: ${body}`);
  const set = new Set<string>();
  for (const body of shellOf(page)) {
    for (const [call] of body.matchAll(/\bcurl\b(?:\\\n|[^\n|;])*/g))
      if (!/ -sSN?\b/.test(call) || !(/ --fail(?:-with-body)?\b/.test(call) || call.includes("%{http_code}")))
        faults.push(`says nothing when it fails, without -sS --fail-with-body: ${call}`);
    for (const line of body.replaceAll(/'[^']*'/g, "''").split("\n")) {
      if (line.includes(addresses)) for (const name of ["API", "GATEWAY", "DATA"]) set.add(name);
      // What a line sets counts for itself as well: `for x in …; do use "$x"` and `x=…; use "$x"` are one line often.
      for (const [, name = ""] of line.matchAll(/\b(\w+)=/g)) set.add(name);
      for (const [, name = ""] of line.matchAll(/\bfor (\w+) in/g)) set.add(name);
      for (const [, name = ""] of line.matchAll(/\$\{?([A-Za-z_]\w*)/g))
        if (!set.has(name) && !/^(?:DISPATCH_\w+|HOME|TMPDIR|ANTHROPIC_API_KEY|OPENAI_API_KEY)$/.test(name))
          faults.push(`nothing above sets $${name}: ${line.trim()}`);
    }
  }
  return faults;
}

const written: string[] = [];
for await (const file of glob("ops/runbooks/*.md", { cwd: root })) written.push(file);

test("the index names every page", async () => {
  const index = await readFile(join(root, "ops/runbooks/README.md"), "utf8");
  for (const file of written)
    if (!file.endsWith("README.md")) assert.ok(index.includes(`(${file.slice("ops/runbooks/".length)})`), file);
});

for (const file of written) {
  test(`${file} can be pasted from the top into a new terminal`, async () => {
    assert.deepEqual(faultsOf(await readFile(join(root, file), "utf8")), []);
  });
}

const unpastable: Record<string, [string, RegExp]> = {
  "a port of some desk": ["Ask `http://127.0.0.1:8080/health`.", /^127\.0\.0\.1:8080 is the port of one desk/],
  "a password for everybody to see": [
    "Give `postgresql://owner:password@db.example/dispatch`.",
    /^ps and the shell's history/,
  ],
  "a call that hides its failure": ['```sh\nAPI=x; curl -s "$API/health"\n```', /^says nothing when it fails/],
  "a call that succeeds with a 503": ['```sh\nAPI=x; curl -sS \\\n  "$API/health" | grep --fail\n```', /^says nothing/],
  "SQL nobody runs": ["  ```sql\n  SELECT 1\n  ```", /^no command runs the block of sql/],
  "a variable that is never set": [
    '```sh\necho "$ENDPOINT"\n```\n```sh\nENDPOINT=1\n```',
    /^nothing above sets \$ENDPOINT/,
  ],
  "an address before it is asked for": [`\`\`\`sh\necho $API\n${addresses}\n\`\`\``, /^nothing above sets \$API/],
};
for (const [name, [page, message]] of Object.entries(unpastable)) {
  test(`${name} is found`, () => {
    const faults = faultsOf(page);
    assert.equal(faults.length, 1, faults.join("\n"));
    assert.match(faults[0] ?? "", message);
  });
}

test("a page that sets what it uses, and calls that fail loudly, are no faults", () => {
  const page = `\`\`\`sh run\n${addresses}; echo "$GATEWAY"\nfor x in 1; do echo "$x"; done; node -e 'console.log(\`\${no}\`)'
curl -sS -o /dev/null -w '%{http_code}\\n' "$API/x"; curl -sS --fail-with-body \\\n  "$API/y" | grep z\n\`\`\``;
  assert.deepEqual(faultsOf(page), []);
});

for (const file of written.filter((one) => runbooks.has(one) || one.endsWith("README.md"))) {
  describe(file, async () => {
    const text = await readFile(join(root, file), "utf8");
    const blocks = blocksIn(text);

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

    test("speaks to the API as somebody", () => {
      for (const body of shellOf(text))
        if (/\$API\/(?!health|metrics|ops\/alerts)/.test(body)) assert.match(body, /dispatch:token .*--header/);
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
