// asset.upsert: adds a thing at a site, or changes what is given of one. The decision is pure; upsert-decision.ts tells its shape.

import type { InputOf } from "../contract/index.ts";
import { knownId, type AccountId, type SiteId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import { Refusal, type Violation } from "../kernel/refusal.ts";
import { assetAggregate, lockAssetNamed, type AssetChange, type AssetFields, type AssetRow } from "./asset-row.ts";
import { directoryUpsert } from "./directory-upsert.ts";
import { lockParentSite, requireSite, type SiteParent } from "./parents.ts";
import {
  decided,
  parentProblem,
  requiredProblem,
  textOf,
  type KeptFacts,
  type Parent,
  type UpsertDecision,
} from "./upsert-decision.ts";

export type AssetInput = Omit<InputOf<"asset.upsert">, "asset_id" | "expected_version">;
export type AssetFacts = KeptFacts & {
  /** The site that is named; null: none such. */
  readonly site: (Parent & { readonly account_id: AccountId }) | null;
};

const nowhere = "00000000-0000-0000-0000-000000000000";
const blank: AssetFields = {
  account_id: knownId<AccountId>(nowhere),
  site_id: knownId<SiteId>(nowhere),
  name: "",
  kind: null,
  make: null,
  model: null,
  serial_number: null,
  installed_on: null,
  warranty_until: null,
  notes: null,
};

/** @see upsert-decision.ts */
export function decideAsset(
  row: AssetRow | null,
  input: AssetInput,
  facts: AssetFacts,
): UpsertDecision<AssetFields, AssetChange> {
  const moves = input.site_id !== undefined && input.site_id !== row?.site_id;
  return decided<AssetRow, AssetFields>("asset", row, input, {
    facts,
    blank,
    names: { serial_number: "serial", account_id: "site_id" },
    wanted: {
      account_id: moves ? facts.site?.account_id : undefined,
      site_id: input.site_id,
      name: input.name,
      kind: textOf(input.kind),
      make: textOf(input.make),
      model: textOf(input.model),
      serial_number: textOf(input.serial),
      installed_on: input.installed_on,
      warranty_until: input.warranty_until,
      notes: textOf(input.notes),
    },
    refusals: [
      requiredProblem(row, "site_id", input.site_id, "there is no such asset, so it would be a new one"),
      requiredProblem(row, "name", input.name, "there is no such asset, so it would be a new one"),
      moves ? parentProblem("site_id", "site", facts.site) : null,
      moves && row && facts.site && facts.site.account_id !== row.account_id
        ? { path: "site_id", rule: "known", message: "is a site of another account; add the asset there as a new one" }
        : null,
      dateProblem("installed_on", input.installed_on),
      dateProblem("warranty_until", input.warranty_until),
    ],
  });
}

function dateProblem(path: string, date: string | null | undefined): Violation | null {
  if (!date) return null;
  const at = Date.parse(`${date}T00:00:00Z`);
  const isDay = !Number.isNaN(at) && new Date(at).toISOString().startsWith(date) && !date.startsWith("0000");
  return isDay ? null : { path, rule: "date", message: "is no day of the calendar" };
}

// Whether a technician has a ticket at the site that is named, or where the asset is: $1 technician, $2 site, $3 id, $4 and $5 the
// reference. Both where both are.
const selectAtWork = statement<{ site_id: SiteId }>(
  "asset_sites_of_technician",
  `SELECT DISTINCT t.site_id FROM tickets t
   WHERE t.site_id IN (SELECT $2::uuid UNION SELECT a.site_id FROM assets a
                       WHERE a.id = $3 OR (a.external_source = $4 AND a.external_id = $5))
     AND t.state NOT IN ('CLOSED', 'CANCELLED')
     AND (t.assigned_tech_id = $1
          OR EXISTS (SELECT FROM bookings b WHERE b.ticket_id = t.id AND b.technician_id = $1 AND b.state IN ('tentative', 'firm')))`,
);

type Loaded = {
  readonly site: SiteParent | null;
  /** Where the technician who asks has work; null for anybody else. */
  readonly atWork: ReadonlySet<SiteId> | null;
};

export const assetUpsert = directoryUpsert({
  name: "asset.upsert",
  aggregate: assetAggregate,
  lockNamed: lockAssetNamed,
  idIn: ({ asset_id }) => asset_id,
  kept: (input) => input,
  async load(tx, { input, actor }): Promise<Loaded> {
    const { site_id, asset_id, external_ref: ref } = input;
    const [site, sites] = await Promise.all([
      lockParentSite(tx, site_id),
      actor.role === "tech" && actor.techId !== null
        ? tx.rows(selectAtWork, [actor.techId, site_id ?? null, asset_id ?? null, ref?.source ?? null, ref?.id ?? null])
        : null,
    ]);
    return { site, atWork: sites && new Set(sites.map((one) => one.site_id)) };
  },
  placeOf: ({ input }, row, { site }) =>
    input.site_id === undefined || input.site_id === row?.site_id || !site
      ? null
      : { account_id: site.account_id, site_id: input.site_id },
  check({ input, actor }, row, { site, atWork }) {
    const sites = [row?.site_id, input.site_id].filter((one) => one !== undefined);
    if (atWork && !sites.every((one) => atWork.has(one)))
      throw new Refusal(
        "NOT_ASSIGNED_TECH",
        { assigned_tech_id: null },
        { message: "A technician keeps the assets of a site only while they have a ticket there." },
      );
    if (input.site_id !== row?.site_id) requireSite(actor, input.site_id, site);
  },
  decide: ({ input }, row, facts) => decideAsset(row, input, facts),
  answer: (asset, written) => ({ asset, ...written }),
});
