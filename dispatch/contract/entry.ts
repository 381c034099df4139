// The shape of one contract entry. An entry says what may be asked and by whom; how it runs is the kernel's.

import type { Role } from "./roles.ts";
import type { TicketState } from "./states.ts";
import type { TSchema } from "./fields.ts";
import type { TObject } from "typebox";

/** What a command does to its aggregate, which decides how the pipeline locks and audits. */
export type Effect =
  /** Inserts a ticket; there is none to lock. */
  | "creates_ticket"
  /** Locks the ticket named in the path and changes it. */
  | "changes_ticket"
  /** Locks the ticket named in the path and audits, but leaves the ticket's own fields alone. */
  | "touches_ticket"
  /** Has no ticket; its audit goes to the chain of the desk itself. */
  | "changes_desk";

export type CommandEntry = {
  readonly kind: "command";
  readonly method: "POST";
  readonly path: string;
  readonly roles: readonly Role[];
  readonly effect: Effect;
  /** States the ticket may be in; empty where there is no ticket. */
  readonly from: readonly TicketState[];
  /** States the ticket may be in afterwards; empty when the state stays as it was. */
  readonly to: readonly TicketState[];
  readonly status: 200 | 201;
  readonly input: TObject;
  readonly output: TSchema;
  /** One sentence for people and models. */
  readonly summary: string;
};

export type QueryEntry = {
  readonly kind: "query";
  readonly method: "GET";
  readonly path: string;
  readonly roles: readonly Role[];
  readonly input: TObject;
  readonly output: TSchema;
  readonly summary: string;
};

export type Entry = CommandEntry | QueryEntry;

/** Keeps each entry's literal types while checking its shape. */
export const defineCommands = <const T extends Record<string, Omit<CommandEntry, "kind" | "method">>>(entries: T) =>
  mapEntries(entries, { kind: "command", method: "POST" });

/** As defineCommands, for queries. */
export const defineQueries = <const T extends Record<string, Omit<QueryEntry, "kind" | "method">>>(entries: T) =>
  mapEntries(entries, { kind: "query", method: "GET" });

function mapEntries<T extends Record<string, object>, const K extends object>(entries: T, kind: K) {
  const mapped: Record<string, object> = {};
  for (const [name, entry] of Object.entries(entries)) mapped[name] = Object.freeze({ ...kind, ...entry });
  return mapped as { readonly [N in keyof T]: T[N] & K };
}
