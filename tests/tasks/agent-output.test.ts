// What an agent makes of its command's output, whatever that is: a result the desk takes, in little memory, as soon as the command ends.

import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { tellLines } from "../../dispatch/agent/output-lines.ts";
import { runTask } from "../../dispatch/agent/run-command.ts";
import type { Progress } from "../../dispatch/agent/desk-client.ts";
import type { TaskBody } from "../../dispatch/contract/task-responses.ts";

/** Runs a script of Node as the command of a task. */
async function run(script: string, signal: AbortSignal = new AbortController().signal) {
  const said: Progress[] = [];
  const ended = await runTask({
    lastWill: { add: () => undefined, remove: () => undefined },
    command: [process.execPath, "-e", script],
    task: { id: "any", title: "Any" } as TaskBody,
    environment: { PATH: process.env["PATH"] ?? "" },
    signal,
    onProgress: (word) => said.push(word),
  });
  return { ended, said };
}

const done = { kind: "done", tokensUsed: null } as const;
const print = (...lines: object[]) =>
  lines.map((line) => `console.log(${JSON.stringify(JSON.stringify(line))});`).join("");

describe("a command's output", () => {
  test("is text without colours, control characters and broken letters", async () => {
    const { ended } = await run(String.raw`process.stdout.write("\u001b[31mred\u001b[0m\u0000 \u0007bell\r\n\tnext");`);
    assert.deepEqual(ended, { ...done, result: { text: "red bell\n\tnext" }, summary: "red bell\n\tnext" });
    const smile = await run(`console.log("\u{1f600}".repeat(20_000) + "x");`);
    assert.ok(smile.ended.kind === "done" && smile.ended.summary?.isWellFormed());
    assert.ok(JSON.stringify(smile.ended.result).isWellFormed());
    const failed = await run(String.raw`console.error("\u001b[1mno\u001b[0m\u0000"); process.exit(3);`);
    assert.deepEqual(failed.ended, { kind: "failed", error: `${process.execPath} ended with 3\nno`, retry: true });
  });

  test("is a result in the desk's form, whatever kind of value it is", async () => {
    const kinds: [object, object][] = [
      [
        { result: [1, 2], tokens_used: 1.5 },
        { result: { value: [1, 2] }, summary: null },
      ],
      [
        { result: null, tokens_used: -1 },
        { result: { value: null }, summary: null },
      ],
      [
        { result: { a: 1 }, summary: "\u0007ok", tokens_used: 7 },
        { result: { a: 1 }, summary: "ok", tokensUsed: 7 },
      ],
    ];
    for (const [line, expected] of kinds) assert.deepEqual((await run(print(line))).ended, { ...done, ...expected });
    const { said } = await run(
      print({ progress: { message: "\u0000half", percent: 250, data: [1] } }, { progress: 7 }),
    );
    assert.deepEqual(said, [{ message: "half", percent: 100 }, {}]);
  });

  test("is kept as its last part, in lines or in one that never ends", async () => {
    const write = (piece: string) =>
      `const piece = Buffer.from(${piece}); let left = 8;
       const more = () => { while (left-- > 0) if (!process.stdout.write(piece)) return process.stdout.once("drain", more); };
       more();`;
    for (const piece of [`("y".repeat(79) + "\\n").repeat(13107)`, `"y".repeat(1048576)`]) {
      const { ended } = await run(write(piece));
      assert.ok(ended.kind === "done" && JSON.stringify(ended.result).length < 61_000);
    }
  });

  test("is told line by line, and what is no line for ever in pieces", async () => {
    const output = new PassThrough();
    const lines: string[] = [];
    tellLines(output, (line) => lines.push(line));
    output.write("a\r\n\nb");
    output.write("c\nd");
    const long = "y".repeat(1_048_576);
    output.write("\n");
    for (let n = 0; n < 20; n++) output.write(long);
    output.end("end");
    await once(output, "close");
    assert.deepEqual(lines.slice(0, 4), ["a", "", "bc", "d"]);
    const pieces = lines.slice(4);
    assert.ok(pieces.length === 2 && pieces.every(({ length }) => length <= 18 * 1_048_576));
    assert.equal(pieces.join("").length, 20 * 1_048_576 + 3);
  });

  test("ends with it, although a process it left behind holds the output open", async () => {
    for (const detached of [false, true]) {
      const { ended } = await run(
        `const left = require("node:child_process").spawn("sleep", ["20"], { stdio: "inherit", detached: ${detached} });
         left.unref();
         process.stdout.write(JSON.stringify({ result: { left: left.pid } }));
         process.exit(0);`,
        AbortSignal.timeout(15_000),
      );
      assert.ok(ended.kind === "done" && "left" in ended.result, `detached: ${detached}`);
      // Of its group nothing is left; what has left that is the operator's, and here the test's.
      if (detached) process.kill(Number(ended.result.left));
    }
  });
});
