// A command as it comes to the pipeline, and the answer that leaves it.

import type { Actor, Trace } from "./actor.ts";
import type { ApprovedCall } from "./approved-call.ts";
import type { JsonObject } from "./json.ts";

export type CommandRequest = {
  readonly name: string;
  /** The concrete path, which the idempotency fingerprint covers. */
  readonly path: string;
  /** The ids in the path by the names the contract gives them, in lower case. */
  readonly ids: Readonly<Record<string, string>>;
  readonly body: JsonObject;
  readonly requestId: string;
  /** Authenticated; role and tool have been checked. */
  readonly actor: Actor;
  readonly trace: Trace;
  /** For a worker: give up at once where another command holds the row, and do not wait for it. */
  readonly skipLocked?: true;
  /** The kept request that a person's word for this call belongs to; never of a caller's own making. */
  readonly approved?: ApprovedCall;
  /** Only to hear whether a person must be asked: nothing is done. */
  readonly askOnly?: true;
};

export type Answer = {
  readonly status: number;
  /** JSON text: the very bytes that are stored for replays. */
  readonly body: string;
  readonly replayed: boolean;
  /** What the command was about. */
  readonly aggregate: string;
  readonly aggregateId: string;
  /** The transitions made, from[i] to to[i]. */
  readonly moves: { readonly from: readonly string[]; readonly to: readonly string[] };
};
