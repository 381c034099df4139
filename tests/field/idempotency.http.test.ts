// One key, one effect: the same answer for every retry, a refusal for another call under the same key, and a key that is
// free again when its call failed.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import type { CommandName } from "../../dispatch/contract/index.ts";
import { startTestApi, type CallOptions } from "../support/api.ts";
import { acme, addTechnician, ana, ben, borealis } from "../support/directory.ts";
import { day } from "../support/plan-day.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { tracesLeft } from "../support/traces-left.ts";

const newTicket = { account_id: acme.id, site_id: acme.oakland, summary: "Door sticks", nte_cents: 12_300 };

describe("a command given again with its key", async () => {
  const api = await startTestApi();
  const beside = await startTestApi({ beside: api });

  test("gets the stored answer, byte for byte, from any process, and leaves nothing new", async () => {
    const key = randomUUID();
    const first = await api.call("ticket.create", { key, body: newTicket });
    assert.deepEqual([first.status, first.headers["idempotency-replayed"]], [201, undefined]);
    const { id } = await ticketIn(api, "TRIAGED");
    const before = await tracesLeft(api.owner);
    const reordered = { nte_cents: 12_300, summary: "Door sticks", site_id: acme.oakland, account_id: acme.id };
    for (const [process, body] of [
      [api, newTicket],
      [beside, newTicket],
      [api, reordered],
    ] as const) {
      const again = await process.call("ticket.create", { key: key.toUpperCase(), body });
      assert.deepEqual([again.status, again.text], [201, first.text]);
      assert.equal(again.headers["idempotency-replayed"], "true");
      assert.equal(again.headers["x-request-id"], key);
    }
    assert.deepEqual(await tracesLeft(api.owner), before);

    // What happened since does not show in the answer of then.
    const cancel = { ticket: id, key, body: { reason: "called off" } };
    const cancelled = await api.call("ticket.cancel", cancel);
    assert.equal((await api.call("ticket.cancel", cancel)).text, cancelled.text);
  });

  test("is another call when its body or its path is another", async () => {
    const key = randomUUID();
    const [one, other] = [await ticketIn(api, "NEW"), await ticketIn(api, "NEW")];
    const body = { questions: ["Which door?"] };
    await api.run("ticket.request_info", { ticket: one.id, key, body });
    const before = await tracesLeft(api.owner);
    for (const call of [
      { ticket: one.id, body: { questions: ["Which window?"] } },
      { ticket: other.id, body },
    ]) {
      const { status, error } = await api.refuse("ticket.request_info", { ...call, key });
      assert.deepEqual([status, error.code, error.request_id], [409, "IDEMPOTENCY_PAYLOAD_MISMATCH", key]);
    }
    assert.deepEqual(await tracesLeft(api.owner), before);
    // The id in the path may be written in any case; it is the same path.
    const again = await api.call("ticket.request_info", { ticket: one.id.toUpperCase(), key, body });
    assert.equal(again.headers["idempotency-replayed"], "true");
  });

  test("is its own intent for another actor and at another endpoint", async () => {
    const key = randomUUID();
    const { id } = await ticketIn(api, "NEW");
    const first = await api.run("ticket.create", { key, body: newTicket });
    const second = await api.run("ticket.create", { key, actor: "somebody-else", body: newTicket });
    assert.notEqual(first.id, second.id);
    await api.run("ticket.request_info", { key, ticket: id, body: { questions: ["?"] } });
    await api.run("ticket.triage", {
      key,
      ticket: id,
      body: { priority: "ROUTINE", incident_type: "DOOR_WONT_LATCH" },
    });
    const { rows } = await api.owner.query(
      "SELECT endpoint FROM idempotency_keys WHERE request_id = $1 ORDER BY endpoint",
      [key],
    );
    assert.deepEqual(
      rows.map(({ endpoint }) => endpoint),
      ["/tickets", "/tickets", "/tickets/{ticketId}/request-info", "/tickets/{ticketId}/triage"],
    );
  });

  test("finds its answer before its fields are looked at", async () => {
    // A release that has become stricter since must not turn the retry of an answered call into a refusal.
    const key = randomUUID();
    const body = { account_id: acme.id };
    const invalid = await api.refuse("ticket.create", { key, body });
    assert.equal(invalid.error.code, "INVALID_REQUEST");
    const valid = randomUUID();
    const { text } = await api.call("ticket.create", { key: valid, body: newTicket });
    await api.owner.query(
      `UPDATE idempotency_keys SET request_hash =
         (SELECT encode(sha256(convert_to($2 || E'\\n' || $3, 'UTF8')), 'hex')) WHERE request_id = $1`,
      [valid, "/tickets", JSON.stringify(body)],
    );
    assert.equal((await api.call("ticket.create", { key: valid, body })).text, text);
  });

  test("must still be allowed to the caller: role, tool and scope", async () => {
    const key = randomUUID();
    const { id } = await ticketIn(api, "NEW");
    const create = { key, body: newTicket };
    const ask = { key, ticket: id, body: { questions: ["Which door?"] } };
    await api.run("ticket.create", create);
    await api.run("ticket.request_info", ask);
    const rows: readonly (readonly [string, CallOptions])[] = [
      ["FORBIDDEN", { as: "customer", actor: "dispatcher-1" }],
      ["TOOL_NOT_ALLOWED", { headers: { "x-tool-name": "ticket.get" } }],
      ["FORBIDDEN_SCOPE", { headers: { "x-account-scope": borealis.id } }],
      ["FORBIDDEN_SCOPE", { headers: { "x-site-scope": acme.dallas } }],
    ];
    for (const [code, caller] of rows) {
      assert.equal((await api.refuse("ticket.create", { ...create, ...caller })).error.code, code);
      assert.equal((await api.refuse("ticket.request_info", { ...ask, ...caller })).error.code, code);
    }
    assert.equal(
      (await api.call("ticket.create", { ...create, as: "agent", actor: "dispatcher-1" })).status,
      201,
      "another role that may",
    );
  });

  test("about a pause of one ticket must still reach that ticket", async () => {
    const { id } = await ticketIn(api, "NEW");
    const pause = { key: randomUUID(), body: { scope_type: "TICKET", ticket_id: id } };
    await api.run("ops.autonomy.pause", pause);
    const { error } = await api.refuse("ops.autonomy.pause", { ...pause, headers: { "x-account-scope": borealis.id } });
    assert.equal(error.code, "FORBIDDEN_SCOPE");
  });
});

