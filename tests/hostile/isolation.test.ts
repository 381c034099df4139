// Two accounts on one desk. Whatever a caller whose scope is A's sends, no answer shows anything that is B's alone, and
// nothing of B's changes; while a caller of B's, asking the same, does see it.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ToolName } from "../../dispatch/contract/index.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { profiles } from "../support/api.ts";
import { acme, borealis } from "../support/directory.ts";
import { judge, Tally } from "./answer-rules.ts";
import { startAttackedApi, type AttackedApi } from "./attacked-api.ts";
import { eventsUpTo } from "./event-reader.ts";
import { inLanes, shares, spared } from "./lanes.ts";
import { describeRequest, requestBytes, type HttpRequest } from "./request-bytes.ts";
import type { Known } from "./schema-arbitrary.ts";
import { allTools, deskFields, requestOf, techniciansOf, toolCalls, type ToolCall } from "./tool-requests.ts";
import { buildWorlds, mark, type Worlds } from "./two-worlds.ts";
import type { Answer } from "./wire.ts";

/** Every way to be somebody of A's. */
const scopesOfA = [
  { "X-Account-Scope": acme.id },
  { "X-Account-Scope": acme.id, "X-Site-Scope": "*" },
  { "X-Account-Scope": acme.id.toUpperCase(), "X-Site-Scope": `${acme.oakland}, ${acme.dallas}` },
  { "X-Site-Scope": `${acme.oakland},${acme.dallas}` },
  { "X-Account-Scope": "*", "X-Site-Scope": acme.oakland },
  // Of A's account and B's site, and the other way round: of nothing at all.
  { "X-Account-Scope": acme.id, "X-Site-Scope": borealis.albany },
  { "X-Account-Scope": borealis.id, "X-Site-Scope": acme.oakland },
  { "X-Account-Scope": "", "X-Site-Scope": "" },
] as const;
const scopeOfB = { "X-Account-Scope": borealis.id };

for (const profile of profiles) {
  test(`what is B's stays B's, ${profile}`, async (t) => {
    const api = await startAttackedApi(t, profile);
    const worlds = await buildWorlds(api);
    const before = await worlds.fingerprintOfB();
    await assertSeenBy(api, worlds, scopeOfB, true);
    const tally = new Tally();

    const requests = spared(profile === "pilot" ? shares.isolationPilot : shares.isolationStrict);
    await inLanes(api.port, requests, attacks(worlds), async ({ request: plan, call, fromB, scope }, { wire }) => {
      const source = fromB ? worlds.b : worlds.a;
      const planned = call
        ? requestOf(call, {
            for: (entry, pick) => source.for(entry, pick),
            plan: (pick) => source.plan(pick),
            task: (entry, pick) => source.task(entry, pick),
            event: (pick) => source.event(pick),
            request: (pick) => source.request(pick),
            invoice: (pick) => source.invoice(pick),
            receipt: (pick) => receiptFor(worlds, fromB, pick),
          })
        : plan;
      assert.ok(planned);
      const request = withScope(planned, scope);
      const answer = await wire.ask(requestBytes(request, api.credentials(request.headers)));
      if (!answer) assert.fail(`no answer to\n${describeRequest(request)}`);
      const verdict = judge(request, call?.tool ?? null, answer);
      tally.add(verdict, call?.tool ?? null);
      assertNothingOfB(worlds, request, answer);
      if (verdict.code === null) worlds.a.learn(verdict.body);
      worlds.a.topUp(800);
    });

    await worlds.a.settled();
    await assertSeenBy(api, worlds, scopesOfA[0], false);
    await assertEventsApart(api, worlds);
    for (const path of ["/metrics", "/ops/alerts", "/health", "/openapi.json", "/docs"])
      assertNothingIn(worlds, (await api.front.send("GET", path)).text);
    assert.equal(await worlds.fingerprintOfB(), before, "something of B's has changed");
    await assertSeenBy(api, worlds, scopeOfB, true);
    await api.assertWell();
    t.diagnostic(tally.report(requests));
  });
}

