// What a command hands to the pipeline: what to read beside its row, and how to decide. One command, one file, one value of
// one of these types; each wing has a function of its own that makes it (ticketCommand, deskCommand, …).

import type { ReceiptId } from "../contract/ids.ts";
import type { Warning } from "../contract/warnings.ts";
import type { Session } from "../db/pool.ts";
import type { Actor } from "./actor.ts";
import type { Aggregate, Belonging, Concerns } from "./aggregate.ts";
import type { AuditEvent } from "./audit.ts";
import type { Desk } from "./desk.ts";
import type { JsonObject } from "./json.ts";
import type { Told } from "./outbox.ts";
import type { Related } from "./related-change.ts";
import type { PartChange } from "./parts.ts";

/** What every step of a command knows. */
export type Call<Input = unknown, Ids = unknown, AggregateId extends string = string> = {
  readonly desk: Desk;
  readonly actor: Actor;
  readonly input: Input;
  /** When this happens, ISO 8601; once the row is locked always after its last event. */
  readonly now: string;
  /** What the clock says: for what is too early or too late, since history may run ahead where a clock was wrong. */
  readonly clockTime: string;
  /** The ids in the path. */
  readonly ids: Ids;
  /** The id of what the command is about; for a creating command the one it will have, unless its decision names another. */
  readonly id: AggregateId;
  /** The Idempotency-Key: with the actor's id and the path it names the intent. */
  readonly requestId: string;
  /** The id this command's audit event, and so its receipt, will have. */
  readonly eventId: ReceiptId;
};

export type RowCall<Input = unknown, Ids = unknown, Row = unknown, AggregateId extends string = string> = Call<
  Input,
  Ids,
  AggregateId
> & { readonly row: Row };

type Decided<Body, Answer> = {
  /** Kept in the audit trail. */
  readonly payload: JsonObject;
  /**
   * Other rows that change, or come to be, because of this command, each with an audit event of its own. Those that are there
   * must be locked by `load`.
   */
  readonly related?: readonly Related[];
  /** Whose things the answer names beside the row itself and those related: asked for again when the answer is replayed. */
  readonly concerns?: Concerns;
  /** Where it bears on one place that the row does not tell: listeners to events must reach that. */
  readonly place?: Belonging | undefined;
  /** What the caller should know although the command is obeyed; told in the answer, and so in every replay of it. */
  readonly warnings?: readonly Warning[];
  /** Rows that belong to the command's own: written behind its audit event, which says what becomes of them. */
  readonly parts?: readonly PartChange[];
  /** What listeners hear of it; absent: one event with the command's name. */
  readonly told?: readonly Told[];
  /** The answer's HTTP status, where it is not the entry's. */
  readonly status?: 200 | 201;
  /** Further rows, which belong to no aggregate, queued in the command's own transaction behind its audit event. */
  write?(tx: Session, event: AuditEvent): Promise<unknown>[];
  /** The answer's body; the pipeline adds the receipt. */
  body(row: Body, event: AuditEvent): Answer;
  /**
   * What is stored of the body for repetitions, where it holds something that is shown once, or says whether it is one; absent: the body as
   * it is.
   */
  kept?(body: Answer): Answer;
};

/** What a command on a row decided. */
export type RowDecision<Change = unknown, Body = unknown, Answer = object, State extends string = string> = Decided<
  Body,
  Answer
> & {
  /** The states passed through, the last one included; absent when the state stays. */
  readonly path?: readonly State[];
  readonly change?: Change;
};

/** What a creating command decided. */
export type CreationDecision<
  Fields = unknown,
  Body = unknown,
  Answer = object,
  State extends string = string,
> = Decided<Body, Answer> & {
  /** Where ids are names that callers choose. */
  readonly id?: string;
  /** Absent where it has no states. */
  readonly state?: State;
  readonly create: Fields;
};

