// Reading: one ticket, its timeline in order and in pages, receipts as proof, search by words and filters, the directory;
// each within the caller's scope.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { acme, addSite, addTechnician, ana, borealis } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { allRoles } from "../contract/roles-and-states.ts";

const elsewhere = [{ "x-account-scope": borealis.id }, { "x-site-scope": acme.dallas }, { "x-account-scope": "" }];

describe("one ticket", async () => {
  const api = await startTestApi();

  test("reads the same after the command that made it as in its answer, with what its site is called", async () => {
    const body = {
      account_id: acme.id.toUpperCase(),
      site_id: acme.oakland,
      asset_id: acme.door,
      summary: "  Door sticks ",
      description: " a\tb\nc ",
      nte_cents: 5,
    };
    const { receipt, ...made } = await api.run("ticket.create", { body });
    const { site, ...read } = await api.read("ticket.get", { ticket: made.id.toUpperCase() });
    assert.deepEqual(read, made);
    assert.deepEqual(site, { id: acme.oakland, name: "Acme Oakland", city: "Oakland", region: "CA" });
    const { id, number, created_at, updated_at, ...fields } = made;
    assert.deepEqual(fields, {
      account_id: acme.id,
      site_id: acme.oakland,
      asset_id: acme.door,
      contact_id: null,
      state: "NEW",
      priority: "ROUTINE",
      incident_type: null,
      summary: "Door sticks",
      description: "a\tb\nc",
      customer_name: null,
      customer_phone: null,
      customer_email: null,
      nte_cents: 5,
      policy_version: null,
      currency: "USD",
      scheduled_start: null,
      scheduled_end: null,
      arrival_window: null,
      identity_signature: null,
      identity_confidence: 0,
      classification_confidence: 0,
      sop_handoff_required: false,
      sop_handoff_acknowledged: false,
      sop_handoff_prompt: null,
      assigned_provider_id: null,
      assigned_tech_id: null,
      version: 0,
      pending_approval_id: null,
      not_technicians: [],
      follows: null,
      follow_ups: [],
    });
    assert.deepEqual(
      [created_at, updated_at, receipt.occurred_at, receipt.ticket_id],
      [api.clock.iso, api.clock.iso, api.clock.iso, id],
    );
  });

  test("rises in version with each change, and its times never run backwards", async () => {
    const { id } = await ticketIn(api, "NEW");
    const before = api.clock.iso;
    api.clock.advance(-60);
    const { version, updated_at } = await api.run("ticket.triage", {
      ticket: id,
      body: { priority: "URGENT", incident_type: "DOOR_WONT_LATCH" },
    });
    assert.equal(version, 1);
    assert.ok(updated_at >= before);
    api.clock.set(before);
    const { events } = await api.read("ticket.timeline", { ticket: id });
    assert.deepEqual(
      events.map(({ created_at }) => created_at),
      events.map(({ created_at }) => created_at).toSorted(),
    );
  });
});

describe("a timeline", async () => {
  const api = await startTestApi();

  test("tells who did what, from where, in order", async () => {
    const { id } = await ticketIn(api, "TRIAGED");
    const key = randomUUID();
    const headers = {
      "x-correlation-id": "chat-42",
      "x-request-id": "client-7",
      "x-actor-type": "AGENT",
      traceparent: "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
    };
    const reply = await api.call("ticket.cancel", {
      as: "bot",
      actor: "clerk",
      ticket: id,
      key,
      headers,
      body: { reason: "called off" },
    });
    assert.deepEqual([reply.headers["x-correlation-id"], reply.headers["x-request-id"]], ["chat-42", "client-7"]);
    const { ticket_id, events } = await api.read("ticket.timeline", { ticket: id });
    assert.equal(ticket_id, id);
    assert.deepEqual(
      events.map(({ seq, tool_name, before_state, after_state }) => [seq, tool_name, before_state, after_state]),
      [
        [1, "ticket.create", null, "NEW"],
        [2, "ticket.triage", "NEW", "TRIAGED"],
        [3, "ticket.cancel", "TRIAGED", "CANCELLED"],
      ],
    );
    const { actor_type, actor_id, actor_role, request_id, correlation_id, trace_id, payload } =
      events[2] ?? assert.fail();
    assert.deepEqual(
      { actor_type, actor_id, actor_role, request_id, correlation_id, trace_id, payload },
      {
        actor_type: "AGENT",
        actor_id: "clerk",
        actor_role: "dispatcher",
        request_id: key,
        correlation_id: "chat-42",
        trace_id: "0af7651916cd43dd8448eb211c80319c",
        payload: { reason: "called off", cancellation_code: null },
      },
    );
  });

  test("comes in pages without gap or repeat", async () => {
    const { id } = await ticketIn(api, "CLOSED");
    const { events } = await api.read("ticket.timeline", { ticket: id });
    assert.ok(events.length > 10);
    for (const limit of [1, 4, events.length]) {
      const seqs: number[] = [];
      for (let cursor: string | undefined = ""; cursor !== undefined;) {
        const query = `limit=${limit}${cursor && `&cursor=${cursor}`}`;
        const page: Awaited<ReturnType<typeof pageOf>> = await pageOf(id, query);
        seqs.push(...page.events.map(({ seq }) => seq));
        assert.ok(seqs.length <= events.length, "the pages do not end");
        cursor = page.next_cursor ?? undefined;
      }
      assert.deepEqual(
        seqs,
        events.map(({ seq }) => seq),
      );
    }
    for (const query of ["limit=0", "limit=1001", "cursor=zzz", "cursor=WyJhIl0"]) {
      assert.equal((await api.refuse("ticket.timeline", { ticket: id, query })).error.code, "INVALID_QUERY");
    }
  });
  const pageOf = (ticket: string, query: string) => api.read("ticket.timeline", { ticket, query });
});

