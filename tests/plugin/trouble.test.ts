// dispatch-api away, slow, cut off, or not itself: each time a clear sentence within bounded time; what may have happened is
// UNKNOWN with the way to find out, what cannot have happened FAILED, and a retry never does a thing twice.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { describe, test, type TestContext } from "node:test";
import { attemptShare } from "../../plugin/src/api-client.ts";
import { shortWaitMs } from "../../plugin/src/desk.ts";
import { openLiveBrief } from "../../plugin/src/live-brief.ts";
import { answerSlash } from "../../plugin/src/slash-command.ts";
import { startTestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { acme } from "../support/directory.ts";
import { believing, openChat as openAnyChat, theOwner, type Chat, type ChatOptions, type Said } from "./chat.ts";
import { deadPort, give, json, pass, refusal, standIn, type Answer } from "./stand-in.ts";

/** A chat whose calls are one request each. */
const openChat = (url: string, options: ChatOptions = {}): Chat => openAnyChat(url, { session: null, ...options });
const ticket_id = "01a1f8e9-0fc0-7cfc-9024-75cc3227896d";
const creating = { account_id: acme.id, site_id: acme.oakland, summary: "Door" };
/** Its last try has what is left of it, at least 100 ms; a busy machine needs those too. */
const limitMs = 1_500;
/** What a busy machine may add. */
const slackMs = 60_000;

async function timed<T>(work: () => Promise<T>, withinMs: number): Promise<T> {
  const begun = performance.now();
  const result = await work();
  const took = performance.now() - begun;
  assert.ok(took < withinMs + slackMs, `took ${Math.round(took)} ms where ${withinMs} are allowed`);
  return result;
}

/** What comes of the limit where the machine has kept up with it; where it has not, of twice as long. */
async function keptUp(
  limit: number,
  work: (limit: number) => Promise<Said>,
  isLate: (said: Said) => boolean,
): Promise<Said> {
  const said = await timed(() => work(limit), limit);
  return isLate(said) && limit < slackMs ? keptUp(2 * limit, work, isLate) : said;
}

const isUnanswered = ({ text }: Said): boolean => /did not answer within/.test(text);

const uuidIn = /request_id ([0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})/;

function assertUnknown({ first, text, details }: Said, why: RegExp): void {
  assert.equal(first, "UNKNOWN ticket.close: it may or may not have happened. Do not say that it did.");
  assert.match(text, why);
  assert.equal(details["request_id"], uuidIn.exec(text)?.[1]);
  assert.deepEqual([details["ok"], details["outcome"]], [false, "unknown"]);
}

function assertFailed({ first, text, details }: Said, tool: string, why: RegExp): void {
  assert.equal(first, `FAILED ${tool}: it did not happen.`);
  assert.match(text, why);
  assert.match(text, /dispatch_contract_status tells what is wrong/);
  assert.deepEqual([details["ok"], details["outcome"]], [false, "failed"]);
}

/** Writes a byte now and then, until the client has had enough. */
const drip: Answer = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  const dripping = setInterval(() => response.write(" "), 20);
  response.on("close", () => clearInterval(dripping));
};

/** Writes as fast as it is read, without an end. */
const flood: Answer = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  const more = () => {
    while (!response.destroyed && response.write("[".repeat(65_536))) continue;
  };
  response.on("drain", more);
  more();
};

const html: Answer = (_request, response) =>
  response.writeHead(200, { "content-type": "text/html" }).end("<h1>It works!</h1>");

