// Every command × every role and state it is for × both profiles: it is obeyed and does what the contract's table says. That
// it is refused everywhere else with the reason, and leaves nothing behind, is shown of each command by samples: the whole
// table of refusals is in entries.test.ts, and commands on tasks have a matrix of their own (task-matrix.test.ts).

import { aggregates } from "../../dispatch/aggregates.ts";
import { commands } from "../../dispatch/contract/index.ts";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { actorIdOf, profiles, startTestApi, type TestApi } from "../support/api.ts";
import { everyCase } from "../support/cases.ts";
import { addTechnician } from "../support/directory.ts";
import { anyProposal } from "../support/plan-day.ts";
import { ticketIn, type BuiltTicket } from "../support/ticket-builder.ts";
import { tracesLeft } from "../support/traces-left.ts";
import type { Obeyed } from "./command-cases/case.ts";
import { commandTable, deskCase, waysToObey, type CommandRow } from "./command-table.ts";
import { expectedRefusal, refusedRoles, refusedStates } from "./expected-refusals.ts";
import { allRoles, allStates, type RoleName, type StateName } from "./roles-and-states.ts";

const onTickets = commandTable.filter(({ path }) => path.includes("{ticketId}"));
const onDesk = commandTable.filter(({ path }) => !path.includes("{ticketId}") && !path.includes("{taskId}"));
/** The states of a ticket it is for. */
const startsOf = ({ from }: CommandRow): StateName[] => allStates.filter((state) => from.includes(state));

const taken = new Map<string, number>();
/** Taken here, in this order, so that they are others under each profile. */
const samplesOf = new Map(
  profiles.map((profile) => [profile, new Map(onTickets.map((row) => [row, refusedSamples(row)]))]),
);
const refusedOnDesk = new Map(
  profiles.map((profile) => [profile, new Map(onDesk.map((row) => [row, nextOf("desk role", refusedRoles(row))]))]),
);

test("the samples meet every role, and every state in which its role is right", () => {
  for (const profile of profiles) {
    const cases = [...(samplesOf.get(profile) ?? [])].flatMap(([row, samples]) =>
      samples.map((one) => ({ ...one, row })),
    );
    assert.deepEqual(new Set(cases.map(({ role }) => role)), new Set(allRoles));
    const wrongStates = cases.filter(({ row, role }) => row.roles.includes(role)).map(({ state }) => state);
    assert.deepEqual(new Set(wrongStates), new Set(allStates));
  }
});

for (const profile of profiles) {
  describe(`in ${profile}`, async () => {
    const api = await startTestApi({ profile });
    /** One ticket per state, for everything that must leave it as it is. */
    const untouched = new Map<StateName, BuiltTicket>();
    /** Of a zone without sites, so that no ticket above is booked on a technician whom a command below signs off. */
    let technician = "";

    before(async () => {
      technician = await addTechnician(api.owner, { zone: "ZZ", quality: 0 });
      for (const state of allStates) untouched.set(state, await ticketIn(api, state));
    });

    /** A command that leaves the ticket as it is needs none of its own. */
    const ticketFor = async ({ auditOnly }: CommandRow, { state, how }: ObeyedCase): Promise<BuiltTicket> => {
      if (auditOnly) return ticketOf(untouched, state);
      const ticket = await ticketIn(api, state, how.plan);
      await how.arrange?.(api, ticket);
      return ticket;
    };

    for (const [row, samples] of samplesOf.get(profile) ?? []) {
      test(`${row.tool} is refused to ${samples.map(nameOf).join(", ")}`, async () => {
        const traces = await tracesLeft(api.owner);
        await everyCase(samples, nameOf, ({ role, state }) =>
          isRefused(api, row, role, state, ticketOf(untouched, state)),
        );
        assert.deepEqual(await tracesLeft(api.owner), traces);
      });

      test(`${row.tool} is obeyed for ${row.roles.join(", ")} from ${row.from.join(", ")}`, async () => {
        // One after the other: each looks at what it alone has written.
        await everyCase(obeyedCases(row), nameOf, async (one) => isObeyed(api, row, one, await ticketFor(row, one)), 1);
      });
    }

    for (const [row, refused] of refusedOnDesk.get(profile) ?? []) {
      test(`${row.tool} is refused to ${refused}, and obeyed for ${row.roles.join(", ")}`, async () => {
        await isForbidden(api, row, refused, technician);
        await everyCase(row.roles, String, (role) => isObeyedWithoutTicket(api, row, role, technician), 1);
      });
    }

    test("and all of it left an audit trail that holds", async () => {
      const { chains, faults, uncovered } = await verifyAudit(api.desk.db, aggregates);
      assert.ok(chains > allStates.length);
      assert.deepEqual({ faults, uncovered }, { faults: [], uncovered: { rows: 0, parts: 0 } });
    });
  });
}