describe("an answer that names tickets beside its own", async () => {
  const api = await startTestApi();
  const ofBoth = { "x-account-scope": `${acme.id},${borealis.id}` };
  const inAlbany = { accountId: borealis.id, siteId: borealis.albany };
  const window = { start: `${day}T10:00:00.000Z`, end: `${day}T11:00:00.000Z` };
  const visitInAlbany = async () => {
    const techId = await addTechnician(api.owner);
    return { techId, ticketId: (await ticketIn(api, "DISPATCHED", { ...inAlbany, techId, window })).id };
  };
  const planOfDay = async () => (await api.run("plan.optimize", { body: { day, iterations: 1 } })).plan.id;
  const emergency = async () => (await ticketIn(api, "SCHEDULED", { priority: "EMERGENCY", window })).id;

  type Arranged = { readonly techId: string; readonly ticketId: string };
  const naming: readonly (readonly [CommandName, (visit: Arranged) => Promise<CallOptions> | CallOptions])[] = [
    ["assignment.recommend", async () => ({ ticket: await emergency(), body: { service_type: "DEFAULT" } })],
    [
      "assignment.override",
      async ({ techId, ticketId }) => ({
        ticket: await emergency(),
        body: {
          override_type: "direct_dispatch_bypass",
          reason_code: "safety",
          note: "shop front open at night",
          tech_id: techId,
          bump_ticket_id: ticketId,
        },
      }),
    ],
    [
      "roster.set_shifts",
      ({ techId }) => ({
        technician: techId,
        body: { shifts: [{ weekdays: [1], start_time: "00:00", end_time: "01:00", time_zone: "UTC" }] },
      }),
    ],
    ["roster.time_off", ({ techId }) => ({ technician: techId, body: { add: [window] } })],
    ["roster.sign_off", ({ techId }) => ({ technician: techId, body: { reason: "ill" } })],
    ["plan.optimize", () => ({ body: { day, iterations: 1 } })],
    ["plan.apply", async () => ({ plan: await planOfDay() })],
    ["plan.cancel", async () => ({ plan: await planOfDay() })],
  ];

  test("is given again only to whoever still reaches all of them", async (t) => {
    // Nobody is free but who has work in Albany, and a ticket there waits for a time.
    for (const technician of [ana, ben])
      await api.run("roster.sign_off", { technician, body: { reason: "on holiday" } });
    const { id: waiting } = await ticketIn(api, "READY_TO_SCHEDULE", inAlbany);
    for (const [tool, arrange] of naming) {
      await t.test(tool, async () => {
        const visit = await visitInAlbany();
        const call = { ...(await arrange(visit)), key: randomUUID(), headers: ofBoth };
        const first = await api.call(tool, call);
        assert.ok(
          [visit.ticketId, waiting].some((id) => first.text.includes(`"ticket_id":"${id}"`)),
          first.text,
        );
        const before = await tracesLeft(api.owner);
        const shrunk = [
          { "x-account-scope": acme.id },
          { ...ofBoth, "x-site-scope": `${acme.oakland},${acme.dallas}` },
          { "x-account-scope": "" },
        ];
        for (const headers of shrunk) {
          const { status, error } = await api.refuse(tool, { ...call, headers });
          assert.deepEqual([status, error.code], [403, "FORBIDDEN_SCOPE"]);
        }
        for (const headers of [ofBoth, { ...ofBoth, "x-site-scope": `${acme.oakland},${borealis.albany}` }, {}]) {
          const again = await api.call(tool, { ...call, headers });
          assert.deepEqual([again.text, again.headers["idempotency-replayed"]], [first.text, "true"]);
        }
        assert.deepEqual(await tracesLeft(api.owner), before);
        // Out of the way of the next one.
        await api.run("roster.sign_off", { technician: visit.techId, body: { reason: "done for today" } });
      });
    }
  });

  test("is not meant by what a caller wrote into evidence, nor by a technician alone", async () => {
    const { ticketId: foreign } = await visitInAlbany();
    const { id } = await ticketIn(api, "NEW");
    const calls: readonly (readonly [CommandName, CallOptions])[] = [
      ...[foreign, "no id"].map(
        (ticket_id) =>
          [
            "closeout.add_evidence",
            {
              ticket: id,
              body: { kind: "NOTE", uri: "s3://elsewhere/note.txt", metadata: { ticket_id, seen: [{ ticket_id }] } },
            },
          ] as const,
      ),
      ["roster.drain", { technician: ben, body: { reason: "the van" } }],
    ];
    for (const [tool, call] of calls) {
      const given = { ...call, key: randomUUID(), headers: { "x-account-scope": acme.id } };
      const { text } = await api.call(tool, given);
      const again = await api.call(tool, given);
      assert.deepEqual([again.text, again.headers["idempotency-replayed"]], [text, "true"]);
    }
  });
});

