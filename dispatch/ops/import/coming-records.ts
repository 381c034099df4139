// What earlier parts of an import will have made when a later one is written. A dry run of the later one is told of it, since nothing
// of it is on the desk yet.

import type { InputOf } from "../../contract/index.ts";
import { draftsOf } from "../../directory/import/row-drafts.ts";
import { cellsOf, type PartRows } from "./row-cells.ts";

export type Coming = NonNullable<InputOf<"directory.import">["coming"]>;
type Parent = Coming[number]["kind"];

const parents: readonly Parent[] = ["account", "site"];
/** By what a record is found again; the rest of a row does not matter here. */
const naming: ReadonlySet<string> = new Set([
  ...parents.flatMap((kind) => [`${kind}.name`, `${kind}.external_id`, `${kind}.external_source`]),
  "contact.name",
  "contact.first_name",
  "contact.last_name",
]);

type Named = { readonly kind: Parent; readonly source: string | null; readonly text: string };

/** Customers and sites that a row names by another system's id, and customers by their name. */
function namedIn(cells: ReadonlyMap<string, string>, kind: PartRows["kind"], source: string): Named[] {
  const given = new Map([...cells].filter(([field]) => naming.has(field)).map(([field, text]) => [field, [text]]));
  const { drafts } = draftsOf(0, given, { kind, source, phoneRegion: () => "US" });
  return parents.flatMap((parent): Named[] => {
    const draft = drafts[parent];
    if (!draft) return [];
    return [
      ...(cells.has(`${parent}.external_id`) && draft.ref
        ? [{ kind: parent, source: draft.ref.source, text: draft.ref.id }]
        : []),
      ...(parent === "account" && draft.name !== ""
        ? [{ kind: parent, source: null, text: draft.name.toLowerCase() }]
        : []),
    ];
  });
}

const keyOf = ({ kind, source, text }: Named): string => JSON.stringify([kind, source, text]);

/** Grows by each part that was looked at. */
export class ComingRecords {
  readonly #known = new Set<string>();
  readonly #source: string;

  /** @param source of ids whose rows name none */
  constructor(source: string) {
    this.#source = source;
  }

  /** @param refused lines of rows that cannot be used */
  add(part: PartRows, constants: Readonly<Record<string, string>>, refused: ReadonlySet<number>): void {
    for (const row of part.rows)
      if (!refused.has(row.line))
        for (const named of namedIn(cellsOf(part, constants, row), part.kind, this.#source))
          this.#known.add(keyOf(named));
  }

  /** What of it some rows name: no longer, as JSON, than they are. */
  of(part: PartRows, constants: Readonly<Record<string, string>>, rows: PartRows["rows"]): Coming {
    if (this.#known.size === 0) return [];
    const named = new Map(
      rows
        .flatMap((row) => namedIn(cellsOf(part, constants, row), part.kind, this.#source))
        .filter((one) => this.#known.has(keyOf(one)))
        .map((one) => [keyOf(one), one]),
    );
    const groups = Map.groupBy(named.values(), ({ kind, source }) => JSON.stringify([kind, source]));
    return [...groups.values()].flatMap((group) => {
      const [first] = group;
      const texts = group.map(({ text }) => text);
      if (!first) return [];
      return [
        first.source === null
          ? { kind: first.kind, names: texts }
          : { kind: first.kind, source: first.source, external_ids: texts },
      ];
    });
  }
}
