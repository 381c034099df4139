// Request targets: paths that are none, that climb, that are encoded twice; methods nobody offers; query strings with
// crafted cursors, repeated and broken parameters, and words with a meaning to SQL, LIKE, tsquery and regular expressions.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { queryEntries, type ToolName } from "../../dispatch/contract/index.ts";
import { acme, ana } from "../support/directory.ts";
import { judge, Tally } from "./answer-rules.ts";
import { startAttackedApi } from "./attacked-api.ts";
import { hostileId, hostileText, hostileTime } from "./hostile-values.ts";
import { inLanes, shares, spared } from "./lanes.ts";
import { describeRequest, requestBytes, type HttpRequest } from "./request-bytes.ts";
import { TicketPool } from "./ticket-pool.ts";

type Target = { readonly request: HttpRequest; readonly tool: ToolName | null };

/** Stands for the id of some ticket there is. */
const someTicket = "SOME-TICKET";

const headers = [
  ["X-Actor-Id", "dora"],
  ["X-Actor-Role", "dispatcher"],
] as const;
const get = (target: string, tool: ToolName | null = null): Target => ({
  request: { method: "GET", target, headers, body: null },
  tool,
});

// Without `events`: an answer that never ends is tested where streams are. Without the texts no log may repeat: a path is
// logged as it came, by the contract.
const segments = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      "tickets",
      "approvals",
      "directory",
      "receipts",
      "health",
      "metrics",
      "ops",
      "alerts",
      "autonomy",
      "ux",
      "dispatcher",
      "cockpit",
      "timeline",
      "evidence",
      "object-store",
      "docs",
      "openapi.json",
      "close",
      "intake",
      someTicket,
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      "",
      ".",
      "..",
      "%",
      "%2",
      "%zz",
      "%00",
      "%2e%2e",
      "%2f",
      "%5c",
      "%252e",
      "%c0%ae",
      "%ff",
      "%ud800",
      "~",
      ";a=b",
      "*",
      ":",
      "@",
      "a b".replace(" ", "%20"),
      "TICKETS",
      "Tickets",
      "{ticketId}",
      "{}",
      "{*}",
      "__proto__",
      "constructor",
      "\xff\xfe",
      "a#b",
      "[",
      "]",
      "http:",
      "\\",
      "'",
      '"',
      "<",
      "^",
      "|",
    ),
  },
  {
    weight: 1,
    arbitrary: hostileText
      .filter((text) => !/555|canary/.test(text))
      .map((text) => encodeURIComponent(text.toWellFormed())),
  },
  { weight: 1, arbitrary: hostileId.map((id) => encodeURIComponent(id)) },
  { weight: 1, arbitrary: fc.constantFrom(300, 5_000, 14_000, 17_000).map((length) => "a".repeat(length)) },
);

const paths = fc
  .tuple(
    fc.constantFrom(
      "/",
      "/",
      "/",
      "/",
      "//",
      "",
      "http://localhost/",
      "https://elsewhere.invalid:1/",
      "HTTP://a@b/",
      "http://[",
      "ftp://x/",
      "*",
      "localhost:80",
      "///",
    ),
    fc.array(segments, { maxLength: 5 }),
    fc.constantFrom("", "", "", "/", "?", "?&&&", "?a", "#", "?limit=1#x", "/?limit=1"),
  )
  .map(([start, parts, end]) => start + parts.join("/") + end)
  .filter((path) => !/\s/.test(path) && path !== "");

const methods = fc.oneof(
  { weight: 4, arbitrary: fc.constant("GET") },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "POST",
      "HEAD",
      "PUT",
      "PATCH",
      "DELETE",
      "OPTIONS",
      "TRACE",
      "PROPFIND",
      "M-SEARCH",
      "PURGE",
      "LOCK",
      "QUERY",
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom("get", "BREW", "GETS", "G", "*", "PRI", "A".repeat(2_000)) },
);

const anyPath: fc.Arbitrary<Target> = fc
  .tuple(methods, paths)
  .map(([method, target]) => ({
    request: { method, target, headers, body: method === "GET" || method === "HEAD" ? null : Buffer.from("{}") },
    tool: null,
  }));

