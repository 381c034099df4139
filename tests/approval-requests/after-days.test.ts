// An answer after days, to an API that was away and starts under a clock that is days on. libfaketime (Debian's package faketime) sets
// that clock; where it is not installed, and DISPATCH_TEST_FAKETIME does not name it, this test says so and skips.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { accountId, siteId } from "../api/calls.ts";
import { startApiProcess, type ApiProcess } from "../support/api-process.ts";
import { createTestDatabase } from "../support/database.ts";
import { seedDirectory } from "../support/directory.ts";
import { bearer, tokenSecret } from "../support/token.ts";

const library =
  process.env["DISPATCH_TEST_FAKETIME"] ??
  ["x86_64", "aarch64"].map((cpu) => `/usr/lib/${cpu}-linux-gnu/faketime/libfaketimeMT.so.1`).find(existsSync);
const skip = library === undefined && "libfaketime is not installed (apt-get install faketime)";

const hourSeconds = 3_600;
const scope = { account_ids: "*", site_ids: "*" };
/** Good under each of the clocks. */
const exp = Math.floor(Date.now() / 1_000) + 100 * hourSeconds;
const person = { sub: "olga", role: "dispatcher", actor_type: "HUMAN", scope, exp };
const model = { ...person, sub: "dana", actor_type: "AGENT", via: "chat" };

async function send({ url }: ApiProcess, claims: object, path: string, body?: object): Promise<JsonObject> {
  const response = await fetch(`${url}${path}`, {
    method: body ? "POST" : "GET",
    headers: { ...bearer(claims), "content-type": "application/json", "idempotency-key": randomUUID() },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  assert.ok(isObject(answer));
  return isObject(answer["error"]) ? answer["error"] : answer;
}

test(
  "an answer just before three days is good, and one behind them is not, by the clocks of processes",
  { skip },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "dispatch-days-"));
    t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const { url: databaseUrl } = await createTestDatabase(t);
    const owner = new pg.Pool({ connectionString: databaseUrl, max: 1 });
    await seedDirectory(owner);
    await owner.end();
    const startIn = (hours: number): Promise<ApiProcess> =>
      startApiProcess(t, {
        databaseUrl,
        dataDir: folder,
        settings: {
          DISPATCH_AUTH_JWT_SECRET: tokenSecret,
          ...(hours > 0 && {
            LD_PRELOAD: library ?? "",
            FAKETIME: `+${hours * hourSeconds}`,
            FAKETIME_DONT_FAKE_MONOTONIC: "1",
          }),
        },
      });
    const ask = async (api: ApiProcess) => {
      const made = await send(api, person, "/tickets", { account_id: accountId, site_id: siteId, summary: "A door" });
      const ticket = String(made["id"]);
      const { approval_request: number } = await send(api, model, `/tickets/${ticket}/cancel`, {
        reason: "it is fixed",
      });
      return { ticket: `/tickets/${ticket}`, request: `/approval-requests/${String(number).toLowerCase()}` };
    };

    const first = await startIn(0);
    const [early, late] = [await ask(first), await ask(first)];
    await first.kill();

    const inTime = await startIn(71.9);
    assert.ok(
      Date.parse(String((await send(inTime, person, "/health"))["now"])) > Date.now() + 71 * hourSeconds * 1_000,
    );
    await send(inTime, person, `${early.request}/decide`, { outcome: "approved" });
    assert.equal((await send(inTime, person, early.request))["status"], "executed");
    assert.equal((await send(inTime, person, early.ticket))["state"], "CANCELLED");
    await inTime.kill();

    const tooLate = await startIn(72.1);
    const { code, from_state: state } = await send(tooLate, person, `${late.request}/decide`, { outcome: "approved" });
    assert.deepEqual([code, state], ["INVALID_STATE_TRANSITION", "expired"]);
    assert.equal((await send(tooLate, person, late.ticket))["state"], "NEW");
  },
);
