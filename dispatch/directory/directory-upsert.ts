// How the upsert of each kind is a command: the row is found by its id or reference, scope is held for where it is and where it is
// to be, and what the kind's pure decision says is written.

import type { BodyOf, IdsOf, InputOf, PipelineName } from "../contract/index.ts";
import type { Warning } from "../contract/warnings.ts";
import type { Session } from "../db/pool.ts";
import type { Statement } from "../db/statement.ts";
import type { Aggregate, Belonging } from "../kernel/aggregate.ts";
import { isInScope, requireScope } from "../kernel/authorize.ts";
import type { Call, UpsertCommand } from "../kernel/command.ts";
import type { JsonObject } from "../kernel/json.ts";
import { invalidFields, Refusal, type Violation } from "../kernel/refusal.ts";
import type { KeptRow } from "./kept-row.ts";
import { heldBeyond, refHeld, type KeptFacts, type KeptInput, type UpsertDecision } from "./upsert-decision.ts";

/** A row as it was looked for: with whoever holds the reference that was named. */
export type Found<Row> = Row & { readonly ref_holder: string | null };

export type Written = { readonly outcome: "created" | "changed" | "unchanged"; readonly changed: string[] };

type UpsertName = Extract<PipelineName, `${string}.upsert`>;
export type DirectoryCall<N extends PipelineName> = Call<InputOf<N>, IdsOf<N>>;

type DirectoryUpsert<N extends UpsertName, Row extends KeptRow, Change, Fields, Body, Facts> = {
  readonly name: N;
  readonly aggregate: Aggregate<Row, Change, Fields & Change, Body, string, Row["id"]>;
  readonly lockNamed: Statement<Found<Row>>;
  readonly idIn: (input: InputOf<N>) => string | undefined;
  readonly kept: (input: InputOf<N>) => KeptInput;
  /** Reads, with the parents locked against being archived or merged meanwhile. */
  load(tx: Session, call: DirectoryCall<N>): Promise<Facts>;
  /** Where the row will be; null where its own id says it. */
  placeOf(call: DirectoryCall<N>, row: Row | null, facts: Facts): Belonging | null;
  /** @throws Refusal what no field is at fault for */
  check?(call: DirectoryCall<N>, row: Row | null, facts: Facts): void;
  decide(call: DirectoryCall<N>, row: Row | null, facts: Facts & KeptFacts): UpsertDecision<Fields, Change>;
  answer(body: Body, written: Written): BodyOf<N> & object;
  /** Of a row that is made or changes: what the caller should know of it as it will be. */
  warnings?(call: DirectoryCall<N>, written: Partial<Fields> | Change, facts: Facts): readonly Warning[];
};

/** Declares the upsert of one kind. */
export function directoryUpsert<
  N extends UpsertName,
  Row extends KeptRow,
  Change extends object,
  Fields extends object,
  Body,
  Facts extends object,
>(
  command: DirectoryUpsert<N, Row, Change, Fields, Body, Facts>,
): UpsertCommand<InputOf<N>, IdsOf<N>, Found<Row>, Change, Fields & Change, Body, BodyOf<N> & object, Facts> {
  const { name, aggregate, load, answer } = command;
  const kindOf = aggregate.name;
  const judge = (call: DirectoryCall<N>, row: Found<Row> | null, facts: Facts) => {
    command.check?.(call, row, facts);
    const decision = command.decide(call, row, { ...facts, refHolder: row?.ref_holder ?? null });
    if (decision.outcome === "refused") throw refusalOf(decision.refusals, row, kindOf);
    return decision;
  };
  return {
    name,
    on: "upsert",
    aggregate,
    load: (tx, call) => load(tx, call),
    async find(tx, { input, actor }) {
      const id = command.idIn(input);
      const { external_ref: ref } = command.kept(input);
      if (id === undefined && !ref) return null;
      const rows = await tx.rows(command.lockNamed, [id ?? null, ref?.source ?? null, ref?.id ?? null]);
      const found = rows.find((row) => row.id === id) ?? rows[0];
      if (!found) return null;
      // Of what only the reference led to, nothing is told beyond the token's reach, not even whose it is.
      const led = found.id === id ? null : aggregate.placeOf(found);
      if (led && !isInScope(actor, led)) throw invalidFields([heldBy(kindOf, heldBeyond)]);
      const holder = rows.find((row) => row.id === found.ref_holder);
      const place = holder && aggregate.placeOf(holder);
      return place && !isInScope(actor, place) ? { ...found, ref_holder: heldBeyond } : found;
    },
    change(call, facts) {
      const { row, input, actor } = call;
      const id = command.idIn(input);
      // The reference led to it, and the id says another: there is none of that id.
      if (id !== undefined && row.id !== id) throw invalidFields([heldBy(kindOf, row.ref_holder ?? row.id)]);
      const place = command.placeOf(call, row, facts);
      if (place) requireScope(actor, place);
      const decision = judge(call, row, facts);
      if (decision.outcome === "created") throw new Error("a row that is there was decided to be made");
      const isChanged = decision.outcome === "changed";
      const written: Written = { outcome: decision.outcome, changed: isChanged ? [...decision.changed] : [] };
      return {
        ...(isChanged && { change: decision.change, warnings: command.warnings?.(call, decision.change, facts) ?? [] }),
        payload: {
          ...written,
          ...(isChanged && { before: beforeOf(row, decision.change), after: { ...decision.change } }),
        },
        body: (body) => answer(body, written),
      };
    },
    create(call, facts) {
      const { input, actor, id: newId } = call;
      const id = command.idIn(input);
      const place = command.placeOf(call, null, facts);
      if (place) requireScope(actor, place);
      const decision = judge(call, null, facts);
      if (decision.outcome !== "created") throw new Error("a row that is not there was decided to be changed");
      const written: Written = { outcome: "created", changed: [...decision.changed] };
      return {
        id: id ?? newId,
        create: decision.fields,
        warnings: command.warnings?.(call, decision.fields, facts) ?? [],
        payload: { ...written, after: { ...decision.fields } },
        body: (body) => answer(body, written),
      };
    },
  };
}

const beforeOf = (row: object, change: object): JsonObject => {
  const columns = new Set(Object.keys(change));
  return Object.fromEntries(Object.entries(row).filter(([column]) => columns.has(column)));
};

const heldBy = (kind: string, id: string): Violation => ({
  path: "external_ref",
  rule: "unique",
  message: refHeld(kind, id),
});

/** The refusal of a field is INVALID_REQUEST, but for a row that was archived, which has a code of its own. */
function refusalOf(refusals: readonly Violation[], row: KeptRow | null, kind: string): Refusal {
  const isArchived = row !== null && refusals.some(({ path, rule }) => path === `${kind}_id` && rule === "archived");
  if (isArchived) return archived(kind, row.id, row.archived_at);
  return invalidFields(refusals);
}

/** Of what is no longer in use. */
export const archived = (kind: string, id: string, at: string | null): Refusal =>
  new Refusal("ARCHIVED", { kind, id, archived_at: at });
