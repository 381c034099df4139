// dispatcher.cockpit: the queue worst first, compared over hundreds of tickets with an order worked out here; its pages,
// filters and scope; and what may be done about each ticket.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { startTestApi, type TestApi } from "../support/api.ts";
import { acme, addSite, ana, ben, borealis } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { commandTable } from "../contract/command-table.ts";
import { allStates } from "../contract/roles-and-states.ts";

type Row = Awaited<ReturnType<typeof readQueue>>[number];

async function readQueue(api: TestApi, query = "", headers = {}) {
  const { queue, next_cursor } = await api.read("dispatcher.cockpit", { query, headers });
  assert.equal(next_cursor, null);
  return queue;
}

/** A stream of numbers that is the same in every run (the Lehmer generator of Park and Miller). */
function lehmer(seed: number): (below: number) => number {
  let state = seed;
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below;
}

const targets = { EMERGENCY: 60, URGENT: 240, ROUTINE: 1_440 };
const ranks = { EMERGENCY: 0, URGENT: 1, ROUTINE: 2 };
const weights = new Map([
  ["CA", 190],
  ["tx ", 740],
  ["NY", 555],
  ["AZ", 153],
  ["", 500],
]);

describe("the queue of three hundred tickets", async () => {
  const api = await startTestApi();
  const regions = new Map<string, string>();
  for (const region of weights.keys())
    regions.set(await addSite(api.owner, { region, name: `Site ${region}` }), region);
  const sites = [...regions.keys()];

  // Few instants and many tickets, so that every key of the order has ties for the next to break.
  const pick = lehmer(20_260_302);
  const start = Date.parse(api.clock.iso);
  const makeOne = async (n: number) => {
    api.clock.set(new Date(start + pick(6) * 30_000 - pick(3) * 86_400_000).toISOString());
    const siteId = sites[pick(sites.length)] ?? "";
    const priority = (["EMERGENCY", "URGENT", "ROUTINE"] as const)[pick(3)] ?? "ROUTINE";
    const plan = { siteId, priority, techId: pick(2) ? ana : ben };
    if (n % 5 > 0) return ticketIn(api, n % 5 === 4 ? "NEW" : "TRIAGED", plan);
    const from = start + (pick(7) - 3) * 3_600_000;
    const window = { start: new Date(from).toISOString(), end: new Date(from + 3_600_000).toISOString() };
    return ticketIn(api, n % 50 === 0 ? "CANCELLED" : "SCHEDULE_PROPOSED", { ...plan, window });
  };
  for (let n = 0; n < 300; n++) await makeOne(n);
  api.clock.set(new Date(start + 3_600_000).toISOString());
  const now = Date.parse(api.clock.iso);

  const remainingOf = (row: { scheduled_start: string | null; created_at: string; priority: keyof typeof targets }) =>
    Math.floor((Date.parse(row.scheduled_start ?? row.created_at) + targets[row.priority] * 60_000 - now) / 60_000);

  const allTickets = async () => {
    const tickets = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: Awaited<ReturnType<typeof searchPage>> = await searchPage(cursor);
      tickets.push(...page.tickets);
      assert.ok(tickets.length <= 300, "the pages do not end");
      cursor = page.next_cursor;
    }
    return tickets;
  };
  const searchPage = (cursor: string) =>
    api.read("ticket.search", { query: `limit=200${cursor && `&cursor=${cursor}`}` });
  const tickets = await allTickets();
  const expected = tickets
    .filter(({ state }) => state !== "CANCELLED")
    .map((ticket) => ({
      ...ticket,
      remaining: remainingOf(ticket),
      weight: weights.get(regions.get(ticket.site_id) ?? "") ?? 0,
    }))
    .sort(
      (a, b) =>
        a.remaining - b.remaining ||
        ranks[a.priority] - ranks[b.priority] ||
        a.weight - b.weight ||
        Date.parse(b.updated_at) - Date.parse(a.updated_at) ||
        (a.id < b.id ? -1 : 1),
    );

  const pages = async (limit: number, filter = "") => {
    const rows: Row[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const query = `limit=${limit}${filter}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const page: Awaited<ReturnType<typeof cockpitPage>> = await cockpitPage(query);
      assert.ok(page.queue.length <= limit && (page.next_cursor === null || page.queue.length === limit));
      rows.push(...page.queue);
      assert.ok(rows.length <= tickets.length, "the pages do not end");
      cursor = page.next_cursor;
      // Time goes on while somebody reads; the pages must still fit together.
      api.clock.advance(1);
    }
    api.clock.set(new Date(now).toISOString());
    return rows;
  };
  const cockpitPage = (query: string) => api.read("dispatcher.cockpit", { query });

  test("comes in the order of remaining time, priority, region, last update and id", async () => {
    assert.equal(tickets.length, 300);
    const queue = await readQueue(api, "limit=500");
    assert.deepEqual(
      queue.map(({ ticket_id }) => ticket_id),
      expected.map(({ id }) => id),
    );
    const keys = expected.map(({ remaining, priority, weight, updated_at }) => [
      remaining,
      `${remaining} ${priority}`,
      `${remaining} ${priority} ${weight}`,
      `${remaining} ${priority} ${weight} ${updated_at}`,
    ]);
    for (const level of [0, 1, 2]) {
      assert.ok(new Set(keys.map((key) => key[level])).size < expected.length, "there are ties for every key to break");
    }
  });

  for (const limit of [1, 7, 37, 100, 299]) {
    test(`has no gap and no repeat in pages of ${limit}`, async () => {
      if (limit === 1)
        return assert.deepEqual(
          (await pages(1, "&priority=EMERGENCY")).map(({ ticket_id }) => ticket_id),
          expected.filter(({ priority }) => priority === "EMERGENCY").map(({ id }) => id),
        );
      assert.deepEqual(
        (await pages(limit)).map(({ ticket_id }) => ticket_id),
        expected.map(({ id }) => id),
      );
    });
  }

  test("shows each ticket's figures", async () => {
    const byId = new Map(expected.map((ticket) => [ticket.id, ticket]));
    const two = (n: number) => String(n).padStart(2, "0");
    for (const row of await readQueue(api, "limit=500")) {
      const ticket = byId.get(row.ticket_id) ?? assert.fail();
      const { remaining } = ticket;
      const late = Date.parse(ticket.created_at) + targets[ticket.priority] * 60_000;
      const base = Date.parse(ticket.scheduled_start ?? ticket.created_at);
      const { site, site_line, actions, number, summary, caller, last_transition_at, ...figures } = row;
      assert.deepEqual(figures, {
        ticket_id: ticket.id,
        state: ticket.state,
        priority: ticket.priority,
        incident_type: ticket.incident_type,
        site_region: regions.get(ticket.site_id),
        assigned_tech: null,
        scheduled_start: ticket.scheduled_start,
        scheduled_start_local: ticket.scheduled_start?.replace(/(\.000)?Z$/, "+00:00") ?? null,
        arrival_window: null,
        timezone: "UTC",
        last_update_at: ticket.updated_at,
        region_weight: ticket.weight,
        sla_target_minutes: targets[ticket.priority],
        sla_deadline_at: new Date(base + targets[ticket.priority] * 60_000).toISOString(),
        sla_timer_remaining_minutes: remaining,
        sla_timer_remaining: `${remaining < 0 ? "-" : ""}${two(Math.floor(Math.abs(remaining) / 60))}:${two(Math.abs(remaining) % 60)}`,
        sla_status: remaining < 0 ? "breach" : remaining <= 45 ? "warning" : "healthy",
        sla_delay_attribution: "unknown",
        response_deadline_at: new Date(late).toISOString(),
        response_breached: now > late,
        attention: null,
      });
      assert.equal(site.id, ticket.site_id);
      assert.deepEqual([number, summary, caller], [ticket.number, ticket.summary, null]);
      assert.equal(site_line, `Site ${regions.get(ticket.site_id)}, Town`);
      assert.ok(actions && actions.length > 20 && last_transition_at <= row.last_update_at);
    }
  });

  for (const status of ["breach", "warning", "healthy"] as const) {
    test(`holds back all but ${status} when asked to, in pages too`, async () => {
      const wanted = expected.filter(
        ({ remaining }) => (remaining < 0 ? "breach" : remaining <= 45 ? "warning" : "healthy") === status,
      );
      assert.ok(wanted.length > 5, `${wanted.length} in ${status}`);
      assert.deepEqual(
        (await pages(11, `&sla_status=${status}`)).map(({ ticket_id }) => ticket_id),
        wanted.map(({ id }) => id),
      );
    });
  }

  test("is filtered by lists, repeated or with commas, all filters at once", async () => {
    const [one = "", other = ""] = sites;
    const wanted = expected.filter(
      ({ state, priority, site_id }) =>
        ["NEW", "TRIAGED"].includes(state) && priority !== "URGENT" && [one, other].includes(site_id),
    );
    const places = `site_id=${one}&site_id=${other.toUpperCase()}&account_id=${acme.id}`;
    const query = `limit=500&state=new,TRIAGED&priority=ROUTINE&priority=emergency&${places}`;
    assert.deepEqual(
      (await readQueue(api, query)).map(({ ticket_id }) => ticket_id),
      wanted.map(({ id }) => id),
    );
    assert.deepEqual(await readQueue(api, `account_id=${borealis.id}`), []);
    const triaged = expected.filter(({ incident_type }) => incident_type === "DOOR_WONT_LATCH");
    assert.equal((await readQueue(api, "limit=500&incident_type=door_wont_latch")).length, triaged.length);
  });

  test("shows what is closed or cancelled only when asked", async () => {
    const cancelled = tickets
      .filter(({ state }) => state === "CANCELLED")
      .map(({ id }) => id)
      .sort();
    assert.equal(cancelled.length, 6);
    assert.deepEqual(
      (await readQueue(api, "state=CANCELLED,CLOSED")).map(({ ticket_id }) => ticket_id).sort(),
      cancelled,
    );
    const mixed = await readQueue(api, "limit=500&state=CANCELLED&state=NEW");
    assert.deepEqual(
      mixed
        .filter(({ state }) => state === "CANCELLED")
        .map(({ ticket_id }) => ticket_id)
        .sort(),
      cancelled,
    );
    assert.ok(mixed.some(({ state }) => state === "NEW"));
  });
});

describe("the cockpit", async () => {
  const api = await startTestApi();
  const [mine, theirs] = [
    await ticketIn(api, "DISPATCHED"),
    await ticketIn(api, "NEW", { accountId: borealis.id, siteId: borealis.albany }),
  ];
  const idsFor = async (headers: object, query = "") =>
    (await readQueue(api, query, headers)).map(({ ticket_id }) => ticket_id);

  test("holds what the caller may see", async () => {
    assert.deepEqual((await idsFor({})).sort(), [mine.id, theirs.id].sort());
    assert.deepEqual(await idsFor({ "x-account-scope": borealis.id }), [theirs.id]);
    assert.deepEqual(await idsFor({ "x-site-scope": acme.oakland }), [mine.id]);
    assert.deepEqual(await idsFor({ "x-account-scope": acme.id, "x-site-scope": borealis.albany }), []);
    assert.deepEqual(await idsFor({ "x-account-scope": acme.id }, `account_id=${borealis.id}`), []);
    assert.deepEqual(await idsFor({ "x-account-scope": "" }), []);
    assert.deepEqual(await idsFor({}, `assigned_tech_id=${ana}`), [mine.id]);
  });

  test("says what is the matter, whom to call back and where it is", async () => {
    const intake = await api.run("ticket.blind_intake", {
      body: {
        account_id: acme.id,
        site_id: acme.oakland,
        summary: "Pane cracked",
        incident_type: "FRAME_OR_GLASS_DAMAGE",
        priority: "URGENT",
        customer_name: "Cal Lane",
        contact_phone: "415 555 2671",
        identity_confidence: 90,
        classification_confidence: 90,
        sop_handoff_acknowledged: true,
      },
    });
    const row = async () =>
      (await readQueue(api, `site_id=${acme.oakland}`)).find(({ ticket_id }) => ticket_id === intake.id) ??
      assert.fail();
    const { rows } = await api.owner.query<{ line: string }>(
      `SELECT concat_ws(', ', name, address1, city) AS line FROM sites WHERE id = $1`,
      [acme.oakland],
    );
    const called = await row();
    assert.deepEqual([called.number, called.summary, called.site_line], [intake.number, "Pane cracked", rows[0]?.line]);
    assert.ok(called.site_line.split(", ").length === 3, called.site_line);
    assert.deepEqual(called.caller, { name: "Cal Lane", phone: intake.customer_phone });
    const contact = randomUUID();
    await api.owner.query(
      `INSERT INTO contacts (id, account_id, site_id, name, phone) VALUES ($1, $2, $3, 'Zoe Quill', '+14155552672')`,
      [contact, acme.id, acme.oakland],
    );
    await api.run("ticket.update", { ticket: intake.id, body: { contact_id: contact } });
    assert.deepEqual((await row()).caller, { name: "Zoe Quill", phone: "+14155552672" });
    await api.owner.query("UPDATE contacts SET phone = NULL WHERE id = $1", [contact]);
    assert.deepEqual((await row()).caller, { name: "Cal Lane", phone: intake.customer_phone }, "whose number is known");
    await api.run("ticket.cancel", { ticket: intake.id, body: { reason: "called off" } });
  });

  test("selects a ticket, with its timeline and evidence, whatever the filters hide", async () => {
    await api.run("closeout.add_evidence", { ticket: mine.id, body: { kind: "NOTE", uri: "s3://phone/note" } });
    const { queue, selected_ticket, filters_applied, actor, generated_at } = await api.read("dispatcher.cockpit", {
      as: "assistant",
      query: `state=NEW&ticket_id=${mine.id}`,
    });
    assert.deepEqual(
      queue.map(({ ticket_id }) => ticket_id),
      [theirs.id],
    );
    const { site: _, ...read } = await api.read("ticket.get", { ticket: mine.id });
    assert.deepEqual(selected_ticket?.ticket, read);
    const { next_cursor: __, ...timeline } = await api.read("ticket.timeline", { ticket: mine.id });
    assert.deepEqual(selected_ticket?.timeline, timeline);
    assert.deepEqual(selected_ticket?.evidence_summary, { total_items: 1 });
    const nothing = {
      priority: null,
      sla_status: null,
      account_id: null,
      site_id: null,
      assigned_tech_id: null,
      incident_type: null,
    };
    assert.deepEqual(filters_applied, { ...nothing, state: ["NEW"], ticket_id: mine.id });
    assert.deepEqual(actor, {
      actor_id: "assistant-1",
      actor_role: "dispatcher",
      actor_type: "HUMAN",
      tool_name: "dispatcher.cockpit",
    });
    assert.equal(generated_at, api.clock.iso);
    assert.equal((await api.read("dispatcher.cockpit")).selected_ticket, null);
  });

  test("does not select what the caller may not see, or what is not there", async () => {
    const { status, error } = await api.refuse("dispatcher.cockpit", {
      query: `ticket_id=${theirs.id}`,
      headers: { "x-account-scope": acme.id },
    });
    assert.deepEqual(
      [status, error.code, error["scope_field"], error["target_id"]],
      [403, "FORBIDDEN_SCOPE", "ticket_id", theirs.id],
    );
    assert.equal(
      (await api.refuse("dispatcher.cockpit", { query: `ticket_id=${api.desk.settings.demoSiteId}` })).error.code,
      "TICKET_NOT_FOUND",
    );
  });

  for (const query of [
    "state=LOST",
    "state=",
    "priority=SOON",
    "sla_status=bad",
    "limit=0",
    "limit=501",
    "limit=ten",
    "account_id=acme",
    "ticket_id=17",
    "cursor=abc",
    "cursor=W10",
    "page=2",
    "limit=5&limit=6",
    "actions=some",
    "actions=",
    "actions=state&actions=none",
    "state=%E0%A4%A",
  ]) {
    test(`refuses ?${query}`, async () => {
      const { status, error } = await api.refuse("dispatcher.cockpit", { query });
      assert.deepEqual([status, error.code], [400, "INVALID_QUERY"]);
      assert.ok(Array.isArray(error["validation_errors"]) && error["validation_errors"].length > 0);
    });
  }

  test("says of a ticket in any state what a dispatcher may do, and why not", async () => {
    const known: Record<string, string> = {
      "schedule.propose": "schedule_propose",
      "schedule.confirm": "schedule_confirm",
      "assignment.dispatch": "dispatch_assignment",
      "assignment.recommend": "recommend_technicians",
      "schedule.hold": "hold_schedule",
      "schedule.release": "release_schedule",
      "schedule.rollback": "rollback_schedule",
    };
    const holding = new Set(["schedule.hold", "schedule.release", "schedule.rollback"]);
    const commands = commandTable.filter(
      ({ path, roles }) => path.includes("{ticketId}") && roles.includes("dispatcher"),
    );
    for (const state of allStates) {
      const { id } = await ticketIn(api, state);
      const row =
        (await readQueue(api, `state=${state}&limit=500`)).find(({ ticket_id }) => ticket_id === id) ?? assert.fail();
      const actions = new Map((row.actions ?? []).map((action) => [action.action_id, action]));
      assert.equal(actions.size, commands.length + 2);
      for (const { tool, path, from, to } of commands) {
        const action = actions.get(known[tool] ?? tool.replace(".", "_")) ?? assert.fail(tool);
        const { enabled, policy_error, ...rest } = action;
        assert.deepEqual(rest, {
          action_id: action.action_id,
          tool_name: tool,
          endpoint: path.replace("{ticketId}", id),
          method: "POST",
          mutating: true,
        });
        assert.equal(enabled, from.includes(state), `${tool} in ${state}`);
        if (enabled) assert.equal(policy_error, null);
        else {
          const refusal = holding.has(tool)
            ? { code: "SCHEDULE_HOLD_STATE_CONFLICT", dimension: "scheduling" }
            : { code: "INVALID_STATE_TRANSITION", dimension: "state" };
          assert.partialDeepStrictEqual(policy_error, {
            ...refusal,
            from_state: state,
            allowed_from_states: from,
            ...(to.length === 1 && { to_state: to[0] }),
          });
        }
      }
      for (const [actionId, tool, path] of [
        ["open_timeline", "ticket.timeline", `/tickets/${id}/timeline`],
        ["open_technician_packet", "tech.job_packet", `/ux/technician/job-packet/${id}`],
      ] as const) {
        assert.deepEqual(actions.get(actionId), {
          action_id: actionId,
          tool_name: tool,
          endpoint: path,
          method: "GET",
          mutating: false,
          enabled: true,
          policy_error: null,
        });
      }
    }
  });

  test("names who delays a ticket", async () => {
    const customer = ["APPROVAL_REQUIRED", "PENDING_CUSTOMER_CONFIRMATION"];
    const provider = ["SCHEDULED", "DISPATCHED", "ON_SITE", "IN_PROGRESS", "ON_HOLD", "COMPLETED_PENDING_VERIFICATION"];
    for (const { state, sla_delay_attribution } of await readQueue(api, `limit=500&state=${allStates.join(",")}`)) {
      assert.equal(
        sla_delay_attribution,
        customer.includes(state) ? "customer" : provider.includes(state) ? "provider" : "unknown",
        state,
      );
    }
  });
});
