// What the pipeline asks of an aggregate: how its row is locked, read and written, where its audit chain ends, whose it is,
// and which moves it may make. A wing brings a value of this type; nothing else about it is known here.

import type { CommandEntry } from "../contract/entry.ts";
import type { AccountId, SiteId } from "../contract/ids.ts";
import type { Session } from "../db/pool.ts";
import type { SelectRows } from "../db/select-rows.ts";
import type { Statement } from "../db/statement.ts";
import type { Actor } from "./actor.ts";
import type { Desk } from "./desk.ts";
import type { Refusal } from "./refusal.ts";
import type { PartTable } from "./parts.ts";

/** Where a chain ends: its last event's seq, hash and time. */
export type ChainHead = { readonly seq: number; readonly hash: string; readonly at: string };

/** Whose it is: the ids by which a caller's scope is judged. */
export type Place = { readonly account_id: AccountId; readonly site_id: SiteId };

/** As a place; without a site what is a whole account's. */
export type Belonging = Pick<Place, "account_id"> & { readonly site_id: SiteId | null };

/** Whose things an answer names. */
export type Concerns = { readonly account_ids: readonly AccountId[]; readonly site_ids: readonly SiteId[] };

/** The accounts and sites of places, each once. */
export function concernsOf(places: readonly (Belonging | null)[]): Concerns {
  const known = places.filter((place) => place !== null);
  return {
    account_ids: [...new Set(known.map(({ account_id }) => account_id))],
    site_ids: [...new Set(known.flatMap(({ site_id }) => site_id ?? []))],
  };
}

/** A visit that is booked, sent or under way gets another time, or another technician, or nobody. */
export type VisitMove = { readonly technicianChanged: boolean };

/** Who hears of a change: the parties to the row as it was and as it is. */
export function partiesTo({ partiesOf }: Aggregate, before: unknown, after: unknown): string[] | null {
  if (!partiesOf) return null;
  return [...new Set([...(before === null ? [] : partiesOf(before)), ...partiesOf(after)])];
}

/** The head of one chain as a reader of the whole audit trail needs it. */
export type KnownHead = {
  readonly id: string;
  readonly seq: number;
  readonly hash: string;
  readonly state: string | null;
};

// Members that take a row are methods, not function properties: the pipeline hands back only rows that it was given. So with
// ids: to the pipeline they are texts, and it hands each aggregate those of its own rows and paths.
export type Aggregate<
  Row = unknown,
  Change = unknown,
  Fields = unknown,
  Body = unknown,
  State extends string = string,
  AggregateId extends string = string,
> = {
  /** As contract entries and stored rows name it. */
  readonly name: string;
  /** The name of its id in a path; null where there is only one of it, which no path names. */
  readonly idIn: string | null;
  /** Every move it may make: from-state, or the creation sentinel, to the states it may become. */
  readonly edges: ReadonlyMap<string, readonly string[]>;
  /** The row by its id ($1), locked against other commands. */
  readonly lock: Statement<Row & object>;
  /** Rows by their ids, locked, but for those that another command holds. */
  readonly lockFree: SelectRows<Row & object>;
  /** The row by its id ($1), unlocked. */
  readonly select: Statement<Row & object>;
  /**
   * What of a row its events vouch for, by a version, in an order that is fixed for good; null for a version that is not known.
   * Absent where the row is the head of its chain and nothing else.
   */
  readonly covers?: { readonly version: number; values(row: Row, version: number): readonly unknown[] | null };
  /** Rows by their ids ($1, an array), unlocked. */
  readonly selectMany: Statement<Row & object>;
  /** The rows that belong to it, for whoever verifies them; where another room owns them, dispatch/aggregates.ts adds them. */
  readonly parts?: readonly PartTable[];
  /** Heads in the order of ids, those behind an id ($1 text, null for the first page), at most so many ($2). */
  readonly heads: Statement<KnownHead>;
  /** Unique and exclusion constraints of the database that decide between two commands at the same moment. */
  readonly races: readonly string[];
  notFound(id: AggregateId): Refusal;
  idOf(row: Row): AggregateId;
  /** Null where it has no states. */
  stateOf(row: Row): string | null;
  /** Null where it is nobody's in particular. */
  placeOf(row: Row): Belonging | null;
  /** Who hears of its events although they may not hear of all, by their actor ids. Absent where nobody does. */
  partiesOf?(row: Row): readonly string[];
  headOf(row: Row): ChainHead;
  /** Which version of it this is, where callers may say which one they read (`expected_version`). */
  versionOf?(row: Row): number;
  /** What the guard must know of an actor beside the row, queued behind the row's lock; null where that says all of it. */
  standing?(tx: Session, actor: Actor, id: AggregateId): Promise<unknown> | null;
  /**
   * @param standing what `standing` read
   * @throws Refusal for an actor who may reach the row and still not do this to it
   */
  guard(actor: Actor, row: Row, entry: CommandEntry, standing: unknown): void;
  /** A row that does not exist yet. */
  created(
    desk: Desk,
    creation: { readonly id: AggregateId; readonly fields: Fields; readonly state: State; readonly at: string },
  ): Row;
  /** The row after a change. */
  changed(desk: Desk, row: Row, change: Change, path: readonly State[], at: string): Row;
  withHead(row: Row, head: ChainHead): Row;
  /** What a change does to a visit that others count on; null where it leaves it as it was. Absent where there are no visits. */
  moved?(before: Row, after: Row): VisitMove | null;
  // Of any number of rows; of none there is nothing to queue.
  insert(tx: Session, rows: readonly Row[]): Promise<unknown>[];
  update(tx: Session, rows: readonly Row[]): Promise<unknown>[];
  /** Writes the heads alone. */
  advanceHead(tx: Session, rows: readonly Row[]): Promise<unknown>[];
  /** The row as clients see it. */
  body(row: Row, reader: Actor): Body;
  /** The outbox subject of a command's event. */
  subject(id: AggregateId, event: string): string;
};
