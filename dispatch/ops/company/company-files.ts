// The texts of a company's folder beside its rules, and what its people type next. Pure.

import { join } from "node:path";
import type { CompanyFacts } from "./company-facts.ts";

export const settingsFile = "dispatch.env";

/** By their names in the folder. @param folder where it will be */
export const filesOf = (folder: string, facts: CompanyFacts): Readonly<Record<string, string>> => ({
  [settingsFile]: settingsText(folder, facts),
  "people.json": `${JSON.stringify(peopleOf(facts), null, 2)}\n`,
  "sites.json": `${JSON.stringify(
    { constants: { "site.country": facts.phoneRegion, "site.timezone": facts.timeZone } },
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
    `Prices in ${join(folder, "policy", "price-book.json")} are examples: put your own in their place, and say who sells.`,
  ];
}
