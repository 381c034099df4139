// site.upsert: adds a place of an account, or changes what is given of one. The decision is pure; upsert-decision.ts tells its shape.

import type { InputOf } from "../contract/index.ts";
import { knownId, type SiteId } from "../contract/ids.ts";
import { warningRegistry } from "../contract/warnings.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import type { Violation } from "../kernel/refusal.ts";
import type { Policy } from "../policy/policy.ts";
import { hoursProblem } from "../workforce/open-hours.ts";
import { timeZoneProblem } from "../workforce/time-zone-name.ts";
import { worksIn } from "../workforce/zones-of-technician.ts";
import { directoryUpsert } from "./directory-upsert.ts";
import { lockParentAccount, requireAccount, type AccountParent } from "./parents.ts";
import { lockSiteNamed, siteAggregate, type SiteChange, type SiteFields, type SiteRow } from "./site-row.ts";
import {
  decided,
  parentProblem,
  requiredProblem,
  textOf,
  type KeptFacts,
  type Parent,
  type UpsertDecision,
} from "./upsert-decision.ts";

export type SiteInput = Omit<InputOf<"site.upsert">, "site_id" | "expected_version">;
export type SiteFacts = KeptFacts & {
  /** The account that is named; null: none such. */
  readonly account: Parent | null;
  /** The time zone of the site's zone; null where nobody works there and no other site is known. */
  readonly zoneTime: string | null;
  readonly policy: Pick<Policy, "holidayCalendars">;
};

const noAccount = knownId<SiteFields["account_id"]>("00000000-0000-0000-0000-000000000000");
const blank: SiteFields = {
  account_id: noAccount,
  name: "",
  address1: null,
  address2: null,
  city: null,
  region: null,
  postal_code: null,
  country: null,
  timezone: "UTC",
  lat: null,
  lon: null,
  zone: null,
  tax_region: null,
  access_instructions: null,
  hours: null,
  holiday_calendar: null,
};

/** @see upsert-decision.ts */
export function decideSite(
  row: SiteRow | null,
  input: SiteInput,
  facts: SiteFacts,
): UpsertDecision<SiteFields, SiteChange> {
  const givenZone = textOf(input.timezone);
  const timezone = givenZone ?? (givenZone === null || row === null ? (facts.zoneTime ?? "UTC") : undefined);
  const country = input.country ? countryOf(input.country) : input.country;
  const kept = {
    timezone: timezone ?? row?.timezone ?? "UTC",
    hours: input.hours === undefined ? (row?.hours ?? null) : input.hours,
    holiday_calendar:
      textOf(input.holiday_calendar) ?? (input.holiday_calendar === undefined ? row?.holiday_calendar : null) ?? null,
  };
  return decided<SiteRow, SiteFields>("site", row, input, {
    facts,
    blank,
    names: {},
    wanted: {
      account_id: input.account_id,
      name: input.name,
      address1: textOf(input.address1),
      address2: textOf(input.address2),
      city: textOf(input.city),
      region: textOf(input.region),
      postal_code: textOf(input.postal_code),
      country,
      timezone,
      lat: input.lat,
      lon: input.lon,
      zone: textOf(input.zone),
      tax_region: textOf(input.tax_region),
      access_instructions: textOf(input.access_instructions),
      hours: input.hours,
      holiday_calendar: textOf(input.holiday_calendar),
    },
    refusals: [
      requiredProblem(row, "account_id", input.account_id, "there is no such site, so it would be a new one"),
      requiredProblem(row, "name", input.name, "there is no such site, so it would be a new one"),
      stays(row, "account_id", input.account_id),
      input.account_id === undefined || (row && row.account_id === input.account_id)
        ? null
        : parentProblem("account_id", "account", facts.account),
      input.country && country === undefined
        ? { path: "country", rule: "known", message: `"${input.country}" is no country of ISO 3166, such as US` }
        : null,
      zoneProblem(givenZone),
      hoursFault(kept, input, facts.policy),
    ],
  });
}

/** Whether a site's times become those of UTC because nobody said any and nothing else tells them. */
export const isZoneGuessed = (input: SiteInput, written: object, zoneTime: string | null): boolean =>
  !textOf(input.timezone) && zoneTime === null && "timezone" in written && written.timezone === "UTC";

