// Where the operators' commands look for a desk: in the stack's own file, whatever ports it took.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { deskAddresses, shellVariables } from "../../dispatch/ops/stack/addresses.ts";
import { makeStackFolder } from "../../dispatch/ops/stack/folder.ts";
import { writeStackRecord, type ServiceRecord } from "../../dispatch/ops/stack/state.ts";
import { StackCommands } from "./stack-commands.ts";

const service = (name: string, url: string | null): ServiceRecord => ({
  name,
  state: "running",
  process: null,
  since: null,
  restarts: 0,
  failures: 0,
  lastEnd: null,
  ends: [],
  nextStartAt: null,
  silentSince: null,
  url,
  log: `${name}.log`,
});

test("a stack's addresses are where its supervisor put them, not where the settings here would", async (t) => {
  const stack = await StackCommands.make(t, { DISPATCH_API_PORT: "8081", DISPATCH_GATEWAY_PORT: "18081" });
  const none = await stack.run("stack-status.ts", "--export");
  assert.equal(none.stdout, `API='http://127.0.0.1:8081'\nGATEWAY='http://127.0.0.1:18081'\nDATA='${stack.dataDir}'\n`);
  assert.match(none.stderr, /^No stack runs from \S+: API and GATEWAY are as the settings here say\./);
  assert.equal(none.code, 0);

  const services = [service("postgres", null), service("api", "http://127.0.0.1:40001"), service("worker-1", null)];
  const record = {
    supervisor: { pid: 1, born: "long ago" },
    startedAt: "2026-01-31T00:00:00.000Z",
    ready: true,
    embeddedUrl: null,
    secretFile: null,
    secretUnusable: null,
  };
  writeStackRecord(await makeStackFolder(stack.dataDir), { ...record, services });
  assert.deepEqual(deskAddresses(stack.settings), {
    api: "http://127.0.0.1:40001",
    gateway: "http://127.0.0.1:18081",
    from: "stack",
  });
  const withGateway = [...services, service("gateway", "http://127.0.0.1:40002")];
  writeStackRecord(await makeStackFolder(stack.dataDir), { ...record, services: withGateway });
  assert.deepEqual(deskAddresses(stack.settings).gateway, "http://127.0.0.1:40002");
});

test("a shell that evaluates the variables has them to the letter", async () => {
  const folder = `/srv/Dana's desk $HOME "x"`;
  const variables = shellVariables({ api: "http://[::1]:1", gateway: "http://b", from: "stack" }, folder);
  const { stdout } = await promisify(execFile)("sh", [
    "-c",
    `eval "$1"; printf '%s|' "$API" "$GATEWAY" "$DATA"`,
    "sh",
    variables,
  ]);
  assert.equal(stdout, `http://[::1]:1|http://b|${folder}|`);
});
