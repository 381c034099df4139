// A command as it comes to the pipeline, and the answer that leaves it.

import type { PipelineName } from "../contract/index.ts";
import type { Actor, Trace } from "./actor.ts";
import type { JsonObject } from "./json.ts";

export type CommandRequest<N extends PipelineName = PipelineName> = {
  readonly name: N;
  /** The concrete path, which the idempotency fingerprint covers. */
  readonly path: string;
  /** The ticket named in the path, lower-cased. */
  readonly ticketId: string | null;
  /** The technician named in the path, lower-cased; absent where the path names none. */
  readonly technicianId?: string | null;
  /** The plan named in the path, lower-cased; absent where the path names none. */
  readonly planId?: string | null;
  readonly body: JsonObject;
  readonly requestId: string;
  /** Authenticated; role and tool have been checked. */
  readonly actor: Actor;
  readonly trace: Trace;
  /** For a worker: give up at once where another command holds the ticket, and do not wait for it. */
  readonly skipLocked?: true;
};

export type Answer = {
  readonly status: number;
  /** JSON text: the very bytes that are stored for replays. */
  readonly body: string;
  readonly replayed: boolean;
  readonly ticketId: string | null;
  /** The transitions made, from[i] to to[i]. */
  readonly moves: { readonly from: readonly string[]; readonly to: readonly string[] };
};
