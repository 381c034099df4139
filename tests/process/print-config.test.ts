// --print-config: what every process and command that reads settings prints of them, where each comes from, and no secret.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { isObject } from "../../dispatch/kernel/json.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { configurationFrom, readSettings } from "../../dispatch/process/settings.ts";
import { printed } from "../../dispatch/process/settings/print.ts";
import { configVariable, settingEntries, settingsList } from "../../dispatch/process/settings/settings-list.ts";
import { beside, samplesOf, secretSettings, yamlOf } from "./settings-samples.ts";

const root = join(import.meta.dirname, "../..");
const canary = "canary-of-forty-characters-and-not-a-one-less";

/** A value with the canary wherever a secret may stand, as the setting takes it. */
function withCanary(texts: readonly string[], accepts: (text: string) => boolean): string {
  const [sample = ""] = texts;
  const address = `${sample.split("//")[0] ?? ""}//${canary}:${canary}@db.example/${canary}?password=${canary}&b=${canary}`;
  return sample.includes("//") && accepts(address) ? address : canary;
}
const isAccepted = (parseText: (text: string) => unknown) => (text: string) => {
  try {
    parseText(text);
    return true;
  } catch {
    return false;
  }
};
const secretTexts = secretSettings.map(([, one]) => {
  const text = withCanary(
    samplesOf(one).map((sample) => sample.text),
    isAccepted((given) => one.kind.parse(given)),
  );
  return [one, text] as const;
});
/** Settings that are no secrets, but are addresses in which people write some. */
const addressTexts = settingEntries.flatMap(([, one]) => {
  const text = `https://${canary}:${canary}@desk.example/path?token=${canary}&key=${canary}`;
  return !one.secret && /URL/.test(one.about + one.kind.rule) && isAccepted((given) => one.kind.parse(given))(text)
    ? [[one, text] as const]
    : [];
});

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "dispatch-print-"))));
after(() => rm(folder, { recursive: true, force: true }));

type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };
const run = (
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, program), ...args],
      { env: { ...bareEnvironment, ...environment } },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });

