// What a command takes for its fields and what not, always before it is asked whether the ticket exists; and the rules every
// text, time and body obeys.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { commandEntries } from "../../dispatch/contract/index.ts";
import { commandCases } from "../contract/command-table.ts";
import { objectsIn, profiles, startTestApi, type Refused, type TestApi } from "../support/api.ts";
import { everyCase } from "../support/cases.ts";
import { acme, ana } from "../support/directory.ts";
import { freeWindow, ticketIn } from "../support/ticket-builder.ts";
import { tracesLeft } from "../support/traces-left.ts";

const place = { account_id: acme.id, site_id: acme.oakland };

/** The paths that a refusal of fields names; each with a rule and a sentence. */
function fieldsAtFault({ status, error }: Refused): string[] {
  assert.deepEqual([status, error.code], [400, "INVALID_REQUEST"], JSON.stringify(error));
  const faults = objectsIn(error["validation_errors"]);
  assert.equal(error["field"], String(faults[0]?.["path"]).replaceAll("/", ".") || "body");
  return faults.map(({ path, rule, message, ...rest }) => {
    assert.ok(typeof path === "string" && typeof rule === "string" && typeof message === "string" && message !== "");
    assert.deepEqual(rest, {});
    return path;
  });
}

/** What is missing where an id of the path has another name than that. */
const nouns: Readonly<Record<string, string>> = { slug: "worker", approvalRequest: "approval_request" };

for (const profile of profiles) {
  describe(`the fields in ${profile}`, async () => {
    const api = await startTestApi({ profile });
    const as = (roles: readonly string[]) => roles[0] ?? "dispatcher";

    for (const [tool, entry] of commandEntries) {
      const { good, bad, until } = commandCases[tool].fields;
      const nowhere = () => ({
        ticket: randomUUID(),
        technician: ana,
        plan: randomUUID(),
        account: randomUUID(),
        site: randomUUID(),
        contact: randomUUID(),
        asset: randomUUID(),
        task: randomUUID(),
        worker: "nobody",
        room: randomUUID(),
        approvalRequest: "a-999999",
      });
      // Good fields get as far as what is not there: what the path names, or the account of a new ticket; other commands need none.
      const inPath = /\{(account|site|contact|asset|plan|task|ticket|slug|room|approvalRequest)(?:Id)?\}/.exec(
        entry.path,
      )?.[1];
      const wanted = inPath ?? (entry.effect === "creates" && entry.aggregate === "ticket" ? "account" : null);
      const found = until ?? (wanted && `${(nouns[wanted] ?? wanted).toUpperCase()}_NOT_FOUND`);
      const atOnce = tool === "plan.optimize" ? 1 : 8;

      test(`of ${tool}: ${good.length} good bodies pass, ${bad.length} bad ones name the field`, async () => {
        await everyCase(
          good,
          JSON.stringify,
          async (body) => {
            const reply = await api.call(tool, { as: as(entry.roles), ...nowhere(), body });
            // Of a caller's one control room the second good body finds what the first has made.
            const passes = tool === "control.open" ? [entry.status, 200] : [entry.status];
            if (found === null) assert.ok(passes.includes(reply.status), reply.text);
            else assert.match(reply.text, new RegExp(found));
          },
          atOnce,
        );
        // What takes no field has none to be at fault.
        assert.equal(bad.length === 0, Object.keys(entry.input.properties).length === 0);
        if (bad.length === 0) return;
        const before = await tracesLeft(api.owner);
        await everyCase(
          bad,
          ([change]) => JSON.stringify(change),
          async ([change, field]) => {
            const refused = await api.refuse(tool, {
              as: as(entry.roles),
              ...nowhere(),
              body: { ...good[0], ...change },
            });
            const [path = "none"] = fieldsAtFault(refused);
            assert.ok(path.startsWith(field), `${path} is named for ${field}`);
          },
          atOnce,
        );
        assert.deepEqual(await tracesLeft(api.owner), before);
      });

      test(`of ${tool} that nobody knows are ${profile === "strict" ? "refused" : "ignored"}`, async () => {
        const call = { as: as(entry.roles), ...nowhere(), body: { ...good[0], colour: "red", "bell\u0007": "\u0000" } };
        if (profile === "strict")
          assert.ok(fieldsAtFault(await api.refuse(tool, call)).some((path) => /^(colour|bell)/.test(path)));
        else assert.doesNotMatch((await api.call(tool, call)).text, /INVALID_REQUEST/);
      });
    }

    test("are all named that are at fault, each once", async () => {
      const body = { site_id: "north", summary: " ", nte_cents: -1, description: 7 };
      assert.deepEqual(fieldsAtFault(await api.refuse("ticket.create", { body })).sort(), [
        "account_id",
        "description",
        "nte_cents",
        "site_id",
        "summary",
      ]);
      const texts = { ...place, summary: "bell\u0007", description: "\u0000\u0000" };
      assert.deepEqual(fieldsAtFault(await api.refuse("ticket.create", { body: texts })), ["summary", "description"]);
      const many = { questions: Array.from({ length: 20_000 }, () => 7) };
      assert.deepEqual(fieldsAtFault(await api.refuse("ticket.request_info", { ticket: randomUUID(), body: many })), [
        "questions",
      ]);
      const strange = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`field_${n}`, n]));
      const { length } = fieldsAtFault(await api.refuse("ticket.create", { body: { summary: "x", ...strange } }));
      assert.ok(length >= 2 && length <= 50, `${length} are named`);
    });

    test("inside other fields are under the same rule", async () => {
      const ticket = randomUUID();
      const rows = [
        [
          "schedule.hold",
          { hold_reason: "CUSTOMER_PENDING", confirmation_window: { ...freeWindow(api), note: "x" } },
          "confirmation_window/note",
        ],
        ["schedule.propose", { options: [freeWindow(api), { ...freeWindow(api), note: "x" }] }, "options/1/note"],
        [
          "tech.complete",
          { checklist_status: {}, work: { labor_minutes: 1, coffee_minutes: 9 } },
          "work/coffee_minutes",
        ],
      ] as const;
      for (const [tool, body, path] of rows) {
        const refused = await api.refuse(tool, { ticket, body });
        if (profile === "strict") assert.deepEqual(fieldsAtFault(refused), [path]);
        else assert.equal(refused.error.code, "TICKET_NOT_FOUND");
      }
    });

    test("that are not for JSON in the first place are not taken from the prototype", async () => {
      const known = `"account_id":"${acme.id}","site_id":"${acme.oakland}","summary":"x"`;
      const body = `{${known},"__proto__":{"nte_cents":5},"constructor":{"x":1}}`;
      const reply = await api.call("ticket.create", { body });
      if (profile === "strict") return assert.equal(reply.status, 400);
      assert.match(reply.text, /"nte_cents":0/);
    });
  });
}

