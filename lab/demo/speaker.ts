// What a person of the demo can do, whichever way they speak to the desk: over HTTP, or through the gateway's tools.

import type { BodyOf, CommandName, InputOf, QueryBodyOf, QueryName } from "../../dispatch/contract/index.ts";
import type { Receipt } from "../../dispatch/contract/responses.ts";

export type Accepted<N extends CommandName> = BodyOf<N> & { readonly receipt: Receipt };
export type Refusal = { readonly code: string; readonly message: string; readonly [field: string]: unknown };

export type Attempt<N extends CommandName> =
  | { readonly ok: true; readonly body: Accepted<N> }
  | { readonly ok: false; readonly refusal: Refusal };

export type Speaker = {
  /** As the story calls them. */
  readonly label: string;
  /**
   * Runs a command that must succeed.
   * @param about the id in the command's path, a ticket's or a technician's; null where it has none
   * @throws CommandFailure with the desk's own words otherwise
   */
  does<N extends CommandName>(name: N, about: string | null, input: InputOf<N>, key?: string): Promise<Accepted<N>>;
  /** Runs a command that somebody else may have been quicker with. @throws CommandFailure when the desk does not answer */
  attempts<N extends CommandName>(name: N, about: string | null, input: InputOf<N>): Promise<Attempt<N>>;
  /** Runs a command that must be refused, and gives the refusal. @throws CommandFailure when it is not */
  isRefused<N extends CommandName>(name: N, about: string | null, input: InputOf<N>): Promise<Refusal>;
  /** Repeats a command with the key it was sent with; `replayed` when the API answered from its record. */
  repeats<N extends CommandName>(
    name: N,
    about: string | null,
    input: InputOf<N>,
    key: string,
  ): Promise<{ body: Accepted<N>; replayed: boolean }>;
  /** Reads. @throws CommandFailure unless it is answered */
  reads<N extends QueryName>(
    name: N,
    ids?: { ticketId?: string; receiptId?: string; taskId?: string },
    query?: Record<string, string>,
  ): Promise<QueryBodyOf<N>>;
};