const cursorPart: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    "0000-01-01T00:00:00.000Z",
    "0001-01-01T00:00:00.000Z",
    "1970-01-01T00:00:00.000Z",
    "2026-02-30T00:00:00.000Z",
    "2026-06-01T24:00:00.000Z",
    "2026-06-01T10:00:00.000Z",
    "2999-12-31T23:59:59.999Z",
    "9999-12-31T23:59:59.999Z",
    acme.id,
    ana,
    "00000000-0000-0000-0000-000000000000",
    "A0000000-0000-4000-8000-000000000001",
    "",
    "'",
    "now",
    "infinity",
  ),
  fc.constantFrom(
    0,
    -0,
    -1,
    1,
    2,
    46,
    990,
    1_440,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    6e8,
    -6e8,
    4e9,
    1e12,
    2 ** 53 - 1,
    1 - 2 ** 53,
    2 ** 53,
    1.5,
    1e308,
    null,
    true,
  ),
  fc.constantFrom([], {}, [[]], { length: 1 }),
);
const time = fc.constantFrom(
  "0000-01-01T00:00:00.000Z",
  "1970-01-01T00:00:00.000Z",
  "2026-02-30T00:00:00.000Z",
  "2026-06-01T10:00:00.000Z",
  "2026-06-01T24:00:00.000Z",
  "2999-12-31T23:59:59.999Z",
  "9999-12-31T23:59:59.999Z",
);
const number = fc.constantFrom(
  0,
  1,
  -1,
  500,
  2 ** 31 - 1,
  2 ** 31,
  6e8,
  -6e8,
  4e9,
  -4e9,
  1e11,
  1e15,
  2 ** 53 - 1,
  1 - 2 ** 53,
);
const id = fc.constantFrom(acme.id, ana, "ffffffff-ffff-ffff-ffff-ffffffffffff");
const shaped = fc.oneof(
  fc.tuple(number),
  fc.tuple(fc.oneof(id, time)),
  fc.tuple(time, number, number, number, time, id),
  fc.tuple(fc.oneof(time, id), number, number, number, fc.oneof(time, id), fc.oneof(time, id)),
);

const cursors = fc.oneof(
  { weight: 4, arbitrary: shaped.map((parts) => Buffer.from(JSON.stringify(parts)).toString("base64url")) },
  {
    weight: 2,
    arbitrary: fc
      .array(cursorPart, { maxLength: 7 })
      .map((parts) => Buffer.from(JSON.stringify(parts)).toString("base64url")),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("base64url")) },
  { weight: 1, arbitrary: hostileText.map((text) => Buffer.from(text).toString("base64")) },
  { weight: 1, arbitrary: hostileText },
);

const queryTools = queryEntries.filter(([, entry]) => Object.keys(entry.input.properties).length > 0);

const values = new Map<string, fc.Arbitrary<string>>([
  ["cursor", cursors],
  ["q", hostileText],
  [
    "limit",
    fc.constantFrom(
      "1",
      "0",
      "-1",
      "+1",
      "1.0",
      "1e1",
      "0x1",
      "01",
      "999999999999999",
      "9999999999999999",
      "",
      " 1",
      "１",
      "NaN",
      "1,2",
    ),
  ],
  ...["created_from", "created_to", "earliest", "latest"].map((name): [string, fc.Arbitrary<string>] => [
    name,
    hostileTime,
  ]),
  ...["account_id", "site_id", "assigned_tech_id", "tech_id"].map((name): [string, fc.Arbitrary<string>] => [
    name,
    fc.oneof(fc.constantFrom(acme.id, acme.oakland, ana), hostileId),
  ]),
  ["ticket_id", fc.oneof(fc.constant(someTicket), hostileId)],
  ["kind", fc.constantFrom("account", "SITE", "technician ", "contact,asset", "")],
  ["duration_minutes", fc.constantFrom("5", "4", "1440", "1441", "60.5", "-60")],
]);
const lists = fc.array(hostileText, { minLength: 1, maxLength: 60 }).map((items) => items.join(","));

