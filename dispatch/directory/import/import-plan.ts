// What an import comes to: for each record of its rows whether it is new, changes, stays or cannot be used, decided by the same pure
// rules as an upsert of that one. Nothing is read or written here.

import type { InputOf } from "../../contract/index.ts";
import { knownId, type AccountId, type SiteId } from "../../contract/ids.ts";
import { warningRegistry } from "../../contract/warnings.ts";
import type { Aggregate, Belonging } from "../../kernel/aggregate.ts";
import { newId } from "../../kernel/clock.ts";
import type { Desk } from "../../kernel/desk.ts";
import type { Related } from "../../kernel/related-change.ts";
import type { Violation } from "../../kernel/refusal.ts";
import type { Validated } from "../../kernel/validate.ts";
import { currenciesOf } from "../../policy/price-books.ts";
import { accountAggregate, type AccountChange, type AccountFields, type AccountRow } from "../account-row.ts";
import { decideAccount } from "../account-upsert.ts";
import { assetAggregate, type AssetChange, type AssetFields, type AssetRow } from "../asset-row.ts";
import { decideAsset } from "../asset-upsert.ts";
import { contactAggregate, type ContactChange, type ContactFields, type ContactRow } from "../contact-row.ts";
import { decideContact } from "../contact-upsert.ts";
import type { KeptRow } from "../kept-row.ts";
import { siteAggregate, type SiteChange, type SiteFields, type SiteRow } from "../site-row.ts";
import { decideSite, isZoneGuessed } from "../site-upsert.ts";
import { heldBeyond, type KeptFacts, type Parent, type UpsertDecision } from "../upsert-decision.ts";
import { groupDrafts, type DraftGroup } from "./draft-groups.ts";
import type { ImportKind } from "./import-fields.ts";
import type { FoundRows } from "./import-rows.ts";
import { importFieldAt, type Draft, type Problem, type RowDrafts } from "./row-drafts.ts";

export type Step = {
  readonly kind: ImportKind;
  readonly outcome: "created" | "changed" | "unchanged";
  readonly id: string;
  readonly name: string;
  /** The first row that it stands in. */
  readonly row: number;
  /** The row as it will be; null where it stays as it is. */
  readonly after: KeptRow | null;
  readonly place: Belonging | null;
};

export type ImportPlan = {
  readonly steps: readonly Step[];
  readonly related: readonly Related[];
  readonly refused: readonly Problem[];
  readonly notes: readonly Problem[];
};

type UpsertInputs = {
  readonly account: InputOf<"account.upsert">;
  readonly site: InputOf<"site.upsert">;
  readonly contact: InputOf<"contact.upsert">;
  readonly asset: InputOf<"asset.upsert">;
};

export type PlanOptions = {
  readonly desk: Desk;
  /** When it happens, ISO 8601. */
  readonly now: string;
  readonly reaches: (place: Belonging) => boolean;
  readonly validate: <K extends ImportKind>(
    kind: K,
    raw: Readonly<Record<string, unknown>>,
  ) => Validated<UpsertInputs[K]>;
  readonly phoneRegion: (country: string | null) => string;
  /** Of a dry run, whether rows that are sent before it will have made this one. */
  readonly isComing: (draft: Draft) => boolean;
};

/** A row without those that cannot be used; they are looked at once more, since others may have stood on what they said. */
export function planImport(all: readonly RowDrafts[], found: FoundRows, options: PlanOptions): ImportPlan {
  const refused: Problem[] = all.flatMap((one) => one.refused);
  for (;;) {
    const bad = new Set(refused.map(({ row }) => row));
    const rows = all.filter(({ row }) => !bad.has(row));
    const planner = new Planner(rows, found, options);
    const more = planner.run();
    if (more.length === 0) {
      const said = [...all.flatMap((one) => one.notes), ...planner.notes, ...planner.guesses];
      const notes = said.filter(({ row }) => !bad.has(row));
      return {
        steps: planner.steps,
        related: planner.related,
        refused: refused.toSorted((a, b) => a.row - b.row),
        notes,
      };
    }
    refused.push(...more);
  }
}

/** What is known of a record that others belong to. */
type Known = {
  readonly id: string;
  readonly parent: Parent;
  readonly accountId: string;
  readonly country: string | null;
};

const inUse: Parent = { archived_at: null, merged_into: null };

type Rules<K extends ImportKind, Row extends KeptRow, Fields extends object, Change extends object> = {
  readonly kind: K;
  readonly aggregate: Aggregate<Row, Change>;
  readonly rows: readonly Row[];
  /** The contract's fields that say whose it is. */
  readonly belongsTo: Readonly<Record<string, string>>;
  readonly decide: (row: Row | null, input: UpsertInputs[K], facts: KeptFacts) => UpsertDecision<Fields, Change>;
  readonly create: (id: string, fields: Fields & Change) => Row;
};

