// Where settings come from: for each, under each of its names, environment before file before default; and the names themselves.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { configurationFrom, readSettings } from "../../dispatch/process/settings.ts";
import { fileVariable } from "../../dispatch/process/settings/setting.ts";
import { configVariable, settingEntries, settingsList } from "../../dispatch/process/settings/settings-list.ts";
import { beside, samplesOf, secretSettings, yamlOf } from "./settings-samples.ts";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "dispatch-settings-"))));
after(() => rm(folder, { recursive: true, force: true }));

let written = 0;
async function fileWith(text: string): Promise<string> {
  const path = join(folder, `settings-${++written}.yaml`);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

describe("each setting", () => {
  for (const [name, one] of settingEntries) {
    for (const variable of [one.variable, ...one.aliases]) {
      test(`${variable} beats ${one.key} beats the default`, async () => {
        const [inFile, inEnvironment = inFile] = samplesOf(one);
        const path = await fileWith(yamlOf({ [one.key]: inFile.text }));
        const needed = beside[one.variable] ?? {};
        const byDefault = configurationFrom(needed);
        assert.deepEqual([byDefault.settings[name], byDefault.origins[name]], [readSettings({})[name], null]);
        const byFile = configurationFrom({ ...needed, [configVariable]: path });
        assert.deepEqual(byFile.settings[name], inFile.value);
        assert.equal(byFile.origins[name], `${one.key} (${path}:2)`);
        const byBoth = configurationFrom({ ...needed, [configVariable]: path, [variable]: ` ${inEnvironment.text} ` });
        assert.deepEqual(byBoth.settings[name], inEnvironment.value);
        assert.equal(byBoth.origins[name], variable);
        const byEmpty = configurationFrom({ ...needed, [configVariable]: path, [variable]: " " });
        assert.equal(byEmpty.origins[name], `${one.key} (${path}:2)`, "an empty variable counts as unset");
      });
    }
  }

  for (const [name, one] of secretSettings) {
    for (const variable of [one.variable, ...one.aliases]) {
      test(`${fileVariable(variable)} beats ${one.key}`, async () => {
        const [inFile, inSecret = inFile] = samplesOf(one);
        const path = await fileWith(yamlOf({ [one.key]: inFile.text }));
        const secret = await fileWith(`${inSecret.text}\n`);
        const read = configurationFrom({ [configVariable]: path, [fileVariable(variable)]: secret });
        assert.deepEqual([read.settings[name], read.origins[name]], [inSecret.value, fileVariable(variable)]);
      });
    }
  }
});

describe("all settings at once", () => {
  /** But what two of them would break together. */
  const texts = () => ({
    ...Object.fromEntries(settingEntries.map(([, one]) => [one.key, samplesOf(one)[0].text])),
    "policy.profile": "",
    "auth.allow_dev_headers": "false",
  });

  const writings: readonly (readonly [string, () => string])[] = [
    ["plain YAML", () => yamlOf(texts(), false)],
    ["quoted YAML", () => yamlOf(texts())],
    ["JSON with tabs", () => JSON.stringify(nested(texts()), null, "\t")],
  ];
  for (const [what, write] of writings) {
    test(`a file as ${what} says the same as variables`, async () => {
      const path = await fileWith(write());
      const given: Readonly<Record<string, string>> = texts();
      const variables = Object.fromEntries(settingEntries.map(([, { variable, key }]) => [variable, given[key]]));
      assert.deepEqual(readSettings({ [configVariable]: path }), readSettings(variables));
    });
  }
});

function nested(texts: Readonly<Record<string, string>>): Record<string, Record<string, string>> {
  const groups: Record<string, Record<string, string>> = {};
  for (const [key, text] of Object.entries(texts)) {
    const [group = "", name = ""] = key.split(".");
    (groups[group] ??= {})[name] = text;
  }
  return groups;
}

test("numbers, flags and lists may stand in a file as what they are, and a text as it is written", async () => {
  const path = await fileWith(
    "server: {port: 9090}\nauth:\n  allow_dev_headers: false\n  jwt_issuer: 0123\nobject_store:\n  schemes: [S3, file]\n" +
      "planning:\n  nightly_plan_hour: off\nlogging:\nworker: {identity: ~}\n",
  );
  const { apiPort, allowDevHeaders, jwtIssuer, objectStoreSchemes, nightlyPlanHour, workerIdentity } = readSettings({
    [configVariable]: path,
  });
  assert.deepEqual(
    [apiPort, allowDevHeaders, jwtIssuer, objectStoreSchemes, nightlyPlanHour, workerIdentity],
    [9090, false, "0123", ["s3", "file"], null, "dispatch-worker"],
  );
});

test("an empty file, and one of comments, set nothing", async () => {
  for (const text of ["", "# later\n", "---\n", "{}"])
    assert.deepEqual(readSettings({ [configVariable]: await fileWith(text) }), readSettings({}));
});

describe("the names", () => {
  const all = Object.values(settingsList);

  test("are each one setting's", () => {
    const variables = all.flatMap(({ variable, aliases }) => [variable, ...aliases]);
    assert.equal(new Set([configVariable, ...variables]).size, variables.length + 1);
    for (const variable of variables) assert.match(variable, /^DISPATCH_[A-Z]+(_[A-Z]+)*$/);
    assert.equal(new Set(all.map(({ key }) => key)).size, all.length);
  });

  test("in a file are a group, and words of the variable in their order", () => {
    const longer = ["assignment.max_concurrent_per_agent"];
    for (const { variable, key } of all.filter((one) => !longer.includes(one.key))) {
      assert.match(key, /^[a-z_]+\.[a-z_]+$/);
      const words = variable.toLowerCase().split("_");
      let from = 0;
      for (const word of key.split(".")[1]?.split("_") ?? []) {
        from = words.indexOf(word, from) + 1;
        assert.ok(from > 0, `${key} has ${word}, which ${variable} has not`);
      }
    }
  });

  test("others agreed on are kept", () => {
    const agreed: Readonly<Record<string, readonly [string, string?]>> = {
      DISPATCH_API_PORT: ["server.port", "DISPATCH_PORT"],
      DISPATCH_METRICS_PORT: ["server.metrics_port"],
      DISPATCH_ADMIN_TOKEN: ["server.admin_token"],
      DISPATCH_DATABASE_URL: ["database.url"],
      DISPATCH_NATS_URL: ["nats.url", "DISPATCH_HERMES_URL"],
      DISPATCH_LIFECYCLE_URL: ["lifecycle.url", "DISPATCH_WARREN_URL"],
      DISPATCH_LIFECYCLE_TOKEN: ["lifecycle.token", "DISPATCH_WARREN_TOKEN"],
      DISPATCH_PERSONA_URL: ["personas.url", "DISPATCH_FORGE_URL"],
      DISPATCH_TICK_INTERVAL_MS: ["assignment.tick_interval_ms"],
      DISPATCH_WAKE_TIMEOUT_MS: ["assignment.wake_timeout_ms"],
      DISPATCH_DEFAULT_TIMEOUT_MS: ["assignment.default_timeout_ms"],
      DISPATCH_MAX_CONCURRENT: ["assignment.max_concurrent_per_agent"],
      DISPATCH_EVENT_DIGEST_MS: ["events.digest_ms"],
      DISPATCH_TMUX_SOCKET: ["tmux.socket"],
      DISPATCH_OPENCLAW_URL: ["openclaw.url"],
      DISPATCH_OPENCLAW_TOKEN: ["openclaw.token"],
      DISPATCH_LOG_LEVEL: ["logging.level"],
    };
    const ours = Object.fromEntries(all.map(({ variable, key, aliases }) => [variable, [key, ...aliases]]));
    for (const [variable, names] of Object.entries(agreed)) assert.deepEqual(ours[variable], names);
    const {
      apiPort,
      metricsPort,
      tickIntervalMs,
      wakeTimeoutMs,
      defaultTimeoutMs,
      maxConcurrent,
      eventDigestMs,
      logLevel,
    } = readSettings({});
    assert.deepEqual(
      [apiPort, metricsPort, tickIntervalMs, wakeTimeoutMs, defaultTimeoutMs, maxConcurrent, eventDigestMs, logLevel],
      [8080, 8601, 5_000, 30_000, 300_000, 3, 60_000, "info"],
    );
  });
});
