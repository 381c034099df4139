// account.upsert: adds a customer, or changes what is given of one. The decision is pure; upsert-decision.ts tells its shape.

import type { InputOf } from "../contract/index.ts";
import { knownId, type AccountId } from "../contract/ids.ts";
import type { Violation } from "../kernel/refusal.ts";
import { currenciesOf } from "../policy/price-books.ts";
import {
  accountAggregate,
  lockAccountNamed,
  type AccountChange,
  type AccountFields,
  type AccountRow,
} from "./account-row.ts";
import { directoryUpsert } from "./directory-upsert.ts";
import { readEmail } from "./email-address.ts";
import { decided, requiredProblem, textOf, type KeptFacts, type UpsertDecision } from "./upsert-decision.ts";

export type AccountInput = Omit<InputOf<"account.upsert">, "account_id" | "expected_version">;
export type AccountFacts = KeptFacts & {
  /** What the price books in force are in, the main one's first. */
  readonly currencies: readonly string[];
};

const blank: AccountFields = {
  name: "",
  billing_name: null,
  billing_email: null,
  billing_address: null,
  purchase_order_required: false,
  payment_terms_days: null,
  tax_exempt: false,
  tax_id: null,
  currency: null,
  default_nte_cents: null,
  sla: null,
  notes: null,
};
const names = {
  billing_name: "billing.name",
  billing_email: "billing.email",
  billing_address: "billing.address",
  purchase_order_required: "billing.purchase_order_required",
};

/** @see upsert-decision.ts */
export function decideAccount(
  row: AccountRow | null,
  input: AccountInput,
  facts: AccountFacts,
): UpsertDecision<AccountFields, AccountChange> {
  const billing =
    input.billing === null ? { name: null, email: null, address: null, purchase_order_required: false } : input.billing;
  const email = textOf(billing?.email);
  return decided<AccountRow, AccountFields>("account", row, input, {
    facts,
    blank,
    names,
    wanted: {
      name: input.name,
      billing_name: textOf(billing?.name),
      billing_email: email ? readEmail(email) : email,
      billing_address: textOf(billing?.address),
      purchase_order_required: billing?.purchase_order_required,
      payment_terms_days: input.payment_terms_days,
      tax_exempt: input.tax_exempt,
      tax_id: textOf(input.tax_id),
      currency: input.currency,
      default_nte_cents: input.default_nte_cents,
      sla: textOf(input.sla),
      notes: textOf(input.notes),
    },
    refusals: [
      requiredProblem(row, "name", input.name, "there is no such account, so it would be a new one"),
      emailProblem("billing.email", email),
      row !== null && row.currency === input.currency ? null : currencyProblem(input.currency, facts.currencies),
    ],
  });
}

/** Of an address that is given and none. */
export const emailProblem = (path: string, email: string | null | undefined): Violation | null =>
  email && readEmail(email) === null
    ? { path, rule: "format", message: 'must have one "@" with text on both sides and no spaces' }
    : null;

/** Of a currency that no price book is in: nothing could be priced in it. */
function currencyProblem(currency: string | null | undefined, known: readonly string[]): Violation | null {
  if (!currency || known.includes(currency)) return null;
  const message = Intl.supportedValuesOf("currency").includes(currency)
    ? `no price book is in "${currency}"; known: ${known.join(", ")}. Leave it out for the main book's, ${known[0]}, or add ` +
      `price-books/${currency.toLowerCase()}.json to the policy folder and activate it`
    : `"${currency}" is no currency of ISO 4217, such as USD; known: ${known.join(", ")}`;
  return { path: "currency", rule: "known", message };
}

export const accountUpsert = directoryUpsert({
  name: "account.upsert",
  aggregate: accountAggregate,
  lockNamed: lockAccountNamed,
  idIn: ({ account_id }) => account_id,
  kept: (input) => input,
  load: async () => ({}),
  placeOf: ({ input, id }, row) =>
    row ? null : { account_id: input.account_id ?? knownId<AccountId>(id), site_id: null },
  decide: ({ desk, input }, row, facts) =>
    decideAccount(row, input, { ...facts, currencies: currenciesOf(desk.policies.live) }),
  answer: (account, written) => ({ account, ...written }),
});