describe("a command that was refused", async () => {
  const api = await startTestApi();

  test("leaves no row, and its key works once the cause is mended", async () => {
    const { id } = await ticketIn(api, "NEW");
    const call = {
      ticket: id,
      key: randomUUID(),
      body: { options: [{ start: "2026-05-01T10:00:00Z", end: "2026-05-01T11:00:00Z" }] },
    };
    const before = await tracesLeft(api.owner);
    assert.equal((await api.refuse("schedule.propose", call)).error.code, "INVALID_STATE_TRANSITION");
    assert.deepEqual(await tracesLeft(api.owner), before);
    await api.run("ticket.triage", {
      ticket: id,
      body: { priority: "URGENT", incident_type: "DOOR_WONT_LATCH", ready_to_schedule: true },
    });
    await api.run("schedule.propose", call);
    assert.equal((await api.call("schedule.propose", call)).headers["idempotency-replayed"], "true");
  });
});

describe("equal commands at the same moment", async () => {
  const api = await startTestApi();
  const beside = await startTestApi({ beside: api });

  const equalCalls = async (tool: "ticket.create" | "ticket.triage", call: CallOptions) => {
    const replies = await Promise.all(Array.from({ length: 100 }, (_, n) => (n % 2 ? api : beside).call(tool, call)));
    const busy = replies.filter(({ status }) => status === 409);
    for (const { text } of busy) assert.match(text, /IDEMPOTENCY_IN_FLIGHT/);
    const answers = new Set(
      replies.filter((reply) => !busy.includes(reply)).map(({ status, text }) => `${status} ${text}`),
    );
    assert.equal(answers.size, 1, [...answers].join("\n"));
    assert.equal(
      replies.filter(({ headers, status }) => status < 300 && headers["idempotency-replayed"] === undefined).length,
      1,
    );
  };

  test("make one ticket, over two processes", async () => {
    const key = randomUUID();
    await equalCalls("ticket.create", { key, body: { ...newTicket, summary: key } });
    const { rows } = await api.owner.query("SELECT count(*)::int AS made FROM tickets WHERE summary = $1", [key]);
    assert.deepEqual(rows, [{ made: 1 }]);
  });

  test("of different intent change a ticket once, and all others are told that it has moved on", async () => {
    const { id } = await ticketIn(api, "NEW");
    const call = { ticket: id, body: { reason: "called off" } };
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, n) => (n % 2 ? api : beside).call("ticket.cancel", { ...call, actor: `d-${n}` })),
    );
    assert.equal(replies.filter(({ status }) => status === 200).length, 1);
    for (const { text } of replies.filter(({ status }) => status !== 200))
      assert.match(text, /INVALID_STATE_TRANSITION.*"from_state":"CANCELLED"/);
    assert.equal((await api.read("ticket.timeline", { ticket: id })).events.length, 2);
  });

  test("change a ticket once, over two processes", async () => {
    const { id } = await ticketIn(api, "NEW");
    await equalCalls("ticket.triage", {
      key: randomUUID(),
      ticket: id,
      body: { priority: "URGENT", incident_type: "DOOR_WONT_LATCH" },
    });
    assert.equal((await api.read("ticket.get", { ticket: id })).version, 1);
    assert.equal((await api.read("ticket.timeline", { ticket: id })).events.length, 2);
  });
});
