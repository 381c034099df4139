// `pnpm dispatch:init`: what a company needs before its first import: rules, settings, a secret, a dispatcher.

import { userInfo } from "node:os";
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { CommandFailure, runCommand } from "../../process/command-line.ts";
import {
  dispatcherQuestion,
  factsOf,
  questions,
  sellerQuestions,
  type CompanyFacts,
  type Question,
} from "./company-facts.ts";
import { contents, makeCompanyFolder, requireFree } from "./company-folder.ts";
import { nextSteps } from "./company-files.ts";

export const initCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:init",
      about:
        "Makes the folder that a company's own desk lives in: its rules with its currency and tax, its settings, the secret " +
        "that tokens are signed with and the first dispatcher's token. What no option says is asked at a terminal. Nothing " +
        "that is there is overwritten, and a failure leaves no folder.",
      operands: { FOLDER: "a folder that is not there yet, or is empty" },
      options: {
        name: { type: "string" },
        "time-zone": { type: "string" },
        currency: { type: "string" },
        "tax-rate": { type: "string" },
        "phone-region": { type: "string" },
        dispatcher: { type: "string" },
        "tax-id": { type: "string" },
        street: { type: "string" },
        "postal-code": { type: "string" },
        city: { type: "string" },
        state: { type: "string" },
        country: { type: "string" },
        email: { type: "string" },
        "dry-run": { type: "boolean" },
      },
      meanings: {
        name: "the company's name, as on its invoices",
        "time-zone": "IANA time zone it works in, such as Europe/Berlin",
        currency: "currency of its prices by ISO 4217, such as EUR",
        "tax-rate": "usual rate of tax in percent, such as 19 or 8.25",
        "phone-region": "country of phone numbers that name none, by its two letters, such as DE",
        dispatcher: "the first dispatcher, as the audit names them; your login name",
        "tax-id":
          "the company's tax number, as on its invoices; electronic invoices need it. It and what follows may be left out",
        street: "its street and number",
        "postal-code": "its postal code",
        city: "its city",
        state: "its state, where addresses name one",
        country: "its country, by its two letters; that of --phone-region",
        email: "its e-mail address, as on its invoices",
        "dry-run": "write nothing, and say what would be made",
      },
    },
    async ({ "dry-run": dryRun = false, ...given }, [operand = ""]) => {
      const folder = resolve(operand);
      await requireFree(folder);
      const facts = await answered(given);
      if (!dryRun) await makeCompanyFolder(folder, facts);
      const made = contents.map(([name, what]) => `  ${name.padEnd(17)} ${what}`);
      console.log([summary(facts), dryRun ? `${folder} would hold` : `${folder} holds`, ...made, ""].join("\n"));
      if (dryRun) console.log("Nothing was written: this was a dry run.");
      else console.log(nextSteps(folder, facts).join("\n"));
      return 0;
    },
  );

function summary({
  name,
  timeZone,
  currency,
  taxBasisPoints,
  phoneRegion,
  dispatcher,
  country,
  seller,
}: CompanyFacts): string {
  const { "tax-id": taxId, street, "postal-code": postalCode, city, state, email } = seller;
  const place = [`${postalCode} ${city}`.trim(), state, country].filter((part) => part !== "").join(", ");
  const sells = [street, place, taxId === "" ? "no tax number" : `tax number ${taxId}`, email].filter(
    (part) => part !== "",
  );
  return [
    `${name}: ${timeZone}, ${currency}, ${taxBasisPoints / 100} % tax, phone numbers of ${phoneRegion}, dispatcher ${dispatcher}`,
    `On its invoices: ${name}, ${sells.join(", ")}`,
  ].join("\n");
}

/** @throws CommandFailure naming all that is wrong or missing at once; at a terminal what is missing is asked */
async function answered(given: Readonly<Record<string, string | undefined>>): Promise<CompanyFacts> {
  const read = new Map<Question["option"], string>();
  const faults: string[] = [];
  const missing: Question[] = [];
  for (const question of [...questions, dispatcherQuestion, ...sellerQuestions]) {
    const text = given[question.option] ?? (question === dispatcherQuestion ? loginName() : undefined);
    if (text === undefined) {
      missing.push(question);
      continue;
    }
    const answer = question.read(text);
    if ("fault" in answer) faults.push(`--${question.option}: ${answer.fault}`);
    else read.set(question.option, answer.value);
  }
  if (faults.length === 0 && missing.length > 0 && process.stdin.isTTY)
    await ask(missing, read, { input: process.stdin, output: process.stderr });
  else
    faults.push(
      ...required(missing).map(
        ({ option, example }) => `--${option} is missing; an example: --${option} ${shown(example)}`,
      ),
    );
  if (faults.length > 0) throw new CommandFailure([...faults, "Nothing was written."].join("\n"));
  return factsOf(read);
}

const required = (missing: readonly Question[]): Question[] => missing.filter(({ empty }) => empty === undefined);

const shown = (example: string): string => (/^[\w/]+$/.test(example) ? example : `"${example}"`);

/** Asks until each is answered. @throws CommandFailure at Ctrl-C and the end of the input */
export async function ask(
  missing: readonly Question[],
  read: Map<Question["option"], string>,
  { input, output }: { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream },
): Promise<void> {
  const terminal = createInterface({ input, output });
  const closed = new Promise<never>((_, reject) => {
    terminal.once("close", () => reject(new CommandFailure("\nNothing was written.")));
  });
  closed.catch(() => undefined);
  try {
    for (const { option, asks, example, read: readAnswer, empty } of missing) {
      const prompt = `${asks} (such as ${example}${empty === undefined ? "" : `; ${empty}`}): `;
      for (;;) {
        const text = await Promise.race([terminal.question(prompt), closed]);
        if (empty !== undefined && text.trim() === "") break;
        const answer = readAnswer(text);
        if ("value" in answer) {
          read.set(option, answer.value);
          break;
        }
        output.write(`  ${answer.fault}\n`);
      }
    }
  } finally {
    terminal.close();
  }
}

/** A container's user may have none. */
function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return "dispatcher";
  }
}