describe("a receipt", async () => {
  const api = await startTestApi();
  const made = await api.run("ticket.create", {
    body: { account_id: acme.id, site_id: acme.oakland, summary: "Door" },
  });

  for (const role of allRoles) {
    test(`is shown to a ${role} who may see the ticket`, async () => {
      assert.deepEqual(
        await api.read("receipt.get", { as: role, receipt: made.receipt.receipt_id.toUpperCase() }),
        made.receipt,
      );
      for (const headers of elsewhere) {
        assert.equal(
          (await api.refuse("receipt.get", { as: role, receipt: made.receipt.receipt_id, headers })).error.code,
          "FORBIDDEN_SCOPE",
        );
      }
    });
  }

  test("is not found under an id that is none of ours, or no id at all", async () => {
    for (const receipt of [randomUUID(), made.id, "not-an-id"]) {
      const { status, error } = await api.refuse("receipt.get", { receipt });
      assert.deepEqual([status, error.code, error["receipt_id"]], [404, "RECEIPT_NOT_FOUND", receipt]);
    }
  });
});

describe("ticket.search", async () => {
  const api = await startTestApi();
  const quiet = await addSite(api.owner, { name: "Zebra Crossing Mall", city: "Sausalito" });
  const place = { account_id: acme.id, site_id: acme.oakland };
  const make = async (summary: string, over: object = {}) => {
    api.clock.advance(10);
    return (await api.run("ticket.create", { body: { ...place, summary, ...over } })).id;
  };
  const latch = await make("Latch is broken at the FRONT door");
  const glass = await make("Glass out", { description: "front window, quokka sticker on it" });
  const mall = await make("Closer leaks", { site_id: quiet });
  const borealisTicket = await make("Oven door hinge", { account_id: borealis.id, site_id: borealis.albany });
  api.clock.advance(10);
  const blind = await api.run("ticket.blind_intake", {
    body: {
      ...place,
      summary: "Gate",
      incident_type: "HARDWARE_REPLACEMENT",
      customer_name: "Wilhelmina Ångström",
      contact_phone: "5105550100",
      priority: "URGENT",
      identity_confidence: 9,
      classification_confidence: 9,
    },
  });
  const find = async (query: string, headers = {}, as = "qa") =>
    (await api.read("ticket.search", { as, query, headers })).tickets.map(({ id }) => id);

  const words: readonly (readonly [string, readonly string[]])[] = [
    ["front", [glass, latch]],
    ["FRONT door", [latch]],
    ["quokka", [glass]],
    ["zebra", [mall]],
    ["sausalito closer", [mall]],
    ["wilhelmina", [blind.id]],
    ["ångström", [blind.id]],
    ['"front door"', [latch]],
    ["nonsense", []],
    ["' OR 1=1 --", []],
    ["!!! & |", []],
    [`front ${"-".repeat(99)} door`, [latch]],
    ["-!".repeat(99), []],
  ];
  for (const [q, ids] of words) {
    test(`finds ${ids.length} for ${q}, the newest first`, async () =>
      assert.deepEqual(await find(`q=${encodeURIComponent(q)}`), ids));
  }

  test("filters as the cockpit does, and by when a ticket was made", async () => {
    assert.deepEqual(await find(`site_id=${quiet},${borealis.albany}`), [borealisTicket, mall]);
    assert.deepEqual(await find("priority=urgent&incident_type=hardware_replacement&state=TRIAGED"), [blind.id]);
    assert.deepEqual(await find("sla_status=healthy&q=gate"), [blind.id]);
    assert.deepEqual(await find("sla_status=breach"), []);
    const { created_at } = await api.read("ticket.get", { ticket: glass });
    const { created_at: until } = await api.read("ticket.get", { ticket: borealisTicket });
    assert.deepEqual(
      await find(`created_from=${created_at}&created_to=${until}`),
      [mall, glass],
      "from inclusive, to exclusive",
    );
    assert.deepEqual(
      await find(`created_from=${encodeURIComponent("2026-03-02T12:00:00+04:00")}&created_to=2026-03-02T08:10:00.001Z`),
      [latch],
    );
  });

  test("comes in pages, and keeps to the caller's scope in every way it is asked", async () => {
    const first = await api.read("ticket.search", { query: "limit=2" });
    const second = await api.read("ticket.search", { query: `limit=2&cursor=${first.next_cursor}` });
    const third = await api.read("ticket.search", { query: `limit=2&cursor=${second.next_cursor}` });
    const ids = [first, second, third].flatMap(({ tickets }) => tickets.map(({ id }) => id));
    assert.deepEqual([ids, third.next_cursor], [[blind.id, borealisTicket, mall, glass, latch], null]);
    const inBorealis = { "x-account-scope": borealis.id };
    for (const query of ["", "q=door", `site_id=${borealis.albany}`])
      assert.deepEqual(await find(query, inBorealis), [borealisTicket]);
    for (const query of ["q=front", `account_id=${acme.id}`, `site_id=${acme.oakland}`])
      assert.deepEqual(await find(query, inBorealis), []);
    assert.deepEqual(await find("", { "x-site-scope": quiet }), [mall]);
    assert.deepEqual(await find("", { "x-account-scope": "" }), []);
  });

  test("shows the whole ticket", async () => {
    const { tickets } = await api.read("ticket.search", { query: "q=quokka" });
    const { site: _, ...whole } = await api.read("ticket.get", { ticket: glass });
    assert.deepEqual(tickets, [whole]);
  });

  for (const query of [
    "limit=201",
    "created_from=2026-02-30T00:00:00Z",
    "created_to=yesterday",
    "q=",
    `q=${"x".repeat(201)}`,
    "cursor=abc",
    "q=%00",
    "q=%ED%A0%80",
  ]) {
    test(`refuses ?${query.slice(0, 40)}`, async () =>
      assert.equal((await api.refuse("ticket.search", { query })).error.code, "INVALID_QUERY"));
  }
});