type Common<Input, Ids, Loaded, AggregateId extends string> = {
  readonly name: string;
  /**
   * True when `load` or `write` locks rows that are not this command's own: it then runs in a transaction of its own, since
   * commands that share one would wait for, or deadlock with, each other's locks.
   */
  readonly alone?: boolean;
  /**
   * Another row, by aggregate and id, that this call locks and takes something of; null where it takes nothing. Two calls that claim one
   * share no transaction: the second must see what the first took.
   */
  claims?(call: Call<Input, Ids, AggregateId>): string | null;
  /** Constraints of the database that decide between two of these at the same moment, beside the aggregate's. */
  readonly races?: readonly string[];
  /** Reads that travel with the lock; queue all of them before awaiting one. They see what the lock sees. */
  load?(tx: Session, call: Call<Input, Ids, AggregateId>): Promise<Loaded>;
};

export type RowCommand<
  Input = unknown,
  Ids = unknown,
  Row = unknown,
  Change = unknown,
  Body = unknown,
  Answer = object,
  Loaded = unknown,
  Prepared = unknown,
  AggregateId extends string = string,
> = Common<Input, Ids, Loaded, AggregateId> & {
  readonly on: "row";
  readonly aggregate: Aggregate;
  /** The state the caller is heading for, for a refusal's to_state; otherwise the entry's first. */
  target?(call: RowCall<Input, Ids, Row, AggregateId>): string | undefined;
  /**
   * What to ask elsewhere before deciding, where that leaves nothing behind (driving times); null when nothing. It runs
   * with no lock held; then the command is retried once, with what was learned.
   */
  consult?(call: RowCall<Input, Ids, Row, AggregateId>, loaded: Loaded): (() => Promise<void>) | null;
  /**
   * Work outside the database (object store, a long search), after all checks and before the transaction that commits, with
   * no lock held; the checks run again afterwards.
   */
  prepare?(call: RowCall<Input, Ids, Row, AggregateId>, loaded: Loaded): Promise<Prepared>;
  /** Whether this call has anything to prepare; always, unless this says otherwise. Then decide gets undefined. */
  needsPreparation?(loaded: Loaded): boolean;
  /** Whether what was prepared is good for the row as it is now; otherwise for the row at its very audit seq. */
  readonly preparedOnce?: boolean;
  /** @throws Refusal */
  decide(
    call: RowCall<Input, Ids, Row, AggregateId>,
    loaded: Loaded,
    prepared: Prepared,
  ): RowDecision<Change, Body, Answer>;
};

export type CreationCommand<
  Input = unknown,
  Ids = unknown,
  Fields = unknown,
  Body = unknown,
  Answer = object,
  Loaded = unknown,
  AggregateId extends string = string,
> = Common<Input, Ids, Loaded, AggregateId> & {
  readonly on: "creation";
  readonly aggregate: Aggregate;
  /** @throws Refusal */
  decide(call: Call<Input, Ids, AggregateId>, loaded: Loaded): CreationDecision<Fields, Body, Answer>;
};

/**
 * A command on the row that its body names, or that makes one where there is none. It has a transaction of its own, and of two at
 * the same moment that make one thing, by one id or reference, a constraint among `races` lets the second find what the first made.
 */
export type UpsertCommand<
  Input = unknown,
  Ids = unknown,
  Row = unknown,
  Change = unknown,
  Fields = unknown,
  Body = unknown,
  Answer = object,
  Loaded = unknown,
  AggregateId extends string = string,
> = Common<Input, Ids, Loaded, AggregateId> & {
  readonly on: "upsert";
  readonly aggregate: Aggregate;
  /** The row, locked; null where there is none. Queued where other commands lock theirs. */
  find(tx: Session, call: Call<Input, Ids, AggregateId>): Promise<Row | null>;
  /**
   * Behind scope, guard and version of a row that was found.
   * @throws Refusal
   */
  change(call: RowCall<Input, Ids, Row, AggregateId>, loaded: Loaded): RowDecision<Change, Body, Answer>;
  /** @throws Refusal */
  create(call: Call<Input, Ids, AggregateId>, loaded: Loaded): CreationDecision<Fields, Body, Answer>;
};

export type Command = RowCommand | CreationCommand | UpsertCommand;

/** By the command's name. The composition root's type says that none is missing. */
export type CommandHandlers = Readonly<Record<string, Command>>;
