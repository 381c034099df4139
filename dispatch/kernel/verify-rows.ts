// Holds the rows there are to what the history says of them: a row that was written past the pipeline is found, also where a
// command has come across it since. It reads nothing itself.

import type { Aggregate } from "./aggregate.ts";
import type { AuditEvent } from "./audit.ts";
import type { JsonObject } from "./json.ts";
import { partHashLike, versionOf, type PartTable } from "./parts.ts";
import { rowHashLike } from "./row-hash.ts";

export type RowFault = {
  readonly seq: number;
  readonly kind: "ROW_CHANGED" | "ROW_GONE" | "ROW_UNRECORDED";
  readonly detail: string;
};

/** An aggregate's rows as they are. */
export type PresentRows = { readonly row: unknown; readonly parts: ReadonlyMap<PartTable, readonly JsonObject[]> };

/** What no event vouches for: written before there were hashes, or by an older release since. */
export type Uncovered = { readonly rows: number; readonly parts: number };

type Told = Pick<AuditEvent, "seq" | "tool_name" | "hash_version" | "row_before" | "row_hash" | "parts">;

/** @param events all of one chain, in their order, which holds in itself */
export function rowFaults(
  aggregate: Aggregate,
  events: readonly Told[],
  present: PresentRows,
): { readonly faults: readonly RowFault[]; readonly uncovered: Uncovered } {
  const own = faultInRow(aggregate, events, present.row);
  const ofParts = faultsInParts(events, present.parts);
  return {
    faults: [...own.faults, ...ofParts.faults],
    uncovered: { rows: own.isCovered ? 0 : 1, parts: ofParts.uncovered },
  };
}

function faultInRow(
  aggregate: Aggregate,
  events: readonly Told[],
  row: unknown,
): { readonly faults: readonly RowFault[]; readonly isCovered: boolean } {
  const last = events.at(-1);
  if (!aggregate.covers || !last) return { faults: [], isCovered: true };
  const faults: RowFault[] = [];
  // The same words before and after a command has come across it: whoever accepted it knows it again.
  const compare = (seq: number, tool: string, left: string, found: string): void => {
    if (left === found) return;
    const detail = `the row is not as ${tool} left it: its hash is ${found} in place of ${left}`;
    faults.push({ seq, kind: "ROW_CHANGED", detail });
  };
  let before: Told | null = null;
  for (const event of events) {
    const [left, found] = [before?.row_hash ?? null, event.row_before];
    if (before && left !== null && found !== null && versionOf(left) === versionOf(found))
      compare(event.seq, before.tool_name, left, found);
    before = event;
  }
  const own = last.row_hash === null ? null : rowHashLike(aggregate, row, last.row_hash);
  if (last.row_hash !== null && own !== null) compare(last.seq, last.tool_name, last.row_hash, own);
  return { faults, isCovered: own !== null || faults.length > 0 };
}

/** What the history knows of a part. */
type Known = {
  readonly seq: number;
  readonly hash: string;
  /** The columns that may change; null where an older release may have changed them. */
  readonly is: JsonObject | null;
};

function faultsInParts(
  events: readonly Told[],
  present: PresentRows["parts"],
): { readonly faults: readonly RowFault[]; readonly uncovered: number } {
  const isWhole = events.every(({ hash_version: version }) => version >= 3);
  const faults: RowFault[] = [];
  let uncovered = 0;
  for (const [table, rows] of present) {
    const rowOf = new Map(rows.map((row) => [row["id"], row]));
    const known = knownParts(table, events, rowOf);
    for (const [id, { seq }] of known) {
      if (!rowOf.has(id)) faults.push({ seq, kind: "ROW_GONE", detail: `${table.name} ${id} is gone` });
    }
    for (const row of rows) {
      const id = String(row["id"]);
      const part = known.get(id);
      const own = part ? partHashLike(table, row, part.hash) : null;
      const seq = part?.seq ?? 0;
      if (part && own !== null && own !== part.hash) {
        faults.push({
          seq,
          kind: "ROW_CHANGED",
          detail: `${table.name} ${id} is not what was added, its hash is ${own}`,
        });
      } else if (part?.is && !isEqual(table, row, part.is)) {
        const detail = `${table.name} ${id} should have ${JSON.stringify(part.is)}, and has ${JSON.stringify(changingOf(table, row))}`;
        faults.push({ seq, kind: "ROW_CHANGED", detail });
      } else if (!part && isWhole) {
        faults.push({ seq, kind: "ROW_UNRECORDED", detail: `no event adds ${table.name} ${id}` });
      } else if (own === null || part?.is === null) uncovered++;
    }
  }
  return { faults, uncovered };
}

const changingOf = ({ changing }: PartTable, row: JsonObject): JsonObject =>
  Object.fromEntries(changing.map((column) => [column, row[column] ?? null]));

const isEqual = ({ changing }: PartTable, row: JsonObject, is: JsonObject): boolean =>
  changing.every((column) => (row[column] ?? null) === (is[column] ?? null));

/** The parts of one table as the events have them, one after the other. */
function knownParts(
  table: PartTable,
  events: readonly Told[],
  present: ReadonlyMap<unknown, JsonObject>,
): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const { seq, hash_version: version, parts } of events) {
    if (version < 3) for (const [id, part] of known) known.set(id, { ...part, is: null });
    for (const entry of parts ?? []) {
      if ("added" in entry) {
        if (entry.added === table.name) known.set(entry.id, { seq, hash: entry.hash, is: entry.is });
        continue;
      }
      if (entry.amended !== table.name) continue;
      for (const [id, part] of known) {
        const becomes = part.is && table.amended?.({ ...present.get(id), ...part.is, id }, entry.by);
        if (becomes) known.set(id, { ...part, is: { ...part.is, ...becomes } });
      }
    }
  }
  return known;
}
