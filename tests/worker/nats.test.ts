// What happens is told to a real NATS server: all of it, in order, once, whatever becomes of the server, of workers, of Postgres.

import assert from "node:assert/strict";
import { createServer, connect as dial, type Socket } from "node:net";
import { once } from "node:events";
import { describe, test } from "node:test";
import { nanos } from "@nats-io/transport-node";
import { streamSubjects } from "../../dispatch/nats/event-message.ts";
import { relayLock } from "../../dispatch/nats/relay-state.ts";
import { streamName } from "../../dispatch/nats/stream.ts";
import { startTestApi } from "../support/api.ts";
import { acme } from "../support/directory.ts";
import { natsMissing } from "../../lab/drills/nats-server.ts";
import { eventually } from "../support/eventually.ts";
import { startTestWorker } from "../support/worker.ts";
import { natsDesk, type Ending, type NatsDesk } from "./nats-desk.ts";

const steps = (count: number): string[] => Array.from({ length: count }, (_, at) => `step_${at + 1}`);
const lastToken = ({ subject }: { subject: string }): string => subject.slice(subject.lastIndexOf(".") + 1);

/** Whether nothing waits any more. */
const allTold = async ({ state }: NatsDesk): Promise<boolean> => (await state()).pending === 0;

describe("events on NATS", { skip: (await natsMissing()) ?? false }, () => {
  test("arrive in order, each under its id, with what happened as it stands in the outbox", async (t) => {
    const desk = await natsDesk(t);
    const { api } = desk;
    const created = await api.run("ticket.create", {
      body: { account_id: acme.id, site_id: acme.oakland, summary: "told" },
    });
    await desk.happen(3);
    await desk.happen(1, "desk.policy");
    const worker = await desk.worker();
    await worker.until("all is told", () => allTold(desk));
    const stored = await desk.stored();
    const { rows } = await api.owner.query(
      "SELECT event_id, subject, payload, created_at FROM outbox WHERE subject NOT LIKE 'desk.%' ORDER BY xact, id",
    );
    assert.equal(rows.length, 4);
    assert.deepEqual(
      stored,
      rows.map(({ event_id, subject, payload, created_at }) => ({
        subject,
        id: event_id,
        body: {
          id: event_id,
          subject,
          time: created_at.toISOString(),
          actor: payload.actor_id,
          correlation_id: payload.correlation_id,
          data: payload,
        },
      })),
    );
    assert.equal(stored[0]?.body["data"] && lastToken(stored[0]), "ticket_create");
    assert.ok(JSON.stringify(stored[0]?.body).includes(String(created.receipt.receipt_id)));
  });

  test("none is lost when the server is killed and comes back, and commands go on", async (t) => {
    const desk = await natsDesk(t);
    const { api, nats } = desk;
    const worker = await desk.worker();
    await desk.happen(40);
    await worker.until("all is told", () => allTold(desk));
    await nats.kill();
    const ticket = await desk.happen(40);
    void worker.wake();
    for (let n = 0; n < 5; n++)
      await api.run("ticket.create", { body: { account_id: acme.id, site_id: acme.oakland, summary: `call ${n}` } });
    await eventually("it is known that the server is away", async () => (await desk.row()).failing_since !== null);
    assert.equal((await desk.state()).pending, 45);
    assert.equal(worker.told("worker.waiting")[0]?.["dependency"], "nats");
    await nats.start();
    await worker.until("all is told", () => allTold(desk));
    const stored = await desk.stored();
    assert.equal(stored.length, 85);
    assert.equal(new Set(stored.map(({ id }) => id)).size, 85);
    assert.deepEqual(stored.filter(({ subject }) => subject.startsWith(ticket)).map(lastToken), steps(40));
    assert.equal((await desk.row()).failing_since, null);
    assert.equal(worker.told("worker.recovered").length, 1);
  });

  test("the relay moves on when the stream has acknowledged, and what it sends again is stored once", async (t) => {
    const desk = await natsDesk(t);
    const line = await halfDeafLine(t, desk.nats.port);
    const worker = await desk.worker(`nats://127.0.0.1:${line.port}`);
    await desk.happen(1);
    await worker.until("the first is told", () => allTold(desk));
    const before = await desk.row();
    line.swallow(true);
    await desk.happen(2);
    void worker.wake();
    await eventually("the second is stored", async () => (await desk.stored()).length === 2);
    await eventually("its acknowledgement is missed", async () => (await desk.row()).failing_since !== null);
    const { xact, id } = await desk.row();
    assert.deepEqual({ xact, id }, { xact: before.xact, id: before.id });
    line.swallow(false);
    await worker.until("all is told", () => allTold(desk));
    assert.deepEqual((await desk.stored()).map(lastToken), ["step_1", "step_1", "step_2"]);
  });

  test("what a crash of Postgres makes the relay forget is sent again under the same id", async (t) => {
    const desk = await natsDesk(t);
    const worker = await desk.worker();
    await desk.happen(5);
    await worker.until("all is told", () => allTold(desk));
    const told = await desk.stored();
    await desk.api.owner.query("UPDATE nats_relay SET xact = '0', id = 0");
    await worker.until("all is told again", () => allTold(desk));
    assert.deepEqual(await desk.stored(), told);
    const { rows } = await desk.api.owner.query("SELECT acknowledged::int FROM nats_relay");
    assert.equal(rows[0].acknowledged, 10);
  });

  test("a stream that has other limits gets ours, and keeps what is its operator's", async (t) => {
    const desk = await natsDesk(t);
    await desk.nats.manage(({ streams }) =>
      streams.add({
        name: streamName,
        subjects: ["old.>"],
        max_age: nanos(60_000),
        max_msgs: 1_000_000,
        description: "kept",
      }),
    );
    await desk.happen(1);
    const worker = await desk.worker();
    await worker.until("it is told", () => allTold(desk));
    const { config } = await desk.nats.manage(({ streams }) => streams.info(streamName));
    const { subjects, max_age, duplicate_window, max_msgs, description } = config;
    assert.deepEqual(
      { subjects: subjects.toSorted(), max_age, duplicate_window, max_msgs, description },
      {
        subjects: [...streamSubjects].toSorted(),
        max_age: nanos(720 * 3_600_000),
        duplicate_window: nanos(120_000),
        max_msgs: 1_000_000,
        description: "kept",
      },
    );
  });

  test("of two workers one relays, and the other takes over when it ends or loses its session", async (t) => {
    const desk = await natsDesk(t);
    const workers = await Promise.all([desk.worker(), desk.worker()]);
    const [one, other] = workers;
    await desk.happen(20);
    await one.until("all is told", async () => {
      await other.wake();
      return allTold(desk);
    });
    const [first, ...further] = await desk.relaying();
    assert.ok(first !== undefined && further.length === 0, "one session holds the lock");
    await desk.api.owner.query("SELECT pg_terminate_backend($1)", [first]);
    await desk.happen(20);
    await one.until("all is told", async () => {
      await other.wake();
      return allTold(desk);
    });
    await one.stop();
    await desk.happen(20);
    await other.until("all is told", () => allTold(desk));
    assert.equal((await desk.relaying()).length, 1);
    await other.stop();
    // Half the time after which an idle connection is closed anyway.
    await eventually("the lock is free", async () => (await desk.relaying()).length === 0, 30_000);
    const stored = await desk.stored();
    assert.deepEqual(stored.map(lastToken), [...steps(20), ...steps(20), ...steps(20)]);
  });

  test("a worker tells nothing while another session relays", async (t) => {
    const desk = await natsDesk(t);
    const another = await desk.api.owner.connect();
    try {
      await another.query("SELECT pg_advisory_lock($1, $2)", [...relayLock]);
      await desk.happen(2);
      const worker = await desk.worker();
      await worker.wake();
      assert.equal((await desk.state()).pending, 2);
      await another.query("SELECT pg_advisory_unlock($1, $2)", [...relayLock]);
      await worker.until("all is told", () => allTold(desk));
    } finally {
      another.release();
    }
  });

  test("an event whose transaction ends late is not passed over", async (t) => {
    const desk = await natsDesk(t);
    const { api } = desk;
    const slow = await api.owner.connect();
    try {
      await slow.query("BEGIN");
      await slow.query(
        "INSERT INTO outbox (subject, event, payload, created_at) VALUES ('room.slow.event', 'event', '{}', $1)",
        [api.clock.iso],
      );
      await desk.happen(2);
      const worker = await desk.worker();
      await worker.wake();
      assert.equal((await desk.state()).pending, 2, "what comes behind it waits");
      await slow.query("COMMIT");
      await worker.until("all is told", () => allTold(desk));
    } finally {
      slow.release();
    }
    assert.deepEqual((await desk.stored()).map(lastToken), ["event", "step_1", "step_2"]);
  });

  test("what no server would take is skipped, told of and counted, and holds nothing up", async (t) => {
    const desk = await natsDesk(t);
    await desk.happen(1, "room.a blank");
    await desk.happen(1, "room.");
    await desk.happen(1, "room.*");
    await desk.api.owner.query(
      `INSERT INTO outbox (subject, event, payload, created_at)
       VALUES ('room.long.event', 'event', jsonb_build_object('text', repeat('x', 1100000)), $1)`,
      [desk.api.clock.iso],
    );
    await desk.happen(1);
    const worker = await desk.worker();
    await worker.until("all is told", () => allTold(desk));
    assert.deepEqual((await desk.stored()).map(lastToken), ["step_1"]);
    assert.equal((await desk.state()).skipped, 4);
    assert.deepEqual(
      worker.told("worker.nats_event_skipped").map(({ subject }) => subject),
      ["room.a blank.step_1", "room..step_1", "room.*.step_1", "room.long.event"],
    );
  });

  test("a server that refuses the login is told of without it, and all arrives once it takes it", async (t) => {
    const login = { user: "ann", password: "4711%41 s3cret" };
    const desk = await natsDesk(t, { ...login, password: "another" });
    const { hostname, port } = new URL(desk.nats.url);
    const worker = await desk.worker(`nats://ann:${encodeURIComponent(login.password)}@${hostname}:${port}`);
    await desk.happen(3);
    void worker.wake();
    await eventually("it is known", async () => (await desk.row()).failing_since !== null);
    assert.match((await desk.row()).last_error ?? "", /^no connection to 127\.0\.0\.1:\d+: Authorization Violation$/);
    await desk.nats.kill();
    await desk.nats.start(login);
    await worker.until("all is told", () => allTold(desk));
    assert.equal((await desk.stored()).length, 3);
    // A client that was in, and is refused twice when it comes back, is closed for good, whatever its options say.
    await desk.nats.kill();
    await desk.nats.start({ ...login, password: "another" });
    await desk.happen(2);
    await worker.until("it is known", async () => {
      const { failing_since, last_error } = await desk.row();
      return failing_since !== null && /Authorization Violation/.test(last_error ?? "");
    });
    await desk.nats.kill();
    await desk.nats.start(login);
    await worker.until("all is told", () => allTold(desk));
    assert.equal((await desk.stored()).length, 5);
    for (const secret of ["s3cret", "another"]) assert.ok(!JSON.stringify(worker.log).includes(secret));
  });

  test("events are kept until the stream has them", async (t) => {
    const desk = await natsDesk(t);
    await desk.nats.kill();
    await desk.happen(3);
    const worker = await desk.worker();
    desk.api.clock.advance(60 * 24 * 60);
    await worker.wake();
    assert.equal((await desk.state()).pending, 3, "nobody has told them");
    await desk.nats.start();
    await worker.until("all is told", () => allTold(desk));
    await worker.until(
      "they are pruned",
      async () => (await desk.api.owner.query("SELECT FROM outbox")).rowCount === 0,
    );
    assert.equal((await desk.stored()).length, 3);
  });
});

