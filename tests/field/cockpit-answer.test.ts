// The cockpit's answer as text is the object that its types describe, byte for byte, in every state and way of showing
// actions, and the contract's schema holds for it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SiteId, TicketId } from "../../dispatch/contract/ids.ts";
import { ticketStates, type TicketState } from "../../dispatch/contract/states.ts";
import { cockpitBody, cockpitText, queueText, type CockpitRow } from "../../dispatch/field/cockpit-answer.ts";
import { parseBody } from "../support/response-schemas.ts";
import { idNamed } from "../support/ids.ts";

const ways = ["full", "state", "none"] as const;

/** What a careless writer of JSON would get wrong. */
const names = [
  "Acme Oakland",
  'The "Corner" \\ Shop',
  "{ticketId}",
  "Łódź – Café №5 🚪",
  "line one\nline two\t\u2028",
  '},"actions":[',
];

const rowOf = (state: TicketState, number: number): CockpitRow => ({
  ticket_id: idNamed<TicketId>(`0190c3f2-0000-7000-8000-${String(number).padStart(12, "0")}`),
  number: `T-${String(number).padStart(6, "0")}`,
  summary: names[number % names.length] ?? "",
  caller: number % 2 === 0 ? null : { name: names[number % names.length] ?? "", phone: null },
  state,
  priority: "URGENT",
  incident_type: number % 2 === 0 ? null : "DOOR_WONT_LATCH",
  site_region: null,
  site: {
    id: idNamed<SiteId>("a0000000-0000-4000-8000-000000000011"),
    name: names[number % names.length] ?? "",
    city: null,
    region: null,
  },
  site_line: names[number % names.length] ?? "",
  assigned_tech: null,
  scheduled_start: null,
  scheduled_start_local: null,
  arrival_window: null,
  timezone: "America/Los_Angeles",
  last_update_at: "2026-03-02T08:00:00.000Z",
  last_transition_at: "2026-03-02T08:00:00.000Z",
  region_weight: 500,
  sla_target_minutes: 240,
  sla_deadline_at: "2026-03-02T12:00:00.000Z",
  sla_timer_remaining_minutes: -3,
  sla_timer_remaining: "-00:03",
  sla_status: "breach",
  sla_delay_attribution: "unknown",
  response_deadline_at: "2026-03-02T12:00:00.000Z",
  response_breached: true,
  attention:
    number % 3 === 0 ? null : { code: "LATE_ARRIVAL", since: "2026-03-02T10:00:00.000Z", detail: 'Promised for "ten"' },
});

const frame = {
  before: {
    generated_at: "2026-03-02T12:03:00.000Z",
    actor: { actor_id: 'dana "d"', actor_role: "dispatcher", actor_type: "HUMAN", tool_name: "dispatcher.cockpit" },
    filters_applied: { state: null, incident_type: ["ŁATWE"] },
  },
  after: { next_cursor: "abc", selected_ticket: null },
};

const everyState = ticketStates.map(rowOf);
const pages: Record<string, readonly CockpitRow[]> = {
  "of no ticket": [],
  "of one ticket": everyState.slice(0, 1),
  "of a ticket in every state": everyState,
  "of several tickets in the same states": [...everyState, ...everyState.toReversed()],
};

for (const shown of ways) {
  describe(`with actions=${shown}, the text`, () => {
    for (const [page, rows] of Object.entries(pages)) {
      test(`${page} is the object`, () => {
        const body = cockpitBody(frame, rows, shown, "dispatcher");
        const { pieces, byteLength } = cockpitText(frame, queueText(rows, shown, "dispatcher"));
        const text = Buffer.concat(pieces);
        assert.equal(text.toString("utf8"), JSON.stringify(body));
        assert.equal(byteLength, text.length);
        const read = parseBody("dispatcher.cockpit", JSON.parse(text.toString("utf8")));
        assert.deepEqual(read, body);
        assert.equal(read.queue.length, rows.length);
        const states = [...new Set(rows.map(({ state }) => state))];
        assert.deepEqual(
          read.actions_by_state && Object.keys(read.actions_by_state),
          shown === "state" ? states : undefined,
        );
        for (const row of read.queue) assert.equal(row.actions !== undefined, shown === "full");
      });
    }
  });
}

test("prepared text carries no id over from the ticket before", () => {
  const [row] = everyState;
  assert.ok(row);
  const ids = ["0190c3f2-aaaa-7000-8000-000000000001", "0190c3f2-bbbb-7000-8000-000000000002"];
  for (const id of ids) {
    const text: string = Buffer.concat(
      queueText([{ ...row, ticket_id: idNamed<TicketId>(id) }], "full", "dispatcher"),
    ).toString("utf8");
    const found = new Set<string>(text.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g));
    assert.deepEqual(found, new Set([id, row.site.id]));
  }
});