type Attack = {
  readonly call: ToolCall | null;
  readonly request: HttpRequest | null;
  readonly fromB: boolean;
  readonly scope: Readonly<Record<string, string>>;
};

function attacks(worlds: Worlds): fc.Arbitrary<Attack> {
  const scope = fc.constantFrom(...scopesOfA);
  const call = fc
    .tuple(
      toolCalls(allTools, (tool) => fieldsOfBoth(worlds, tool)),
      fc.boolean(),
      scope,
    )
    .map(([one, fromB, of]): Attack => ({ call: one, request: null, fromB, scope: of }));
  // What B's people have done, said again by somebody else, in their own name or in B's.
  const replay = fc
    .tuple(fc.constantFrom(...worlds.done), fc.constantFrom("boris", "mallory"), scope)
    .map(([{ request }, actor, of]): Attack => ({
      call: null,
      request: {
        ...request,
        headers: request.headers
          .filter(([name]) => !name.endsWith("-Scope"))
          .map(([name, value]) => [name, name === "X-Actor-Id" ? actor : value] as const),
      },
      fromB: true,
      scope: of,
    }));
  return fc.oneof({ weight: 12, arbitrary: call }, { weight: 1, arbitrary: replay });
}

/** Ids of both, wherever they are not kept when they are accepted: what A writes about B in its own tickets is A's. */
function fieldsOfBoth(worlds: Worlds, tool: ToolName): Known {
  const refs =
    tool === "tech.request_change"
      ? []
      : [["evidence_refs", fc.subarray([...worlds.evidenceOfB], { maxLength: 2 })] as const];
  const fields = new Map<string, fc.Arbitrary<unknown>>([
    ...deskFields,
    ["account_id", fc.constantFrom(acme.id, acme.id, borealis.id)],
    ["site_id", fc.constantFrom(acme.oakland, acme.oakland, acme.dallas, borealis.albany)],
    ["asset_id", fc.constantFrom(acme.door, borealis.oven)],
    ["recommendation_snapshot_id", fc.constantFrom(...worlds.snapshotsOfB, "")],
    [
      "approval_id",
      fc.oneof(
        { weight: 2, arbitrary: deskFields.get("approval_id") ?? fc.constant("") },
        { weight: 1, arbitrary: fc.constantFrom(...worlds.approvalsOfB) },
      ),
    ],
    [
      "uri",
      fc.constantFrom(
        "s3://camera-roll/a.jpg",
        ...worlds.b.ids.map((id) => `s3://dispatch-objects/evidence/${id}/0198c000-0000-7000-8000-000000000000.jpg`),
      ),
    ],
    ["q", fc.constantFrom(mark, "door", `"${mark} oven"`, `${mark} or door`, "5550990001", "Albany", "")],
    ["tech_id", techniciansOf(tool)],
    ...refs,
  ]);
  return (field) => fields.get(field);
}

function receiptFor(worlds: Worlds, fromB: boolean, pick: number | null): string | null {
  return fromB && pick !== null
    ? (worlds.receiptsOfB[pick % worlds.receiptsOfB.length] ?? null)
    : worlds.a.receipt(pick);
}

const withScope = (request: HttpRequest, scope: Readonly<Record<string, string>>): HttpRequest => ({
  ...request,
  headers: [...request.headers, ...Object.entries(scope)],
});

const uuids = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

/**
 * Fails if the answer holds anything of B's. Excepted is what the caller sent, where it is only said back: in a refusal,
 * and as the filters a query applied; and the account or site that a refusal for scope names, by the contract.
 */
function assertNothingOfB(worlds: Worlds, request: HttpRequest, { status, text }: Answer): void {
  const body: unknown = JSON.parse(text);
  const { filters_applied: _filters, query: _query, ...rest } = isObject(body) ? body : { items: body };
  const said = status < 300 ? rest : withoutEchoes(rest, request);
  try {
    assertNothingIn(worlds, JSON.stringify(said));
  } catch (error) {
    throw new Error(
      `${String(error)}\n--- asked\n${describeRequest(request)}\n--- answered ${status}\n${text.slice(0, 3_000)}`,
      { cause: error },
    );
  }
}