// Beside each other: each waits for its time to be up, which costs nothing.
describe("an API in trouble", { concurrency: true }, () => {
  /** The answer, and what is said of a command whose fate it leaves open; a query in the same trouble FAILED. */
  const open: readonly (readonly [string, Answer, RegExp])[] = [
    ["accepts and never answers", () => undefined, /did not answer within \d+ ms/],
    ["answers byte by byte", drip, /did not answer within \d+ ms/],
    ["cuts the connection after the request", (request) => request.socket.destroy(), /cut the connection/],
    [
      "cuts the connection in its answer",
      (_request, response) => response.writeHead(200, { "content-length": 100 }).write("{", () => response.destroy()),
      /cut the connection/,
    ],
    ["answers HTML", html, /is not dispatch-api, or answers garbage \(HTTP 200\)/],
    ["answers nothing", (_request, response) => response.writeHead(200).end(), /is not dispatch-api/],
    ["answers without end", flood, /is not dispatch-api|did not answer/],
    ["answers half of its JSON", (_request, response) => response.end('{"id":"'), /is not dispatch-api/],
    ["answers another JSON", (_request, response) => json(response, 200, { ok: true }), /is not dispatch-api/],
    ["answers a list", (_request, response) => json(response, 200, [1]), /is not dispatch-api/],
    ["answers null", (_request, response) => json(response, 200, null), /is not dispatch-api/],
    [
      "answers another server's error",
      (_request, response) => json(response, 404, { error: "Not Found" }),
      /is not dispatch-api.*HTTP 404/,
    ],
    [
      "is away behind a proxy",
      (_request, response) => response.writeHead(502).end("Bad Gateway"),
      /is not dispatch-api.*HTTP 502/,
    ],
    [
      "answers 503 and nothing else",
      (_request, response) => refusal(response, 503, "DEPENDENCY_UNAVAILABLE"),
      /DEPENDENCY_UNAVAILABLE/,
    ],
    [
      "is busy with the same call",
      (_request, response) => refusal(response, 409, "IDEMPOTENCY_IN_FLIGHT"),
      /IDEMPOTENCY_IN_FLIGHT/,
    ],
    [
      "has a defect",
      (_request, response) => refusal(response, 500, "INTERNAL_ERROR"),
      /has a defect: INTERNAL_ERROR, correlation_id c-1/,
    ],
  ];
  for (const [what, answer, why] of open) {
    test(`that ${what} leaves a command UNKNOWN and a query FAILED`, async (t) => {
      const say = async (tool: "ticket.close" | "ticket.get", timeoutMs: number): Promise<Said> => {
        const { url, seen } = await standIn(t, answer);
        const said = await openChat(url, { timeoutMs }).say(tool, { ticket_id });
        const keys = new Set(seen.map(({ headers }) => headers["idempotency-key"]));
        assert.ok(keys.size <= 1, "every try had the same key");
        return said;
      };
      const isLate = (said: Said) => isUnanswered(said) && !why.test(said.text);
      assertUnknown(await keptUp(limitMs, (timeoutMs) => say("ticket.close", timeoutMs), isLate), why);
      assertFailed(await keptUp(limitMs, (timeoutMs) => say("ticket.get", timeoutMs), isLate), "ticket.get", why);
    });
  }

  test("that does not listen has done nothing", async () => {
    const chat = openChat(`http://127.0.0.1:${await deadPort()}`, { timeoutMs: limitMs });
    const said = await timed(() => chat.say("ticket.close", { ticket_id }), limitMs);
    assertFailed(said, "ticket.close", /cannot be reached \(ECONNREFUSED\)/);
    assert.equal(said.details["request_id"], uuidIn.exec(said.text)?.[1]);
    assertFailed(await timed(() => chat.say("ticket.get", { ticket_id }), limitMs), "ticket.get", /cannot be reached/);
  });

  test("is waited for as much longer as it was asked to search, at every try", async (t) => {
    const seconds = 1;
    let tries = 0;
    let tookMs = 0;
    const say = async (timeoutMs: number): Promise<Said> => {
      const { url, seen } = await standIn(t, () => undefined);
      const begun = performance.now();
      const said = await openChat(url, { timeoutMs }).say("plan.optimize", {
        day: "2026-11-23",
        seconds,
        iterations: 1_000,
      });
      tookMs = performance.now() - begun - timeoutMs;
      tries = seen.length;
      return said;
    };
    const { first } = await keptUp(limitMs, say, () => tries < 2);
    assert.match(first, /^UNKNOWN plan.optimize/);
    assert.equal(tries, 2);
    assert.ok(tookMs > seconds * 1_000, `${tookMs} ms longer`);
  });

  test("is not taken for a name that nothing has", async () => {
    const chat = openChat(`http://127.0.0.1:${await deadPort()}`, { timeoutMs: limitMs });
    for (const args of [
      { ...creating, site_id: "Acme Oakland" },
      { ...creating, account_id: "Acme Retail" },
    ]) {
      assertFailed(await timed(() => chat.say("ticket.create", args), limitMs), "ticket.create", /cannot be reached/);
    }
    assertFailed(
      await timed(() => chat.say("ticket.close", { ticket_id: "the front door" }), limitMs),
      "ticket.close",
      /cannot be reached/,
    );
  });

  test("that asks to wait longer than there is time is told at once, and nothing has happened", async (t) => {
    const { url, seen } = await standIn(t, (_request, response) =>
      refusal(response, 429, "RATE_LIMITED", { "retry-after": "3600" }),
    );
    const said = await timed(() => openChat(url, { timeoutMs: 100_000 }).say("ticket.close", { ticket_id }), 0);
    assertFailed(said, "ticket.close", /RATE_LIMITED/);
    assert.equal(said.details["request_id"], uuidIn.exec(said.text)?.[1]);
    assert.equal(seen.length, 1);
  });

  test("that sends elsewhere is not followed", async (t) => {
    const elsewhere = await standIn(t, (_request, response) => json(response, 200, { receipt: {} }));
    // Beside each other: whatever is answered, a command is tried until its time is up.
    const notFollowed = async (status: number) => {
      const { url } = await standIn(t, (_request, response) =>
        response.writeHead(status, { location: `${elsewhere.url}/` }).end(),
      );
      const say = (timeoutMs: number) => openChat(url, { timeoutMs }).say("ticket.close", { ticket_id });
      assertUnknown(await keptUp(limitMs, say, isUnanswered), /sent elsewhere/);
    };
    await Promise.all([301, 302, 303, 307, 308].map(notFollowed));
    assert.equal(elsewhere.seen.length, 0, "no token went there");
  });

  test("is named by what it answered, not by a last try that had little time left", async (t) => {
    let tries = 0;
    const say = async (timeoutMs: number): Promise<Said> => {
      // The second try is allowed so late that it finds less left than any try may take.
      const after = Math.ceil((timeoutMs * attemptShare) / 1_000);
      const { url, seen } = await standIn(t, (_request, response, nth) => {
        if (nth === 1) refusal(response, 503, "DEPENDENCY_UNAVAILABLE", { "retry-after": String(after) });
      });
      const said = await openChat(url, { timeoutMs }).say("ticket.close", { ticket_id });
      tries = seen.length;
      return said;
    };
    assertUnknown(await keptUp(2 * limitMs, say, () => tries < 2), /DEPENDENCY_UNAVAILABLE/);
    assert.equal(tries, 2);
  });

  test("keeps the live brief silent and the slash commands plain", async (t) => {
    for (const url of [
      `http://127.0.0.1:${await deadPort()}`,
      (await standIn(t, html)).url,
      (await standIn(t, () => undefined)).url,
    ]) {
      const { desk } = openChat(url, { timeoutMs: limitMs });
      assert.equal(await timed(() => openLiveBrief(desk)(theOwner), Math.min(limitMs, shortWaitMs)), null);
      assert.match(
        await timed(() => answerSlash(desk, theOwner, "queue", () => Promise.resolve("")), limitMs),
        /^The desk cannot be reached: /,
      );
      assert.match(
        await timed(() => answerSlash(desk, theOwner, "pause all test", () => Promise.resolve("")), limitMs),
        /^(It is not known whether this happened|This did not happen): /,
      );
    }
  });

  test("makes no card, and so asks nobody", async () => {
    const chat = openChat(`http://127.0.0.1:${await deadPort()}`, { timeoutMs: limitMs });
    assert.equal(await timed(() => chat.card("ticket.cancel", { ticket_id, reason: "gone" }), limitMs), null);
  });
});

