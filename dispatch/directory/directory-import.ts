// directory.import: many rows of a table at once. One command of the desk, with an event for every record that is new or changes;
// rows of a kind are looked for, and written, by one statement for all of them.

import type { InputOf } from "../contract/index.ts";
import { mostListed, type Imported } from "../contract/import-commands.ts";
import type { Session } from "../db/pool.ts";
import type { Actor } from "../kernel/actor.ts";
import { isInScope } from "../kernel/authorize.ts";
import { deskCommand, type DeskCall } from "../kernel/desk-chain.ts";
import { invalidFields, type Violation } from "../kernel/refusal.ts";
import { compileValidators, type Validator } from "../kernel/validate.ts";
import { importKinds, type ImportKind } from "./import/import-fields.ts";
import { planImport, type ImportPlan, type PlanOptions, type Step } from "./import/import-plan.ts";
import { lockFound, selectTwins, type Twin, type Wanted } from "./import/import-rows.ts";
import { matchColumns, unknownFields, type MatchedColumn } from "./import/match-columns.ts";
import { draftsOf, type FieldCells, type RowDrafts } from "./import/row-drafts.ts";
import { phoneRegion } from "./phone-number.ts";

type ImportCall = DeskCall<"directory.import">;
type Input = InputOf<"directory.import">;

type Loaded = {
  readonly columns: readonly MatchedColumn[];
  readonly plan: ImportPlan;
  readonly twins: Imported["twins"];
};

const usualSource = "import";
const nothing: Loaded = { columns: [], plan: { steps: [], related: [], refused: [], notes: [] }, twins: [] };

/** Decided here already, since what is like the new ones is asked for by what is decided. */
async function load(tx: Session, call: ImportCall): Promise<Loaded> {
  const { input, desk, actor } = call;
  if (faultsOf(input).length > 0) return nothing;
  const columns = columnsOf(input);
  const usual = desk.settings.phoneRegion;
  const region = (country: string | null) => phoneRegion(country, usual);
  const drafts = rowDrafts(input, columns, region);
  const found = await lockFound(
    tx,
    {
      account: wantedOf(drafts, "account"),
      site: wantedOf(drafts, "site"),
      contact: wantedOf(drafts, "contact"),
      asset: wantedOf(drafts, "asset"),
    },
    zonesOf(drafts),
  );
  const plan = planImport(drafts, found, optionsOf(call, region));
  return { columns, plan, twins: await twinsOf(tx, actor, plan.steps) };
}

function optionsOf({ input, desk, actor, now }: ImportCall, region: PlanOptions["phoneRegion"]): PlanOptions {
  const { commands } = compileValidators(desk.policy.unknownFields);
  return {
    desk,
    now,
    phoneRegion: region,
    // The validator of a tool answers with that tool's input.
    validate: (kind, raw) => (commands[`${kind}.upsert`] as Validator<never>)(raw),
    reaches: (place) => isInScope(actor, place),
    isComing: comingIn(input),
  };
}

function comingIn({ coming = [], source: usual = usualSource }: Input): PlanOptions["isComing"] {
  const keyOf = (...parts: readonly (string | null)[]): string => JSON.stringify(parts);
  const keys = new Set(
    coming.flatMap(({ kind, source = usual, external_ids: ids = [], names = [] }) => [
      ...ids.map((id) => keyOf(kind, source, id)),
      ...names.map((name) => keyOf(kind, null, name.toLowerCase())),
    ]),
  );
  return ({ kind, ref, onlyNamed, name }) =>
    (ref !== null && keys.has(keyOf(kind, ref.source, ref.id))) ||
    (onlyNamed && keys.has(keyOf(kind, null, name.toLowerCase())));
}

function faultsOf({
  mapping = {},
  kind,
  rows,
  row_numbers: numbers,
  coming = [],
  dry_run: dryRun,
}: Input): Violation[] {
  const unknown = unknownFields(mapping, kind).map(([column, field]): Violation => ({
    path: `mapping/${column}`,
    rule: "known",
    message: `"${field}" is no field of an import`,
  }));
  const uneven = numbers !== undefined && numbers.length !== rows.length;
  return [
    ...unknown,
    ...(coming.length > 0 && !dryRun
      ? [{ path: "coming", rule: "dry-run", message: "is for a dry run alone; send dry_run: true, or leave it out" }]
      : []),
    ...(uneven
      ? [{ path: "row_numbers", rule: "length", message: `has ${numbers.length} numbers for ${rows.length} rows` }]
      : []),
  ];
}

function columnsOf({ rows, mapping, kind }: Input): MatchedColumn[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  return matchColumns([...names], kind, mapping);
}

function rowDrafts(input: Input, columns: readonly MatchedColumn[], region: PlanOptions["phoneRegion"]): RowDrafts[] {
  const { kind, rows, row_numbers: numbers, source = usualSource } = input;
  const fields = columns.flatMap(({ column, field }) => (field === null ? [] : [[column, field] as const]));
  return rows.map((row, at) => {
    const cells = new Map<string, string[]>();
    for (const [column, field] of fields) {
      const text = textOfCell(row[column]);
      if (text !== "") cells.set(field, [...(cells.get(field) ?? []), text]);
    }
    const given: FieldCells = cells;
    return draftsOf(numbers?.[at] ?? at + 1, given, { kind, source, phoneRegion: region });
  });
}

