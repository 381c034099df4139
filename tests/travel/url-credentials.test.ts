// What of a configured address goes into a header, since `fetch` refuses an address that carries it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchable } from "../../dispatch/travel/url-credentials.ts";

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });

for (const [address, url, headers] of [
  ["https://desk.example/base?a=1", "https://desk.example/base?a=1", {}],
  ["https://user:secret@desk.example/", "https://desk.example/", basic("user:secret")],
  ["https://user@desk.example/", "https://desk.example/", basic("user:")],
  ["https://u%40x:p%3Aw%C3%A9@desk.example/", "https://desk.example/", basic("u@x:p:wé")],
  ["https://user:100%25@desk.example/", "https://desk.example/", basic("user:100%")],
  ["https://user:100%@desk.example/", "https://desk.example/", basic("user:100%")],
] as const)
  test(`${address} is asked at ${url}`, () => {
    assert.deepEqual(fetchable(address), { url, headers });
    assert.doesNotThrow(() => new Request(fetchable(address).url));
  });
