// Bytes: bodies that are no JSON, or no UTF-8, or packed; requests that are no HTTP, lie about their length, come in
// halves, too slowly, or many at once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { acme } from "../support/directory.ts";
import { judge, Tally } from "./answer-rules.ts";
import { startAttackedApi } from "./attacked-api.ts";
import { anyUuid, hostileJson, hostileText, jsonText } from "./hostile-values.ts";
import { inLanes, scaled, shares, spared } from "./lanes.ts";
import { describeRequest, requestBytes, type HttpRequest } from "./request-bytes.ts";
import { rawScripts } from "./raw-scripts.ts";
import { Wire } from "./wire.ts";

const good = Buffer.from(
  JSON.stringify({
    account_id: acme.id,
    site_id: acme.oakland,
    summary: "Café door, 100 % stuck",
    description: "täglich\n玻璃",
  }),
);

const notUtf8 = [
  [0x80],
  [0xc0, 0xaf],
  [0xc3],
  [0xe2, 0x82],
  [0xed, 0xa0, 0x80],
  [0xf0, 0x9f, 0x98],
  [0xf5, 0x80, 0x80, 0x80],
  [0xff, 0xfe],
  [0xef, 0xbb, 0xbf],
  [0],
] as const;
const notJson = [
  "",
  " ",
  "\n",
  "{",
  "}",
  "[]",
  "[{}]",
  '"text"',
  "1",
  "null",
  "true",
  "NaN",
  "{a:1}",
  "{'a':1}",
  '{"a":1,}',
  '{"a":01}',
  '{"a":+1}',
  '{"a":.5}',
  '{"a":1}}',
  '{"a":1}{"b":2}',
  '{"a":"\t"}',
  '{"a":"\\x41"}',
  '{"a":"\\u12"}',
  '/**/{"a":1}',
  '{"a":Infinity}',
  '{"a":undefined}',
  "<a/>",
  "a=1&b=2",
  '{"a":1',
  '{"":{"":{"":""}}}',
  '{"a":"\\ud800"}',
  '{"summary":"\\u0000"}',
];

/** The good body with a few bytes put in, taken out or changed. */
const damaged = fc
  .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255), fc.constantFrom("put", "drop", "change")), {
    minLength: 1,
    maxLength: 3,
  })
  .map((changes) =>
    changes.reduce(
      (bytes, [at, byte, how]) =>
        Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(how === "drop" ? [] : [byte]),
          bytes.subarray(how === "put" ? at : at + 1),
        ]),
      good,
    ),
  );

const bodies: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 4, arbitrary: damaged },
  { weight: 3, arbitrary: fc.constantFrom(...notJson).map((text) => Buffer.from(text)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...notUtf8), fc.nat(good.length))
      .map(([bytes, at]) => Buffer.concat([good.subarray(0, at), Buffer.from(bytes), good.subarray(at)])),
  },
  { weight: 1, arbitrary: fc.nat(good.length).map((length) => good.subarray(0, length)) },
  { weight: 1, arbitrary: hostileJson.map((value) => Buffer.from(jsonText(value))) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      gzipSync(good),
      deflateSync(good),
      brotliCompressSync(good),
      Buffer.from(good.toString("utf8"), "utf16le"),
    ),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(262_143, 262_144, 262_145, 300_000)
      .map((length) => Buffer.concat([good, Buffer.alloc(length - good.length, " ")])),
  },
);

const contentHeaders = fc.subarray(
  [
    ["Content-Type", "application/json"],
    ["Content-Type", "text/plain"],
    ["Content-Type", "application/json; charset=utf-16"],
    ["Content-Type", "multipart/form-data; boundary=x"],
    ["Content-Type", ""],
    ["Content-Encoding", "gzip"],
    ["Content-Encoding", "identity"],
    ["Content-Encoding", "br, gzip"],
    ["Content-Encoding", "aes128gcm"],
    ["Accept", "text/html"],
    ["Accept-Encoding", "gzip"],
    ["Accept", "*/*;q=0"],
    ["Range", "bytes=0-1"],
    ["If-Match", "*"],
    ["If-None-Match", "*"],
    ["Expect", "100-continue"],
    ["Expect", "nonsense"],
    ["Connection", "close"],
    ["Connection", "keep-alive, x"],
    ["Upgrade", "h2c"],
    ["TE", "trailers"],
    ["Via", "1.1 x"],
  ] as const,
  { maxLength: 3 },
);