test("without an address nothing connects, and events are pruned as ever", async (t) => {
  const api = await startTestApi({ t });
  await api.owner.query(
    "INSERT INTO outbox (subject, event, payload, created_at) VALUES ('room.a.event', 'event', '{}', $1)",
    [api.clock.iso],
  );
  const worker = await startTestWorker(api, { t });
  await worker.wake();
  const sessions = await api.owner.query(
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '% nats'",
  );
  assert.equal(sessions.rowCount, 0);
  api.clock.advance(60 * 24 * 60);
  await worker.until("it is pruned", async () => (await api.owner.query("SELECT FROM outbox")).rowCount === 0);
  const { rows } = await api.owner.query("SELECT id::int, acknowledged::int FROM nats_relay");
  assert.deepEqual(rows, [{ id: 0, acknowledged: 0 }]);
});

/** A way to a server on which what it answers can be swallowed. */
async function halfDeafLine(t: Ending, port: number): Promise<{ readonly port: number; swallow(on: boolean): void }> {
  const links = new Set<Socket>();
  let swallows = false;
  const server = createServer((near) => {
    const far = dial(port, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      links.add(one);
      one.on("error", () => undefined).on("close", () => other.destroy());
    }
    near.on("data", (bytes) => far.write(bytes));
    far.on("data", (bytes) => swallows || near.write(bytes));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(async () => {
    for (const link of links) link.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return { port: address.port, swallow: (on) => void (swallows = on) };
}
