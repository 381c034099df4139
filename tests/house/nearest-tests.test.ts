// Which of the tests that can see a change `pnpm test --changed` begins first: those that are most likely to.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { affectedTests } from "../../lab/testing/affected-tests.ts";
import { NoChangesKnown, readRepository } from "../../lab/testing/changed-files.ts";

describe("the tests that see a change are begun", () => {
  const api = 'import "../support/api.ts";';
  const wing = {
    "dispatch/contract/work.ts": '"visit.book": {\n    path: "/visits/{id}/plan/book",',
    "dispatch/field/visit-book.ts": 'export const visitBook = rowCommand({ name: "visit.book" });',
    "dispatch/field/visit-cancel.ts": 'export const visitCancel = rowCommand({ name: "visit.cancel" });',
    "dispatch/field/visit-list.ts": 'export const visitList = deskQuery("visit.list", run);',
    "dispatch/field/free-time.ts": "",
    "dispatch/handlers.ts": ["book", "cancel", "list"].map((one) => `import "./field/visit-${one}.ts";`).join("\n"),
    "dispatch/api/start.ts": 'import "../handlers.ts";',
    "tests/support/api.ts": 'import "../../dispatch/api/start.ts"; run("visit.book"); run("visit.cancel");',
    "tests/contract/case.ts": 'export const cases = { "visit.book": 1 };',
    "tests/contract/matrix.test.ts": `${api} import "./case.ts";`,
    "tests/api/long.test.ts": api,
    "tests/api/short.test.ts": api,
    "tests/api/process.test.ts": api,
    "tests/field/other.test.ts": api,
    "tests/field/some.test.ts": `${api} run("visit.book"); run("visit.cancel"); read("visit.list");`,
    "tests/field/most.test.ts": `${api} run("visit.cancel"); run("visit.book"); run("visit.book");`,
    "tests/field/bookings.http.test.ts": api,
    "tests/worker/path.test.ts": `${api} post(\`/visits/\${id}/plan/book\`);`,
    "tests/worker/fight.test.ts": api,
    "tests/words/unrelated.test.ts": 'const said = "visit.book";',
  };
  const seconds: Record<string, number> = { "tests/api/long.test.ts": 20, "tests/api/short.test.ts": 1 };
  const repository = { sources: new Map(Object.entries(wing)), scripts: {} };
  const order = (...changed: readonly string[]) =>
    affectedTests(repository, changed, (test) => seconds[test] ?? 5).tests.map((path) => path.slice(6, -8));

  test("by how much they are about the command, its room, and one of each folder in turn", () => {
    assert.deepEqual(order("dispatch/field/visit-book.ts"), [
      // Of what it says of tools, all or two thirds or a third is of this one; what goes through all commands says nothing itself.
      "worker/path",
      "field/most",
      "field/some",
      "contract/matrix",
      "field/bookings.http",
      "field/other",
      "api/short",
      "worker/fight",
      "api/process",
      "api/long",
    ]);
  });

  test("and only those that can see it, whatever they say", () => {
    assert.ok(!order("dispatch/field/visit-book.ts").includes("words/unrelated"));
  });

  test("with the changed ones at the head, and those named after what has changed", () => {
    const changed = ["tests/field/other.test.ts", "dispatch/field/visit-cancel.ts", "tests/worker/fight.test.ts"];
    const affected = affectedTests(repository, changed);
    assert.equal(affected.changed, 2);
    assert.deepEqual(
      affected.tests.slice(0, 2).toSorted(),
      changed.filter((path) => path.startsWith("tests/")),
    );
    assert.equal(order("dispatch/api/start.ts")[0], "api/short");
    assert.equal(order("dispatch/field/bookings.ts").length, 0, "nobody imports that");
  });
});

describe("in this repository", async () => {
  const repository = await readRepository().catch((error: unknown) => {
    if (error instanceof NoChangesKnown) return null;
    throw error;
  });
  const skip = repository === null ? "this is no checkout of git" : false;
  const begun = (changed: string): readonly string[] =>
    affectedTests(repository ?? { sources: new Map(), scripts: {} }, [changed]).tests;

  test("a command is seen first by the tests that speak of it, and by those that go through all", { skip }, () => {
    const tests = begun("dispatch/field/schedule-book.ts");
    assert.equal(tests[0], "tests/field/bookings.http.test.ts");
    const early = tests.slice(0, 40);
    for (const path of ["field/slots.http", "contract/matrix", "hostile/tenancy", "plugin/every-tool"])
      assert.ok(early.includes(`tests/${path}.test.ts`), path);
  });

  test("files that these tests name as examples are not nearer to them for that", { skip }, () => {
    assert.equal(begun("plugin/src/token.ts")[0], "tests/plugin/signing.test.ts");
    assert.ok(begun("lab/testing/closeness.ts").includes("tests/house/nearest-tests.test.ts"));
  });

  test("a file of the kernel by the tests named after it, and then by some of each folder", { skip }, () => {
    const tests = begun("dispatch/kernel/idempotency.ts");
    assert.deepEqual(tests.slice(0, 2).toSorted(), [
      "tests/field/idempotency.http.test.ts",
      "tests/resilience/idempotency-race.test.ts",
    ]);
    const folders = new Set(tests.slice(0, 40).map((path) => path.split("/")[1]));
    assert.ok(folders.size >= 12, [...folders].join(", "));
  });
});