/** What an account is given a site or a contact, it keeps. */
export const stays = (
  row: { readonly account_id: string } | null,
  path: string,
  wanted: string | undefined,
): Violation | null =>
  row && wanted !== undefined && wanted !== row.account_id
    ? {
        path,
        rule: "fixed",
        message: `stays ${row.account_id}; archive it and add it to the other account, or merge the accounts`,
      }
    : null;

const regionNames = new Intl.DisplayNames("en", { type: "region", fallback: "none" });

/** By its present code; undefined for none. */
function countryOf(code: string): string | undefined {
  const { region } = new Intl.Locale(`und-${code}`);
  return region !== undefined && /^[A-Z]{2}$/.test(region) && region !== "ZZ" && regionNames.of(region) !== undefined
    ? region
    : undefined;
}

function zoneProblem(timezone: string | null | undefined): Violation | null {
  const problem = timezone ? timeZoneProblem(timezone) : null;
  return problem === null ? null : { path: "timezone", rule: "time-zone", message: problem };
}

type Hours = Parameters<typeof hoursProblem>[0];

/** Only of what is given: an old row's own fault keeps nobody from changing its name. */
function hoursFault(kept: Hours, input: SiteInput, policy: SiteFacts["policy"]): Violation | null {
  const { holiday_calendar: calendar } = kept;
  if (input.holiday_calendar && calendar !== null && !Object.hasOwn(policy.holidayCalendars, calendar))
    return {
      path: "holiday_calendar",
      rule: "known",
      message: `"${calendar}" is none of the policy's calendars: ${Object.keys(policy.holidayCalendars).join(", ") || "it has none"}`,
    };
  const problem = input.hours ? hoursProblem({ ...kept, holiday_calendar: null }, policy) : null;
  return problem === null ? null : { path: "hours", rule: "hours", message: problem };
}

// What technicians of the zone go by, most of them first; else what its other sites do. $1 zone, $2 region, $3 id, $4 and $5 the
// reference; $6 false where a time zone is given.
const selectZoneTime = statement<{ timezone: string | null }>(
  "site_zone_time",
  `WITH wanted AS (
     SELECT upper(coalesce($1, $2, (SELECT coalesce(zone, region) FROM sites
                                    WHERE id = $3 OR (external_source = $4 AND external_id = $5) LIMIT 1))) AS zone WHERE $6::boolean
   )
   SELECT coalesce(
     (SELECT h.timezone FROM technician_shifts h JOIN technicians t ON t.id = h.technician_id, wanted
      WHERE ${worksIn("t", "wanted.zone")} AND t.active GROUP BY h.timezone ORDER BY count(*) DESC, h.timezone LIMIT 1),
     (SELECT s.timezone FROM sites s, wanted
      WHERE upper(coalesce(s.zone, s.region)) = wanted.zone GROUP BY s.timezone ORDER BY count(*) DESC, s.timezone LIMIT 1)
   ) AS timezone`,
);

export async function loadZoneTime(tx: Session, input: InputOf<"site.upsert">): Promise<string | null> {
  const { zone, region, site_id, external_ref: ref } = input;
  const values = [textOf(zone) ?? null, textOf(region) ?? null, site_id ?? null, ref?.source ?? null, ref?.id ?? null];
  return (await tx.row(selectZoneTime, [...values, !input.timezone]))?.timezone ?? null;
}

type Loaded = { readonly account: AccountParent | null; readonly zoneTime: string | null };

export const siteUpsert = directoryUpsert({
  name: "site.upsert",
  aggregate: siteAggregate,
  lockNamed: lockSiteNamed,
  idIn: ({ site_id }) => site_id,
  kept: (input) => input,
  async load(tx, { input }): Promise<Loaded> {
    const [account, zoneTime] = await Promise.all([lockParentAccount(tx, input.account_id), loadZoneTime(tx, input)]);
    return { account, zoneTime };
  },
  placeOf: ({ input, id }, row) =>
    row || input.account_id === undefined
      ? null
      : { account_id: input.account_id, site_id: input.site_id ?? knownId<SiteId>(id) },
  check({ input, actor }, row, { account }) {
    if (!row) requireAccount(actor, input.account_id, account);
  },
  decide: ({ input, desk }, row, facts) => decideSite(row, input, { ...facts, policy: desk.policy }),
  answer: (site, written) => ({ site, ...written }),
  warnings: ({ input }, written, { zoneTime }) =>
    isZoneGuessed(input, written, zoneTime)
      ? [{ code: "TIME_ZONE_UNKNOWN", message: warningRegistry.TIME_ZONE_UNKNOWN }]
      : [],
});
