// What a socket may say that is not quite HTTP/1.1.

import fc from "fast-check";
import { acme } from "../support/directory.ts";

export type RawScript = {
  /** For the reader of a failure, and of the list of those that got no answer. */
  readonly name: string;
  /** One byte a character. */
  readonly text: string;
  /** How many answers to wait for. */
  readonly questions: number;
  /** Whether the client hangs up behind its words, because the server would rightly wait for more. */
  readonly hangsUp: boolean;
};

const actor = "X-Actor-Id: dora\r\nX-Actor-Role: dispatcher\r\n";
const body = JSON.stringify({ account_id: acme.id, site_id: acme.oakland, summary: "door" });
const key = fc.uuid();

const script = (name: string, text: string, questions = 1): RawScript => ({ name, text, questions, hangsUp: false });
const cutOff = (name: string, text: string): RawScript => ({ name, text, questions: 1, hangsUp: true });
const get = (rest: string, target = "/health"): string =>
  `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${actor}${rest}\r\n`;
const post = (id: string, framing: string): string =>
  `POST /tickets HTTP/1.1\r\nHost: localhost\r\n${actor}Idempotency-Key: ${id}\r\n${framing}`;
const chunks = (text: string, size: number): string =>
  (text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [])
    .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
    .join("");

const requestLines = fc.constantFrom(
  "GET /health HTTP/1.0",
  "GET /health HTTP/1.2",
  "GET /health HTTP/2.0",
  "GET /health HTTP/9.9",
  "GET /health http/1.1",
  "GET /health HTTP/1.1 ",
  "GET  /health HTTP/1.1",
  "GET\t/health\tHTTP/1.1",
  "GET /health",
  "GET",
  " GET /health HTTP/1.1",
  "GET /hea lth HTTP/1.1",
  "GET /health HTTPS/1.1",
  "GET /health ICE/1.0",
  "PRI * HTTP/2.0",
  "CONNECT example.invalid:443 HTTP/1.1",
  "CONNECT / HTTP/1.1",
  "OPTIONS * HTTP/1.1",
  "GET http://elsewhere.invalid/health HTTP/1.1",
  "GET https://[::1]:99999/health HTTP/1.1",
  "GET //elsewhere.invalid/%2e%2e HTTP/1.1",
  "GET \\health HTTP/1.1",
  "GET ?a HTTP/1.1",
  "GET health HTTP/1.1",
  "SSH-2.0-x",
  "\x16\x03\x01\x02\x00\x01\x00",
  "\x00\x00\x00",
  "{}",
  "EHLO x",
);

const headerLines = fc.constantFrom(
  "X: a\r\n b",
  "X: a\r\n\tb",
  ": empty name",
  "X Y: space in name",
  "X : space before colon",
  "NoColon",
  "X: a\x00b",
  "X: a\rb",
  "X: a\nY: b",
  "X: \x7f",
  "X: \xff\xfe",
  "X\xff: a",
  "(x): y",
  "X:",
  "Host: y",
  "Host:",
  "Host: a@b:c/d",
  "Content-Length: 0",
  "Transfer-Encoding: identity",
  "Connection: upgrade\r\nUpgrade: websocket",
  "Connection: Transfer-Encoding, close",
  "X-Actor-Id: second",
  "X-Actor-Role: tech",
  "Authorization: Basic x\r\nAuthorization: Bearer y",
  "Cookie: a=b",
  "X-Forwarded-For: 1.1.1.1",
  "Expect: 100-continue",
  "X-Correlation-Id: a%0d%0aSet-Cookie: b",
  "X-Request-Id: \xe2\x80\xa8",
  "traceparent: 00-00-00-00",
  "Proxy: x",
  "Forwarded: host=x",
  "X-HTTP-Method-Override: DELETE",
  "If-Modified-Since: never",
  "Trailer: Host",
);

const lengths = fc.constantFrom(
  "-1",
  "+5",
  "0x5",
  "5, 5",
  "5 5",
  "5.0",
  "1e3",
  " ",
  "99999999999999999999",
  "9007199254740993",
  "262145",
  "NaN",
  "٣",
);
const encodings = fc.constantFrom(
  "chunked, chunked",
  "gzip, chunked",
  "chunked, gzip",
  "Chunked",
  "chunked;q=1",
  " chunked",
  "xchunked",
  "identity",
  "",
  "\x0bchunked",
  "chunked\r\nTransfer-Encoding: identity",
);
const sizes = fc.constantFrom(
  "zz",
  "-1",
  "0x5",
  "5;a=b",
  "5 ",
  "FFFFFFFFFFFFFFFF",
  "10000000000000000",
  "",
  "5\n",
  "5;" + "x".repeat(20_000),
);
const parts = fc.integer({ min: 1, max: 40 });

