// The texts of a company's folder beside its rules, and what its people type next. Pure.

import { join } from "node:path";
import { priceBookFile } from "../../policy/policy-set.ts";
import type { CompanyFacts } from "./company-facts.ts";

export const settingsFile = "dispatch.env";

/** By their names in the folder. @param folder where it will be */
export const filesOf = (folder: string, facts: CompanyFacts): Readonly<Record<string, string>> => ({
  [settingsFile]: settingsText(folder, facts),
  "people.json": `${JSON.stringify(peopleOf(facts), null, 2)}\n`,
  "sites.json": `${JSON.stringify(
    { constants: { "site.country": facts.country, "site.timezone": facts.timeZone } },
    null,
    2,
  )}\n`,
});

function settingsText(folder: string, { name, phoneRegion }: CompanyFacts): string {
  const settings = {
    NODE_ENV: "production",
    DISPATCH_DATA_DIR: join(folder, "data"),
    DISPATCH_POLICY_DIR: join(folder, "policy"),
    DISPATCH_PHONE_REGION: phoneRegion,
    DISPATCH_AUTH_JWT_SECRET_FILE: join(folder, "auth-jwt-secret"),
  };
  const lines = Object.entries(settings).map(([variable, value]) => `${variable}=${quoted(value)}`);
  return [
    `# The settings of the desk of ${name}, for every process and command of it:`,
    `#   set -a; . ${quoted(join(folder, settingsFile))}; set +a`,
    ...lines,
    "",
  ].join("\n");
}

/** As a shell reads it, whatever is in it. */
const quoted = (text: string): string => (/^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** The dashboard speaks for its owner; a person on a channel is an example to be filled in. */
const peopleOf = ({ dispatcher }: CompanyFacts): object => ({
  owner: {
    actor: dispatcher,
    roles: ["dispatcher", "agent", "qa", "approver", "finance"],
    accounts: ["*"],
    sites: ["*"],
  },
  people: [],
});

/** What to do next, with the company's own paths, ready to be pasted. */
export function nextSteps(folder: string, facts: CompanyFacts): string[] {
  const pathOf = (name: string): string => quoted(join(folder, name));
  return [
    "Next, in this order:",
    "",
    `  set -a; . ${pathOf(settingsFile)}; set +a`,
    "      in every shell that you use for this desk",
    "  pnpm dispatch:stack:up",
    "      starts it; nobody and nothing is on it yet",
    `  pnpm dispatch:import --kind technicians --time-zone ${facts.timeZone} --dry-run technicians.csv`,
    "      who works for you: zones, skills, hours. Without --dry-run it is written",
    `  pnpm dispatch:import --mapping ${pathOf("sites.json")} --dry-run customers.csv`,
    "      customers, their sites and their people, likewise",
    `  curl -s -H "Authorization: Bearer $(cat ${pathOf("dispatcher.token")})" http://127.0.0.1:8080/roster`,
    `      asks as ${facts.dispatcher}; pnpm dispatch:token makes tokens for other people and roles`,
    "",
    `The chat speaks for nobody until you say for whom. Put this into ${join(folder, "data", "openclaw", "openclaw.json")},`,
    "which the first start makes, under plugins.entries.dispatch.config, then pnpm dispatch:stack:down and dispatch:stack:up:",
    "",
    ...Object.entries(peopleOf(facts)).map(
      ([name, value], at) => `  ${at === 0 ? "" : ","}"${name}": ${JSON.stringify(value)}`,
    ),
    "",
    "plugin/README.md says how people on a channel (Telegram and others) are named there.",
    ...sellerSteps(join(folder, "policy", priceBookFile), facts),
  ];
}

/** The seller as price-book.json has one, without what was left empty. */
export function sellerOf({ name, country, seller }: CompanyFacts): object {
  const { "tax-id": taxId, street, "postal-code": postalCode, city, state, email } = seller;
  const address = said({ line1: street, postal_code: postalCode, city, region: state });
  return { name, address: { ...address, country }, ...said({ tax_id: taxId, email }) };
}

const said = (fields: Readonly<Record<string, string>>): object =>
  Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== ""));

function sellerSteps(priceBook: string, { seller }: CompanyFacts): string[] {
  const steps = [
    `Prices in ${priceBook} are examples: put your own in their place, and say under seller where`,
    "you are paid (bank).",
  ];
  if (seller["tax-id"] === "")
    steps.push(
      "Electronic invoices need your tax number, which was left empty: say it there as tax_id under seller, before the first.",
    );
  if (seller.street === "" || seller.city === "")
    steps.push(
      "Your address is not whole, and stands on every invoice: say line1, postal_code and city there under seller.address.",
    );
  return steps;
}
