// The folder a company's desk lives in: its rules, its settings, the secret it signs with, the first dispatcher's token. Made whole
// beside the place it is to have and then moved there, so that a failure leaves nothing.

import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { loadPolicySet } from "../../policy/load.ts";
import { priceBookFile } from "../../policy/policy-set.ts";
import { CommandFailure, messageOf } from "../../process/command-line.ts";
import { readSettings } from "../../process/settings.ts";
import { initFolder } from "../policy/init-folder.ts";
import { makeToken } from "../token/token.ts";
import type { CompanyFacts } from "./company-facts.ts";
import { filesOf, sellerOf, settingsFile } from "./company-files.ts";

const tokenDays = 30;

/** What stands in the folder, by its name there. */
export const contents: readonly (readonly [name: string, what: string])[] = [
  ["policy", "the company's rules; README.md in it says what each file is"],
  [settingsFile, "the settings of every process"],
  ["auth-jwt-secret", "what tokens are signed with; for your eyes alone"],
  ["dispatcher.token", `a token of the first dispatcher, for ${tokenDays} days; for their eyes alone`],
  ["people.json", "for whom the gateway is to speak; fill in and paste it"],
  ["sites.json", "the mapping for the import of customers and sites"],
];

/** @throws CommandFailure where something is in the place already, or stands in the way of the folder */
export async function requireFree(folder: string): Promise<void> {
  const there = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw new CommandFailure(`${folder} cannot be read as a folder: ${messageOf(error)}. Nothing was written`);
  });
  if (there.length > 0)
    throw new CommandFailure(
      `${folder} has something in it (${there.slice(0, 8).join(", ")}), and nothing is overwritten. Nothing was written. Name a ` +
        "folder that is not there yet; rules of a company that has moved in are changed in its policy folder.",
    );
}

/** @param folder where it is to be; absolute. @throws CommandFailure and leaves nothing behind */
export async function makeCompanyFolder(folder: string, facts: CompanyFacts): Promise<void> {
  await requireFree(folder);
  const parent = dirname(folder);
  const unfinished = join(parent, `.${basename(folder)}.${randomBytes(6).toString("hex")}`);
  try {
    await mkdir(parent, { recursive: true });
    await mkdir(unfinished, { mode: 0o700 });
    await fill(unfinished, folder, facts);
    // An empty folder may be there; one that has got something in it meanwhile refuses this.
    await rmdir(folder).catch((error: unknown) => {
      if (codeOf(error) !== "ENOENT") throw error;
    });
    await rename(unfinished, folder);
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`${folder} cannot be made, and nothing of it is left: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function fill(unfinished: string, folder: string, facts: CompanyFacts): Promise<void> {
  initFolder(join(unfinished, "policy"), "strict");
  await writePrices(join(unfinished, "policy", priceBookFile), facts);
  // What the company said is in it by now; it must be what every process will take.
  loadPolicySet(null, join(unfinished, "policy"));
  const secret = randomBytes(32).toString("hex");
  const who = { actor: facts.dispatcher, role: "dispatcher", type: "HUMAN", techId: null, accounts: "*", sites: "*" };
  // Nothing that this shell has set for another desk goes into the token of this one.
  const token = await makeToken({ ...who, seconds: tokenDays * 86_400 }, secret, readSettings({}));
  const texts = { ...filesOf(folder, facts), "auth-jwt-secret": `${secret}\n`, "dispatcher.token": `${token}\n` };
  for (const [name, text] of Object.entries(texts))
    await writeFile(join(unfinished, name), text, { mode: 0o600, flag: "wx" });
  await chmod(unfinished, 0o700);
}

/** In most countries work is taxed as goods are; the shipped rules are those of states that tax goods alone. */
async function writePrices(path: string, facts: CompanyFacts): Promise<void> {
  const shipped: Readonly<Record<string, unknown>> = JSON.parse(await readFile(path, "utf8"));
  const lines = facts.country === "US" ? ["materials"] : ["labor", "travel", "materials", "trip"];
  const own = {
    ...shipped,
    currency: facts.currency,
    notes: "The rates are examples: put your own in their place.",
    seller: sellerOf(facts),
    accounts: [],
    tax: { default_basis_points: facts.taxBasisPoints, regions: [], taxable_lines: lines },
  };
  await writeFile(path, `${JSON.stringify(own, null, 2)}\n`);
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : null);
