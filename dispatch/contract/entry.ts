// The shape of one contract entry. An entry says what may be asked and by whom; how it runs is the kernel's.

import type { Role } from "./roles.ts";
import type { TicketState } from "./states.ts";
import type { Static, TSchema } from "./fields.ts";
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

type UpToFour<T> = readonly [] | readonly [T] | readonly [T, T] | readonly [T, T, T] | readonly [T, T, T, T];

/** What an entry tells people and models; `Tool` is the closed list of names, which only the whole registry knows. */
type Guidance<Tool extends string> = {
  /** What it does, when to use it and what it does not do, in one or two sentences. */
  readonly summary: string;
  /** One input as a caller would send it: the JSON body or the query parameters, without the id in the path. */
  readonly example: { readonly [field: string]: unknown };
  /** What a sensible person calls after success, most usual first. */
  readonly next: UpToFour<Tool>;
};

export type CommandEntry<Tool extends string = string> = Guidance<Tool> & {
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
};

export type QueryEntry<Tool extends string = string> = Guidance<Tool> & {
  readonly kind: "query";
  readonly method: "GET";
  readonly path: string;
  readonly roles: readonly Role[];
  readonly input: TObject;
  readonly output: TSchema;
};

/** Each entry with an example that fits its own input and has no field besides. */
type WithFittingExamples<T extends Record<string, Pick<CommandEntry, "input" | "example">>> = {
  readonly [N in keyof T]: { readonly example: Fitting<T[N]["example"], Static<T[N]["input"]>> };
};
type Fitting<Example, Input> = DeepReadonly<Input> & { readonly [K in Exclude<keyof Example, keyof Input>]: never };
type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** Keeps each entry's literal types while checking its shape. */
export const defineCommands = <const T extends Record<string, Omit<CommandEntry, "kind" | "method">>>(
  entries: T & NoInfer<WithFittingExamples<T>>,
) => mapEntries<T, { kind: "command"; method: "POST" }>(entries, { kind: "command", method: "POST" });

/** As defineCommands, for queries. */
export const defineQueries = <const T extends Record<string, Omit<QueryEntry, "kind" | "method">>>(
  entries: T & NoInfer<WithFittingExamples<T>>,
) => mapEntries<T, { kind: "query"; method: "GET" }>(entries, { kind: "query", method: "GET" });

function mapEntries<T extends Record<string, object>, K extends object>(entries: T, kind: K) {
  const mapped: Record<string, object> = {};
  for (const [name, entry] of Object.entries(entries)) mapped[name] = Object.freeze({ ...kind, ...entry });
  return mapped as { readonly [N in keyof T]: T[N] & K };
}