describe("a call that is cancelled", () => {
  test("before anything is sent has not happened", async (t) => {
    const { url, seen } = await standIn(t, () => undefined);
    const said = await timed(
      () => openChat(url, { timeoutMs: 100_000 }).say("ticket.close", { ticket_id }, { signal: AbortSignal.abort() }),
      0,
    );
    assertFailed(said, "ticket.close", /the call was cancelled/);
    assert.equal(seen.length, 0);
  });

  test("while it waits for an answer ends at once, and is UNKNOWN", async (t) => {
    const stop = new AbortController();
    const { url } = await standIn(t, () => stop.abort());
    assertUnknown(
      await timed(
        () => openChat(url, { timeoutMs: 100_000 }).say("ticket.close", { ticket_id }, { signal: stop.signal }),
        0,
      ),
      /the call was cancelled/,
    );
  });

  test("while it waits to try again ends at once", async (t) => {
    let tries = 0;
    const say = async (cancelledAfterMs: number): Promise<Said> => {
      const { url, seen } = await standIn(t, (_request, response) =>
        refusal(response, 429, "RATE_LIMITED", { "retry-after": "110" }),
      );
      const signal = AbortSignal.timeout(cancelledAfterMs);
      const said = await openChat(url, { timeoutMs: 120_000 }).say("ticket.close", { ticket_id }, { signal });
      tries = seen.length;
      return said;
    };
    // Unknown where the answer had not come by then.
    const said = await keptUp(limitMs, say, ({ outcome }) => tries === 0 || outcome === "unknown");
    assertFailed(said, "ticket.close", /the call was cancelled/);
    assert.equal(tries, 1);
  });
});

