// An id of one noun is not taken for another's: by the compiler, in functions of the product; and a text from outside is an
// id only where it is a uuid.

import assert from "node:assert/strict";
import { test } from "node:test";
import { idFrom, knownId, type AccountId, type TechnicianId, type TicketId } from "../../dispatch/contract/ids.ts";
import type { BodyOf, IdsOf, InputOf } from "../../dispatch/contract/index.ts";
import type { Session } from "../../dispatch/db/pool.ts";
import type { Desk } from "../../dispatch/kernel/desk.ts";
import { loadAssignee } from "../../dispatch/field/assign.ts";
import { loadChainOfTicket } from "../../dispatch/field/autonomy.ts";
import { reaches, type Actor } from "../../dispatch/kernel/actor.ts";
import { newId } from "../../dispatch/kernel/clock.ts";
import { relatedTicket } from "../../dispatch/ticket/related-ticket.ts";
import type { TicketRow } from "../../dispatch/ticket/ticket-row.ts";
import { lockAndReadTechnician } from "../../dispatch/workforce/technicians.ts";

const uuid = "7EC00000-0000-4000-8000-00000000000A";

test("a uuid in any letter case is an id, in lower case", () => {
  assert.equal(idFrom<TicketId>(uuid), uuid.toLowerCase());
  assert.equal(knownId<TicketId>(uuid), uuid.toLowerCase());
});

test("what is no uuid is no id", () => {
  for (const text of ["", "T1", `${uuid} `, `${uuid}\n`, uuid.replaceAll("-", ""), `x${uuid}`]) {
    assert.equal(idFrom(text), null, JSON.stringify(text));
    assert.throws(() => knownId(text), RangeError, JSON.stringify(text));
  }
});

type Known = {
  readonly desk: Desk;
  readonly tx: Session;
  readonly actor: Actor;
  readonly ticket: TicketRow;
  readonly ids: IdsOf<"assignment.dispatch">;
  readonly input: InputOf<"assignment.dispatch">;
  readonly answer: BodyOf<"assignment.recommend">;
};

// Compiled and never run: where the compiler takes what it should refuse, the directive above it is unused and `tsc` fails.
export const compiled = {
  taken: ({ desk, tx, actor, ticket, ids, input, answer }: Known) => [
    loadAssignee(tx, { desk, ticketId: ids.ticketId, clockTime: "" }, input.tech_id),
    loadAssignee(tx, { desk, ticketId: ticket.id, clockTime: "" }, answer.recommendations[0]?.tech_id ?? null),
    loadChainOfTicket(tx, newId()),
    lockAndReadTechnician(tx, input.tech_id, ticket.created_at),
    reaches(actor.accounts, ticket.account_id),
  ],
  refused: ({ desk, tx, actor, ticket, ids, input }: Known) => [
    // @ts-expect-error the ids change places
    loadAssignee(tx, { desk, ticketId: input.tech_id, clockTime: "" }, ids.ticketId),
    // @ts-expect-error a technician is no ticket
    loadChainOfTicket(tx, ticket.assigned_tech_id ?? input.tech_id),
    // @ts-expect-error a ticket is no technician
    lockAndReadTechnician(tx, ids.ticketId, ticket.created_at),
    // @ts-expect-error a site is no account
    reaches(actor.accounts, ticket.site_id),
    // @ts-expect-error a technician is sent by their own id, not by their firm's
    relatedTicket({ ticket, path: [], payload: {}, change: { assigned_tech_id: ticket.assigned_provider_id } }, ""),
    // @ts-expect-error a text says nothing about whose id it is
    loadChainOfTicket(tx, uuid),
    // @ts-expect-error what is a technician's id already does not become an account's
    knownId<AccountId>(input.tech_id),
    // @ts-expect-error nor by way of a variable
    ((id: TechnicianId): TicketId | null => idFrom<TicketId>(id))(input.tech_id),
  ],
};
