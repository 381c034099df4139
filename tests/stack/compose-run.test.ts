// The command lines and environments of docker-compose.yml, run without containers: names of containers become addresses
// of this machine, secrets the files they would be mounted from, and nothing else is changed. SeaweedFS is not at hand;
// a radosgw stands where it would.

import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { access, constants, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { freePort } from "../../dispatch/ops/gateway/free-port.ts";
import { ensureComposeSecrets } from "../../dispatch/ops/stack/compose-secrets.ts";
import { sendRaw, statusOf } from "../api/raw-http.ts";
import { createEmptyDatabase } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { findS3Server } from "../support/s3-server.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { readComposeFile, root, serviceNamed, strings, type Service } from "./compose-file.ts";

const compose = await readComposeFile();
const s3 = await findS3Server();
const nginx = await firstOf(["/usr/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"]);
const skip =
  "missing" in s3
    ? s3.missing
    : nginx === null
      ? "nginx is not installed: apt-get install -y --no-install-recommends nginx-light"
      : false;

type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

describe("compose's services outside containers", { skip }, () => {
  let folder = "";
  let replaced: readonly (readonly [from: string, to: string])[] = [];
  let proxyUrl = "";
  const children = new Map<string, ChildProcess>();
  const undo: (() => Promise<unknown>)[] = [];

  const here = (text: string): string => replaced.reduce((made, [from, to]) => made.replaceAll(from, to), text);
  const environmentOf = (service: Service, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
    ...bareEnvironment,
    // Compose puts in what is set where it runs: nothing here.
    ...Object.fromEntries(
      Object.entries(service.environment).map(([name, value]) => [name, here(value.replace(/^\$\{\w+:-\}$/, ""))]),
    ),
    ...more,
  });
  const start = (service: Service, more: Readonly<Record<string, string>>) => {
    const [, ...args] = service.command;
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: environmentOf(service, more),
      stdio: ["ignore", "ignore", "inherit"],
    });
    children.set(service.name, child);
    return child;
  };
  const run = (command: readonly string[], env: Record<string, string>): Promise<Outcome> =>
    new Promise((resolve) => {
      execFile(process.execPath, command.slice(1), { cwd: root, env, timeout: 600_000 }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
      });
    });
  const isWell = (url: string): Promise<boolean> =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );

  before(async () => {
    if ("missing" in s3 || nginx === null) return;
    folder = await mkdtemp(join(tmpdir(), "dcmp-"));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const server = await s3.start();
    undo.push(() => server.stop());
    const database = await createEmptyDatabase({ after: (work) => void undo.push(work) });
    await ensureComposeSecrets(folder);
    const given = {
      "database-url": database.url,
      "object-store-key": server.accessKey,
      "object-store-secret": server.secretKey,
    };
    for (const [name, text] of Object.entries(given)) await writeFile(join(folder, name), text);
    replaced = [
      ["/run/secrets", folder],
      ["http://object-store:8333", server.endpoint],
      ["http://127.0.0.1:8333", server.endpoint],
      ["/tmp/dispatch", join(folder, "data")],
      ["0.0.0.0", "127.0.0.1"],
    ];
    const [first, second, proxy] = [await freePort(0), await freePort(0), await freePort(0)];
    replaced = [...replaced, ["http://127.0.0.1:8080", `http://127.0.0.1:${first}`]];
    proxyUrl = `http://127.0.0.1:${proxy}`;
    undo.push(async () => {
      await Promise.all([...children.values()].map(end));
    });

    const prepared = await run(
      serviceNamed(compose, "prepare").command,
      environmentOf(serviceNamed(compose, "prepare")),
    );
    assert.equal(prepared.code, 0, prepared.stderr);
    assert.match(prepared.stdout, /now at .*\nbucket dispatch-objects is there\n$/);
    for (const [name, port] of [
      ["api-1", first],
      ["api-2", second],
    ] as const) {
      start(serviceNamed(compose, name), { DISPATCH_API_PORT: String(port), DISPATCH_METRICS_PORT: "0" });
      await eventually(`${name} is well`, () => isWell(`http://127.0.0.1:${port}`), 60_000);
    }
    for (const name of ["worker-1", "worker-2"]) start(serviceNamed(compose, name), {});
    const configuration = join(folder, "nginx.conf");
    await writeFile(
      configuration,
      loopback(await readFile(join(root, "ops/compose/nginx.conf"), "utf8"), folder, { first, second, proxy }),
    );
    const [, ...args] = ["nginx", ...serviceNamed(compose, "proxy").command];
    children.set("proxy", spawn(nginx, ["-c", configuration, ...args], { stdio: "ignore" }));
    await eventually("the proxy is well", () => isWell(proxyUrl), 60_000);
  });
  after(async () => {
    for (const work of undo.toReversed()) await work();
  });

  test("the health checks of API and worker pass, and say no for a worker that is not there", async () => {
    const check = (name: string): string[] => {
      const { healthcheck } = serviceNamed(compose, name).all;
      return isObject(healthcheck) ? strings(healthcheck["test"]).slice(1).map(here) : [];
    };
    const environment = environmentOf(serviceNamed(compose, "worker-1"));
    assert.equal((await run(check("api-1"), environment)).code, 0);
    for (const name of ["worker-1", "worker-2"]) {
      const pid = String(children.get(name)?.pid);
      const ofWorker = check(name).map((word) => (word === "1" ? pid : word));
      await eventually(`${name} shows itself`, async () => (await run(ofWorker, environment)).stdout === "ok\n");
      assert.equal((await run(ofWorker, environment)).code, 0);
    }
    const nobody = await run(["node", "dispatch/ops/stack/check-worker.ts", "999999999"], environment);
    assert.deepEqual([nobody.code, nobody.stdout], [1, "no heartbeat yet\n"]);
  });

  test("the demo's story runs through the proxy, uploads by signed addresses, in production's settings", async () => {
    const secret = (await readFile(join(folder, "auth-jwt-secret"), "utf8")).trim();
    const demo = await run(
      ["node", "scripts/bootstrap.ts", "--url", proxyUrl],
      environmentOf(serviceNamed(compose, "prepare")),
    );
    assert.equal(demo.code, 0, demo.stderr);
    const story = await run(["node", "scripts/demo-smoke.ts", "--quiet", "--url", proxyUrl], {
      ...bareEnvironment,
      DISPATCH_AUTH_JWT_SECRET: secret,
    });
    assert.equal(story.code, 0, story.stderr);
    assert.equal(JSON.parse(story.stdout).state, "INVOICED");
    const unsigned = await fetch(`${proxyUrl}/ux/dispatcher/cockpit`, {
      headers: { "x-actor-id": "me", "x-actor-role": "dispatcher" },
    });
    assert.equal(unsigned.status, 401);
  });

  test("what operators alone may see is not at the proxy, however it is spelt, and is at the APIs", async () => {
    const spelt = [
      "/metrics",
      "/metrics?x=1",
      "//metrics",
      "/%6detrics",
      "/x/../metrics",
      "/ops/alerts",
      "/ops//alerts",
    ];
    for (const path of spelt) {
      const answer = await sendRaw(
        Number(new URL(proxyUrl).port),
        `GET ${path} HTTP/1.1\r\nHost: desk.example\r\nConnection: close\r\n\r\n`,
      );
      assert.equal(statusOf(answer), 404, path);
      assert.match(answer, /"code":"NOT_FOUND"/, path);
    }
    const first = here("http://127.0.0.1:8080");
    for (const path of ["/metrics", "/ops/alerts"]) assert.equal((await fetch(first + path)).status, 200);
  });

  test("an API that is killed is not noticed by callers, and comes back into the round", async () => {
    const api = children.get("api-1") ?? assert.fail("api-1 runs");
    const gone = once(api, "exit");
    api.kill("SIGKILL");
    const answers = await Promise.all(Array.from({ length: 40 }, () => isWell(proxyUrl)));
    await gone;
    const afterwards = await Promise.all(Array.from({ length: 40 }, () => isWell(proxyUrl)));
    assert.ok([...answers, ...afterwards].every(Boolean));
  });

  test("asked as compose asks, each ends in order and in time", async () => {
    for (const name of ["proxy", "worker-1", "worker-2", "api-2"]) {
      const child = children.get(name) ?? assert.fail(name);
      const ended = once(child, "exit");
      child.kill(serviceNamed(compose, name).all["stop_signal"] === "SIGQUIT" ? "SIGQUIT" : "SIGTERM");
      assert.deepEqual(await ended, [0, null], name);
    }
  });
});

/** The proxy's file with addresses of this machine; containers' names are looked up nowhere here. */
function loopback(
  text: string,
  folder: string,
  { first, second, proxy }: { first: number; second: number; proxy: number },
): string {
  return text
    .replace(/^ *resolver .*\n/m, "")
    .replaceAll(" resolve ", " ")
    .replace("api-1:8080", `127.0.0.1:${first}`)
    .replace("api-2:8080", `127.0.0.1:${second}`)
    .replace("listen 8080", `listen 127.0.0.1:${proxy}`)
    .replaceAll("/tmp/", `${folder}/nginx-`)
    .replace("/dev/stdout", `${folder}/access.log`)
    .replace("/dev/stderr", `${folder}/error.log`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

async function firstOf(paths: readonly string[]): Promise<string | null> {
  for (const path of paths)
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  return null;
}