type Case = { readonly role: RoleName; readonly state: StateName };
type ObeyedCase = Case & { readonly how: Obeyed };

function nameOf({ role, state, how }: Case & { readonly how?: Obeyed }): string {
  return [role, "in", state, how?.way].join(" ");
}

/** Of a command a wrong role, and where there is a wrong state, both wrong and that state. */
function refusedSamples(row: CommandRow): Case[] {
  const role = nextOf("wrong role", refusedRoles(row));
  const wrongRole = { role, state: nextOf("state", startsOf(row)) };
  if (refusedStates(row).length === 0) return [wrongRole];
  const state = nextOf("wrong state", refusedStates(row));
  return [wrongRole, { role, state }, { role: nextOf("role", row.roles), state }];
}

/** The one that was taken least often so far, so that all have their turn whatever commands there are. */
function nextOf<T extends string>(what: string, wanted: readonly T[]): T {
  const times = (one: T) => taken.get(`${what} ${one}`) ?? 0;
  const [next = assert.fail(`no ${what}`)] = wanted.toSorted((one, other) => times(one) - times(other));
  taken.set(`${what} ${next}`, times(next) + 1);
  return next;
}

function obeyedCases(row: CommandRow): ObeyedCase[] {
  const { tool, roles: may } = row;
  return may.flatMap((role) =>
    startsOf(row).flatMap((state) =>
      waysToObey(tool, state)
        .filter(({ roles = may }) => roles.includes(role))
        .map((how) => ({ role, state, how })),
    ),
  );
}

function ticketOf(tickets: ReadonlyMap<StateName, BuiltTicket>, state: StateName): BuiltTicket {
  return tickets.get(state) ?? assert.fail(`no ticket in ${state}`);
}

/** The role is asked about before the state: whoever may not do it at all is told so in any state. */
async function isRefused(
  api: TestApi,
  row: CommandRow,
  role: RoleName,
  state: StateName,
  ticket: BuiltTicket,
): Promise<void> {
  const key = randomUUID();
  const how = waysToObey(row.tool, row.from[0] ?? state)[0] ?? assert.fail("nothing to send");
  // Ids that the body of a refused command has to name are looked at only after role and state.
  const named = { ...ticket, approvalId: ticket.approvalId ?? randomUUID(), holdId: ticket.holdId ?? randomUUID() };
  const { status, error } = await api.refuse(row.tool, {
    as: role,
    ticket: ticket.id,
    key,
    body: how.body(api, named),
  });
  const { message, correlation_id, ...rest } = error;
  assert.ok(message.length > 0 && correlation_id !== null);
  assert.deepEqual({ status, ...rest }, { request_id: key, ...expectedRefusal(row, role, state, how.path.at(-1)) });
}

const nothing = {
  account: randomUUID(),
  site: randomUUID(),
  contact: randomUUID(),
  asset: randomUUID(),
  worker: "nobody",
  room: randomUUID(),
  approvalRequest: "a-999999",
};

async function isForbidden(api: TestApi, row: CommandRow, role: RoleName, technician: string): Promise<void> {
  const traces = await tracesLeft(api.owner);
  const key = randomUUID();
  const { status, error } = await api.refuse(row.tool, {
    as: role,
    key,
    technician,
    plan: randomUUID(),
    ...nothing,
    body: deskCase(row.tool).body(role),
  });
  const { message, correlation_id, ...rest } = error;
  assert.ok(message.length > 0 && correlation_id !== null);
  assert.deepEqual({ status, ...rest }, { request_id: key, ...expectedRefusal(row, role, null) });
  assert.deepEqual(await tracesLeft(api.owner), traces);
}

type Written = {
  readonly audits: number;
  readonly moves: readonly string[];
  readonly outbox: number;
  readonly keys: number;
};

async function isObeyed(
  api: TestApi,
  row: CommandRow,
  { role, state, how }: ObeyedCase,
  ticket: BuiltTicket,
): Promise<void> {
  const was = await api.read("ticket.get", { ticket: ticket.id });
  const rowsBefore = await rowsOf(api, ticket.id);
  const { receipt } = await api.run(row.tool, { as: role, ticket: ticket.id, body: how.body(api, ticket) });
  const is = await api.read("ticket.get", { ticket: ticket.id });
  const rowsAfter = await rowsOf(api, ticket.id);

  const reached = how.path.at(-1) ?? state;
  assert.equal(is.state, reached);
  assert.ok(row.to.length === 0 ? reached === state : row.to.some((to) => to === reached));
  assert.equal(is.version, was.version + (row.auditOnly ? 0 : 1));
  if (row.auditOnly) assert.deepEqual(is, was);
  assert.deepEqual(rowsAfter, {
    audits: rowsBefore.audits + 1,
    moves: [...rowsBefore.moves, ...movesOf(state, how.path, receipt.receipt_id)],
    outbox: rowsBefore.outbox + 1,
    keys: rowsBefore.keys + 1,
  });
  await isOnRecord(api, row, role, receipt, { ticket: ticket.id, before: state, after: reached });
}

