// The actions of a cockpit row as JSON text, prepared once for each role and state: for a ticket only its id is filled in,
// 28 times in 10 KB. Making that text anew for each row took 40 % of a page's time.

import type { TicketId } from "../contract/ids.ts";
import type { Role } from "../contract/roles.ts";
import type { TicketState } from "../contract/states.ts";
import { actionsOfState, placeholder } from "./ticket-actions.ts";

/** Bytes of a ticket's id, a uuid. */
const idLength = 36;

export class ActionsText {
  /** With the placeholder in place of ids. */
  readonly template: Buffer;
  /** Bytes once the ids are in. */
  readonly length: number;
  readonly #withGaps: Buffer;
  readonly #gaps: readonly number[];

  constructor(role: Role, state: TicketState) {
    const text = JSON.stringify(actionsOfState(role, state));
    const pieces = text.split(placeholder);
    let end = -idLength;
    this.#gaps = pieces.slice(0, -1).map((piece) => (end += idLength + Buffer.byteLength(piece)));
    this.#withGaps = Buffer.from(pieces.join(" ".repeat(idLength)));
    this.template = Buffer.from(text);
    this.length = this.#withGaps.length;
  }

  /** Writes the actions of one ticket. @returns where they end */
  write(target: Buffer, at: number, ticketId: TicketId): number {
    const id = Buffer.from(ticketId, "latin1");
    target.set(this.#withGaps, at);
    for (const gap of this.#gaps) target.set(id, at + gap);
    return at + this.length;
  }
}

const prepared = new Map<string, ActionsText>();

/** The text for a role and a state: 350 KB in all, of 17 states and the one role that reads the cockpit. */
export function actionsText(role: Role, state: TicketState): ActionsText {
  const key = `${role} ${state}`;
  const known = prepared.get(key);
  if (known) return known;
  const made = new ActionsText(role, state);
  prepared.set(key, made);
  return made;
}
