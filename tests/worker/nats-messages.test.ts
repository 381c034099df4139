// What is sent of an event and where to, as pure functions.

import assert from "node:assert/strict";
import { test } from "node:test";
import { faultOf, messageOf } from "../../dispatch/nats/event-message.ts";
import { serverAddress } from "../../dispatch/nats/server-address.ts";

const event = {
  position: { xact: "7", id: "9" },
  event_id: "0198c000-0000-7000-8000-00000000000a",
  subject: "field.ticket.t1.ticket_close",
  event: "ticket_close",
  payload: { actor_id: "dora", correlation_id: "c1", seq: 3 },
  created_at: "2026-03-02T08:00:00.000Z",
};

test("an event is sent in an envelope, under its id", () => {
  const { id, subject, body } = messageOf(event);
  assert.equal(id, event.event_id);
  assert.equal(subject, event.subject);
  assert.deepEqual(JSON.parse(body), {
    id,
    subject,
    time: event.created_at,
    actor: "dora",
    correlation_id: "c1",
    data: event.payload,
  });
});

test("what nobody did has no actor, and a row from before there were ids goes by its place", () => {
  const { id, body } = messageOf({ ...event, event_id: null, payload: {} });
  assert.equal(id, "7.9");
  assert.deepEqual(
    Object.entries(JSON.parse(body)).filter(([name]) => ["actor", "correlation_id"].includes(name)),
    [
      ["actor", null],
      ["correlation_id", null],
    ],
  );
});

for (const subject of ["room.", ".room", "room..event", "room.*", "room.a*", "room.>", "room.a b", "room.a\tb", ""])
  test(`${JSON.stringify(subject)} is no subject to publish on`, () => {
    assert.match(faultOf({ id: "1", subject, body: "{}" }, 1_000_000) ?? "", /^its subject/);
  });

test("a subject of any other signs is one, and a message may be as long as the server takes, headers and all", () => {
  const message = { id: "1", subject: "swarm.agent.größe_1-x.started", body: "é".repeat(500) };
  assert.equal(faultOf(message, 2_024), null);
  assert.match(faultOf(message, 2_023) ?? "", /^it has 2024 bytes with its headers, and the server takes 2023$/);
});

const addresses: Record<string, object> = {
  "nats://nats.example": { servers: "nats.example:4222" },
  "nats://127.0.0.1:18120": { servers: "127.0.0.1:18120" },
  "nats://[::1]:18120": { servers: "[::1]:18120" },
  "nats://ann:4711%40x@nats.example": { servers: "nats.example:4222", user: "ann", pass: "4711@x" },
  "nats://ann:50%@nats.example": { servers: "nats.example:4222", user: "ann", pass: "50%" },
  "nats://t0ken@nats.example:4222": { servers: "nats.example:4222", token: "t0ken" },
  "tls://nats.example": { servers: "nats.example:4222", tls: {} },
};
for (const [url, options] of Object.entries(addresses))
  test(`${url} is taken apart`, () => {
    const address = serverAddress(url);
    assert.deepEqual(address.options, options);
    assert.equal(address.shown, address.options.servers);
  });
