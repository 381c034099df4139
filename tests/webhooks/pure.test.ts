// What webhooks reckon without a database: signatures, back-off, addresses.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { breathMs, maxAttempts, retryDelayMs } from "../../dispatch/webhooks/back-off.ts";
import { urlFault } from "../../dispatch/webhooks/endpoint-url.ts";
import { newSecret, signatureHeader } from "../../dispatch/webhooks/signature.ts";

describe("a signature", () => {
  // The example that the specification's libraries are tested with.
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const signed = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: '{"test": 2432232314}' };

  test("is the one receivers' libraries expect", () => {
    assert.equal(signatureHeader([secret], signed), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  test("comes once per secret", () => {
    const both = signatureHeader([newSecret(), secret], signed).split(" ");
    assert.equal(both.length, 2);
    assert.equal(both[1], signatureHeader([secret], signed));
    assert.notEqual(both[0], both[1]);
  });

  test("covers id, time and body", () => {
    const headers = [signed, { ...signed, id: "other" }, { ...signed, timestamp: 1 }, { ...signed, body: "{}" }].map(
      (one) => signatureHeader([secret], one),
    );
    assert.equal(new Set(headers).size, 4);
  });

  test("needs a secret of 32 bytes that nobody else has", () => {
    const secrets = Array.from({ length: 100 }, newSecret);
    assert.equal(new Set(secrets).size, 100);
    for (const one of secrets) assert.match(one, /^whsec_[A-Za-z0-9+/]{43}=$/);
  });
});

describe("the back-off", () => {
  const hour = 3_600_000;
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test("is any time from none to a bound that doubles and ends at twelve hours", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), unit, (failures, chance) => {
        const wait = retryDelayMs(failures, () => chance);
        const bound = Math.min(10_000 * 2 ** (failures - 1), 12 * hour);
        assert.ok(Number.isInteger(wait) && wait >= 0 && wait < bound);
        assert.ok(Math.abs(wait - chance * bound) <= 1, "spread evenly over all of it");
      }),
    );
  });

  test("of an endpoint ends at five minutes, so that its recovery is noticed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), unit, (failures, chance) => {
        const wait = breathMs(failures, () => chance);
        assert.ok(wait >= 0 && wait < 300_000);
      }),
    );
  });

  test("gives an event up after one to three days", () => {
    const all = (chance: number) =>
      Array.from({ length: maxAttempts - 1 }, (_, at) => retryDelayMs(at + 1, () => chance)).reduce(
        (sum, one) => sum + one,
        0,
      );
    assert.ok(all(0.5) > 24 * hour && all(0.5) < 36 * hour, `${all(0.5) / hour} h on average`);
    assert.ok(all(0.999_999) < 72 * hour, `${all(0.999_999) / hour} h at most`);
  });
});

describe("an address", () => {
  const good = [
    "https://hooks.example/x?token=1",
    "https://10.0.0.7:8443/",
    "http://127.0.0.1:9000/",
    "http://localhost/",
    "http://[::1]:1/",
  ];
  for (const url of good) test(`${url} may be sent to in production`, () => assert.equal(urlFault(url, true), null));

  const bad = [
    ["hooks.example", /no URL/],
    ["ftp://hooks.example/", /https/],
    ["file:///etc/passwd", /https/],
    ["https://user:word@hooks.example/", /user and password/],
    ["https://user@hooks.example/", /user and password/],
    ["https://hooks.example/#part", /fragment/],
    ["http://hooks.example/", /https/],
    ["http://127.0.0.1.hooks.example/", /https/],
    ["http://localhost.hooks.example/", /https/],
  ] as const;
  for (const [url, why] of bad) test(`${url} may not`, () => assert.match(urlFault(url, true) ?? "", why));

  test("may be plain http anywhere while nothing is in production", () =>
    assert.equal(urlFault("http://hooks.example/", false), null));
});