const paths = fc.constantFrom(
  "/tickets",
  "/tickets",
  "/tickets/intake",
  "/tickets/0198c000-0000-7000-8000-000000000000/triage",
  "/ops/autonomy/pause",
  "/nowhere",
  "/health",
);

const anyBody: fc.Arbitrary<HttpRequest> = fc
  .tuple(paths, contentHeaders, anyUuid, bodies)
  .map(([target, headers, key, body]) => ({
    method: "POST",
    target,
    headers: [["X-Actor-Id", "dora"], ["X-Actor-Role", "dispatcher"], ["Idempotency-Key", key], ...headers],
    body,
  }));

test("bodies and framing", async (t) => {
  const api = await startAttackedApi(t, "pilot");
  const tally = new Tally();
  // Begun first, since the server takes its time with them.
  const slow = bodiesThatNeverCome(api.port, tally);
  const requests = spared(shares.bytes);

  await inLanes(api.port, requests / 2, anyBody, async (request, { wire }) => {
    const answer = await wire.ask(requestBytes(request));
    if (!answer) assert.fail(`no answer to\n${describeRequest(request)}`);
    tally.add(judge(request, request.target === "/tickets" ? "ticket.create" : null, answer));
  });

  const silence = new Map<string, number>();
  await inLanes(api.port, requests / 2, rawScripts, async ({ name, text, questions, hangsUp }) => {
    const wire = new Wire(api.port);
    const key = /^idempotency-key: (\S+)/im.exec(text)?.[1] ?? "";
    const shown: HttpRequest = {
      method: "RAW",
      target: name,
      headers: [["Idempotency-Key", key]],
      body: Buffer.from(text),
    };
    try {
      const asked = Array.from({ length: questions }, () => wire.next());
      wire.push(Buffer.from(text, "latin1"));
      if (hangsUp) wire.finish();
      for (const next of asked) {
        const answer = await next;
        if (!answer) silence.set(name, (silence.get(name) ?? 0) + 1);
        tally.add(answer && judge(shown, null, answer));
      }
    } finally {
      wire.close();
    }
  });

  await pipelined(api.port, tally);
  await slow;
  await api.assertWell();
  t.diagnostic(tally.report(requests));
  t.diagnostic(`left without an answer: ${[...silence].map(([name, count]) => `${name} × ${count}`).join(", ")}`);
  assert.deepEqual(
    [...silence.keys()].filter((name) => name !== "nothing at all" && name !== "noise"),
    [],
    "somebody who asked something was told nothing",
  );
});

/** Bodies that are announced and do not come: the API gives up on them within its setting. */
async function bodiesThatNeverCome(port: number, tally: Tally): Promise<void> {
  const request: HttpRequest = {
    method: "POST",
    target: "/tickets",
    headers: [
      ["X-Actor-Id", "dora"],
      ["X-Actor-Role", "dispatcher"],
      ["Idempotency-Key", crypto.randomUUID()],
    ],
    body: good,
  };
  const head = requestBytes(request).subarray(0, -10);
  await Promise.all(
    Array.from({ length: 40 }, async () => {
      const wire = new Wire(port);
      const answered = wire.next();
      wire.push(head);
      const answer = await answered;
      assert.ok(answer);
      const verdict = judge(request, null, answer);
      assert.equal(verdict.code, "INVALID_JSON");
      tally.add(verdict);
      wire.close();
    }),
  );
}

/** Requests on top of one another: as many answers, each to its own question, in order. */
async function pipelined(port: number, tally: Tally): Promise<void> {
  const plan = fc.array(
    fc.tuple(fc.constantFrom("/health", "/tickets?limit=1", "/nowhere", "/directory?q=%", "/metrics"), hostileText),
    { minLength: 2, maxLength: 30 },
  );
  await inLanes(port, scaled(120), plan, async (targets) => {
    const wire = new Wire(port);
    try {
      const requests = targets.map(([target], n): HttpRequest => ({
        method: "GET",
        target,
        headers: [
          ["X-Actor-Id", "dora"],
          ["X-Actor-Role", "dispatcher"],
          ["X-Correlation-Id", `${n}`],
        ],
        body: null,
      }));
      const answers = await Promise.all(requests.map((request) => wire.ask(requestBytes(request))));
      answers.forEach((answer, n) => {
        const request = requests[n];
        assert.ok(answer && request, `no answer to ${n} of ${targets.length}`);
        assert.equal(answer.headers.get("x-correlation-id"), `${n}`);
        tally.add(judge(request, null, answer));
      });
    } finally {
      wire.close();
    }
  });
}
