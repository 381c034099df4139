// Who is calling: forged, broken and odd tokens; development headers with odd contents; trace headers that try to leave
// their line; keys replayed by their owner and by others.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { isObject } from "../../dispatch/kernel/json.ts";
import { acme, borealis } from "../support/directory.ts";
import { judge, Tally } from "./answer-rules.ts";
import { startAttackedApi } from "./attacked-api.ts";
import { anyToken, genuineTokens, keySet } from "./forged-tokens.ts";
import { hostileId, hostileText } from "./hostile-values.ts";
import { inLanes, shares, spared, type Lane } from "./lanes.ts";
import { describeRequest, requestBytes, type HttpRequest } from "./request-bytes.ts";
import type { Answer } from "./wire.ts";

/** As bytes of a header: what cannot stand there would be a framing attack, which is another file's. */
const headerText = hostileText
  .map((text) => Buffer.from(text.replaceAll(/[\r\n\0]/g, "")).toString("latin1"))
  .filter((text) => text.length < 3_000 && !/canary|555/.test(text));

const schemes = fc.oneof(
  { weight: 8, arbitrary: fc.constant("Bearer ") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("bearer ", "BEARER ", "Bearer  ", "Basic ", "Bearer\t", "", "Token ", "Bearer Bearer "),
  },
);

const oddHeaders = fc.array(
  fc.oneof(
    fc.tuple(
      fc.constantFrom(
        "X-Actor-Id",
        "X-Actor-Role",
        "X-Actor-Type",
        "X-Tool-Name",
        "X-Tech-Id",
        "X-Account-Scope",
        "X-Site-Scope",
        "Idempotency-Key",
        "X-Request-Id",
        "X-Correlation-Id",
        "X-Trace-Id",
        "traceparent",
        "tracestate",
      ),
      headerText,
    ),
    fc.tuple(
      fc.constantFrom("X-Account-Scope", "X-Site-Scope"),
      fc.constantFrom(
        "*",
        "",
        ",",
        "*,*",
        acme.id,
        `${acme.id}, ${borealis.id}`,
        `${acme.id},x`,
        "{*}",
        `${`${acme.id},`.repeat(200)}`,
        "null",
        '["*"]',
      ),
    ),
    fc.tuple(
      fc.constantFrom("X-Tech-Id", "Idempotency-Key"),
      hostileId.map((id) => Buffer.from(id.replaceAll(/\s/g, "")).toString("latin1")),
    ),
    fc.tuple(
      fc.constant("X-Actor-Role"),
      fc.constantFrom(
        "dispatcher",
        "Dispatcher",
        " TECH",
        "bot",
        "assistant",
        "technician",
        "customer",
        "admin",
        "dispatcher,finance",
        "constructor",
        "__proto__",
      ),
    ),
    fc.tuple(fc.constant("X-Actor-Type"), fc.constantFrom("HUMAN", "human", "SERVICE", "SYSTEM", "ROBOT", "toString")),
    fc.tuple(
      fc.constant("X-Tool-Name"),
      fc.constantFrom(
        "ticket.search",
        "ticket.create",
        "ticket_search",
        "TICKET.SEARCH",
        "ticket.search, ticket.create",
      ),
    ),
    fc.tuple(
      fc.constant("traceparent"),
      fc.constantFrom(
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "00-x-y-01",
      ),
    ),
  ),
  { maxLength: 6 },
);

const ticket = { account_id: acme.id, site_id: acme.oakland, summary: "door" };
const search = (headers: HttpRequest["headers"]): HttpRequest => ({
  method: "GET",
  target: "/tickets?limit=1",
  headers,
  body: null,
});
const create = (headers: HttpRequest["headers"], body: object = ticket): HttpRequest => ({
  method: "POST",
  target: "/tickets",
  headers,
  body: Buffer.from(JSON.stringify(body)),
});

