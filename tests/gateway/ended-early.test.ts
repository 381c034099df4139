// A gateway whose start OpenClaw gave up: by the lines that OpenClaw 2026.9.6 prints then, told what it was, and started
// anew where that helps.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { endedEarly } from "../../dispatch/ops/gateway/ended-early.ts";
import { GatewayError, type GatewayErrorCode } from "../../dispatch/ops/gateway/error.ts";
import { withFurtherTries } from "../../dispatch/ops/gateway/gateway.ts";
import { makeStateFolder, readWritten, stateFolderOf } from "../../dispatch/ops/gateway/state-folder.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { eventually, isRunning } from "../support/eventually.ts";
import { freePort } from "../../dispatch/ops/gateway/free-port.ts";

const lateLease = [
  'Migration step "rescue-pending" was not run because prior step "media-persistence" refused execution.',
  'Run "openclaw doctor --fix" against the same state/config, then restart the gateway. | gateway.maintenance_required |',
  "Failing check media-persistence (step-refused): Agent database maintenance deferred: the lease was lost | " +
    "state lease heartbeat did not become ready (phase=startup, trigger=timeout)",
  ...Array.from({ length: 30 }, (_, n) => `Failing check ${n} (blocked-by-prior-refusal): it was not run.`),
];
const ownLease = [
  "Gateway failed to start: state lease heartbeat did not become ready (phase=startup, trigger=timeout, elapsedMs=5010, timeoutMs=5000).",
];
const newerState = ["The state is of a newer OpenClaw build. | gateway.maintenance_required | Nothing was changed."];
const configuration = ["Invalid config: tools.profile must be one of minimal, coding, messaging, full"];

describe("a gateway that ended before it was ready", () => {
  const cases: [string, readonly string[], number | null, GatewayErrorCode, RegExp][] = [
    ["for a lease that was late", lateLease, 78, "too_slow", /this machine is too busy\. Start it again/],
    ["for its state", newerState, 78, "ended", /`pnpm dispatch:openclaw doctor --fix`/],
    ["for its configuration", configuration, 78, "ended", /It does not accept .*openclaw\.json\. Its last lines/],
    ["for a lease of its own that was late", ownLease, 1, "too_slow", /ended with 1 .* this machine is too busy/],
    ["for a lease, and was killed", lateLease, null, "ended", /ended with null before it was ready\. Its last/],
    [
      "by another code, whatever else it printed",
      newerState,
      1,
      "ended",
      /ended with 1 before it was ready\. Its last/,
    ],
    ["without a word", [], 78, "ended", /It does not accept .*openclaw\.json\. It printed nothing/],
  ];
  for (const [name, lines, code, expected, message] of cases)
    test(name, async (t) => {
      const dataDir = await mkdtemp(join(tmpdir(), "dispatch-ended-"));
      t.after(() => rm(dataDir, { recursive: true, force: true }));
      const folder = await makeStateFolder(dataDir);
      if (lines.length > 0) await writeFile(folder.output, `${lines.join("\n")}\n`);
      const error = await endedEarly(folder, { code, signal: null });
      assert.equal(error.code, expected);
      assert.match(error.message, message);
    });
});

describe("a start", () => {
  /** Fails with these codes, one a try, and then succeeds. */
  const starting = (...codes: readonly GatewayErrorCode[]) => {
    const left = [...codes];
    const said: string[] = [];
    const start = async () => {
      const code = left.shift();
      if (code !== undefined) throw new GatewayError(code, code);
      return "started";
    };
    return { said, start: () => withFurtherTries((line) => said.push(line), start), left };
  };

  test("is tried again, and says so, where the machine was too busy", async () => {
    const { said, start } = starting("too_slow", "too_slow");
    assert.equal(await start(), "started");
    assert.equal(said.length, 2);
    assert.match(said[0] ?? "", /starting it once more/);
  });

  test("is given up after the third try", async () => {
    const { said, start } = starting("too_slow", "too_slow", "too_slow");
    await assert.rejects(start(), { code: "too_slow" });
    assert.equal(said.length, 2);
  });

  test("is not tried again for any other reason", async () => {
    const { said, start, left } = starting("ended", "ended");
    await assert.rejects(start(), { code: "ended" });
    assert.deepEqual([said, left], [[], ["ended"]]);
  });
});

test("pnpm dispatch:gateway:start that is stopped while it starts says so in a sentence, and leaves nothing running", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-ended-"));
  t.after(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const env = {
    ...bareEnvironment,
    DISPATCH_DATA_DIR: dataDir,
    DISPATCH_GATEWAY_PORT: String(await freePort(0)),
    DISPATCH_AUTH_JWT_SECRET: "s".repeat(32),
  };
  const command = spawn(process.execPath, [join(import.meta.dirname, "../../scripts/gateway.ts")], { env });
  t.after(() => command.kill("SIGKILL"));
  let said = "";
  command.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const folder = stateFolderOf(dataDir);
  await eventually("the gateway's process", async () => (await readWritten(folder)).pid !== null);
  const { pid } = await readWritten(folder);
  const ended = once(command, "close");
  command.kill("SIGTERM");
  assert.deepEqual([(await ended)[0], said], [1, "Stopped before the gateway was ready.\n"]);
  assert.ok(pid);
  assert.equal(await isRunning(pid), false);
});
