// Holds: a ticket's place kept while its customer makes up their mind, and given back exactly as it was.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { ticketIn } from "../support/ticket-builder.ts";

describe("a hold", async () => {
  const api = await startTestApi();
  const window = (minutes: number) => ({ start: api.clock.iso, end: api.clock.in(minutes) });

  for (const heldIn of ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED"] as const) {
    for (const [tool, field] of [
      ["schedule.release", "customer_confirmation_log"],
      ["schedule.rollback", "confirmation_id"],
    ] as const) {
      test(`on a ticket in ${heldIn} gives back state and time by ${tool}`, async () => {
        const { id } = await ticketIn(api, heldIn);
        const before = await api.read("ticket.get", { ticket: id });
        const confirmation = window(60);
        const body = { hold_reason: "customer_unreachable", confirmation_window: confirmation };
        const held = await api.run("schedule.hold", { ticket: id, body });
        assert.deepEqual(
          [held.ticket.state, held.hold_state, held.confirmation_window],
          ["PENDING_CUSTOMER_CONFIRMATION", "ACTIVE", confirmation],
        );

        const ended = await api.run(tool, { ticket: id, body: { [field]: held.hold_id.toUpperCase() } });
        const { restored_state, restored_window, hold_id, snapshot_id } = ended;
        assert.deepEqual(
          { restored_state, restored_window, hold_id, snapshot_id },
          {
            restored_state: heldIn,
            restored_window: { start: before.scheduled_start, end: before.scheduled_end },
            hold_id: held.hold_id,
            snapshot_id: held.snapshot_id,
          },
        );
        const { version, updated_at, ...rest } = await api.read("ticket.get", { ticket: id });
        assert.deepEqual(rest, (({ version: _, updated_at: __, ...same }) => same)(before));
        assert.ok(version === before.version + 2 && updated_at > before.updated_at);
      });
    }
  }

  test("is released by the other name of the confirmation too", async () => {
    const { id, holdId } = await ticketIn(api, "PENDING_CUSTOMER_CONFIRMATION");
    await api.run("schedule.release", { ticket: id, body: { customer_confirmation_id: holdId } });
  });

  test("that is rolled back says why", async () => {
    const { id, holdId } = await ticketIn(api, "PENDING_CUSTOMER_CONFIRMATION");
    const { reason } = await api.run("schedule.rollback", {
      ticket: id,
      body: { confirmation_id: holdId, reason: "wrong ticket" },
    });
    assert.equal(reason, "wrong ticket");
  });

  test("ends for nobody who does not name it, and tells release and rollback apart", async () => {
    const { id, holdId } = await ticketIn(api, "PENDING_CUSTOMER_CONFIRMATION");
    const other = randomUUID();
    const release = await api.refuse("schedule.release", { ticket: id, body: { customer_confirmation_log: other } });
    assert.deepEqual(
      [release.error.code, release.error["hold_id"], release.error["confirmation_log"]],
      ["HOLD_CONFIRMATION_MISSING", holdId, other],
    );
    const rollback = await api.refuse("schedule.rollback", { ticket: id, body: { confirmation_id: other } });
    assert.deepEqual([rollback.error.code, rollback.error["to_state"]], ["SCHEDULE_HOLD_STATE_CONFLICT", "SCHEDULED"]);
    for (const body of [{}, { confirmation_id: holdId }]) {
      assert.equal((await api.refuse("schedule.release", { ticket: id, body })).error.code, "INVALID_REQUEST");
    }
    await api.run("schedule.release", { ticket: id, body: { customer_confirmation_log: holdId } });
  });

  test("may be ended to the last moment of its window and not after it", async () => {
    const { id } = await ticketIn(api, "SCHEDULED");
    const confirmation = { start: api.clock.in(-10), end: api.clock.in(30) };
    const { hold_id, snapshot_id } = await api.run("schedule.hold", {
      ticket: id,
      body: { hold_reason: "CUSTOMER_PENDING", confirmation_window: confirmation },
    });
    const late = await ticketIn(api, "SCHEDULED");
    const hold = await api.run("schedule.hold", {
      ticket: late.id,
      body: { hold_reason: "CUSTOMER_PENDING", confirmation_window: confirmation },
    });
    api.clock.set(confirmation.end);
    await api.run("schedule.rollback", { ticket: late.id, body: { confirmation_id: hold.hold_id } });
    api.clock.set(new Date(Date.parse(confirmation.end) + 1).toISOString());
    for (const [tool, field] of [
      ["schedule.release", "customer_confirmation_log"],
      ["schedule.rollback", "confirmation_id"],
    ] as const) {
      const { error } = await api.refuse(tool, { ticket: id, body: { [field]: hold_id } });
      const { code, snapshot_id: snapshot, hold_id: stale, confirmation_window } = error;
      assert.deepEqual(
        [code, snapshot, stale, confirmation_window],
        ["CUSTOMER_CONFIRMATION_STALE", snapshot_id, hold_id, confirmation],
      );
    }
    assert.equal((await api.read("ticket.get", { ticket: id })).state, "PENDING_CUSTOMER_CONFIRMATION");
  });

  test("can follow another, and is withdrawn when the ticket is called off", async () => {
    const { id, holdId } = await ticketIn(api, "PENDING_CUSTOMER_CONFIRMATION");
    await api.run("schedule.release", { ticket: id, body: { customer_confirmation_log: holdId } });
    await api.run("schedule.hold", {
      ticket: id,
      body: { hold_reason: "CUSTOMER_CONFIRMATION_STALE", confirmation_window: window(5) },
    });
    await api.run("ticket.cancel", { ticket: id, body: { reason: "shop is closing" } });
    const { rows } = await api.owner.query(
      "SELECT hold_state FROM schedule_holds WHERE ticket_id = $1 ORDER BY created_at",
      [id],
    );
    assert.deepEqual(
      rows.map(({ hold_state }) => hold_state),
      ["RELEASED", "WITHDRAWN"],
    );
  });
});
