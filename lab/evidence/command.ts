// `pnpm dispatch:evidence:packet`: collects what was seen of this release into one page, and says whether the gate is open.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { CommandFailure, messageOf, runCommand } from "../../dispatch/process/command-line.ts";
import { drills } from "../drills/drills.ts";
import type { Packet } from "./packet-page.ts";
import { objections, packetPage } from "./packet-page.ts";
import { totalsOf } from "./junit-totals.ts";
import { releaseFacts } from "./release-facts.ts";

const root = join(import.meta.dirname, "../..");
const page = join(root, "ops/runbooks/v0_launch_gate_evidence_packet.md");

export const evidencePacketCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:evidence:packet",
      about:
        "Writes the launch gate's evidence packet: commit, versions, hashes, test results, scorecards of " +
        "the drills. Runs all tests and all drills first, half an hour together, unless their results " +
        "are given. The exit code is 0 when the gate is open.",
      options: { tests: { type: "string" }, drills: { type: "string" }, out: { type: "string" } },
      meanings: {
        tests: "results of a run of pnpm test --report",
        drills: "scorecards of a run of pnpm dispatch:drill all --json",
        out: `the page to write; ${relative(root, page)}`,
      },
    },
    async ({ tests, drills: scorecards, out = page }) => {
      // Before anything is written: the page itself lies in the checkout.
      const facts = await releaseFacts();
      const folder = await mkdtemp(join(tmpdir(), "dispatch-evidence-"));
      try {
        const report = tests ?? (await made(join(folder, "tests.xml"), "scripts/test.ts", "--report"));
        const played = scorecards ?? (await made(join(folder, "drills.json"), "scripts/drill.ts", "all", "--json"));
        const packet: Packet = {
          madeAt: new Date().toISOString(),
          facts,
          tests: totalsOf(await text(report)),
          // Written by the drill command of this very release.
          drills: JSON.parse(await text(played)) as Packet["drills"],
          allDrills: drills.map(({ name }) => name),
        };
        await writeFile(out, packetPage(packet));
        const against = objections(packet);
        console.log(
          `${relative(process.cwd(), out)}: the gate is ${against.length === 0 ? "open" : `closed: ${against.join("; ")}`}.`,
        );
        return against.length === 0 ? 0 : 1;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );

/** Runs a script that writes its results to a file, whatever they are. */
async function made(file: string, script: string, ...args: readonly string[]): Promise<string> {
  console.log(`# ${script}`);
  const child = spawn(process.execPath, [join(root, script), ...args, file], { stdio: "inherit" });
  await once(child, "exit");
  return file;
}

async function text(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: unknown) => {
    throw new CommandFailure(`Cannot read ${file}: ${messageOf(error)}`);
  });
}