const textOfCell = (cell: Input["rows"][number][string] | undefined): string =>
  cell === null || cell === undefined ? "" : String(cell).trim();

function wantedOf(rows: readonly RowDrafts[], kind: ImportKind): Wanted {
  const drafts = [
    ...new Map(rows.flatMap((row) => row.drafts[kind] ?? []).map((draft) => [draft.key, draft])).values(),
  ];
  return {
    ids: drafts.flatMap(({ id }) => id ?? []),
    refs: drafts.flatMap(({ ref }) => ref ?? []),
    names: [...new Set(drafts.filter(({ onlyNamed }) => onlyNamed).map(({ name }) => name.toLowerCase()))],
  };
}

/** Of sites that say no time zone of their own. */
const zonesOf = (rows: readonly RowDrafts[]): string[] => [
  ...new Set(
    rows.flatMap(({ drafts: { site } }) => {
      const zone = site?.fields["zone"] ?? site?.fields["region"];
      return typeof zone === "string" && site?.fields["timezone"] === undefined ? [zone.toUpperCase()] : [];
    }),
  ),
];

type Likeness = { readonly kind: Twin["kind"]; readonly what: string; readonly same: string };

/** By what a new record would be known again. */
function likenesses({ kind, after }: Step): Likeness[] {
  const text = (column: string): string => {
    const value = after === null ? null : Object.entries(after).find(([name]) => name === column)?.[1];
    return typeof value === "string" ? value : "";
  };
  if (kind === "account") return [{ kind, what: "name", same: text("name").toLowerCase() }];
  if (kind === "site" && text("address1") !== "") {
    const address = [text("address1"), text("postal_code")].filter((part) => part !== "");
    return [{ kind, what: "address", same: address.join("|").toLowerCase() }];
  }
  if (kind !== "contact") return [];
  return [
    { kind, what: "phone", same: text("phone_e164") },
    { kind, what: "email", same: text("email").toLowerCase() },
  ].flatMap((one) => (one.same === "" ? [] : [{ ...one, kind: "contact" }]));
}

/** What lies beyond the caller's scope is not told of. */
async function twinsOf(tx: Session, actor: Actor, steps: readonly Step[]): Promise<Imported["twins"]> {
  const created = steps
    .filter(({ outcome }) => outcome === "created")
    .flatMap((step) => likenesses(step).map((like) => ({ step, ...like })));
  if (created.length === 0) return [];
  const valuesOf = (kind: string, what: string) =>
    created.filter((one) => one.kind === kind && one.what === what).map(({ same }) => same);
  const rows = await tx.rows(selectTwins, [
    valuesOf("account", "name"),
    valuesOf("site", "address"),
    valuesOf("contact", "phone"),
    valuesOf("contact", "email"),
  ]);
  const alike = Map.groupBy(
    rows.filter((row) => isInScope(actor, row)),
    ({ kind, same }) => `${kind}\n${same}`,
  );
  return created.flatMap(({ step, kind, what, same }) =>
    (alike.get(`${kind}\n${same}`) ?? []).map(({ id, name }) => ({
      row: step.row,
      kind,
      name: step.name,
      same: what,
      id,
      twin_name: name,
    })),
  );
}

export const directoryImport = deskCommand({
  name: "directory.import",
  races: ["accounts_external_ref", "sites_external_ref", "contacts_external_ref", "assets_external_ref"],
  load,
  decide({ input }, { columns, plan, twins }: Loaded) {
    const faults = faultsOf(input);
    if (faults.length > 0) throw invalidFields(faults);
    const { dry_run: dryRun = false, skip_refused: skipRefused = false, kind, source = usualSource } = input;
    const applied = !dryRun && (plan.refused.length === 0 || skipRefused);
    const kinds = countsOf(plan.steps);
    const sum = (outcome: Step["outcome"]): number =>
      importKinds.reduce((count, one) => count + kinds[one][outcome], 0);
    const totals = { created: sum("created"), changed: sum("changed"), unchanged: sum("unchanged") };
    const refusedRows = new Set(plan.refused.map(({ row }) => row)).size;
    const about = {
      kind,
      source,
      applied,
      dry_run: dryRun,
      rows: input.rows.length,
      ...totals,
      refused_rows: refusedRows,
    };
    return {
      payload: about,
      related: applied ? plan.related : [],
      body: () => ({
        applied,
        dry_run: dryRun,
        rows: input.rows.length,
        ...totals,
        kinds,
        refused_rows: refusedRows,
        refused: plan.refused.slice(0, mostListed),
        notes: plan.notes.slice(0, mostListed),
        twins: twins.slice(0, mostListed),
        columns: columns.map(({ column, field }) => ({ column, field })),
      }),
    };
  },
});

function countsOf(steps: readonly Step[]): Imported["kinds"] {
  const none = () => ({ created: 0, changed: 0, unchanged: 0 });
  const counts = { account: none(), site: none(), contact: none(), asset: none() };
  for (const { kind, outcome } of steps) counts[kind][outcome]++;
  return counts;
}