const encoded = fc.constantFrom(
  (text: string) => encodeURIComponent(text.toWellFormed()),
  (text: string) => [...Buffer.from(text, "utf8")].map((byte) => `%${byte.toString(16)}`).join(""),
  (text: string) =>
    Buffer.from(text, "utf8")
      .toString("latin1")
      .replaceAll(/[\s&#]/g, "+"),
  (text: string) => `${encodeURIComponent(text.toWellFormed())}%`,
  (text: string) => `%80${encodeURIComponent(text.toWellFormed())}`,
);

const anyQuery: fc.Arbitrary<Target> = fc.constantFrom(...queryTools).chain(([tool, entry]) => {
  const parameter = fc
    .constantFrom(...Object.keys(entry.input.properties))
    .chain((name) =>
      fc
        .oneof({ weight: 4, arbitrary: values.get(name) ?? hostileText }, { weight: 1, arbitrary: lists })
        .map((value) => [name, value] as const),
    );
  // Mostly one or two: the first that is wrong hides what the others would do.
  const some = fc.oneof(
    { weight: 3, arbitrary: fc.array(parameter, { minLength: 1, maxLength: 2 }) },
    { weight: 1, arbitrary: fc.array(parameter, { minLength: 1, maxLength: 5 }) },
  );
  const many = fc
    .tuple(parameter, fc.constantFrom(2, 51, 201, 400))
    .map(([one, times]) => Array.from({ length: times }, () => one));
  const pairs = fc.oneof({ weight: 12, arbitrary: some }, { weight: 1, arbitrary: many });
  return fc
    .tuple(
      pairs,
      fc.oneof(
        { weight: 4, arbitrary: fc.constant((text: string) => encodeURIComponent(text.toWellFormed())) },
        { weight: 1, arbitrary: encoded },
      ),
    )
    .map(([list, encode]) => {
      const path = entry.path.replace("{ticketId}", someTicket);
      return get(
        `${path}?${list.map(([name, value]) => `${name}=${value === someTicket ? value : encode(value)}`).join("&")}`,
        tool,
      );
    });
});

const anyCursor: fc.Arbitrary<Target> = fc
  .tuple(
    fc.constantFrom(
      ["ticket.search", "/tickets"] as const,
      ["dispatcher.cockpit", "/ux/dispatcher/cockpit"] as const,
      ["ticket.timeline", `/tickets/${someTicket}/timeline`] as const,
    ),
    cursors,
  )
  .map(([[tool, path], cursor]) => get(`${path}?limit=2&cursor=${encodeURIComponent(cursor.toWellFormed())}`, tool));

/** By HEAD, whose answer ends where a stream would begin. */
const anyEvents: fc.Arbitrary<Target> = fc
  .tuple(
    fc.array(
      fc.oneof(
        hostileText,
        fc.constantFrom(">", "*", "a.>", ">.a", "field.ticket.*.>", "a..b", ".", "[^.]+", "a".repeat(201)),
      ),
      { maxLength: 25 },
    ),
    fc.constantFrom(
      "",
      "0.0",
      "18446744073709551615.9223372036854775807",
      "18446744073709551616.0",
      "1.9223372036854775808",
      "-1.0",
      "1e3.0",
      "0",
      ".",
      "'; drop table t; --",
      "1.2.3",
    ),
    fc.constantFrom("after", "Last-Event-ID"),
  )
  .map(([subjects, after, place]): Target => {
    const query = [
      ...subjects.map((subject) => `subject=${encodeURIComponent(subject.toWellFormed())}`),
      ...(place === "after" ? [`after=${encodeURIComponent(after)}`] : []),
    ];
    return {
      request: {
        method: "HEAD",
        target: `/events?${query.join("&")}`,
        headers: [...headers, ...(place === "after" ? [] : [[place, after] as const])],
        body: null,
      },
      tool: null,
    };
  });

test("paths, methods and query strings", async (t) => {
  const api = await startAttackedApi(t, "pilot");
  const pool = new TicketPool(api.aside);
  await pool.stock();
  const tally = new Tally();
  const requests = spared(shares.targets);
  await inLanes(
    api.port,
    requests,
    fc.oneof(
      { weight: 2, arbitrary: anyPath },
      { weight: 2, arbitrary: anyQuery },
      { weight: 1, arbitrary: anyCursor },
      { weight: 1, arbitrary: anyEvents },
    ),
    async ({ request: plan, tool }, { wire }) => {
      const ticket = pool.for(null, tally.total).id;
      // Longer than headers may be, but short enough to be read whole: a client that is still sending when the connection
      // closes may never see why.
      const request = { ...plan, target: plan.target.replaceAll(someTicket, ticket).slice(0, 20_000) };
      const answer = await wire.ask(requestBytes(request), request.method === "HEAD");
      if (!answer) assert.fail(`no answer to\n${describeRequest(request)}`);
      tally.add(judge(request, tool, answer), tool);
    },
  );
  await api.assertWell();
  t.diagnostic(tally.report(requests));
});