describe("every text", async () => {
  const api = await startTestApi();
  const create = (body: object) => ({ body: { ...place, summary: "x", ...body } });

  test("is trimmed, and keeps what is inside", async () => {
    const { summary, description } = await api.run(
      "ticket.create",
      create({ summary: "\u2003 a  b \t", description: "\n\n a\n\n b \n" }),
    );
    assert.deepEqual([summary, description], ["a  b", "a\n\n b"]);
  });

  const controls = ["\u0000", "\u0001", "\b", "\u000b", "\f", "\r", "\u001b", "\u007f", "\u0085", "\u009f"];
  for (const control of controls) {
    test(`may not hold U+${control.charCodeAt(0).toString(16).padStart(4, "0")}`, async () => {
      for (const field of ["summary", "description"]) {
        assert.deepEqual(fieldsAtFault(await api.refuse("ticket.create", create({ [field]: `a${control}b` }))), [
          field,
        ]);
      }
    });
  }

  test("is well-formed", async () => {
    for (const broken of ["\ud83d", "\ude00\ud83d", "a\udfffb"]) {
      const body = JSON.stringify(create({ description: broken }).body);
      assert.ok(body.includes("\\ud"), "it travels escaped");
      assert.deepEqual(fieldsAtFault(await api.refuse("ticket.create", { body })), ["description"]);
    }
    const { description } = await api.run("ticket.create", create({ description: "🚪\u200d🔧 \u202e ﷽" }));
    assert.equal(description, "🚪\u200d🔧 \u202e ﷽");
  });

  test("counts its length in characters, after trimming", async () => {
    await api.run("ticket.create", create({ summary: `  ${"🚪".repeat(500)}  ` }));
    assert.deepEqual(fieldsAtFault(await api.refuse("ticket.create", create({ summary: "🚪".repeat(501) }))), [
      "summary",
    ]);
  });

  test("names a uuid of any version, in any case", async () => {
    for (const id of [
      "00000000-0000-0000-0000-000000000000",
      "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
      randomUUID().toUpperCase(),
    ]) {
      const { error } = await api.refuse("ticket.create", create({ account_id: id }));
      assert.deepEqual([error.code, error["account_id"]], ["ACCOUNT_NOT_FOUND", id.toLowerCase()]);
    }
  });
});

