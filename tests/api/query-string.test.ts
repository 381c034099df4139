import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parameterReader } from "../../dispatch/api/query-string.ts";
import { queries } from "../../dispatch/contract/index.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { Refusal } from "../../dispatch/kernel/refusal.ts";
import { startTestApi } from "../support/api.ts";
import { call, errorOf } from "./calls.ts";

const read = parameterReader(queries["dispatcher.cockpit"]);
const account = "AAAAAAAA-1111-4111-8111-111111111111";

test("a query string says yes or no in any case, and everything else is left for the rules to refuse", () => {
  const readNews = parameterReader(queries["event.list"]);
  assert.deepEqual(
    ["all=true", "all=False", "all=1", "all=constructor"].map((query) => readNews(query)["all"]),
    [true, false, "1", "constructor"],
  );
});

describe("a query string", () => {
  const rows: readonly (readonly [string, object])[] = [
    ["", {}],
    ["state=NEW", { state: ["NEW"] }],
    ["state=new,Triaged", { state: ["NEW", "TRIAGED"] }],
    ["state=NEW&state=TRIAGED,ON_SITE", { state: ["NEW", "TRIAGED", "ON_SITE"] }],
    ["state=NEW%2CTRIAGED", { state: ["NEW", "TRIAGED"] }],
    ["sla_status=BREACH", { sla_status: ["breach"] }],
    [`account_id=${account}`, { account_id: [account.toLowerCase()] }],
    [`ticket_id=${account}`, { ticket_id: account.toLowerCase() }],
    ["limit=20", { limit: 20 }],
    ["limit=20.5", { limit: "20.5" }],
    ["limit=1e3", { limit: "1e3" }],
    ["incident_type=A+B%20C", { incident_type: ["A B C"] }],
    ["&&limit=1&", { limit: 1 }],
    ["state=nonsense", { state: ["nonsense"] }],
  ];
  for (const [query, parameters] of rows) {
    test(`?${query}`, () => assert.deepEqual(read(query), parameters));
  }

  const refused: readonly (readonly [string, string, string])[] = [
    ["nope=1", "nope", "unknown"],
    ["__proto__=1", "__proto__", "unknown"],
    ["limit=1&limit=2", "limit", "unique"],
    ["state=", "state", "minItems"],
    ["state=,", "state", "minItems"],
    ["state=%zz", "state", "encoding"],
    ["%ff=1", "", "encoding"],
    [`${"state=NEW&".repeat(300)}`, "", "maxItems"],
  ];
  for (const [query, path, rule] of refused) {
    test(`?${query.slice(0, 30)} is refused`, () => {
      assert.throws(
        () => read(query),
        (error) => {
          assert.ok(error instanceof Refusal && error.code === "INVALID_QUERY");
          const [violation] = Array.isArray(error.details["validation_errors"])
            ? error.details["validation_errors"]
            : [];
          assert.ok(isObject(violation));
          assert.deepEqual([violation["path"], violation["rule"]], [path, rule]);
          return true;
        },
      );
    });
  }
});

describe("a query string over HTTP", async () => {
  const api = await startTestApi();
  for (const query of [
    "state=nonsense",
    "limit=0",
    "limit=501",
    "limit=x",
    "account_id=7",
    "cursor=",
    "ticket_id=x",
    "priority=NOW",
  ]) {
    test(`?${query} is INVALID_QUERY`, async () => {
      const reply = await call(api, `/ux/dispatcher/cockpit?${query}`);
      assert.deepEqual([reply.status, errorOf(reply)["code"]], [400, "INVALID_QUERY"]);
    });
  }
  test("?state=new,triaged&limit=5 is read", async () => {
    const { status, body } = await call(api, "/ux/dispatcher/cockpit?state=new,triaged&limit=5");
    assert.equal(status, 200);
    assert.ok(isObject(body["filters_applied"]));
    assert.deepEqual(body["filters_applied"]["state"], ["NEW", "TRIAGED"]);
  });
});
