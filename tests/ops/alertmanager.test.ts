// The example for Alertmanager in Alertmanager's own hands: it is given every alert there is, and says whom each would call and
// which are not told because they follow from another. It is in Debian's package prometheus-alertmanager; where that is not
// installed these tests say so and skip.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { alertCodes, alertList } from "../../dispatch/api/alert-list.ts";
import { freePort } from "../../dispatch/ops/gateway/free-port.ts";
import { allRules, type Rule } from "../../ops/alerts/rules.ts";
import { eventually } from "../support/eventually.ts";

const run = promisify(execFile);
const file = join(import.meta.dirname, "../../ops/prometheus/alertmanager.yml");
const program = "prometheus-alertmanager";
const installed = await Promise.all([run(program, ["--version"]), run("amtool", ["--version"])]).then(
  () => true,
  () => false,
);
const skip = installed
  ? false
  : "prometheus-alertmanager is not installed (apt-get install --no-install-recommends prometheus-alertmanager)";

type Told = {
  readonly labels: Readonly<Record<string, string>>;
  readonly receivers: readonly { readonly name: string }[];
  readonly status: { readonly state: string };
};
type Fired = Pick<Rule, "code" | "severity" | "reach">;

const nameOf = ({ code, severity, reach }: Fired): string =>
  `${code} ${severity}${reach === null ? "" : ` of ${reach}`}`;

/** Every alert with each severity and reach it can have. */
const everyAlert: Fired[] = [...new Map(allRules.map((rule) => [nameOf(rule), rule])).values()];
const ownerOf = new Map<string, string>(alertCodes.map((code) => [code, alertList[code].owner]));

/** @returns its address; it is ended with the test */
async function startAlertmanager(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-alertmanager-"));
  const address = `127.0.0.1:${await freePort(0)}`;
  const options = [`--config.file=${file}`, `--storage.path=${folder}`, `--web.listen-address=${address}`];
  const child = spawn(program, [...options, "--cluster.listen-address="], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  t.after(async () => {
    if (child.exitCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await rm(folder, { recursive: true });
  });
  await eventually("Alertmanager is ready", async () => {
    assert.equal(child.exitCode, null, said);
    return fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  return `http://${address}/api/v2/alerts`;
}

/** As Prometheus does it, with the labels of the rules; `over` ends them. */
async function fire(url: string, alerts: readonly Fired[], over = false): Promise<void> {
  const body = alerts.map(({ code, severity, reach }) => ({
    labels: { alertname: code, severity, owner: ownerOf.get(code), ...(reach !== null && { reach }) },
    ...(over && { startsAt: "2026-01-31T00:00:00Z", endsAt: "2026-01-31T00:00:01Z" }),
  }));
  const headers = { "content-type": "application/json" };
  const { status } = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(status, 200);
}

async function toldBy(url: string): Promise<Told[]> {
  const told: Told[] = JSON.parse(await (await fetch(url)).text());
  return told;
}

const named = ({ labels: { alertname, severity, reach } }: Told): string =>
  `${alertname} ${severity}${reach === undefined ? "" : ` of ${reach}`}`;

const silentOf = (told: readonly Told[]): Set<string> =>
  new Set(told.filter(({ status }) => status.state === "suppressed").map(named));

test("the alerts that are not told beside another are alerts there are", async () => {
  const rules = (await readFile(file, "utf8")).replaceAll(/^ *#.*$/gm, "");
  const codes = [...rules.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)].map(([code]) => code);
  assert.ok(codes.includes("DATABASE_UNAVAILABLE") && codes.includes("API_DOWN"));
  assert.deepEqual(
    codes.filter((code) => !ownerOf.has(code)),
    [],
  );
});

describe("alertmanager", { skip }, () => {
  test("amtool has nothing against the example", async () => {
    const { stdout } = await run("amtool", ["check-config", file]);
    assert.match(stdout, /SUCCESS/);
  });

  test("each alert calls its owner, or waits for the day; what follows from another is told by that alone", async (t) => {
    const url = await startAlertmanager(t);
    const causes = everyAlert.filter(({ code }) => code === "API_DOWN" || code === "DATABASE_UNAVAILABLE");
    const critical = everyAlert.filter(({ severity }) => severity === "critical");
    const alone = everyAlert.filter(({ severity }) => severity === "warning");
    await fire(url, alone);

    // Warnings whose critical sister does not fire are told.
    const warned = await toldBy(url);
    assert.deepEqual(warned.map(named).sort(), alone.map(nameOf).sort());
    for (const { receivers, status } of warned) {
      assert.deepEqual(receivers, [{ name: "channel" }]);
      assert.equal(status.state, "active");
    }

    await fire(url, critical);
    const all = await toldBy(url);
    const phones: Readonly<Record<string, string>> = {
      "platform on call": "platform on call, phone",
      integrations: "platform on call, phone",
      "dispatch desk": "dispatch desk, phone",
      "field operations": "dispatch desk, phone",
      security: "security, phone",
    };
    for (const one of all.filter(({ labels }) => labels["severity"] === "critical"))
      assert.deepEqual(one.receivers, [{ name: phones[one.labels["owner"] ?? ""] }], named(one));

    const silent = silentOf(all);
    for (const following of [
      "ALERTS_BLIND",
      "WORKER_SILENT",
      "ASSIGNMENT_WAITING",
      "OUTBOX_STUCK",
      "COMMAND_ERRORS_BURN",
    ])
      assert.ok(silent.has(`${following} critical`), following);
    for (const own of ["DATABASE_UNAVAILABLE", "API_DOWN"]) {
      assert.ok(!silent.has(`${own} critical of every process`), own);
      assert.ok(silent.has(`${own} critical`), `${own} is told once`);
    }
    for (const own of ["DISK_LOW", "CONNECTIONS_HIGH", "OBJECT_STORE_UNAVAILABLE", "VISIT_MISSED"])
      assert.ok(!silent.has(`${own} critical`), own);
    const twice = alone.filter(({ code }) => critical.some((other) => other.code === code));
    assert.deepEqual(
      all
        .filter((one) => one.labels["severity"] === "warning" && silent.has(named(one)))
        .map(named)
        .sort(),
      [...twice.map(nameOf), "WEBHOOKS_BEHIND warning", "NATS_BEHIND warning"].sort(),
    );

    await fire(url, causes, true);
    const after = await toldBy(url);
    const rest = after.filter(
      ({ labels, status }) => labels["severity"] === "critical" && status.state === "suppressed",
    );
    assert.deepEqual(rest.map(named), [], "nothing is kept back when its cause is over");
  });

  test("what one process says of itself silences nothing of the others", async (t) => {
    const url = await startAlertmanager(t);
    const said = everyAlert.filter(({ severity, reach }) => severity === "critical" && reach === null);
    await fire(url, said);
    const told = await toldBy(url);
    assert.deepEqual(told.map(named).sort(), said.map(nameOf).sort());
    assert.deepEqual([...silentOf(told)], []);
  });
});