test("credentials, trace headers and idempotency keys", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-jwks-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "jwks.json"), JSON.stringify(keySet));
  const api = await startAttackedApi(t, "pilot", { DISPATCH_AUTH_JWKS: join(folder, "jwks.json") });
  const tally = new Tally();
  const send = async (request: HttpRequest, { wire }: Lane): Promise<Answer> => {
    const answer = await wire.ask(requestBytes(request));
    if (!answer) assert.fail(`no answer to\n${describeRequest(request)}`);
    return answer;
  };
  const share = spared(shares.credentials) / 3;

  await inLanes(
    api.port,
    share,
    fc.tuple(schemes, anyToken, fc.boolean(), fc.uuid()),
    async ([scheme, token, writes, key], lane) => {
      const headers = [
        ["Authorization", `${scheme}${token.text}`],
        ["Idempotency-Key", key],
      ] as const;
      const request = writes ? create(headers) : search(headers);
      const verdict = judge(request, writes ? "ticket.create" : "ticket.search", await send(request, lane));
      tally.add(verdict);
      const believed = verdict.status !== 401 && verdict.status !== 431;
      const isScheme = /^bearer $/i.test(scheme);
      if (token.genuine === true && isScheme)
        assert.equal(verdict.code, null, `${token.name} is genuine, and was answered ${verdict.status}`);
      if (token.genuine === false || !isScheme)
        assert.ok(!believed, `${scheme}${token.name} is not genuine, and was answered ${verdict.status}`);
    },
  );
  assert.equal(genuineTokens().length, 5);

  await inLanes(api.port, share, fc.tuple(oddHeaders, fc.boolean(), fc.uuid()), async ([odd, writes, key], lane) => {
    const usual = [
      ["X-Actor-Id", "dora"],
      ["X-Actor-Role", "dispatcher"],
      ["Idempotency-Key", key],
    ] as const;
    // One more of a name is another test than a different one.
    const doubled = odd.length % 3 === 0;
    const names = new Set(odd.map(([name]) => name));
    const headers = [...usual.filter(([name]) => doubled || !names.has(name)), ...odd];
    const request = writes ? create(headers) : search(headers);
    const answer = await send(request, lane);
    tally.add(judge(withoutRepeatedKey(request), writes ? "ticket.create" : "ticket.search", answer));
    assertEchoes(request, answer);
  });

  await replays(share, api.port, tally, send);
  await api.assertWell();
  t.diagnostic(tally.report(share * 3));
});

/** The key an answer may name is the one that came, once. */
function withoutRepeatedKey(request: HttpRequest): HttpRequest {
  const keys = request.headers.filter(([name]) => name === "Idempotency-Key");
  return keys.length === 1
    ? request
    : { ...request, headers: request.headers.filter(([name]) => name !== "Idempotency-Key") };
}

/** A correlation id comes back as it was sent, or another takes its place; nothing of it becomes a header of its own. */
function assertEchoes({ headers }: HttpRequest, answer: Answer): void {
  assert.equal(answer.headers.get("x-evil"), undefined);
  // A head that is no HTTP names nothing.
  if (!answer.headers.has("x-correlation-id")) return assert.ok(answer.status === 400 || answer.status === 431);
  const sent = headers.filter(([name]) => name === "X-Correlation-Id").map(([, value]) => value.trim());
  const echoed = answer.headers.get("x-correlation-id") ?? "";
  const usable = sent.length === 1 && /^[!-~]{1,200}$/.test(sent[0] ?? "");
  if (usable) assert.equal(echoed, sent[0]);
  else assert.match(echoed, sent.length > 1 ? /^[!-~]{1,200}$/ : /^[0-9a-f-]{36}$/);
}

/** Few keys, few actors, few bodies, again and again: one ticket per actor and key, and nobody gets another's answer. */
async function replays(
  requests: number,
  port: number,
  tally: Tally,
  send: (request: HttpRequest, lane: Lane) => Promise<Answer>,
): Promise<void> {
  const actors = fc.constantFrom("dora", "Dora", "d\xf6ra", "dora'", "__proto__", "dora,dora", "%64ora");
  const bodies = fc.constantFrom(
    ticket,
    { summary: "door", site_id: acme.oakland, account_id: acme.id },
    { ...ticket, summary: "window" },
    { ...ticket, summary: "dóor" },
    { ...ticket, summary: "do\u0301or" },
  );
  const keys = fc.nat(Math.ceil(requests / 40)).map((n) => `${String(n).padStart(8, "0")}-0000-4000-8000-00000000000a`);
  const letterCase = fc.constantFrom(
    (key: string) => key,
    (key: string) => key.toUpperCase(),
  );
  const known = new Map<string, { readonly text: string; readonly summary: string }>();
  const owners = new Map<string, string>();

  await inLanes(
    port,
    requests,
    fc.tuple(actors, keys, letterCase, bodies),
    async ([actor, key, written, body], lane) => {
      const request = create(
        [
          ["X-Actor-Id", actor],
          ["X-Actor-Role", "dispatcher"],
          ["Idempotency-Key", written(key)],
        ],
        body,
      );
      const answer = await send(request, lane);
      const verdict = judge(request, "ticket.create", answer);
      tally.add(verdict);
      const owner = `${actor} ${key}`;
      const before = known.get(owner);
      if (verdict.code === "IDEMPOTENCY_IN_FLIGHT") return;
      if (verdict.code !== null) {
        assert.equal(verdict.code, "IDEMPOTENCY_PAYLOAD_MISMATCH");
        assert.ok(!before || before.summary !== body.summary, "the same request was told that it was another");
        return;
      }
      known.set(owner, { text: answer.text, summary: body.summary });
      if (before) assert.equal(answer.text, before.text, "a replay is not the first answer");
      assert.ok(isObject(verdict.body) && typeof verdict.body["id"] === "string");
      const { id } = verdict.body;
      assert.equal(owners.get(id) ?? owner, owner, "one ticket for two intents");
      owners.set(id, owner);
    },
  );
}