describe("directory.search", async () => {
  const api = await startTestApi();
  const gone = await addTechnician(api.owner, { name: "Gone Gomez", active: false });
  await api.owner.query(
    `INSERT INTO contacts (id, account_id, site_id, name, role) VALUES
     (gen_random_uuid(), $1, $2, 'Olga Oakland', 'manager'), (gen_random_uuid(), $1, NULL, 'Acme Billing', 'accounts'),
     (gen_random_uuid(), $3, $4, 'Alba Albany', 'chef')`,
    [acme.id, acme.oakland, borealis.id, borealis.albany],
  );
  const found = async (query: string, headers = {}) =>
    (await api.read("directory.search", { as: "agent", query, headers })).results.map(
      ({ kind, name }) => `${kind}: ${name}`,
    );

  test("finds by part of a name, in any case, the exact name first", async () => {
    assert.deepEqual(await found("q=OAKLAND"), ["site: Acme Oakland", "contact: Olga Oakland"]);
    assert.deepEqual(await found("q=acme"), [
      "contact: Acme Billing",
      "site: Acme Dallas",
      "site: Acme Oakland",
      "account: Acme Retail",
    ]);
    assert.deepEqual((await found("q=acme retail"))[0], "account: Acme Retail");
    assert.deepEqual(await found("q=broadway"), ["site: Acme Oakland"], "a site by its street");
    assert.deepEqual(await found("q=door&kind=asset"), ["asset: Front door"]);
  });

  test("takes wildcards for what they are", async () => {
    for (const q of ["%25", "_", "a%25", "%5C"]) assert.deepEqual(await found(`q=${q}`), []);
  });

  test("lists a kind, as many as asked for, with ids a command can use", async () => {
    assert.deepEqual(await found("kind=site"), ["site: Acme Dallas", "site: Acme Oakland", "site: Borealis Albany"]);
    assert.deepEqual(await found("kind=site&limit=1"), ["site: Acme Dallas"]);
    const { results } = await api.read("directory.search", { query: "kind=technician" });
    assert.deepEqual(results.map(({ id }) => id).includes(ana), true);
    assert.ok(
      results.every(({ id }) => id !== gone),
      "only who is active",
    );
    assert.equal((await found("")).length, 12);
  });

  test("keeps to the caller's scope", async () => {
    const theirs = ["contact: Alba Albany", "site: Borealis Albany", "account: Borealis Cafes", "asset: Pizza oven"];
    for (const one of theirs) {
      assert.deepEqual(await found(`kind=${one.split(":")[0]}`, { "x-account-scope": borealis.id }), [one]);
    }
    assert.deepEqual(
      (await found("", { "x-account-scope": borealis.id })).filter((one) => !one.startsWith("technician")),
      theirs,
    );
    assert.deepEqual(await found("kind=contact", { "x-account-scope": acme.id, "x-site-scope": acme.dallas }), [
      "contact: Acme Billing",
    ]);
    assert.deepEqual(await found("kind=asset", { "x-site-scope": acme.dallas }), []);
    assert.deepEqual(await found("kind=site", { "x-account-scope": "" }), []);
  });

  for (const query of ["kind=van", "limit=51", "q="]) {
    test(`refuses ?${query}`, async () =>
      assert.equal((await api.refuse("directory.search", { query })).error.code, "INVALID_QUERY"));
  }
});
