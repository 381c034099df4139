// The drafts of many rows as records, each once: a customer stands in the row of each of its places.

import type { ImportKind } from "./import-fields.ts";
import type { Draft, Problem, RowDrafts } from "./row-drafts.ts";

export type DraftGroup = {
  readonly draft: Draft;
  /** Whose it is, and where, by the keys of those drafts; null where the row names none. */
  readonly accountKey: string | null;
  readonly siteKey: string | null;
  /** The rows that it stands in, by their numbers. */
  readonly rows: readonly number[];
  /** By a field, the rows that say of it what is kept. */
  readonly saidIn: ReadonlyMap<string, readonly number[]>;
};

export type Grouped = {
  readonly groups: Readonly<Record<ImportKind, readonly DraftGroup[]>>;
  readonly notes: readonly Problem[];
};

type Building = {
  draft: Draft;
  accountKey: string | null;
  siteKey: string | null;
  rows: number[];
  saidIn: Map<string, number[]>;
};

/** What a later row says of a record otherwise than an earlier one is left out, and noted. */
export function groupDrafts(rows: readonly RowDrafts[]): Grouped {
  const notes: Problem[] = [];
  const groupsOf = (kind: ImportKind): DraftGroup[] => {
    const groups = new Map<string, Building>();
    for (const { row, drafts } of rows) {
      const draft = drafts[kind];
      if (!draft) continue;
      const known = groups.get(draft.key);
      const saidIn = known?.saidIn ?? new Map<string, number[]>();
      for (const [field, value] of Object.entries(draft.fields)) {
        // A row whose value is left out has no part in what is wrong with the one that is kept.
        const kept = known?.draft.fields[field];
        if (kept !== undefined && JSON.stringify(kept) !== JSON.stringify(value)) continue;
        const rowsOf = saidIn.get(field);
        if (rowsOf) rowsOf.push(row);
        else saidIn.set(field, [row]);
      }
      if (known) {
        notes.push(...differences(row, known, draft));
        known.rows.push(row);
        known.draft = merged(known.draft, draft);
      } else
        groups.set(draft.key, {
          draft,
          accountKey: drafts.account?.key ?? null,
          siteKey: drafts.site?.key ?? null,
          rows: [row],
          saidIn,
        });
    }
    return [...groups.values()];
  };
  const groups = {
    account: groupsOf("account"),
    site: groupsOf("site"),
    contact: groupsOf("contact"),
    asset: groupsOf("asset"),
  };
  return { groups, notes: [...repetitions(rows), ...notes] };
}

/** Rows that say word for word what an earlier one says, which is one thing where somebody meant two. */
function repetitions(rows: readonly RowDrafts[]): Problem[] {
  const first = new Map<string, number>();
  return rows.flatMap(({ row, drafts }): Problem[] => {
    const shown = (["asset", "site", "contact", "account"] as const).find((kind) => drafts[kind] !== undefined);
    if (shown === undefined) return [];
    const said = JSON.stringify(drafts);
    const before = first.get(said);
    first.set(said, before ?? row);
    if (before === undefined) return [];
    const message = `row ${before} says the same in every column that is used, so both are one ${shown}`;
    const way = "; where they are two, name or number them apart";
    return [{ row, field: `${shown}.name`, rule: "twin", message: `${message}${way}` }];
  });
}

const merged = (first: Draft, later: Draft): Draft => ({
  ...first,
  onlyNamed: first.onlyNamed && later.onlyNamed,
  fields: { ...later.fields, ...first.fields },
});

function differences(row: number, { draft, rows }: Building, later: Draft): Problem[] {
  return Object.entries(later.fields).flatMap(([field, value]): Problem[] => {
    const first = draft.fields[field];
    if (first === undefined || JSON.stringify(first) === JSON.stringify(value)) return [];
    return [
      {
        row,
        field: `${later.kind}.${field}`,
        rule: "differs",
        message: `row ${rows[0] ?? "?"} says ${JSON.stringify(first)} of the same ${later.kind}, which is kept`,
      },
    ];
  });
}
