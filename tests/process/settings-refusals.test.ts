// What stops a start: each fault of environment and file with the place it came from, the rule and an example, all at once, and
// never what was written there, which may be a secret.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { configurationFrom } from "../../dispatch/process/settings.ts";
import { maxConfigBytes } from "../../dispatch/process/settings/config-file.ts";
import { SettingsError } from "../../dispatch/process/settings/settings-error.ts";
import { configVariable } from "../../dispatch/process/settings/settings-list.ts";

let folder = "";
let path = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "dispatch-refusals-"));
  path = join(folder, "dispatch.yaml");
});
after(() => rm(folder, { recursive: true, force: true }));

/** The faults, with the file's path shortened. */
function faultsOf(environment: NodeJS.ProcessEnv): string[] {
  try {
    configurationFrom(environment);
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error));
    assert.equal(error.code, "CONFIG_INVALID");
    assert.match(error.message, /^CONFIG_INVALID: /);
    for (const { at, rule } of error.faults) assert.ok(error.message.includes(`${at} ${rule}`));
    return error.faults.map(({ at, rule }) => `${at} ${rule}`.replaceAll(path, "FILE"));
  }
  return [];
}
async function faultsIn(text: string | Uint8Array, environment: NodeJS.ProcessEnv = {}): Promise<string[]> {
  await writeFile(path, text, { mode: 0o600 });
  return faultsOf({ ...environment, [configVariable]: path });
}

const plain = "must be written out: anchors, aliases and tags are not taken";
const inFile: readonly (readonly [what: string, text: string, ...faults: string[]])[] = [
  ["an unknown key", "server:\n  prot: 1\n", "server.prot (FILE:2) is no setting; the closest is server.port"],
  ["an unknown group", "srever:\n  port: 1\n", "srever.port (FILE:2) is no setting; the closest is server.port"],
  ["a key at the top", "port: 1\n", "port (FILE:1) is no setting; the closest is server.port"],
  [
    "a name of JavaScript's",
    "__proto__: {port: 1}\n",
    "__proto__.port (FILE:1) is no setting; the closest is server.port",
  ],
  ["a merge", "server:\n  <<: {port: 1}\n", "server.<<.port (FILE:2) is no setting; the closest is server.port"],
  ["a dot", "server.port: 1\n", '"server.port" (FILE:1) must have no dot: write the group, and the setting below it'],
  [
    "a value that breaks the rule",
    "server:\n  port: http\n",
    "server.port (FILE:2) must be a whole number from 0 to 65535, such as 8080",
  ],
  ["a group in place of a value", "server:\n  port: {a: 1}\n", "server.port (FILE:2) must be one value, such as 8080"],
  ["a list in place of a value", "server:\n  port: [1, 2]\n", "server.port (FILE:2) must be one value, such as 8080"],
  [
    "a list of lists",
    "object_store: {schemes: [[s3]]}\n",
    "object_store.schemes (FILE:1) must be one value, such as s3,minio",
  ],
  ["a value in place of a group", "server: 8080\n", "server (FILE:1) is a group: write its settings below it"],
  ["a list at the top", "- server\n", "FILE must hold groups of settings, such as server: and below it port: 8080"],
  ["a text at the top", "server\n", "FILE must hold groups of settings, such as server: and below it port: 8080"],
  ["a key twice", "server:\n  port: 1\n  port: 2\n", "server.port (FILE:3) stands there twice: leave one out"],
  ["a group twice", "server: {port: 1}\nserver: {port: 1}\n", "server (FILE:2) stands there twice: leave one out"],
  ["a JSON key twice", '{"server": {"port": 1,\n"port": 1}}', "server.port (FILE:2) stands there twice: leave one out"],
  ["an anchor", "server:\n  port: &p 1\n", `server.port (FILE:2) ${plain}`],
  [
    "an alias",
    "server:\n  port: &p 1\n  metrics_port: *p\n",
    `server.port (FILE:2) ${plain}`,
    `server.metrics_port (FILE:3) ${plain}`,
  ],
  ["a tag", "auth:\n  jwt_issuer: !!binary aGk=\n", `auth.jwt_issuer (FILE:2) ${plain}`],
  ["a key that is a list", "? [a, b]\n: 1\n", "a key (FILE:1) must be the name of a setting or a group"],
  [
    "a second document",
    "server: {port: 1}\n---\nserver: {port: 2}\n",
    "FILE:2 cannot be read as YAML or JSON: multiple docs",
  ],
  ["broken YAML", "server:\n\tport: canary\n", "FILE:2 cannot be read as YAML or JSON: tab as indent"],
  ["broken JSON", '{"server": {"port": "canary}', "FILE:1 cannot be read as YAML or JSON: missing char"],
  [
    "a printed secret",
    'server:\n  admin_token: "***"\n',
    "server.admin_token (FILE:2) must be the value itself; *** stands for what is secret where settings are printed",
  ],
];

