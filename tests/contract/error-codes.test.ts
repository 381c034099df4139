// Every code of the registry, produced by a real request at least once, with what the contract says of it. A code that
// nobody produces here does not compile.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { errorEntries, isErrorCode, requirementCodes, type ErrorCode } from "../../dispatch/contract/errors.ts";
import { startTestApi, type Refused } from "../support/api.ts";
import { approvalRefusals } from "./approval-refusals.ts";
import { errorTable, requirementTable } from "./error-table.ts";
import { closeoutRefusals, fieldRefusals } from "./field-refusals.ts";
import { requestRefusals, withoutObjectStore, type Produce } from "./request-refusals.ts";
import { roomRefusals } from "./room-refusals.ts";
import { taskRefusals } from "./task-refusals.ts";

const everyError = { code: 1, message: 1, request_id: 1, correlation_id: 1 };

function isAsTheTableSays(code: ErrorCode, { status, headers, error }: Refused): void {
  const row = errorTable[code];
  assert.equal(error.code, code, JSON.stringify(error));
  assert.equal(status, row.status);
  assert.equal(error.policy_error?.dimension, row.dimension);
  for (const field of [...Object.keys(everyError), ...row.fields]) {
    assert.ok(Object.hasOwn(error, field), `${code} without ${field}: ${JSON.stringify(error)}`);
  }
  if (row.header) assert.ok(headers[row.header], `${code} without the header ${row.header}`);
}

describe("each error code", async () => {
  const pilot = await startTestApi();
  const strict = await startTestApi({ profile: "strict" });
  const producers: { readonly [Code in ErrorCode]: Produce } = {
    ...requestRefusals(pilot),
    ...fieldRefusals(pilot, strict),
    ...taskRefusals(pilot),
    ...roomRefusals(pilot),
    ...approvalRefusals(pilot),
  };

  test("is in the table, with the registry's status and dimension", () => {
    const registry = errorEntries.map(([code, { status, dimension }]) => [code, status, dimension]);
    assert.deepEqual(
      registry.sort(),
      Object.entries(errorTable)
        .map(([code, { status, dimension }]) => [code, status, dimension])
        .sort(),
    );
    assert.deepEqual(Object.keys(producers).sort(), errorEntries.map(([code]) => code).sort());
    assert.deepEqual([...requirementCodes], [...requirementTable]);
  });

  for (const [code, produce] of Object.entries(producers)) {
    test(code, async (t) => {
      assert.ok(isErrorCode(code));
      isAsTheTableSays(code, await produce(t));
    });
  }

  test("DEPENDENCY_UNAVAILABLE names the dependency, and the same key works once it is back", async (t) => {
    const away = await withoutObjectStore(t);
    isAsTheTableSays("DEPENDENCY_UNAVAILABLE", away);
    assert.equal(away.error["dependency"], "object_store");
  });

  const reasons: Record<(typeof requirementTable)[number], Produce> = closeoutRefusals(pilot);
  for (const requirement of requirementTable) {
    test(`for a closeout: ${requirement}`, async (t) => {
      const refused = await reasons[requirement](t);
      isAsTheTableSays(
        requirement === "AUTOMATION_RISK_BLOCK" ? "MANUAL_REVIEW_REQUIRED" : "CLOSEOUT_REQUIREMENTS_INCOMPLETE",
        refused,
      );
      assert.equal(refused.error["requirement_code"], requirement);
      assert.equal(refused.error.policy_error?.requirement_code, requirement);
    });
  }
});