const movesOf = (from: StateName, path: readonly StateName[], event: string): string[] =>
  path.map((to, step) => `${path[step - 1] ?? from} to ${to} by ${event}`);

async function rowsOf({ owner }: TestApi, ticket: string): Promise<Written> {
  const { rows } = await owner.query<Written>(
    `SELECT (SELECT count(*)::int FROM audit_events WHERE ticket_id = $1) AS audits,
            (SELECT coalesce(array_agg(m.from_state || ' to ' || m.to_state || ' by ' || m.audit_event_id ORDER BY e.seq, m.step), '{}')
             FROM ticket_state_transitions m JOIN audit_events e ON e.id = m.audit_event_id WHERE m.ticket_id = $1) AS moves,
            (SELECT count(*)::int FROM outbox WHERE aggregate_id = $1::text) AS outbox,
            (SELECT count(*)::int FROM idempotency_keys WHERE aggregate_id = $1::text) AS keys`,
    [ticket],
  );
  return rows[0] ?? assert.fail();
}

type Receipt = Awaited<ReturnType<TestApi["run"]>>["receipt"];

/** The receipt tells what happened, can be read back by anybody, and is the audit event itself. */
async function isOnRecord(
  api: TestApi,
  row: CommandRow,
  role: RoleName,
  receipt: Receipt,
  expected: { ticket: string | null; before: string | null; after: string | null },
): Promise<void> {
  const { tool_name, ticket_id, before_state, after_state } = receipt;
  assert.deepEqual(
    { tool_name, ticket_id, before_state, after_state },
    { tool_name: row.tool, ticket_id: expected.ticket, before_state: expected.before, after_state: expected.after },
  );
  assert.deepEqual(await api.read("receipt.get", { as: "customer", receipt: receipt.receipt_id }), receipt);
  const { rows } = await api.owner.query(
    "SELECT actor_id, actor_role, actor_type, tool_name, before_state, after_state, hash FROM audit_events WHERE id = $1",
    [receipt.receipt_id],
  );
  const who = { actor_id: actorIdOf(role), actor_role: role, actor_type: "HUMAN" };
  assert.deepEqual(rows, [{ ...who, tool_name, before_state, after_state, hash: receipt.hash }]);
}

async function isObeyedWithoutTicket(api: TestApi, row: CommandRow, role: RoleName, technician: string): Promise<void> {
  const plan = row.path.includes("{planId}") ? (await anyProposal(api)).id : randomUUID();
  const { arrange, body, eventsBeside = 0, leadsTo = null } = deskCase(row.tool);
  const on = await arrange?.(api, actorIdOf(role));
  const countsBefore = await countsOf(api);
  const sent = { ...on, body: { ...body(role), ...on?.body } };
  const { receipt } = await api.run(row.tool, { as: role, technician, plan, ...sent });
  const [reached = null] = row.to;
  const made = commands[row.tool].aggregate === "ticket" ? reached : null;
  const { audits, tickets } = await countsOf(api);
  // Each ticket that moves with a plan has an audit row of its own besides.
  const beside = row.tool === "plan.apply" ? (await api.read("plan.get", { plan })).plan.moves.length : eventsBeside;
  assert.deepEqual(
    { audits, tickets },
    { audits: countsBefore.audits + 1 + beside, tickets: countsBefore.tickets + (made ? 1 : 0) },
  );
  const { ticket_id } = receipt;
  assert.equal(ticket_id === null, made === null);
  await isOnRecord(api, row, role, receipt, {
    ticket: ticket_id,
    before: leadsTo && (row.from[0] ?? null),
    after: leadsTo ?? reached,
  });
  if (ticket_id === null) return;
  const { state, version } = await api.read("ticket.get", { ticket: ticket_id });
  assert.deepEqual({ state, version }, { state: made, version: 0 });
  assert.deepEqual((await rowsOf(api, ticket_id)).moves, [`@new to ${made} by ${receipt.receipt_id}`]);
}

async function countsOf({ owner }: TestApi): Promise<{ audits: number; tickets: number }> {
  const { rows } = await owner.query<{ audits: number; tickets: number }>(
    "SELECT (SELECT count(*)::int FROM audit_events) AS audits, (SELECT count(*)::int FROM tickets) AS tickets",
  );
  return rows[0] ?? assert.fail();
}
