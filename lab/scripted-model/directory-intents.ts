// Sentences about the directory, its customers, places, people and things, and about money that goes back. Who is meant is named: the
// plugin looks names up.

import type { JsonObject } from "../../dispatch/kernel/json.ts";
import { call, onTicket, once, reasonIn, say, type Intent, type Speaking } from "./intent.ts";
import { eitherOf } from "./patterns.ts";

const trimmed = (text: string | undefined): string => (text ?? "").trim().replace(/[.!]+$/, "");

/** One call with what the sentence names, or a question where it names too little. */
const naming = (name: string, args: (speaking: Speaking) => JsonObject | null, question: string): Intent["step"] =>
  once((speaking) => {
    const found = args(speaking);
    return found === null ? say(question) : call({ name, args: found });
  });

/** Who or what the sentence is about, and why. */
const archiving = (name: string, id: string, example: string): Intent["step"] =>
  naming(
    name,
    ({ sentence, match }) => {
      const [named, reason] = [trimmed(match.groups?.["named"]), reasonIn(sentence)];
      return named === "" || reason === null ? null : { [id]: named, reason };
    },
    `Which one, by its name, and why? Say "${example}".`,
  );

const merging = (name: string, id: string, example: string): Intent["step"] =>
  naming(
    name,
    ({ sentence, match }) => {
      const [goes, stays, reason] = [
        trimmed(match.groups?.["goes"]),
        trimmed(match.groups?.["stays"]),
        reasonIn(sentence),
      ];
      return goes === "" || stays === "" || reason === null ? null : { [id]: goes, into: stays, reason };
    },
    `Which goes into which, and why? Say "${example}".`,
  );

const examples = {
  noCustomer: "Acme Retail is no longer a customer because their contract ended",
  closed: "the shop Harbour Street has closed because the lease ended",
  left: "Maria Silva no longer works there because she retired",
  replaced: "the door Rear Entrance was replaced because it had rusted",
  sites: "merge the site Harbour St into Harbour Street because both are one shop",
  customers: "merge the customer Acme Inc into Acme Retail because it was entered twice",
} as const;

export const directoryIntents: readonly Intent[] = [
  {
    example: "refund the customer because the door fell off again",
    tool: "billing_credit",
    pattern: eitherOf(/^refund (?:the customer|it|the invoice)\b/, /^(?:make )?(?:a )?credit note\b/),
    endsInFreeWords: true,
    step: onTicket("billing_credit", ({ sentence }) => {
      const reason = reasonIn(sentence);
      // Which lines are meant stands in the invoice, which this stand-in does not read.
      return reason === null ? 'All of it, and why? Say "refund the customer because …".' : { all: true, reason };
    }),
  },
  {
    example: "add a new customer Acme Retail",
    tool: "account_upsert",
    pattern: eitherOf(/^add (?:a |the )?new customer\b(?<named>.*)$/, /^change the payment terms\b/),
    endsInFreeWords: true,
    step: naming(
      "account_upsert",
      ({ match }) => (trimmed(match.groups?.["named"]) === "" ? null : { name: trimmed(match.groups?.["named"]) }),
      'Of which customer, by name, and how? Say "add a new customer Acme Retail".',
    ),
  },
  {
    example: "add a new address Harbour Street for Acme Retail",
    tool: "site_upsert",
    pattern: eitherOf(/^add (?:a |the )?new address\b(?: (?<named>.+?) for (?<of>.+))?/, /^change the opening hours\b/),
    endsInFreeWords: true,
    step: naming(
      "site_upsert",
      ({ match }) =>
        match.groups?.["of"] === undefined
          ? null
          : { account_id: trimmed(match.groups["of"]), name: trimmed(match.groups["named"]) },
      'Of which place, of which customer? Say "add a new address Harbour Street for Acme Retail".',
    ),
  },
  {
    example: "add a contact person Maria Silva for Acme Retail",
    tool: "contact_upsert",
    pattern: eitherOf(
      /^add (?:a |the )?(?:new )?contact person\b(?: (?<named>.+?) for (?<of>.+))?/,
      /^change the phone number$/,
    ),
    endsInFreeWords: true,
    step: naming(
      "contact_upsert",
      ({ match }) =>
        match.groups?.["of"] === undefined
          ? null
          : { account_id: trimmed(match.groups["of"]), name: trimmed(match.groups["named"]) },
      'Who, of which customer? Say "add a contact person Maria Silva for Acme Retail".',
    ),
  },
  {
    example: "add this door Rear Entrance at Harbour Street",
    tool: "asset_upsert",
    pattern: eitherOf(/^add this door\b(?: (?<named>.+?) at (?<of>.+))?/, /^set the serial number of this door\b/),
    endsInFreeWords: true,
    step: naming(
      "asset_upsert",
      ({ match }) =>
        match.groups?.["of"] === undefined
          ? null
          : { site_id: trimmed(match.groups["of"]), name: trimmed(match.groups["named"]) },
      'Which door, at which place? Say "add this door Rear Entrance at Harbour Street".',
    ),
  },
  {
    example: examples.noCustomer,
    tool: "account_archive",
    pattern: /^(?:they are|(?<named>.+?) is) no longer a customer\b/i,
    endsInFreeWords: true,
    step: archiving("account_archive", "account_id", examples.noCustomer),
  },
  {
    example: examples.closed,
    tool: "site_archive",
    pattern: /^(?:this shop|the shop (?<named>.+?)) has closed\b/i,
    endsInFreeWords: true,
    step: archiving("site_archive", "site_id", examples.closed),
  },
  {
    example: examples.left,
    tool: "contact_archive",
    pattern: /^(?:she|he|(?<named>.+?)) no longer works there\b/i,
    endsInFreeWords: true,
    step: archiving("contact_archive", "contact_id", examples.left),
  },
  {
    example: examples.replaced,
    tool: "asset_archive",
    pattern: /^(?:this door|the door (?<named>.+?)) was replaced\b/i,
    endsInFreeWords: true,
    step: archiving("asset_archive", "asset_id", examples.replaced),
  },
  {
    example: examples.sites,
    tool: "site_merge",
    pattern: eitherOf(
      /^these two sites are the same\b/,
      /^merge the site (?<goes>.+?) into (?<stays>.+?)(?= because|[.!]?$)/,
    ),
    endsInFreeWords: true,
    step: merging("site_merge", "site_id", examples.sites),
  },
  {
    example: examples.customers,
    tool: "account_merge",
    pattern: eitherOf(
      /^these two customers are the same\b/,
      /^merge the customer (?<goes>.+?) into (?<stays>.+?)(?= because|[.!]?$)/,
    ),
    endsInFreeWords: true,
    step: merging("account_merge", "account_id", examples.customers),
  },
  {
    example: "import the customers Acme Retail, Bay Foods",
    tool: "directory_import",
    pattern: eitherOf(
      /^import the customers (?<named>.+)$/,
      /^import a customer list\b/,
      /^load customers from a spreadsheet\b/,
    ),
    endsInFreeWords: true,
    step: naming(
      "directory_import",
      ({ match }) => {
        const names = trimmed(match.groups?.["named"]).split(/\s*,\s*/);
        return names[0] === ""
          ? null
          : { kind: "account", rows: names.map((name) => ({ Customer: name })), dry_run: true };
      },
      'A file goes in by "pnpm dispatch:import FILE". For a few names say "import the customers Acme Retail, Bay Foods".',
    ),
  },
];
