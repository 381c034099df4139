// `pnpm dispatch:init` as the first thing that a company types: its folder whole or not at all, and every refusal with the way out.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, describe, test } from "node:test";
import { factsOf, questions, sellerQuestions, type Question } from "../../dispatch/ops/company/company-facts.ts";
import { makeCompanyFolder } from "../../dispatch/ops/company/company-folder.ts";
import { ask } from "../../dispatch/ops/company/init-command.ts";
import { loadPolicy } from "../../dispatch/policy/load.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { readSettings } from "../../dispatch/process/settings.ts";

type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

const script = (name: string, env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(import.meta.dirname, `../../scripts/${name}.ts`), ...args],
      { env: { ...bareEnvironment, ...env }, timeout: 600_000 },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });
const init = (...args: readonly string[]): Promise<Outcome> => script("init", {}, ...args);

const given = ["--name", "Tür & Glas Elbe's GmbH", "--time-zone", "Europe/Berlin", "--currency", "eur"];
const complete = [...given, "--tax-rate", "19 %", "--phone-region", "de", "--dispatcher", "dora"];

describe("dispatch:init", async () => {
  const root = await mkdtemp(join(tmpdir(), "dispatch-init-"));
  after(() => rm(root, { recursive: true, force: true }));

  test("makes rules in the company's currency, settings, a secret and a dispatcher, and says what comes next", async () => {
    const folder = join(root, "a b'c", "elbe");
    const { code, stdout, stderr } = await init(folder, ...complete);
    assert.deepEqual([code, stderr], [0, ""]);
    for (const line of [
      "Tür & Glas Elbe's GmbH: Europe/Berlin, EUR, 19 % tax, phone numbers of DE, dispatcher dora",
      "pnpm dispatch:import --kind technicians --time-zone Europe/Berlin --dry-run technicians.csv",
      `pnpm dispatch:import --mapping '${join(root, "a b'\\''c", "elbe/sites.json")}' --dry-run customers.csv`,
      '"owner": {"actor":"dora","roles":["dispatcher","agent","qa","approver","finance"],"accounts":["*"],"sites":["*"]}',
    ])
      assert.ok(stdout.includes(line), `${line}\nis not in\n${stdout}`);
    const { priceBook, seller, profile } = loadPolicy("strict", join(folder, "policy"));
    assert.deepEqual(
      [profile, priceBook.currency, priceBook.tax.defaultBasisPoints, priceBook.byAccount, seller?.name],
      ["strict", "EUR", 1_900, Object.create(null), "Tür & Glas Elbe's GmbH"],
    );
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    for (const name of ["dispatch.env", "auth-jwt-secret", "dispatcher.token"])
      assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
    assert.deepEqual(await readdir(join(root, "a b'c")), ["elbe"], "nothing unfinished is left beside it");
  });

  test("writes who sells as invoices say it, and names what is left empty and what needs it", async () => {
    const folder = join(root, "seller");
    const seller = ["--tax-id", "DE123456789", "--street", "Elbufer 7", "--postal-code", "01067", "--city", "Dresden"];
    const whole = await init(folder, ...complete, ...seller, "--country", "at", "--email", "Buero@ELBE.example");
    assert.deepEqual([whole.code, whole.stderr], [0, ""]);
    assert.match(
      whole.stdout,
      /invoices: .*, Elbufer 7, 01067 Dresden, AT, tax number DE123456789, Buero@elbe\.example\n/,
    );
    assert.doesNotMatch(whole.stdout, /left empty|not whole/);
    const priceBookOf = async (dir: string) => JSON.parse(await readFile(join(dir, "policy/price-book.json"), "utf8"));
    assert.deepEqual((await priceBookOf(folder)).seller, {
      name: "Tür & Glas Elbe's GmbH",
      address: { line1: "Elbufer 7", postal_code: "01067", city: "Dresden", country: "AT" },
      tax_id: "DE123456789",
      email: "Buero@elbe.example",
    });
    const { constants } = JSON.parse(await readFile(join(folder, "sites.json"), "utf8"));
    assert.equal(constants["site.country"], "AT");

    const bare = await init(join(root, "bare"), ...complete);
    assert.match(bare.stdout, /Electronic invoices need your tax number, which was left empty: say it there as tax_id/);
    assert.match(bare.stdout, /Your address is not whole/);
    assert.deepEqual((await priceBookOf(join(root, "bare"))).seller, {
      name: "Tür & Glas Elbe's GmbH",
      address: { country: "DE" },
    });
    const wrong = await init(join(root, "none"), ...complete, "--email", "buero", "--country", "Austria");
    assert.match(wrong.stderr, /--country: .*; perhaps AT is meant\n--email: "buero" is no e-mail address/);
  });

  test("writes settings that a shell reads, and a token that this desk believes", async () => {
    const folder = join(root, "read by a shell's quotes");
    await init(folder, ...complete);
    const shell = await new Promise<string>((resolve, reject) => {
      const line = 'set -a; . "$0/dispatch.env"; set +a; exec env -0';
      execFile("sh", ["-c", line, folder], { env: bareEnvironment }, (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      );
    });
    const environment = Object.fromEntries(shell.split("\0").map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
    const { production, policyDir, phoneRegion, dataDir } = readSettings(environment);
    assert.deepEqual(
      { production, policyDir, phoneRegion, dataDir },
      { production: true, policyDir: join(folder, "policy"), phoneRegion: "DE", dataDir: join(folder, "data") },
    );
    const token = (await readFile(join(folder, "dispatcher.token"), "utf8")).trim();
    const { code, stdout } = await script("token", environment, "--explain", token);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /who +dora, HUMAN\nrole +dispatcher\n[^]*believed +yes/);
    // Neither of the demo's people may come onto such a desk.
    for (const demo of ["bootstrap", "demo"]) {
      const refused = await script(
        demo,
        { ...environment, NODE_ENV: "development" },
        ...(demo === "demo" ? ["--no-gateway", "--ci"] : []),
      );
      assert.equal(refused.code, 1, demo);
      assert.match(
        refused.stderr,
        /The demo's customers and technicians are not for a desk with rules of its own/,
        demo,
      );
    }
  });

  test("refuses what it does not know with what is probably meant, names all that is missing, and writes nothing", async () => {
    const folder = join(root, "none");
    for (const [args, words] of [
      [[...complete, "--time-zone", "Europe/Berlni"], /--time-zone: .*; perhaps Europe\/Berlin is meant/],
      [[...complete, "--time-zone", "CET"], /--time-zone: .*perhaps Europe\/Berlin or Europe\/Paris/],
      [[...complete, "--currency", "Euro"], /--currency: "EURO" is no currency of ISO 4217.*; perhaps EUR is meant/],
      [[...complete, "--currency", "JPY"], /--currency: "JPY" has 0 decimals/],
      [[...complete, "--tax-rate", "0.19x"], /--tax-rate: "0\.19x" is no rate of tax in percent/],
      [[...complete, "--phone-region", "Germany"], /--phone-region: .*; perhaps DE is meant/],
      [[...complete, "--phone-region", "UK"], /--phone-region: .*; perhaps GB is meant/],
      [[...complete, "--name", " "], /--name: the name is empty/],
      [given, /--tax-rate is missing; an example: --tax-rate 19\n--phone-region is missing[^]*Nothing was written/],
    ] as const) {
      const { code, stdout, stderr } = await init(folder, ...args);
      assert.deepEqual([code, stdout], [1, ""], stderr);
      assert.match(stderr, words);
    }
    const dry = await init(folder, ...complete, "--dry-run");
    assert.match(dry.stdout, /would hold\n {2}policy [^]*Nothing was written: this was a dry run\.\n$/);
    await assert.rejects(stat(folder));
  });

  test("overwrites nothing, and says what is there", async () => {
    const folder = join(root, "full");
    await mkdir(folder);
    await writeFile(join(folder, "dispatch.env"), "KEEP=1\n");
    const { code, stderr } = await init(folder, ...complete);
    assert.equal(code, 1);
    assert.match(stderr, /full has something in it \(dispatch\.env\), and nothing is overwritten/);
    assert.equal(await readFile(join(folder, "dispatch.env"), "utf8"), "KEEP=1\n");
    const within = await init(join(folder, "dispatch.env", "x"), ...complete);
    assert.match(within.stderr, /cannot be read as a folder: ENOTDIR/);
  });

  test("leaves no folder where something fails on the way", async () => {
    const facts = factsOf(
      new Map([
        ["name", "x"],
        ["time-zone", "UTC"],
        ["phone-region", "US"],
        ["dispatcher", "d"],
      ]),
    );
    const before = await readdir(root);
    const failing = makeCompanyFolder(join(root, "half"), { ...facts, currency: "EURO" });
    await assert.rejects(
      failing,
      (error) => error instanceof CommandFailure && /nothing of it is left/.test(error.message),
    );
    assert.deepEqual(await readdir(root), before);
  });

  test("asks at a terminal until an answer can be used, and gives up where the input ends", async () => {
    const asked = async (...answers: readonly string[]) => {
      const [input, output] = [new PassThrough(), new PassThrough({ encoding: "utf8" })];
      const read = new Map<Question["option"], string>();
      let said = "";
      let next = 0;
      output.on("data", (text: string) => {
        said += text;
        if (!text.endsWith("): ")) return;
        const answer = answers[next++];
        if (answer === undefined) input.end();
        else input.write(`${answer}\n`);
      });
      await ask([...questions, ...sellerQuestions], read, { input, output });
      return { said, read: [...read.values()] };
    };
    const seller = ["", "Elbufer 7", "01067", "Dresden", "", "", "buero", "buero@elbe.example"];
    const { said, read } = await asked("Elbe GmbH", "Berlin", "Europe/Berlin", "EUR", "19", "DE", ...seller);
    assert.deepEqual(read.slice(0, 5), ["Elbe GmbH", "Europe/Berlin", "EUR", "1900", "DE"]);
    assert.deepEqual(read.slice(5), ["Elbufer 7", "01067", "Dresden", "buero@elbe.example"]);
    assert.match(said, /Tax number, as on its invoices \(such as DE123456789; empty: it is left out\): /);
    assert.match(said, /Time zone \(such as Europe\/Berlin\): {3}"Berlin" is no time zone's full name; .*\nTime zone /);
    await assert.rejects(asked("Elbe GmbH"), CommandFailure);
  });
});
