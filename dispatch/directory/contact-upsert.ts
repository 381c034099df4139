// contact.upsert: adds a person, or changes what is given of one. The decision is pure; upsert-decision.ts tells its shape.

import type { InputOf } from "../contract/index.ts";
import { knownId, type AccountId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import { emailProblem } from "./account-upsert.ts";
import {
  contactAggregate,
  lockContactNamed,
  type ContactChange,
  type ContactFields,
  type ContactRow,
} from "./contact-row.ts";
import { directoryUpsert } from "./directory-upsert.ts";
import { readEmail } from "./email-address.ts";
import {
  lockParentAccount,
  lockParentSite,
  requireAccount,
  requireSite,
  type AccountParent,
  type SiteParent,
} from "./parents.ts";
import { phoneRegion, readPhone } from "./phone-number.ts";
import { stays } from "./site-upsert.ts";
import {
  decided,
  parentProblem,
  requiredProblem,
  textOf,
  type KeptFacts,
  type Parent,
  type UpsertDecision,
} from "./upsert-decision.ts";

export type ContactInput = Omit<InputOf<"contact.upsert">, "contact_id" | "expected_version">;
export type ContactFacts = KeptFacts & {
  /** The account that is named; null: none such. */
  readonly account: Parent | null;
  /** The site that is named; null: none such. */
  readonly site: (Parent & { readonly account_id: AccountId }) | null;
  /** In which country a phone number without one is read: see phoneRegion. */
  readonly region: string;
};

const blank: ContactFields = {
  account_id: knownId<AccountId>("00000000-0000-0000-0000-000000000000"),
  site_id: null,
  name: "",
  phone: null,
  phone_e164: null,
  phone_extension: null,
  email: null,
  role: null,
  is_authorized_requester: false,
  is_authorized_approver: false,
  escalation_level: null,
  notify_sms: true,
  notify_email: true,
};
const names = { phone_e164: "phone", phone_extension: "phone", notify_sms: "notify.sms", notify_email: "notify.email" };

/** @see upsert-decision.ts */
export function decideContact(
  row: ContactRow | null,
  input: ContactInput,
  facts: ContactFacts,
): UpsertDecision<ContactFields, ContactChange> {
  const phone = textOf(input.phone);
  const email = textOf(input.email);
  const account = input.account_id ?? row?.account_id;
  return decided<ContactRow, ContactFields>("contact", row, input, {
    facts,
    blank,
    names,
    wanted: {
      account_id: input.account_id,
      site_id: input.site_id,
      name: input.name,
      ...phoneColumns(row, phone, facts.region),
      email: email ? readEmail(email) : email,
      role: textOf(input.role),
      is_authorized_requester: input.is_authorized_requester,
      is_authorized_approver: input.is_authorized_approver,
      escalation_level: input.escalation_level,
      notify_sms: input.notify?.sms,
      notify_email: input.notify?.email,
    },
    refusals: [
      requiredProblem(row, "account_id", input.account_id, "there is no such contact, so it would be a new one"),
      requiredProblem(row, "name", input.name, "there is no such contact, so it would be a new one"),
      stays(row, "account_id", input.account_id),
      input.account_id === undefined || row ? null : parentProblem("account_id", "account", facts.account),
      input.site_id && input.site_id !== row?.site_id ? siteProblem(facts.site, account) : null,
      phone && phone.replace(/[^0-9]/g, "").length < fewestDigits
        ? { path: "phone", rule: "format", message: `must hold ${fewestDigits} digits at least` }
        : null,
      emailProblem("email", email),
    ],
  });
}

const fewestDigits = 3;

const siteProblem = (site: ContactFacts["site"], account: AccountId | undefined) =>
  parentProblem("site_id", "site", site) ??
  (site && site.account_id !== account
    ? { path: "site_id", rule: "known", message: "is a site of another account; name one of this contact's own" }
    : null);

/** The number as written and as read. The same number in another writing changes nothing. */
function phoneColumns(row: ContactRow | null, written: string | null | undefined, region: string) {
  if (written === undefined) return {};
  if (written === null) return { phone: null, phone_e164: null, phone_extension: null };
  const read = readPhone(written, region);
  const columns = { phone_e164: read && `+${read.international}`, phone_extension: read?.extension ?? null };
  const isSame = read && row?.phone_e164 === columns.phone_e164 && row.phone_extension === columns.phone_extension;
  return isSame ? {} : { phone: written, ...columns };
}

// Where the contact is kept already. $1 id, $2 and $3 the reference.
const selectCountry = statement<{ country: string | null }>(
  "contact_country",
  `SELECT s.country FROM contacts c JOIN sites s ON s.id = c.site_id
   WHERE c.id = $1 OR (c.external_source = $2 AND c.external_id = $3) LIMIT 1`,
);

type Loaded = { readonly account: AccountParent | null; readonly site: SiteParent | null; readonly region: string };

export const contactUpsert = directoryUpsert({
  name: "contact.upsert",
  aggregate: contactAggregate,
  lockNamed: lockContactNamed,
  idIn: ({ contact_id }) => contact_id,
  kept: (input) => input,
  async load(tx, { input, desk }): Promise<Loaded> {
    const { account_id, site_id, contact_id, external_ref: ref, phone } = input;
    const [account, site, known] = await Promise.all([
      lockParentAccount(tx, account_id),
      lockParentSite(tx, site_id),
      phone && site_id === undefined
        ? tx.row(selectCountry, [contact_id ?? null, ref?.source ?? null, ref?.id ?? null])
        : null,
    ]);
    const country = site?.country ?? known?.country ?? null;
    const usual = desk.settings.phoneRegion;
    return { account, site, region: phone ? phoneRegion(country, usual) : usual };
  },
  placeOf({ input }, row) {
    const account = row?.account_id ?? input.account_id;
    if (account === undefined || (row && input.site_id === undefined)) return null;
    return { account_id: account, site_id: input.site_id ?? null };
  },
  check({ input, actor }, row, { account, site }) {
    if (!row) requireAccount(actor, input.account_id, account);
    if (input.site_id !== row?.site_id) requireSite(actor, input.site_id, site, row?.account_id ?? input.account_id);
  },
  decide: ({ input }, row, facts) => decideContact(row, input, facts),
  answer: (contact, written) => ({ contact, ...written }),
});
