// The shape of one contract entry. An entry says what may be asked and by whom; how it runs is the kernel's.

import type { ErrorCode, PolicyErrorCode } from "./errors.ts";
import type { Role } from "./roles.ts";
import type { Static, TSchema } from "./fields.ts";
import type { TObject } from "../schema/type.ts";

/** What a command does to its aggregate, which decides how the pipeline locks, writes and audits. */
export type Effect =
  /** Inserts one; there is none to lock. */
  | "creates"
  /** Locks one and changes it. */
  | "changes"
  /** Locks one and audits, but leaves its own fields alone. */
  | "touches";

/**
 * How an id in a path looks: a uuid, a name of lower-case letters, digits, underscores and hyphens, a ticket's uuid or number, or a room's
 * uuid, name or alias.
 */
export type IdKind = "uuid" | "slug" | "ticket" | "room";

/** The kind of an id in a path, by its name. */
export const idKindOf = (ids: Readonly<Record<string, IdKind>> | undefined, name: string): IdKind =>
  ids?.[name] ?? (name === "ticketId" ? "ticket" : "uuid");

type UpToFour<T> = readonly [] | readonly [T] | readonly [T, T] | readonly [T, T, T] | readonly [T, T, T, T];

/** What an entry tells people and models; `Tool` is the closed list of names, which only the whole registry knows. */
type Guidance<Tool extends string> = {
  /** What it does, when to use it and what it does not do, in one or two sentences. */
  readonly summary: string;
  /** One input as a caller would send it: the JSON body or the query parameters, without the ids in the path. */
  readonly example: { readonly [field: string]: unknown };
  /** How people ask for it, where the summary has other words: for whoever, or whatever, looks for the tool by those. */
  readonly said?: UpToFour<string>;
  /** What a sensible person calls after success, most usual first. */
  readonly next: UpToFour<Tool>;
};

type Addressed = {
  /** Any number of ids may stand in it, each as {name}. */
  readonly path: string;
  /** The kind of each id in the path that is no uuid; a ticket's needs no saying. */
  readonly ids?: Readonly<Record<string, IdKind>>;
  readonly roles: readonly Role[];
  readonly input: TObject;
  readonly output: TSchema;
};

export type CommandMethod = "POST" | "PUT" | "PATCH" | "DELETE";

export type CommandEntry<Tool extends string = string> = Guidance<Tool> &
  Addressed & {
    readonly kind: "command";
    readonly method: CommandMethod;
    /** The name of what it is about; "desk" where that is the office as a whole. */
    readonly aggregate: string;
    readonly effect: Effect;
    /** States the aggregate may be in; empty where it is created, or has no states. */
    readonly from: readonly string[];
    /** States it may be in afterwards; empty when the state stays as it was. */
    readonly to: readonly string[];
    /** States of another one that it opens besides; what is usually next may be about that. */
    readonly opens?: readonly string[];
    /** The refusal for any other state; INVALID_STATE_TRANSITION unless said otherwise. */
    readonly wrongStateCode?: PolicyErrorCode;
    /** Whether somebody who only helps with the work may do it, though it changes the work; what leaves it as it is they may. */
    readonly byHelpers?: boolean;
    /** Whether it carries out work, as opposed to watching and handing out. */
    readonly executes?: boolean;
    readonly status: 200 | 201 | 202 | 204;
  };

export type QueryEntry<Tool extends string = string> = Guidance<Tool> &
  Addressed & {
    readonly kind: "query";
    readonly method: "GET";
    /** The refusal for an id in the path that cannot be one, or that by the id's name; NOT_FOUND unless said otherwise. */
    readonly wrongIdCode?: ErrorCode | Readonly<Record<string, ErrorCode>>;
    /**
     * Whether it answers with a file, which may be made while it is sent: then nobody can ask for a part of it. Its `output` is what is
     * told of that to whoever asks for application/json.
     */
    readonly file?: true | "streamed";
  };

/** Each entry with an example that fits its own input and has no field besides. */
type WithFittingExamples<T extends Record<string, Pick<CommandEntry, "input" | "example">>> = {
  readonly [N in keyof T]: { readonly example: Fitting<T[N]["example"], Static<T[N]["input"]>> };
};
type Fitting<Example, Input> = DeepReadonly<Input> & { readonly [K in Exclude<keyof Example, keyof Input>]: never };
// An id is a text with a brand, and so an object too for the compiler.
type DeepReadonly<T> = T extends string ? T : T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

type Declared<E extends { kind: string; method: string }> = Omit<E, "kind" | "method"> & {
  readonly method?: E["method"];
};
type WithKind<T extends Record<string, object>, K extends string, M extends string> = {
  readonly [N in keyof T]: T[N] & { readonly kind: K } & (T[N] extends { readonly method: string }
      ? unknown
      : { readonly method: M });
};

/** Keeps each entry's literal types while checking its shape; the method is POST where an entry names none. */
export const defineCommands = <const T extends Record<string, Declared<CommandEntry>>>(
  entries: T & NoInfer<WithFittingExamples<T>>,
) => withKind<T, "command", "POST">(entries, "command", "POST");

/** As defineCommands, for queries, whose method is GET. */
export const defineQueries = <const T extends Record<string, Declared<QueryEntry>>>(
  entries: T & NoInfer<WithFittingExamples<T>>,
) => withKind<T, "query", "GET">(entries, "query", "GET");

function withKind<T extends Record<string, object>, K extends string, M extends string>(
  entries: T,
  kind: K,
  method: M,
) {
  const made: Record<string, object> = {};
  for (const [name, entry] of Object.entries(entries)) made[name] = Object.freeze({ kind, method, ...entry });
  return made as WithKind<T, K, M>;
}