describe("what is printed", () => {
  test("has a canary for each secret, and for each address", () => {
    assert.ok(secretTexts.length >= 8);
    assert.ok(addressTexts.length >= 6, addressTexts.map(([{ key }]) => key).join());
  });

  for (const [one, text] of [...secretTexts, ...addressTexts]) {
    test(`shows no secret of ${one.key}, given in either way`, async () => {
      const path = join(folder, `${one.key}.yaml`);
      await writeFile(path, yamlOf({ [one.key]: text }), { mode: 0o600 });
      const needed = beside[one.variable] ?? {};
      for (const given of [{ [one.variable]: text }, { [configVariable]: path }]) {
        const said = printed(configurationFrom({ ...needed, ...given }));
        assert.ok(!said.includes("canary"), said);
        assert.match(said, new RegExp(`^  ${one.key.split(".")[1] ?? ""}: ".*\\*\\*\\*.*"  # `, "m"));
      }
    });
  }

  const writings = [
    ["lifecycleUrl", `https://desk.example/?${canary}`],
    ["lifecycleUrl", `https://desk.example/#${canary}`],
    ["lifecycleUrl", `https://user:12/${canary}@desk.example`],
    ["jwks", `https://user:${canary}/x@desk.example/jwks`],
    ["databaseUrl", `postgresql://user:12/${canary}@db.example/desk`],
    ["databaseUrl", `postgresql://${canary}@db.example/desk#${canary}`],
    ["natsUrl", `nats://${canary}@nats.example:4222`],
    ["adminToken", `https://${canary}`],
  ] as const;
  for (const [name, text] of writings) {
    test(`shows no secret of ${text.replaceAll(canary, "…")} as ${settingsList[name].key}`, () => {
      const said = printed(configurationFrom({ [settingsList[name].variable]: text }));
      assert.ok(!said.includes("canary"), said);
    });
  }

  test("names a secret database by its server", () => {
    const said = printed(configurationFrom({ DISPATCH_DATABASE_URL: `postgresql://u:${canary}@db.example:5432/desk` }));
    assert.match(said, /^ {2}url: "postgresql:\/\/\*\*\*@db\.example:5432\/\*\*\*" {2}# DISPATCH_DATABASE_URL$/m);
  });

  test("is YAML, and without secrets says in a file what was in force", async () => {
    const secretGroups = new Set(secretSettings.map(([, { key }]) => key));
    const left = ["policy.profile", "auth.allow_dev_headers", "object_store.endpoint", ...secretGroups];
    const texts = Object.fromEntries(
      settingEntries.flatMap(([, one]) =>
        left.includes(one.key) ? [] : [[one.key, samplesOf(one).at(-1)?.text ?? ""]],
      ),
    );
    const [first, second] = [join(folder, "first.yaml"), join(folder, "second.yaml")];
    await writeFile(first, yamlOf({ ...texts, "auth.allow_dev_headers": "false" }));
    const said = printed(configurationFrom({ [configVariable]: first }));
    await writeFile(second, said.replace(/^ {2}profile: .*$/m, ""));
    assert.deepEqual(readSettings({ [configVariable]: second }), readSettings({ [configVariable]: first }));
  });

  test("has every setting, with where it comes from", async () => {
    const path = join(folder, "origins.yaml");
    await writeFile(path, "server: {port: 9090}\nplanning: {nightly_plan_hour: off}\n");
    const said = printed(configurationFrom({ [configVariable]: path, DISPATCH_FORGE_URL: "https://forge.example" }));
    for (const line of [
      `  port: 9090  # server.port (${path}:1)`,
      `  nightly_plan_hour: "off"  # planning.nightly_plan_hour (${path}:2)`,
      `  url: "https://forge.example"  # DISPATCH_FORGE_URL`,
      `  metrics_port: 8601  # default`,
      `# DISPATCH_CONFIG: ${path}; NODE_ENV: not production`,
    ])
      assert.ok(said.split("\n").includes(line), `${line}\n${said}`);
    const read: unknown = parse(said);
    for (const [, { key }] of settingEntries) {
      const [group = "", name = ""] = key.split(".");
      const members = isObject(read) ? read[group] : null;
      assert.ok(isObject(members) && name in members, key);
    }
  });
});

describe("two processes and a command with one file", () => {
  const programs = [
    ["dispatch/api/main.ts", 2],
    ["dispatch/worker/main.ts", 2],
    ["scripts/stack-up.ts", 1],
  ] as const;
  const ofFile = (text: string) => text.replace(/^ {2}allow_dev_headers: .*$/m, "");

  test("print the same, do nothing else, and show no secret", async () => {
    const path = join(folder, "one.yaml");
    const texts = Object.fromEntries([...secretTexts, ...addressTexts].map(([{ key }, text]) => [key, text]));
    await writeFile(path, yamlOf(texts), { mode: 0o644 });
    const outcomes = await Promise.all(
      programs.map(([program]) =>
        run(program, ["--print-config"], {
          [configVariable]: path,
          DISPATCH_WORKER_IDENTITY: "w",
          DISPATCH_DATA_DIR: folder,
        }),
      ),
    );
    for (const { code, stdout, stderr } of outcomes) {
      assert.deepEqual([code, ofFile(stdout)], [0, ofFile(outcomes[0]?.stdout ?? "")], stderr);
      assert.match(stdout, /^ {2}identity: "w" {2}# DISPATCH_WORKER_IDENTITY$/m);
      assert.ok(!`${stdout}${stderr}`.includes("canary"));
      assert.match(
        stderr,
        /one\.yaml can be read by others, and has secrets in it \(.*server\.admin_token.*\): chmod 600/,
      );
    }
    assert.match(outcomes[0]?.stdout ?? "", /^ {2}allow_dev_headers: true {2}# default$/m);
    assert.match(outcomes[2]?.stdout ?? "", /^ {2}allow_dev_headers: false {2}# default$/m, "of a stack");
  });

  test("are refused alike, without a word of what stands there", async () => {
    const path = join(folder, "bad.json");
    await writeFile(path, `{"server": {"port": "${canary}", "prot": 1}}`);
    const expected = [
      `server.prot (${path}:1) is no setting; the closest is server.port`,
      `server.port (${path}:1) must be a whole number from 0 to 65535, such as 8080`,
    ];
    for (const [program, exitCode] of programs)
      for (const args of [[], ["--print-config"]]) {
        const { code, stdout, stderr } = await run(program, args, { [configVariable]: path });
        assert.deepEqual([code, stdout], [exitCode, ""]);
        assert.match(stderr, /CONFIG_INVALID: 2 faults\n/);
        for (const line of expected) assert.ok(stderr.includes(line), stderr);
        assert.ok(!stderr.includes("canary"));
      }
  });

  test("tell of it by --help", async () => {
    for (const [program] of programs) assert.match((await run(program, ["--help"], {})).stdout, /--print-config/);
  });
});