class Planner {
  readonly steps: Step[] = [];
  readonly related: Related[] = [];
  readonly notes: Problem[] = [];
  /** Told last: of a long table they may be many. */
  readonly guesses: Problem[] = [];
  readonly #rows: readonly RowDrafts[];
  readonly #found: FoundRows;
  readonly #options: PlanOptions;
  readonly #accounts = new Map<string, Known>();
  readonly #sites = new Map<string, Known>();
  readonly #refused: Problem[] = [];
  /** The first row of each record that is written, by its id and by its reference. */
  readonly #written = new Map<string, number>();

  constructor(rows: readonly RowDrafts[], found: FoundRows, options: PlanOptions) {
    this.#rows = rows;
    this.#found = found;
    this.#options = options;
  }

  /** What cannot be used after all. */
  run(): readonly Problem[] {
    const { groups, notes } = groupDrafts(this.#rows);
    this.notes.push(...notes);
    for (const group of groups.account) this.#account(group);
    for (const group of groups.site) this.#site(group);
    for (const group of groups.contact) this.#contact(group);
    for (const group of groups.asset) this.#asset(group);
    return this.#refused;
  }

  #account(group: DraftGroup): void {
    const { desk, now } = this.#options;
    const known = this.#plan<"account", AccountRow, AccountFields, AccountChange>(group, {
      kind: "account",
      aggregate: accountAggregate,
      create: (id, fields) =>
        accountAggregate.created(desk, { id: knownId<AccountId>(id), fields, state: "", at: now }),
      rows: this.#found.accounts,
      belongsTo: {},
      decide: (row, input, kept) =>
        decideAccount(row, input, { ...kept, currencies: currenciesOf(desk.policies.live) }),
    });
    if (known) this.#accounts.set(group.draft.key, { ...known, accountId: known.id, country: null });
  }

  #site(group: DraftGroup): void {
    const account = this.#accounts.get(group.accountKey ?? "");
    if (group.accountKey !== null && !account) return;
    const { desk, now } = this.#options;
    const known = this.#plan<"site", SiteRow, SiteFields, SiteChange>(group, {
      kind: "site",
      aggregate: siteAggregate,
      create: (id, fields) => siteAggregate.created(desk, { id: knownId<SiteId>(id), fields, state: "", at: now }),
      rows: this.#found.sites,
      belongsTo: account ? { account_id: account.id } : {},
      decide: (row, input, kept) => {
        const zone = input.zone ?? input.region ?? row?.zone ?? row?.region;
        const zoneTime = this.#found.zoneTimes.get(zone?.trim().toUpperCase() ?? "") ?? null;
        const facts = { ...kept, account: account?.parent ?? null, zoneTime, policy: desk.policy };
        const decision = decideSite(row, input, facts);
        const { fields: written = null } = decision.outcome === "created" ? decision : {};
        const isNew = written !== null && !this.#options.isComing(group.draft);
        if (isNew && isZoneGuessed(input, written, zoneTime)) this.#guess(group);
        return decision;
      },
    });
    if (known) this.#sites.set(group.draft.key, known);
  }

  #contact(group: DraftGroup): void {
    const account = this.#accounts.get(group.accountKey ?? "");
    const site = this.#sites.get(group.siteKey ?? "");
    if ((group.accountKey !== null && !account) || (group.siteKey !== null && !site)) return;
    const { desk, now } = this.#options;
    this.#plan<"contact", ContactRow, ContactFields, ContactChange>(group, {
      kind: "contact",
      aggregate: contactAggregate,
      create: (id, fields) => contactAggregate.created(desk, { id: id, fields, state: "", at: now }),
      rows: this.#found.contacts,
      belongsTo: { ...(account && { account_id: account.id }), ...(site && { site_id: site.id }) },
      decide: (row, input, kept) =>
        decideContact(row, input, {
          ...kept,
          account: account?.parent ?? null,
          site: site ? { ...site.parent, account_id: knownId<AccountId>(site.accountId) } : null,
          region: this.#options.phoneRegion(site?.country ?? null),
        }),
    });
  }

  #asset(group: DraftGroup): void {
    const site = this.#sites.get(group.siteKey ?? "");
    if (group.siteKey !== null && !site) return;
    const { desk, now } = this.#options;
    this.#plan<"asset", AssetRow, AssetFields, AssetChange>(group, {
      kind: "asset",
      aggregate: assetAggregate,
      create: (id, fields) => assetAggregate.created(desk, { id: id, fields, state: "", at: now }),
      rows: this.#found.assets,
      belongsTo: site ? { site_id: site.id } : {},
      decide: (row, input, kept) =>
        decideAsset(row, input, {
          ...kept,
          site: site ? { ...site.parent, account_id: knownId<AccountId>(site.accountId) } : null,
        }),
    });
  }

  /** Adds what becomes of one record; null where it cannot be used. */
  #plan<K extends ImportKind, Row extends KeptRow, Fields extends object, Change extends object>(
    group: DraftGroup,
    rules: Rules<K, Row, Fields, Change>,
  ): Known | null {
    const { draft } = group;
    const { kind, aggregate } = rules;
    const found = rowOf(group, rules, this.#options.reaches);
    if (found.length > 1) return this.#refuse(group, [ambiguous(kind, draft.name, found.length)]);
    const [row = null] = found;
    // Before anything is said of it.
    if (row !== null && !this.#isReached(group, aggregate.placeOf(row))) return null;
    if (row !== null && row.merged_into !== null) {
      this.#note(
        group,
        `${kind}.name`,
        "merged",
        `was merged into ${row.merged_into} on the desk; left as it is there`,
      );
      return this.#keep(group, aggregate, row, row.merged_into);
    }
    if (row !== null && draft.onlyNamed) return this.#keep(group, aggregate, row, row.id);
    if (row !== null && row.archived_at !== null) {
      this.#note(group, `${kind}.name`, "archived", "is archived on the desk; left as it is there");
      return this.#keep(group, aggregate, row, row.id);
    }
    const coming = row === null && this.#options.isComing(draft);
    const validated = this.#options.validate(kind, {
      // Rows before these say what it must have.
      ...(coming && { name: "coming" }),
      ...draft.fields,
      ...rules.belongsTo,
      ...(draft.ref && { external_ref: draft.ref }),
    });
    if (!validated.ok) return this.#refuse(group, validated.violations);
    const decision = rules.decide(row, validated.input, { refHolder: this.#refHolder(group, rules) });
    if (decision.outcome === "refused") return this.#refuse(group, decision.refusals);
    if (coming && decision.outcome === "created") return this.#come(group, rules, decision.fields);
    if (decision.outcome === "created") return this.#create(group, rules, decision.fields);
    if (row === null) throw new Error("a row that is not there was decided to be kept");
    return decision.outcome === "unchanged"
      ? this.#keep(group, aggregate, row, row.id)
      : this.#change(group, aggregate, row, decision);
  }

  #refHolder<K extends ImportKind, Row extends KeptRow, Fields extends object, Change extends object>(
    { draft }: DraftGroup,
    { rows, aggregate }: Rules<K, Row, Fields, Change>,
  ): string | null {
    const holder = rows.find((one) => isRef(one, draft));
    const place = holder && aggregate.placeOf(holder);
    return place && !this.#options.reaches(place) ? heldBeyond : (holder?.id ?? null);
  }

  #create<K extends ImportKind, Row extends KeptRow, Fields extends object, Change extends object>(
    group: DraftGroup,
    { aggregate, create }: Rules<K, Row, Fields, Change>,
    fields: Fields & Change,
  ): Known | null {
    const ms = Date.parse(this.#options.now);
    const created = create(group.draft.id ?? newId(ms), fields);
    if (!this.#isReached(group, aggregate.placeOf(created)) || !this.#isFirst(group, created)) return null;
    const payload = { outcome: "created", row: group.rows[0] ?? null, after: { ...fields } };
    this.related.push({ aggregate, created, eventId: newId(ms), payload });
    return this.#step(group, "created", aggregate, created, created.id);
  }

  /** Kept as if it were there already. */
  #come<K extends ImportKind, Row extends KeptRow, Fields extends object, Change extends object>(
    group: DraftGroup,
    { aggregate, create }: Rules<K, Row, Fields, Change>,
    fields: Fields & Change,
  ): Known | null {
    const row = create(newId(Date.parse(this.#options.now)), fields);
    return this.#keep(group, aggregate, row, row.id);
  }

  #change<Row extends KeptRow, Change extends object>(
    group: DraftGroup,
    aggregate: Aggregate<Row, Change>,
    row: Row,
    { change, changed }: { readonly change: Change; readonly changed: readonly string[] },
  ): Known | null {
    const { desk, now } = this.#options;
    const after = aggregate.changed(desk, row, change, [], now);
    if (!this.#isReached(group, aggregate.placeOf(after)) || !this.#isFirst(group, after)) return null;
    const columns = new Set(Object.keys(change));
    const before = Object.fromEntries(Object.entries(row).filter(([column]) => columns.has(column)));
    const payload = {
      outcome: "changed",
      row: group.rows[0] ?? null,
      changed: [...changed],
      before,
      after: { ...change },
    };
    this.related.push({ aggregate, row, eventId: newId(Date.parse(now)), path: [], change, payload });
    return this.#step(group, "changed", aggregate, after, row.id);
  }

  #keep<Row extends KeptRow>(
    group: DraftGroup,
    aggregate: Pick<Aggregate<Row>, "placeOf">,
    row: Row,
    id: string,
  ): Known | null {
    if (!this.#isReached(group, aggregate.placeOf(row))) return null;
    return this.#step(group, "unchanged", aggregate, row, id);
  }

  #step<Row extends KeptRow>(
    { draft: { kind, name }, rows: [row = 0] }: DraftGroup,
    outcome: Step["outcome"],
    aggregate: Pick<Aggregate<Row>, "placeOf">,
    after: Row,
    id: string,
  ): Known {
    const place = aggregate.placeOf(after);
    this.steps.push({ kind, outcome, id, name, row, after: outcome === "unchanged" ? null : after, place });
    const country = "country" in after && typeof after.country === "string" ? after.country : null;
    const parent = after.merged_into === null ? { archived_at: after.archived_at, merged_into: null } : inUse;
    return { id, parent, accountId: place?.account_id ?? id, country };
  }

  /** Rows may lead to one record by its id and by its reference; it is written once. */
  #isFirst(group: DraftGroup, { id, external_source: source, external_id: ref }: KeptRow): boolean {
    const { kind } = group.draft;
    const keys = [JSON.stringify([kind, id]), ...(ref === null ? [] : [JSON.stringify([kind, source, ref])])];
    const first = keys.flatMap((key) => this.#written.get(key) ?? [])[0];
    if (first === undefined) {
      for (const key of keys) this.#written.set(key, group.rows[0] ?? 0);
      return true;
    }
    const message = `is the ${kind} of row ${first}, which names it otherwise; give both rows the same id, or leave one out`;
    this.#refuse(group, [{ path: `${kind}_id`, rule: "same", message }]);
    return false;
  }

  #isReached(group: DraftGroup, place: Belonging | null): boolean {
    if (isWithin(place, this.#options.reaches)) return true;
    const { kind } = group.draft;
    this.#refuse(group, [
      { path: `${kind}_id`, rule: "scope", message: "is beyond the accounts and sites of this token" },
    ]);
    return false;
  }

  /** In the rows that say what is wrong; where none of them says it, in all. */
  #refuse({ draft: { kind }, rows, saidIn }: DraftGroup, violations: readonly Violation[]): null {
    for (const { path, rule, message } of violations)
      for (const row of saidIn.get(path.split(/[./]/)[0] ?? "") ?? rows)
        this.#refused.push({ row, field: importFieldAt(kind, path), rule, message });
    return null;
  }

  #guess({ rows: [row = 0] }: DraftGroup): void {
    const message = warningRegistry.TIME_ZONE_UNKNOWN;
    this.guesses.push({ row, field: "site.timezone", rule: "time-zone", message });
  }

  #note({ rows: [row = 0] }: DraftGroup, field: string, rule: string, message: string): void {
    this.notes.push({ row, field, rule, message });
  }
}

