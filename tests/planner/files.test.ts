// Problem files as people write them, and the two commands that read them.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { checkPlan } from "../../dispatch/planner/check.ts";
import type { Plan } from "../../dispatch/planner/plan.ts";
import { solve } from "../../dispatch/planner/solve.ts";
import { generateDay } from "../../lab/schedule/generate.ts";
import { readBestKnown, readInstances } from "../../lab/schedule/instance-bench.ts";
import { readProblem } from "../../dispatch/ops/plan-file/read-problem.ts";
import { readSolomon } from "../../dispatch/ops/plan-file/read-solomon.ts";
import { goodProblem } from "./good-plan.ts";

const scripts = join(import.meta.dirname, "../../scripts");
let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "dispatch-schedule-"))));
after(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

function run(script: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(scripts, script), ...args], { timeout: 600_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

/** Four customers in Solomon's text format. */
const solomon = `TINY

VEHICLE
NUMBER     CAPACITY
   2         30

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      0          0          0          0        200          0
    1      3          3         10          0        100         10
    2      3         -3         10         50         60         10
    3     -3          3         10          0        100         10
    4     -3         -3         10          0        100         10
`;

describe("a problem file", () => {
  it("is read as it is when it is sound", async () => {
    assert.deepEqual(await readProblem(await file("good.json", goodProblem), assert.fail), goodProblem);
  });

  const [technician, ...others] = goodProblem.technicians;
  const refused: [string, unknown, RegExp][] = [
    ["what is no JSON", "{", /is no JSON/],
    [
      "a field of the wrong type",
      { ...goodProblem, visits: [{ id: "a", at: { x: 0, y: 0 }, duration: "5", windows: [[0, 1]] }] },
      /\/visits\/0\/duration: must be number/,
    ],
    [
      "a missing field",
      { ...goodProblem, visits: [{ id: "a", at: { x: 0, y: 0 }, duration: 5 }] },
      /\/visits\/0: must have required property 'windows'/,
    ],
    ["another schema", { ...goodProblem, schema: "x" }, /\/schema.*dispatch\.schedule\.problem\/1/],
    ["an objective nobody knows", { ...goodProblem, objective: "beauty" }, /\/objective.*"distance","cost"/],
    [
      "the same id twice",
      { ...goodProblem, technicians: [technician, technician, ...others] },
      /\/technicians\/1\/id: "ana" is already the id of \/technicians\/0; give each its own id/,
    ],
    [
      "a window that ends before it begins",
      { ...goodProblem, visits: [{ id: "a", at: { x: 0, y: 0 }, duration: 5, windows: [[9, 3]] }] },
      /\/visits\/0\/windows\/0: it ends \(3\) before it begins \(9\); swap/,
    ],
    ["a pin to nobody", { ...goodProblem, technicians: others.slice(1) }, /no technician has the id "ben"/],
    [
      "breaks that overlap",
      {
        ...goodProblem,
        technicians: [
          {
            ...technician,
            breaks: [
              [1, 5],
              [3, 7],
            ],
          },
          ...others,
        ],
      },
      /breaks: they overlap/,
    ],
    [
      "a matrix that is not square",
      {
        ...goodProblem,
        travel: {
          kind: "matrix",
          distance: [
            [0, 1],
            [1, 0],
          ],
          time: [[0, 1]],
        },
      },
      /\/travel\/time: it is not a table of 2 rows of 2/,
    ],
    [
      "places without a node for a matrix",
      { ...goodProblem, travel: { kind: "matrix", distance: [[0]], time: [[0]] } },
      /\/depot\/at: travel is a matrix and the place names no node/,
    ],
  ];
  for (const [what, content, expected] of refused) {
    it(`is refused for ${what}`, async () => {
      const path = await file(`refused-${refused.findIndex(([name]) => name === what)}.json`, content);
      await assert.rejects(
        readProblem(path, () => undefined),
        expected,
      );
    });
  }

  it("may hold unknown fields; they are named and ignored", async () => {
    const warnings: string[] = [];
    const path = await file("extra.json", {
      ...goodProblem,
      comment: "x",
      technicians: [{ ...technician, colour: "red" }, ...others],
    });
    assert.deepEqual(await readProblem(path, (line) => warnings.push(line)), goodProblem);
    assert.deepEqual(warnings.map((line) => line.replace(path, "")).sort(), [
      '/technicians/0: unknown field "colour", ignored',
      ': unknown field "comment", ignored',
    ]);
  });
});

describe("Solomon's text format", () => {
  it("reads as least distance with legs cut to one decimal", () => {
    const problem = readSolomon(solomon, { mode: "floor", decimals: 1 });
    assert.deepEqual([problem.name, problem.technicians.length, problem.visits.length], ["TINY", 2, 4]);
    const plan = solve(problem, { seed: 1, iterations: 200 });
    assert.deepEqual(checkPlan(problem, plan).violations, []);
    // 30 of load per vehicle: three customers in one route of 4.2 + 6 + 6 + 4.2, one alone with 4.2 + 4.2, or two and two.
    assert.ok(Math.abs(plan.cost - 28.8) < 1e-9, String(plan.cost));
  });

  it("refuses a text that is something else", () => {
    assert.throws(() => readSolomon("hello\n1 2 3", { mode: "none" }), /not in Solomon's format/);
  });

  it("is found in a folder beside problem files, with best known values of either form", async () => {
    const instances = await mkdtemp(join(folder, "both-"));
    await writeFile(join(instances, "TINY.txt"), solomon);
    await writeFile(join(instances, "other.json"), JSON.stringify(goodProblem));
    await writeFile(join(instances, "notes.json"), "{}");
    const found = await readInstances(instances, { mode: "none" }, assert.fail);
    assert.deepEqual(
      found.map(([name, { visits }]) => [name, visits.length]),
      [
        ["TINY", 4],
        ["other", 5],
      ],
    );
    const best = await file("best.json", { values: { TINY: { distance: 28.8 } } });
    assert.deepEqual([...(await readBestKnown(best))], [["TINY", 28.8]]);
    assert.deepEqual([...(await readBestKnown(await file("plain.json", { TINY: 28.8 })))], [["TINY", 28.8]]);
  });
});

describe("pnpm dispatch:plan", () => {
  it("plans a file, writes a plan that the checker accepts, and the same bytes again", async () => {
    const problem = generateDay(2, { technicians: 4, visits: 15, aim: "desk" });
    const path = await file("day.json", problem);
    const out = join(folder, "day.plan.json");
    const written = await run("plan.ts", path, "--iterations", "100", "--seed", "4", "--out", out);
    assert.equal(written.code, 0, written.stderr);
    const text = await readFile(out, "utf8");
    const plan: Plan = JSON.parse(text);
    assert.deepEqual(checkPlan(problem, plan).violations, []);
    assert.deepEqual([plan.seed, plan.budget], [4, { iterations: 100 }]);
    assert.equal((await run("plan.ts", path, "--iterations", "100", "--seed", "4")).stdout, text);
    assert.equal((await run("plan.ts", path, "--check", out)).code, 0);
    const spoilt = await file("spoilt.plan.json", { ...plan, cost: plan.cost + 1 });
    const judged = await run("plan.ts", path, "--check", spoilt);
    assert.deepEqual([judged.code, /WRONG_COST at \/cost/.test(judged.stderr)], [1, true]);
  });

  it("ends with 1 and says so when a visit that must be served cannot be", async () => {
    const path = await file("impossible.json", { ...goodProblem, unservedPenalty: null });
    const { code, stderr } = await run("plan.ts", path, "--iterations", "10");
    assert.deepEqual([code, /UNSERVED_NOT_ALLOWED/.test(stderr)], [1, true]);
  });

  it("explains itself", async () => {
    assert.match((await run("plan.ts", "--help")).stdout, /Usage: pnpm dispatch:plan PROBLEM\.json \[options\]/);
    assert.equal((await run("plan.ts")).code, 2);
  });
});

describe("pnpm dispatch:bench:schedule", () => {
  it("prints the gap to the best known values and writes the figures down", async () => {
    const instances = await mkdtemp(join(folder, "instances-"));
    await writeFile(join(instances, "T101.txt"), solomon);
    const best = await file("best-t.json", { T101: 28.8 });
    const json = join(folder, "figures.json");
    const { code, stdout, stderr } = await run(
      "bench-schedule.ts",
      "--instances",
      instances,
      "--seconds",
      "0.05",
      "--seeds",
      "1,2",
      "--best-known",
      best,
      "--json",
      json,
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /T101 .* 28\.8 .* 0\.00 %/);
    assert.match(stdout, /T1 /);
    assert.equal(JSON.parse(await readFile(json, "utf8")).rows[0].runs.length, 2);
  });

  it("prints how far short runs on a generated set stay behind long ones", async () => {
    const { code, stdout, stderr } = await run(
      "bench-schedule.ts",
      "--set",
      "technicians",
      "--seconds",
      "0.05",
      "--long",
      "0.1",
      "--processor-time",
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /day 25x100 duration #301 .* % .* accepts all/);
    assert.match(stdout, /^all .* accepts all$/m);
  });

  it("wants a folder, --generated or a set it knows", async () => {
    const none = await run("bench-schedule.ts");
    assert.deepEqual([none.code, /--instances DIR, --generated and --set NAME/.test(none.stderr)], [1, true]);
    const unknown = await run("bench-schedule.ts", "--set", "trucks");
    assert.deepEqual(
      [unknown.code, /--set must be technicians or deliveries, not trucks/.test(unknown.stderr)],
      [1, true],
    );
  });
});