describe("a real API behind trouble", async () => {
  const api = await startTestApi({ env: believing });
  const events = async () => Number((await api.owner.query("SELECT count(*) AS n FROM audit_events")).rows[0]?.n);

  /** The first answers are trouble, the rest are the API's own. */
  async function behind(
    t: TestContext,
    times: number,
    trouble: Answer,
  ): Promise<{ url: string; seen: readonly http.IncomingMessage[] }> {
    return standIn(t, async (request, response, nth) =>
      nth <= times ? trouble(request, response, nth) : give(response, await pass(api.url, request)),
    );
  }
  /** Has the API do the work, and cuts its answer in the middle. */
  const cutInMidAnswer: Answer = async (request, response) => {
    const { status, bytes } = await pass(api.url, request);
    response.writeHead(status, { "content-type": "application/json", "content-length": bytes.length });
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  };

  const passing: readonly (readonly [string, number, Answer])[] = [
    ["503 twice", 2, (_request, response) => refusal(response, 503, "DEPENDENCY_UNAVAILABLE", { "retry-after": "0" })],
    [
      "429 with a short wait",
      1,
      (_request, response) => refusal(response, 429, "RATE_LIMITED", { "retry-after": "1" }),
    ],
    ["a call still in flight", 2, (_request, response) => refusal(response, 409, "IDEMPOTENCY_IN_FLIGHT")],
    ["a cut connection", 1, (request) => request.socket.destroy()],
    ["a page of HTML", 1, html],
  ];
  for (const [what, times, trouble] of passing) {
    test(`${what}, then well: done once`, async (t) => {
      const { url, seen } = await behind(t, times, trouble);
      const before = await events();
      const said = await openChat(url).say("ticket.create", creating);
      assert.equal(said.first, "DONE ticket.create", said.text);
      assert.equal(await events(), before + 1);
      assert.equal(seen.length, times + 1);
      assert.equal(new Set(seen.map(({ headers }) => headers["idempotency-key"])).size, 1);
      assert.equal(new Set(seen.map(({ headers }) => headers.authorization)).size, 1);
    });
  }

  test("an answer cut after the work was done is asked for again: the one true answer, one effect", async (t) => {
    const { url } = await behind(t, 1, cutInMidAnswer);
    const before = await events();
    const said = await openChat(url).say("ticket.create", creating);
    assert.ok(said.first.startsWith("DONE ticket.create"), said.text);
    assert.equal(await events(), before + 1);
    assert.deepEqual(
      await api.read("receipt.get", { receipt: String(/^receipt (\S+) at/m.exec(said.text)?.[1]) }),
      said.body["receipt"],
    );
  });

  test("the request_id of an UNKNOWN finds out that it happened", async (t) => {
    const { url } = await behind(t, Number.POSITIVE_INFINITY, cutInMidAnswer);
    const before = await events();
    const lost = await openChat(url, { timeoutMs: 2_000 }).say("ticket.create", creating);
    assert.equal(lost.outcome, "unknown", lost.text);
    // On a slow machine only after the plugin has given up.
    await eventually("it did happen", async () => (await events()) === before + 1);
    const found = await openChat(api.url).say("ticket.create", { ...creating, request_id: lost.details["request_id"] });
    assert.ok(found.first.startsWith("DONE ticket.create — this repeats an earlier call"), found.text);
    assert.equal(await events(), before + 1, "and not again");
  });

  test("the request_id of an UNKNOWN or a FAILED does it now where it had not happened", async (t) => {
    const { url } = await standIn(t, (request) => request.socket.destroy());
    for (const trouble of [url, `http://127.0.0.1:${await deadPort()}`]) {
      const before = await events();
      const lost = await openChat(trouble, { timeoutMs: limitMs }).say("ticket.create", creating);
      const again = { ...creating, request_id: lost.details["request_id"] };
      assert.equal((await openChat(api.url).say("ticket.create", again)).first, "DONE ticket.create");
      assert.equal((await openChat(api.url).say("ticket.create", again)).details["replayed"], true);
      assert.equal(await events(), before + 1);
    }
  });

  test("a server that stops in the middle of its life is noticed and, once it is back, used", async (t) => {
    const port = await deadPort();
    const chat = openChat(`http://127.0.0.1:${port}`);
    const waiting = chat.say("ticket.create", creating);
    const server = http.createServer(async (request, response) => give(response, await pass(api.url, request)));
    await once(server.listen(port, "127.0.0.1"), "listening");
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    assert.equal((await waiting).first, "DONE ticket.create");
  });
});
