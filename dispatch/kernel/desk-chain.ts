// The desk as an aggregate: what is about the office as a whole (roster, pauses, plans) has no row of its own, only a chain,
// whose head every such command locks.

import type { BodyOf, IdsOf, InputOf, PipelineName } from "../contract/index.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { Aggregate, ChainHead, KnownHead } from "./aggregate.ts";
import { deskName } from "./audit.ts";
import type { Call, RowCommand, RowDecision } from "./command.ts";

const lockDeskChain = statement<ChainHead>(
  "audit_desk_lock",
  `SELECT seq, hash, at FROM audit_heads WHERE chain = $1 FOR UPDATE`,
);
const selectDeskChains = statement<ChainHead>(
  "audit_desk_select_many",
  `SELECT seq, hash, at FROM audit_heads WHERE chain = ANY ($1)`,
);
const lockFreeDeskChain = statement<ChainHead>(
  "audit_desk_lock_free",
  `SELECT seq, hash, at FROM audit_heads WHERE chain = $1 FOR UPDATE SKIP LOCKED`,
);
const selectDeskChain = statement<ChainHead>(
  "audit_desk_select",
  `SELECT seq, hash, at FROM audit_heads WHERE chain = $1`,
);
const advanceDeskChain = statement(
  "audit_desk_advance",
  `UPDATE audit_heads SET seq = $1, hash = $2, at = $3 WHERE chain = 'desk'`,
);
const selectDeskHead = statement<KnownHead>(
  "audit_desk_head",
  `SELECT chain AS id, seq, hash, NULL AS state FROM audit_heads WHERE chain = 'desk' AND chain > coalesce($1, '') LIMIT $2`,
);

/** Nobody makes or removes it: a migration did. */
const onlyOne = (): never => {
  throw new Error("there is one desk; no command makes another or changes its fields");
};

const none = (_tx: Session, rows: readonly ChainHead[]): [] => (rows.length > 0 ? onlyOne() : []);

export const deskAggregate: Aggregate<ChainHead, never, never, null> = {
  name: deskName,
  idIn: null,
  edges: new Map(),
  lock: lockDeskChain,
  // Two commands about the desk never share a transaction.
  lockFree: (tx, [id]) => tx.rows(lockFreeDeskChain, [id]),
  select: selectDeskChain,
  selectMany: selectDeskChains,
  heads: selectDeskHead,
  races: [],
  notFound: () => {
    throw new Error("the desk's audit chain has no head; the migration that makes it has not run");
  },
  idOf: () => deskName,
  stateOf: () => null,
  placeOf: () => null,
  headOf: (row) => row,
  guard: () => undefined,
  created: onlyOne,
  changed: onlyOne,
  withHead: (_row, head) => head,
  insert: none,
  update: none,
  advanceHead: (tx, rows) => rows.map(({ seq, hash, at }) => tx.row(advanceDeskChain, [seq, hash, at])),
  body: () => null,
  subject: (_id, event) => `desk.${event}`,
};

/** What every step of a command about the desk knows. */
export type DeskCall<N extends PipelineName> = Call<InputOf<N>, IdsOf<N>>;

export type DeskDecision<N extends PipelineName> = Omit<
  RowDecision<never, null, BodyOf<N> & object>,
  "body" | "path" | "change"
> & { body(event: Parameters<RowDecision["body"]>[1]): BodyOf<N> & object };

type DeskCommand<N extends PipelineName, Loaded, Prepared> = {
  readonly name: N;
  readonly races?: readonly string[];
  load?(tx: Session, call: DeskCall<N>): Promise<Loaded>;
  /** Work that takes long, with no lock held. It is done once: what it made is handed to decide whatever has changed since. */
  prepare?(call: DeskCall<N>, loaded: Loaded): Promise<Prepared>;
  /** @throws Refusal */
  decide(call: DeskCall<N>, loaded: Loaded, prepared: Prepared): DeskDecision<N>;
};

/** Declares a command about the desk, inferring what it loads and prepares. */
export function deskCommand<N extends PipelineName, Loaded = undefined, Prepared = undefined>(
  command: DeskCommand<N, Loaded, Prepared>,
): RowCommand<InputOf<N>, IdsOf<N>, ChainHead, never, null, BodyOf<N> & object, Loaded, Prepared> {
  return {
    ...command,
    on: "row",
    aggregate: deskAggregate,
    // One chain, which the next command waits for, and loads that lock technicians, tickets and plans.
    alone: true,
    preparedOnce: true,
    decide: (call, loaded, prepared) => {
      const { body, ...decision } = command.decide(call, loaded, prepared);
      return { ...decision, body: (_row, event) => body(event) };
    },
  };
}