const isRef = (row: KeptRow, { ref }: DraftGroup["draft"]): boolean =>
  ref !== null && row.external_source === ref.source && row.external_id === ref.id;

/** By its id, else by its reference, else by its name where the file says no more of it. */
function rowOf<K extends ImportKind, Row extends KeptRow, Fields extends object, Change extends object>(
  { draft }: DraftGroup,
  { rows, belongsTo, aggregate }: Rules<K, Row, Fields, Change>,
  reaches: PlanOptions["reaches"],
): Row[] {
  if (draft.id !== null) return rows.filter(({ id }) => id === draft.id);
  const byRef = rows.filter((row) => isRef(row, draft));
  if (byRef.length > 0 || !draft.onlyNamed) return byRef;
  const name = draft.name.toLowerCase();
  const account = belongsTo["account_id"];
  return rows.filter(
    (row) =>
      "name" in row &&
      typeof row.name === "string" &&
      row.name.toLowerCase() === name &&
      isWithin(aggregate.placeOf(row), reaches) &&
      row.archived_at === null &&
      row.merged_into === null &&
      (account === undefined || ("account_id" in row && row.account_id === account)),
  );
}

const isWithin = (place: Belonging | null, reaches: PlanOptions["reaches"]): boolean =>
  place === null || reaches(place);

const ambiguous = (kind: string, name: string, count: number): Violation => ({
  path: "name",
  rule: "ambiguous",
  message: `"${name}" is the name of ${count} ${kind}s on the desk; give its id or external id`,
});