export const rawScripts: fc.Arbitrary<RawScript> = fc.oneof(
  fc
    .tuple(requestLines, fc.constantFrom("\r\n", "\n"))
    .map(([line, end]) => script("a request line", `${line}${end}Host: localhost${end}${end}`)),
  fc
    .array(headerLines, { minLength: 1, maxLength: 3 })
    .map((lines) => script("header lines", get(`${lines.join("\r\n")}\r\n`))),
  fc.constantFrom(1_000, 2_001, 5_000).map((count) => script("many headers", get("X: a\r\n".repeat(count)))),
  fc
    .constantFrom(8_000, 15_000, 17_000, 60_000)
    .map((length) => script("a long header", get(`X: ${"a".repeat(length)}\r\n`))),
  fc
    .constantFrom(8_000, 15_000, 17_000, 60_000)
    .map((length) => script("a long target", get("", `/${"a".repeat(length)}`))),
  fc
    .tuple(key, lengths)
    .map(([id, length]) => cutOff("a wrong length", post(id, `Content-Length: ${length}\r\n\r\n${body}`))),
  fc
    .tuple(key, encodings)
    .map(([id, encoding]) =>
      script("a transfer encoding", post(id, `Transfer-Encoding: ${encoding}\r\n\r\n${chunks(body, 10)}0\r\n\r\n`)),
    ),
  fc
    .tuple(key, parts)
    .map(([id, size]) =>
      script("a chunked body", post(id, `Transfer-Encoding: chunked\r\n\r\n${chunks(body, size)}0\r\n\r\n`)),
    ),
  fc
    .tuple(key, parts)
    .map(([id, size]) =>
      script(
        "trailers",
        post(
          id,
          "Transfer-Encoding: chunked\r\nTrailer: " +
            `X-Actor-Role\r\n\r\n${chunks(body, size)}0\r\nX-Actor-Role: finance\r\nContent-Length: 9\r\n\r\n`,
        ),
      ),
    ),
  fc
    .tuple(key, sizes)
    .map(([id, size]) =>
      cutOff("a wrong chunk", post(id, `Transfer-Encoding: chunked\r\n\r\n${size}\r\nabcde\r\n0\r\n\r\n`)),
    ),
  fc
    .tuple(key, parts)
    .map(([id, size]) =>
      cutOff("chunks that break off", post(id, `Transfer-Encoding: chunked\r\n\r\n${chunks(body, size)}`)),
    ),
  key.map((id) =>
    script(
      "both lengths",
      post(id, `Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n${chunks(body, 10)}0\r\n\r\n`),
    ),
  ),
  fc
    .tuple(key, fc.constantFrom(0, 1, 5, 1_000))
    .map(([id, other]) =>
      script("two lengths", post(id, `Content-Length: ${body.length}\r\nContent-Length: ${other}\r\n\r\n${body}`)),
    ),
  fc
    .tuple(key, fc.integer({ min: 1, max: 60 }))
    .map(([id, missing]) =>
      cutOff("a body that breaks off", post(id, `Content-Length: ${body.length + missing}\r\n\r\n${body}`)),
    ),
  fc
    .tuple(key, fc.integer({ min: 1, max: 60 }))
    .map(([id, left]) =>
      script("a body longer than it says", post(id, `Content-Length: ${body.length - left}\r\n\r\n${body}`)),
    ),
  key.map((id) => script("a request inside a body", post(id, `Content-Length: 0\r\n\r\n${get("")}`), 2)),
  fc.integer({ min: 1, max: 60 }).map((length) => cutOff("half a head", get("X-More: 1\r\n").slice(0, length))),
  fc.constant(cutOff("nothing at all", "")),
  fc
    .uint8Array({ minLength: 1, maxLength: 300 })
    .map((bytes) => cutOff("noise", `${Buffer.from(bytes).toString("latin1")}\r\n\r\n`)),
  fc.integer({ min: 2, max: 8 }).map((count) => script("pipelined", get("").repeat(count), count)),
);