describe("a file with", () => {
  for (const [what, text, ...faults] of inFile) test(what, async () => assert.deepEqual(await faultsIn(text), faults));

  test("ten references to ten references is refused without being grown", async () => {
    const levels = Array.from({ length: 9 }, (_, at) => `  l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(10)}]`);
    const found = await faultsIn(`server:\n  l0: &l0 [x]\n${levels.join("\n")}\n`);
    assert.equal(found.length, 10);
    for (const fault of found) assert.ok(fault.endsWith(plain), fault);
  });

  test("brackets without end is refused, and says no more than where", async () => {
    for (const text of ["[".repeat(maxConfigBytes), "- ".repeat(maxConfigBytes / 2), "a: ".repeat(20_000)])
      assert.match((await faultsIn(text)).join("\n"), /^FILE:1 cannot be read as YAML or JSON: [a-z ]+$/);
  });

  test("thousands of unknown keys is refused with the first fifty", async () => {
    const text = Array.from({ length: 5_000 }, (_, at) => `key${at}: 1`).join("\n");
    assert.equal((await faultsIn(text)).length, 50);
  });
});

describe("the file itself", () => {
  const isNone = /^DISPATCH_CONFIG must name a file of settings in YAML or JSON: /;

  test("that is too large is refused, and one byte less is not", async () => {
    const text = "#".repeat(maxConfigBytes);
    assert.deepEqual(await faultsIn(text), []);
    assert.match((await faultsIn(`${text}#`)).join("\n"), /has more than 65536 bytes$/);
  });

  test("that is not there, is a folder, a pipe nobody writes to, or no text is refused by its variable's name", async () => {
    const pipe = join(folder, "pipe");
    await promisify(execFile)("mkfifo", [pipe]);
    for (const none of [join(folder, "none.yaml"), folder, pipe, "/dev/zero"]) {
      const found = faultsOf({ [configVariable]: none });
      assert.equal(found.length, 1);
      assert.match(found.join("\n"), isNone);
    }
    assert.match((await faultsIn(Buffer.from([0x73, 0xff, 0xfe]))).join("\n"), isNone);
  });

  test("that others can read is warned of where a secret stands in it", async () => {
    const warningsAt = async (mode: number, text: string) => {
      await writeFile(path, text);
      await chmod(path, mode);
      return configurationFrom({ [configVariable]: path }).warnings;
    };
    const secret = "server:\n  admin_token: canary\nlifecycle:\n  token: canary\n";
    for (const mode of [0o644, 0o640, 0o604])
      assert.deepEqual(await warningsAt(mode, secret), [
        `${path} can be read by others, and has secrets in it (server.admin_token, lifecycle.token): chmod 600 ${path}`,
      ]);
    assert.deepEqual(await warningsAt(0o600, secret), []);
    assert.deepEqual(await warningsAt(0o644, "server: {port: 1}\n"), []);
  });
});

describe("the environment", () => {
  test("with a name and its alias that say different things is refused, naming both", () => {
    const both = { DISPATCH_API_PORT: "8081", DISPATCH_PORT: "8082" };
    assert.deepEqual(faultsOf(both), [
      "DISPATCH_API_PORT and DISPATCH_PORT are both set, and which one holds is not guessed: leave one out",
    ]);
    assert.deepEqual(faultsOf({ ...both, DISPATCH_PORT: " 8081" }), []);
  });

  test("with a secret's alias and the file of its name is refused, naming both", async () => {
    await writeFile(path, "token\n");
    assert.deepEqual(faultsOf({ DISPATCH_WARREN_TOKEN: "token", DISPATCH_LIFECYCLE_TOKEN_FILE: path }), [
      "DISPATCH_LIFECYCLE_TOKEN_FILE and DISPATCH_WARREN_TOKEN are both set, and which one holds is not guessed: leave one out",
    ]);
  });

  test("with a bad alias is refused by the alias", () =>
    assert.deepEqual(faultsOf({ DISPATCH_FORGE_URL: "forge" }), [
      "DISPATCH_FORGE_URL must be a URL with http: or https:, such as https://desk.example",
    ]));
});

test("all faults of both are told at once, what is overruled too, and none says a value", async () => {
  const found = await faultsIn("server:\n  port: canary\n  prot: canary\nchat: {approvals: canary}\n", {
    NODE_ENV: "production",
    DISPATCH_API_PORT: "8080",
    DISPATCH_METRICS_PORT: "canary",
    DISPATCH_AUTH_JWT_SECRET: "canary",
  });
  assert.deepEqual(
    found.map((fault) => fault.split(" ", 2).join(" ")),
    [
      "server.prot (FILE:3)",
      "server.port (FILE:2)",
      "DISPATCH_METRICS_PORT must",
      "chat.approvals (FILE:4)",
      "DISPATCH_AUTH_JWT_SECRET must",
    ],
  );
  assert.ok(!found.join("\n").includes("canary"));
});

test("what is for development alone stays refused in production, by the key it came from", async () => {
  const text =
    "auth:\n  allow_dev_headers: true\n  jwt_secret: short\nchat:\n  approvals: off\nserver:\n  admin_token: short\n";
  const found = await faultsIn(text, { NODE_ENV: "production" });
  assert.deepEqual(
    found.map((fault) => fault.replace(/ (in production|:).*/, "")),
    [
      "auth.allow_dev_headers (FILE:2) must not be on",
      "auth.jwt_secret (FILE:3) must have at least 32 characters",
      "server.admin_token (FILE:7) must have at least 32 characters",
      "chat.approvals (FILE:5) must not be off",
    ],
  );
  assert.deepEqual(await faultsIn(text), [], "the same is taken where it is no production");
});
