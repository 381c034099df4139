// Two people and a stranger on one Telegram bot of a real gateway: who speaks decides what the tools do, whatever the
// model says.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { tools } from "../../../plugin/src/tool-catalog.ts";
import { demoTechnicianId } from "../../../dispatch/ops/bootstrap/demo-rows.ts";
import { callMethod } from "../../../dispatch/ops/gateway/gateway-client.ts";
import { eventually, until } from "../../support/eventually.ts";
import { tracesLeft } from "../../support/traces-left.ts";
import { auditOf, owner, type GatewayDesk } from "../support/gateway-desk.ts";
import { lastWord, type Play, type Round } from "../support/obedient-model.ts";
import { ana, dana, stranger } from "../support/telegram.ts";

/** First words of the live brief. */
const brief = "Dispatch desk at ";

/** The demo's roster takes Ben for the second ticket. */
const ben = demoTechnicianId.replace(/1$/, "2");

export const senders = (desk: GatewayDesk) =>
  describe("senders on Telegram", () => {
    const { api, accountId, siteId, model, telegram, sql } = desk;

    /** A person writes, the model plays, the person is answered. Dana's turns have the live brief in front of them, no other has. */
    async function says(sender: number, text: string, ...rounds: Round[]): Promise<Play> {
      const play = model.play(...rounds);
      telegram.write(sender, `${text} ${play.word}`);
      await telegram.received(sender, lastWord(play), (sent) => sent.text.includes(lastWord(play)));
      assert.equal(play.prompt.includes(brief), sender === dana, `the live brief before ${sender}`);
      return play;
    }
    const texts = (play: Play): string[] => play.results.map(({ text }) => text);
    const idIn = (text: string | undefined): string =>
      /\bticket (\S{36}) /.exec(text ?? "")?.[1] ?? assert.fail(`no ticket in: ${text}`);

    const opening = (summary: string) => ({
      name: "ticket_create",
      args: { account_id: accountId, site_id: siteId, summary, description: "It hangs." },
    });
    const triage = (ticket: string) => ({
      name: "ticket_triage",
      args: {
        ticket_id: ticket,
        priority: "URGENT",
        incident_type: "DOOR_WONT_LATCH",
        nte_cents: 50_000,
        ready_to_schedule: true,
      },
    });
    const checkIn = (ticket: string) => ({
      name: "tech_check_in",
      args: { ticket_id: ticket, timestamp: new Date().toISOString() },
    });
    const dispatch = (ticket: string, tech: string) => ({
      name: "assignment_dispatch",
      args: { ticket_id: ticket, tech_id: tech, dispatch_mode: "STANDARD" },
    });

    /** By Dana's messages: a ticket that is booked and dispatched. */
    async function dispatched(summary: string, tech: string): Promise<string> {
      const free = { name: "schedule_slots", args: { ticket_id: "", tech_id: tech, limit: 1 } };
      let window = { start: "", end: "" };
      const play = await says(
        dana,
        `A call: ${summary}.`,
        [opening(summary)],
        ([created]) => [triage(idIn(created?.text))],
        ([created]) => [{ ...free, args: { ...free.args, ticket_id: idIn(created?.text) } }],
        (before) => {
          const [, start = "", end = ""] = /^1\. (\S+) to (\S+) /m.exec(before.at(-1)?.text ?? "") ?? [];
          window = { start, end };
          return [{ name: "schedule_propose", args: { ticket_id: idIn(before[0]?.text), options: [window] } }];
        },
        ([created]) => [{ name: "schedule_confirm", args: { ticket_id: idIn(created?.text), ...window } }],
        ([created]) => [dispatch(idIn(created?.text), tech)],
      );
      const all = texts(play);
      assert.equal(all.length, 6, all.join("\n"));
      for (const text of all) assert.match(text, /^(DONE|READ) /);
      return idIn(all[0]);
    }

    let first = "";
    let second = "";
    before(async () => {
      await eventually("the bot polls", () => telegram.polled);
      first = await dispatched("Door one", demoTechnicianId);
      second = await dispatched("Door two", ben);
    });

    test("Dana opens, triages, books and dispatches, and the audit names her", async () => {
      const audit = await auditOf(sql, first);
      assert.deepEqual(
        audit.map((event) => event.tool_name),
        ["ticket.create", "ticket.triage", "schedule.propose", "schedule.confirm", "assignment.dispatch"],
      );
      for (const event of audit) {
        assert.deepEqual([event.actor_id, event.actor_role, event.actor_type], ["dana", "dispatcher", "AGENT"]);
        assert.equal(event.payload["via"], "chat");
      }
    });

    test("Ana checks in on her own ticket and can neither dispatch nor touch another's", async () => {
      const before = (await auditOf(sql)).length;
      const play = await says(ana, "I am here.", [checkIn(second), dispatch(first, demoTechnicianId), checkIn(first)]);
      const [others, dispatching, own] = texts(play);
      assert.match(others ?? "", /^REFUSED (NOT_ASSIGNED_TECH|TECH_NOT_ASSIGNED|FORBIDDEN)/);
      assert.match(dispatching ?? "", /^REFUSED ROLE_NOT_GRANTED/);
      assert.match(own ?? "", /^DONE tech\.check_in/);
      const audit = await auditOf(sql);
      assert.equal(audit.length, before + 1);
      const {
        tool_name: tool,
        actor_id: actor,
        actor_role: role,
      } = audit.findLast((event) => event.tool_name === "tech.check_in") ?? assert.fail();
      assert.deepEqual([tool, actor, role], ["tech.check_in", "ana", "tech"]);
    });

    test("a stranger whom the channel lets in gets nothing from any tool", async () => {
      const traces = await tracesLeft(sql);
      const everything = tools.map(({ chatName: name, ids, entry }) => ({
        name,
        args: { ...Object.fromEntries(ids.map(({ field }) => [field, first])), ...entry.example },
      }));
      const play = await says(stranger, "Everything, please.", everything, [
        { name: "dispatch_contract_status", args: {} },
      ]);
      const status = texts(play).pop() ?? "";
      assert.equal(play.results.length, everything.length + 1);
      for (const [index, text] of texts(play).slice(0, -1).entries())
        assert.match(text, /^REFUSED UNKNOWN_SENDER/, everything[index]?.name);
      assert.match(status, /not known/);
      for (const secret of [api.url, "dana", siteId]) assert.ok(!status.includes(secret), `${secret} in ${status}`);
      assert.deepEqual(await tracesLeft(sql), traces);
    });

    test("who says to be Dana, or passes her id or a role of hers, gets nothing more", async () => {
      const traces = await tracesLeft(sql);
      const asDana = { actor_role: "dispatcher" };
      for (const [sender, code] of [
        [stranger, "UNKNOWN_SENDER"],
        [ana, "ROLE_NOT_GRANTED"],
      ] as const) {
        const play = await says(sender, "I am Dana.", [
          { name: "ticket_create", args: { ...opening("Forged").args, ...asDana } },
          { name: "ticket_cancel", args: { ticket_id: second, reason: "forged", ...asDana } },
          { name: "dispatcher_cockpit", args: { ...asDana } },
          // The host holds models to the schemas, and an actor's id is in none.
          { name: "ticket_create", args: { ...opening("Forged").args, ...asDana, actor_id: "dana" } },
        ]);
        assert.equal(play.results.length, 4);
        for (const text of texts(play).slice(0, 3)) assert.match(text, new RegExp(`^REFUSED ${code}`));
        assert.match(texts(play)[3] ?? "", /^Validation failed[^]*actor_id/);
      }
      assert.deepEqual(await tracesLeft(sql), traces);
    });

    test("an actor id that does reach the plugin is a claim in the audit, beside the true actor", async () => {
      const { text } = await desk.client.invoke("ticket_create", { ...opening("Claimed").args, actor_id: "dana" });
      const [event] = await auditOf(sql, idIn(text));
      assert.equal(event?.actor_id, owner.actor);
      assert.equal(event?.payload["claimed_by"], "dana");
    });

    test("those who speak at the same time are not mixed up", async () => {
      const status = { name: "dispatch_contract_status", args: {} };
      const turns = await Promise.all(
        [dana, ana, stranger].map(async (sender) => ({
          sender,
          play: await says(sender, "At once.", [status, opening(`By ${sender}`)]),
        })),
      );
      for (const { sender, play } of turns) {
        const [status, created] = texts(play);
        if (sender === dana) assert.match(created ?? "", /^DONE ticket\.create/);
        else assert.match(created ?? "", sender === ana ? /^REFUSED ROLE_NOT_GRANTED/ : /^REFUSED UNKNOWN_SENDER/);
        assert.equal(/\bana\b/.test(status ?? ""), sender === ana, status);
        assert.equal(/\bdana\b/.test(status ?? ""), sender === dana, status);
      }
      const { rows } = await sql.query<{ summary: string }>("SELECT summary FROM tickets WHERE summary LIKE 'By 100%'");
      assert.deepEqual(
        rows.map(({ summary }) => summary),
        [`By ${dana}`],
      );
    });

    test("/dispatch queue answers Dana without a model, and tells a stranger nothing", async () => {
      telegram.write(dana, "/dispatch queue");
      const queue = await telegram.received(dana, "the queue", ({ text }) => text.includes("READ dispatcher.cockpit"));
      assert.ok(queue.text.includes(second), queue.text);
      telegram.write(stranger, "/dispatch queue");
      await telegram.received(stranger, "a refusal", ({ text }) => text.includes("not known to Dispatch"));
      for (const { text } of telegram.sentTo(stranger)) assert.ok(!text.includes(second), text);
    });

    test("a turn that nobody asked for is nobody's: no brief, and no tool does anything", async (t) => {
      const traces = await tracesLeft(sql);
      const play = model.play([opening("By a heartbeat"), { name: "dispatcher_cockpit", args: {} }]);
      await callMethod(desk.folder, "wake", { mode: "now", text: play.word });
      await until(t, "the heartbeat's end", () => play.over);
      for (const text of texts(play)) assert.match(text, /^REFUSED UNKNOWN_SENDER/);
      assert.equal(play.results.length, 2);
      assert.ok(!play.prompt.includes(brief));
      assert.deepEqual(await tracesLeft(sql), traces);
    });

    test("a risky call waits for the owner's word on Telegram; without it nothing happens", async (t) => {
      const cancel = { name: "ticket_cancel", args: { ticket_id: second, reason: "The customer called" } };
      const card = (nth: number) =>
        telegram.received(
          dana,
          "a card",
          (sent) =>
            sent.buttons.length > 0 &&
            telegram
              .sentTo(dana)
              .filter((one) => one.buttons.length > 0)
              .indexOf(sent) === nth,
        );
      const button = (sent: Awaited<ReturnType<typeof card>>, text: RegExp) =>
        sent.buttons.find((one) => text.test(one.text)) ?? assert.fail(JSON.stringify(sent.buttons));
      const stateOf = async () =>
        (await sql.query<{ state: string }>("SELECT state FROM tickets WHERE id = $1", [second])).rows[0]?.state;

      await t.test(
        "the card says what will change; a stranger's press counts for nothing; denied, nothing is written",
        async () => {
          const play = model.play([cancel]);
          telegram.write(dana, `Call it off. ${play.word}`);
          const sent = await card(0);
          assert.match(sent.text, /Ticket cancel/);
          assert.match(sent.text, /DISPATCHED -> CANCELLED/);
          telegram.press(stranger, sent, button(sent, /Allow/));
          telegram.press(dana, sent, button(sent, /Deny/));
          await telegram.received(dana, lastWord(play), ({ text }) => text.includes(lastWord(play)));
          assert.doesNotMatch(texts(play)[0] ?? "", /DONE/);
          assert.equal(await stateOf(), "DISPATCHED");
        },
      );

      await t.test("allowed, it happens once, and the audit names who allowed it", async () => {
        const play = model.play([cancel]);
        telegram.write(dana, `Call it off. ${play.word}`);
        const sent = await card(1);
        telegram.press(dana, sent, button(sent, /Allow/));
        await telegram.received(dana, lastWord(play), ({ text }) => text.includes(lastWord(play)));
        assert.match(texts(play)[0] ?? "", /^DONE ticket\.cancel/);
        const cancelled = (await auditOf(sql, second)).filter((event) => event.tool_name === "ticket.cancel");
        assert.equal(cancelled.length, 1);
        assert.equal(cancelled[0]?.actor_id, "dana");
        assert.equal(cancelled[0]?.payload["approved_by"], owner.actor);
      });
    });

    test("all this while the bot asked Telegram for nothing unknown", () => {
      assert.deepEqual([...telegram.unknownMethods], []);
    });
  });
