// What a command hands to the pipeline: what to read beside the ticket, and how to decide. One command, one file,
// one value of one of these types.

import type { BodyOf, PipelineName, InputOf } from "../contract/index.ts";
import type { TicketState } from "../contract/states.ts";
import type { TicketBody } from "../contract/responses.ts";
import type { Session } from "../db/pool.ts";
import type { Actor } from "./actor.ts";
import type { AuditEvent } from "./audit.ts";
import type { Desk } from "./desk.ts";
import type { JsonObject } from "./json.ts";
import type { NewTicket, TicketChange, TicketRow } from "../ticket/ticket-row.ts";

/** What every step of a command knows. */
export type Call<N extends PipelineName> = {
  readonly desk: Desk;
  readonly actor: Actor;
  readonly input: InputOf<N>;
  /** When this happens, ISO 8601; once the ticket, or the desk's chain, is locked always after its last event. */
  readonly now: string;
  /** What the clock says: for what is too early or too late, since history may run ahead where a clock was wrong. */
  readonly clockTime: string;
  /** The ticket's id; for a creating command the id the new ticket will have. */
  readonly ticketId: string;
  /** The id of the technician in the path; empty where the path names none. */
  readonly technicianId: string;
  /** The id of the plan in the path; empty where the path names none. */
  readonly planId: string;
  /** The Idempotency-Key: with the actor's id and the path it names the intent. */
  readonly requestId: string;
  /** The id this command's audit event, and so its receipt, will have. */
  readonly eventId: string;
};

export type TicketCall<N extends PipelineName> = Call<N> & { readonly ticket: TicketRow };

type Written = {
  /** Kept in the audit trail. */
  readonly payload: JsonObject;
  /** Further rows, queued in the command's own transaction behind its audit event. */
  readonly write?: (tx: Session, event: AuditEvent) => Promise<unknown>[];
};

/** The answer's body; the pipeline adds the receipt. */
type TicketAnswer<N extends PipelineName> = { readonly body: (ticket: TicketBody, event: AuditEvent) => BodyOf<N> };

/** What a command on a ticket decided. */
export type TicketDecision<N extends PipelineName> = Written &
  TicketAnswer<N> & {
    /** The states passed through, the last one included; absent when the state stays. */
    readonly path?: readonly TicketState[];
    readonly change?: TicketChange;
  };

/** What a creating command decided. */
export type CreationDecision<N extends PipelineName> = Written &
  TicketAnswer<N> & { readonly state: TicketState; readonly create: NewTicket };

/** What a command about the desk itself decided. */
export type DeskDecision<N extends PipelineName> = Written & {
  /** Where it bears on one place alone: whoever asks for the answer again, or listens to events, must reach that. */
  readonly place?: Place | undefined;
  readonly body: (event: AuditEvent) => BodyOf<N>;
};

export type Place = { readonly account_id: string; readonly site_id: string };

type Common<N extends PipelineName, Loaded> = {
  readonly name: N;
  /** Reads that travel with the lock; queue all of them before awaiting one. They see what the lock sees. */
  load?(tx: Session, call: Call<N>): Promise<Loaded>;
};

export type TicketCommand<N extends PipelineName, Loaded = unknown, Prepared = unknown> = Common<N, Loaded> & {
  readonly on: "ticket";
  /** The refusal for a wrong state, where it is not INVALID_STATE_TRANSITION. */
  readonly wrongStateCode?: "SCHEDULE_HOLD_STATE_CONFLICT";
  /** The state the caller is heading for, for a refusal's to_state; otherwise the entry's first. */
  target?(call: TicketCall<N>): TicketState | undefined;
  /**
   * What to ask elsewhere before deciding, where that leaves nothing behind (driving times); null when nothing. It runs
   * with no lock held; then the command begins anew, once, with whatever was learned.
   */
  consult?(call: TicketCall<N>, loaded: Loaded): (() => Promise<void>) | null;
  /**
   * Work outside the database (object store), after all checks and before the transaction that commits, with no
   * lock held; the checks run again afterwards, and this again if the ticket has changed meanwhile.
   */
  prepare?(call: TicketCall<N>, loaded: Loaded): Promise<Prepared>;
  /** Whether this call has anything to prepare; always, unless this says otherwise. Then decide gets undefined. */
  needsPreparation?(loaded: Loaded): boolean;
  /** @throws Refusal */
  decide(call: TicketCall<N>, loaded: Loaded, prepared: Prepared): TicketDecision<N>;
};

export type CreationCommand<N extends PipelineName, Loaded = unknown> = Common<N, Loaded> & {
  readonly on: "creation";
  /** @throws Refusal */
  decide(call: Call<N>, loaded: Loaded): CreationDecision<N>;
};

export type DeskCommand<N extends PipelineName, Loaded = unknown, Prepared = unknown> = Common<N, Loaded> & {
  readonly on: "desk";
  /**
   * Work that takes long, before the transaction that commits and with no lock held. It is done once: what it made is
   * handed to decide whatever has changed on the desk meanwhile.
   */
  prepare?(call: Call<N>, loaded: Loaded): Promise<Prepared>;
  /** @throws Refusal */
  decide(call: Call<N>, loaded: Loaded, prepared: Prepared): DeskDecision<N>;
};

export type Command<N extends PipelineName> = TicketCommand<N> | CreationCommand<N> | DeskCommand<N>;

/** Declares a command on a ticket, inferring what it loads and prepares. */
export const ticketCommand = <N extends PipelineName, Loaded = undefined, Prepared = undefined>(
  command: Omit<TicketCommand<N, Loaded, Prepared>, "on">,
): TicketCommand<N, Loaded, Prepared> => ({ ...command, on: "ticket" });

/** Declares a command that makes a ticket. */
export const creationCommand = <N extends PipelineName, Loaded = undefined>(
  command: Omit<CreationCommand<N, Loaded>, "on">,
): CreationCommand<N, Loaded> => ({ ...command, on: "creation" });

/** Declares a command about the desk itself. */
export const deskCommand = <N extends PipelineName, Loaded = undefined, Prepared = undefined>(
  command: Omit<DeskCommand<N, Loaded, Prepared>, "on">,
): DeskCommand<N, Loaded, Prepared> => ({ ...command, on: "desk" });

/**
 * A handler for every command of the contract and of the worker; a missing one does not compile. load, prepare and decide are declared
 * as methods so that each handler's own Loaded and Prepared fit here: the pipeline only hands back what it was given.
 */
export type CommandHandlers = { readonly [N in PipelineName]: Command<N> };