function withoutEchoes({ error }: { readonly [field: string]: unknown }, { target, body }: HttpRequest): unknown {
  assert.ok(isObject(error));
  const asked = `${target} ${body?.toString("utf8") ?? ""}`;
  const sent = new Set(asked.toLowerCase().match(uuids));
  const { target_id, ...rest } = error;
  const kept =
    error["code"] === "FORBIDDEN_SCOPE" && (target_id === borealis.id || target_id === borealis.albany) ? rest : error;
  // A text that came back as it was sent, such as a reference that is none, tells the caller nothing new.
  const unsent = (_key: string, value: unknown) =>
    typeof value === "string" && value.length > 3 && asked.includes(JSON.stringify(value).slice(1, -1)) ? "" : value;
  return JSON.parse(JSON.stringify(kept, unsent).replaceAll(uuids, (id) => (sent.has(id.toLowerCase()) ? "" : id)));
}

function assertNothingIn(worlds: Worlds, text: string): void {
  assert.doesNotMatch(text, /canaryb|borealis|5550990/i);
  const shown = text.match(uuids)?.find((id) => worlds.idsOfB.has(id.toLowerCase()));
  assert.equal(shown, undefined, "an id of B's");
}

/** Asks everything that lists, and looks whether B shows. */
async function assertSeenBy(
  api: AttackedApi,
  worlds: Worlds,
  scope: Readonly<Record<string, string>>,
  expected: boolean,
): Promise<void> {
  const kinds = ["account", "site", "contact", "asset"];
  const lists = [
    "/tickets",
    `/tickets?q=${mark}`,
    "/ux/dispatcher/cockpit",
    "/ux/dispatcher/cockpit?state=CLOSED,CANCELLED",
    "/approvals",
    "/ops/autonomy/state",
    ...kinds.map((kind) => `/directory?kind=${kind}`),
    `/directory?q=${mark}`,
  ];
  for (const target of lists) {
    const { status, text } = await api.front.send("GET", target, {
      "X-Actor-Id": "somebody",
      "X-Actor-Role": "dispatcher",
      ...scope,
    });
    assert.equal(status, 200, text);
    const shows = new RegExp(mark).test(text) || (text.match(uuids) ?? []).some((id) => worlds.idsOfB.has(id));
    assert.equal(
      shows,
      expected,
      `${target} ${expected ? "does not show" : "shows"} what is B's: ${text.slice(0, 500)}`,
    );
  }
}

/** The stream of events from its very beginning: each side gets its own, and not one of the other's. */
async function assertEventsApart(api: AttackedApi, worlds: Worlds): Promise<void> {
  const { receipt } = await api.front.run("ticket.create", {
    body: { account_id: acme.id, site_id: acme.oakland, summary: "the last one" },
  });
  const ofA = { "X-Actor-Id": "somebody", "X-Actor-Role": "dispatcher", "X-Account-Scope": acme.id };
  const withToken = (headers: Readonly<Record<string, string>>) => ({
    ...headers,
    ...Object.fromEntries(api.credentials(Object.entries(headers))),
  });
  const anyTicketOfB = worlds.b.ids[0];
  for (const query of ["after=0.0", `after=0.0&subject=field.ticket.${anyTicketOfB}.%3E&subject=field.ticket.%3E`]) {
    assertNothingIn(worlds, await eventsUpTo(api.port, `/events?${query}`, withToken(ofA), receipt.receipt_id));
  }
  const last = worlds.receiptsOfB.at(-1);
  assert.ok(last);
  const seen = await eventsUpTo(
    api.port,
    "/events?after=0.0",
    withToken({ ...ofA, "X-Account-Scope": borealis.id }),
    last,
  );
  assert.ok(seen.match(uuids)?.some((id) => worlds.idsOfB.has(id)));
}