describe("every time", async () => {
  const api = await startTestApi();

  test("is kept as the instant it is, whatever zone it came in", async () => {
    const rows = [
      ["2026-05-01T10:00:00+02:00", "2026-05-01T08:00:00.000Z"],
      ["2026-05-01T10:00:00.5-0330", "2026-05-01T13:30:00.500Z"],
      ["2026-05-01T10:00Z", "2026-05-01T10:00:00.000Z"],
      ["2028-02-29T23:59:59.999Z", "2028-02-29T23:59:59.999Z"],
    ];
    for (const [start = "", instant] of rows) {
      api.clock.set(new Date(Date.parse(start) - 86_400_000).toISOString());
      const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
      const { scheduled_start } = await api.run("schedule.propose", {
        ticket: id,
        body: { options: [{ start, end: new Date(Date.parse(start) + 3_600_000).toISOString() }] },
      });
      assert.equal(scheduled_start, instant);
    }
  });
});

describe("every body", async () => {
  const api = await startTestApi();
  const bodyOf = (bytes: number) => {
    const frame = JSON.stringify({ ...place, summary: "x", padding: "" });
    return frame.replace('"padding":""', `"padding":"${"p".repeat(bytes - frame.length)}"`);
  };

  test("may have 256 KiB and not a byte more", async () => {
    assert.equal((await api.call("ticket.create", { body: bodyOf(256 * 1_024) })).status, 201);
    const { status, error } = await api.refuse("ticket.create", { body: bodyOf(256 * 1_024 + 1) });
    assert.deepEqual([status, error.code], [413, "PAYLOAD_TOO_LARGE"]);
  });

  for (const body of [
    "",
    "null",
    "[]",
    '"text"',
    "7",
    "{",
    "{'a':1}",
    '{"a":1}{"b":2}',
    `${'{"a":'.repeat(40)}1${"}".repeat(40)}`,
  ]) {
    test(`is a JSON object: ${JSON.stringify(body.slice(0, 20))}`, async () => {
      const { status, error } = await api.refuse("ticket.create", { body });
      assert.deepEqual([status, error.code], body === "" ? [400, "INVALID_REQUEST"] : [400, "INVALID_JSON"]);
    });
  }
});

describe("schedule.confirm", async () => {
  const pilot = await startTestApi();
  const strict = await startTestApi({ profile: "strict" });
  const confirm = async (api: TestApi, proposed: number, body: object) => {
    const options = Array.from({ length: proposed }, () => freeWindow(api));
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const { scheduled_start, scheduled_end } = await api.run("schedule.propose", { ticket: id, body: { options } });
    assert.deepEqual(
      [scheduled_start, scheduled_end],
      [options[0]?.start, options[0]?.end],
      "the first stands in until one is confirmed",
    );
    return { options, call: { as: "customer", ticket: id, body: { ...options.at(-1), ...body } } };
  };

  test("settles on any of the proposed windows, in whatever zone it is written", async () => {
    for (const api of [pilot, strict]) {
      const { options, call } = await confirm(api, 3, {});
      const { start = "", end = "" } = options.at(-1) ?? {};
      const inZone = start.replace("Z", "+00:00");
      const { state, scheduled_start, scheduled_end } = await api.run("schedule.confirm", {
        ...call,
        body: { start: inZone, end },
      });
      assert.deepEqual([state, scheduled_start, scheduled_end], ["SCHEDULED", start, end]);
    }
  });

  test("settles on another window in pilot, and in strict on none that was not proposed", async () => {
    const other = freeWindow(strict);
    const free = await confirm(pilot, 1, other);
    assert.equal((await pilot.run("schedule.confirm", free.call)).scheduled_start, other.start);
    const held = await confirm(strict, 2, other);
    const { error } = await strict.refuse("schedule.confirm", held.call);
    assert.equal(error.code, "WINDOW_NOT_PROPOSED");
    assert.deepEqual(error["rejected"], [{ ...other, reason: "NOT_PROPOSED" }]);
    assert.deepEqual(error["proposed"], held.options);
    const [first, second] = held.options;
    const mixed = await strict.refuse("schedule.confirm", {
      ...held.call,
      body: { start: first?.start, end: second?.end },
    });
    assert.equal(mixed.error.code, "WINDOW_NOT_PROPOSED");
  });

  test("settles on a time that has begun in pilot alone", async () => {
    for (const api of [pilot, strict]) {
      const { options, call } = await confirm(api, 1, {});
      api.clock.set(options[0]?.start ?? "");
      api.clock.advance(1);
      if (api === pilot) await api.run("schedule.confirm", call);
      else assert.equal((await api.refuse("schedule.confirm", call)).error.code, "WINDOW_IN_PAST");
    }
  });
});
