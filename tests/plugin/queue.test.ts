// The queue as a chat reads it: few rows, no actions, a cursor for the rest, whatever the model asks for. With its actions a
// page of 200 tickets has 2.3 MB, and "what is burning" once handed 170 KB to 280 KB of that to the host.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { JsonObject } from "../../plugin/src/json.ts";
import { openLiveBrief } from "../../plugin/src/live-brief.ts";
import { maxText } from "../../plugin/src/result-text.ts";
import { answerSlash } from "../../plugin/src/slash-command.ts";
import { startTestApi } from "../support/api.ts";
import { acme, addSite, ana, borealis } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { believing, openChat, sender, theOwner, toolOf } from "./chat.ts";
import { give, pass, standIn } from "./stand-in.ts";

const open = 200;

/** Sites with names as long as a line shows them. */
const siteName = "Acme Retail Superstore No 4711 at the Old Harbour Road, Loading Dock, rear gate B";

describe("on a desk with 200 open tickets", async () => {
  const api = await startTestApi({ env: believing });
  const siteId = await addSite(api.owner, { region: "CA", name: siteName });
  await api.owner.query("UPDATE sites SET address1 = '4711 Old Harbour Road', city = 'Oakland' WHERE id = $1", [
    siteId,
  ]);
  await api.owner.query(
    `INSERT INTO tickets (id, account_id, site_id, state, priority, incident_type, summary, scheduled_start, scheduled_end,
                          assigned_tech_id, sla_target_minutes, sla_deadline_at, created_at, updated_at, last_transition_at,
                          audit_seq, audit_hash, customer_name, customer_phone)
     SELECT gen_random_uuid(), $1, $2, 'PENDING_CUSTOMER_CONFIRMATION', 'EMERGENCY', 'AUTO_OPERATOR_FAULT', 'It does not open', at, at,
            (SELECT id FROM technicians LIMIT 1), 60, at + n * interval '1 minute', at, at, at, 0, '', 'Bartholomew Featherstone',
            '+14155552671'
     FROM (SELECT $3::timestamptz AS at) AS now, generate_series(1, $4::int) AS n`,
    [acme.id, siteId, api.clock.iso, open],
  );
  let received = 0;
  const relay = await standIn({ after }, async (request, response) => {
    const passed = await pass(api.url, request);
    received += passed.bytes.length;
    give(response, passed);
  });
  const chat = openChat(relay.url);
  /** What a call reads from the API, in bytes, with what came of it. */
  const measured = async <T>(call: () => Promise<T>): Promise<{ bytes: number; result: T }> => {
    received = 0;
    const result = await call();
    return { bytes: received, result };
  };
  const rowsIn = (text: string): string[] => [...text.matchAll(/^\d+\. ticket (\S+)/gm)].map(([, id = ""]) => id);
  const cursorIn = (text: string): string | undefined => /^more: cursor (\S+)$/m.exec(text)?.[1];

  for (const [asked, rows] of [
    [{}, 15],
    [{ limit: 5 }, 5],
    [{ limit: 18 }, 18],
    [{ limit: 19 }, 18],
    [{ limit: 200 }, 18],
    [{ limit: "500" }, 18],
    [{ limit: 1e9 }, 18],
  ] as const satisfies readonly (readonly [JsonObject, number])[]) {
    test(`${JSON.stringify(asked)} reads ${rows} of them, whole, with a cursor and without actions`, async () => {
      const { bytes, result: said } = await measured(() => chat.say("dispatcher.cockpit", asked));
      assert.equal(said.first, "READ dispatcher.cockpit");
      assert.equal(rowsIn(said.text).length, rows);
      assert.ok(cursorIn(said.text), said.text);
      assert.match(said.text, /; caller "Bartholomew Featherstone" "\+14155552671"; site "Acme Retail Superstore/);
      assert.ok(said.text.length < maxText && !said.text.includes("… cut at"), `${said.text.length} characters`);
      assert.ok(!JSON.stringify(said.details).includes("action_id"));
      // 1,200 bytes a row, the local times and the address among them, and what stands around.
      const most = rows * 1_200 + 1_000;
      assert.ok(bytes <= most && JSON.stringify(said.details).length <= most, `${bytes} bytes for ${rows} rows`);
    });
  }

  test("a model that follows the cursor reads each of them once, in the order of the queue", async () => {
    const { queue } = await api.read("dispatcher.cockpit", { query: "limit=500&actions=none" });
    const read: string[] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const { text } = await chat.say("dispatcher.cockpit", { limit: 500, ...(cursor && { cursor }) });
      read.push(...rowsIn(text));
      assert.ok(read.length <= open, "the pages do not end");
      cursor = cursorIn(text);
    }
    assert.deepEqual(
      read,
      queue.map(({ ticket_id }) => ticket_id),
    );
  });

  test("what is wrong with a limit is for the API to say", async () => {
    for (const limit of [0, -1, "ten"])
      assert.match((await chat.say("dispatcher.cockpit", { limit })).first, /^REFUSED INVALID_QUERY/);
  });

  test("a model neither sees the parameter for actions nor may set it", async () => {
    const { parameters, fields } = toolOf("dispatcher.cockpit");
    assert.ok(!fields.has("actions") && !JSON.stringify(parameters).includes("actions"));
    const { limit } = Object(parameters["properties"]);
    assert.deepEqual(limit, {
      type: "integer",
      minimum: 1,
      maximum: 18,
      description: "At most this many tickets, 1 to 18; absent: 15",
    });
    const { first } = await chat.say("dispatcher.cockpit", { actions: "full" });
    assert.match(first, /^REFUSED INVALID_ARGUMENTS/);
  });

  test("the brief and /dispatch queue read no actions either", async () => {
    const brief = await measured(() => openLiveBrief(chat.desk)(theOwner));
    assert.match(brief.result ?? "", /^tickets in the queue 100\+: PENDING_CUSTOMER_CONFIRMATION 100$/m);
    assert.ok(brief.bytes < 100 * 1_200 + 12_000, `${brief.bytes} bytes`);
    const slash = await measured(() => answerSlash(chat.desk, theOwner, "queue", () => Promise.resolve("")));
    assert.equal(rowsIn(slash.result).length, 15);
    assert.ok(slash.bytes < 15 * 1_200 + 1_000, `${slash.bytes} bytes`);
  });

  test("the brief is that of what a sender was granted, also where one person has several senders", async () => {
    const grant = { actor: "dana", roles: ["dispatcher"] as const, sites: ["*"], channel: "telegram" };
    const { desk } = openChat(api.url, {
      people: [
        { ...grant, senderId: "at-work", accounts: ["*"], techId: ana },
        { ...grant, senderId: "at-home", accounts: [borealis.id] },
      ],
    });
    const brief = openLiveBrief(desk);
    for (const told of [1, 2]) {
      assert.match((await brief(sender("at-work"))) ?? "", /^tickets in the queue 100\+/m, `asked ${told} times`);
      assert.match((await brief(sender("at-home"))) ?? "", /^tickets in the queue 0$/m, `asked ${told} times`);
    }
    const technicians = [];
    for (const senderId of ["at-work", "at-home"]) {
      const person = desk.personBehind(sender(senderId)) ?? assert.fail();
      const contract = await desk.contract({ person, role: "dispatcher", viaChat: true });
      technicians.push(Object(contract?.["actor"])["tech_id"]);
    }
    assert.deepEqual(technicians, [ana, null]);
  });

  test("what waits for money is not told as burning, and is there for whoever asks", async () => {
    const { id } = await ticketIn(api, "INVOICED");
    api.clock.advance(60 * 24 * 90);
    assert.ok(!(await chat.say("dispatcher.cockpit", {})).text.includes(id));
    assert.match(
      (await chat.say("dispatcher.cockpit", { state: ["INVOICED"] })).text,
      new RegExp(`^1\\. ticket ${id}`, "m"),
    );
  });
});
