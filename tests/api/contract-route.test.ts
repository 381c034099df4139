// GET /contract: the contract and the rules that are served, and who the caller is taken for.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import manifest from "../../package.json" with { type: "json" };
import { contractHash } from "../../dispatch/contract/hash.ts";
import { toolEntries } from "../../dispatch/contract/index.ts";
import { roles } from "../../dispatch/contract/roles.ts";
import { triedZoneData } from "../../dispatch/process/zone-data.ts";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { objectOf, startTestApi, type TestApi } from "../support/api.ts";
import { call, dispatcher, errorOf } from "./calls.ts";

const techId = "7ec00000-0000-4000-8000-000000000001";
const ask = (api: TestApi, headers: Record<string, string> = dispatcher) => call(api, "/contract", { headers });

async function profileFile(name: string): Promise<JsonObject> {
  const file: unknown = JSON.parse(
    await readFile(join(import.meta.dirname, `../../dispatch/policy/profiles/${name}.json`), "utf8"),
  );
  assert.ok(isObject(file));
  return file;
}

/** What is no policy's to leave out. */
const answering = {
  rule: "approval_request.decide",
  tool: "approval_request.decide",
  severity: "critical",
  reason: "It allows or denies what a model asked a person for; that is a person's to say.",
};

describe("GET /contract", async () => {
  const api = await startTestApi();

  test("names the contract, the version, every tool and the caller", async () => {
    const { status, body } = await ask(api, { ...dispatcher, "x-actor-role": "technician", "x-tech-id": techId });
    const { profile: _profile, human_approval: _approval, incident_types, ...rest } = body;
    const { incidentTypes } = api.desk.policies.live;
    assert.deepEqual(
      incident_types,
      Object.values(incidentTypes).map(({ incidentType, title, words, requiredSkills, requiredTools }) => ({
        incident_type: incidentType,
        title,
        words,
        skills: requiredSkills,
        tools: requiredTools,
      })),
    );
    assert.equal(status, 200);
    assert.deepEqual(rest, {
      service: "dispatch-api",
      version: manifest.version,
      contract_hash: contractHash(),
      time_zones: { version: process.versions.tz, tried_with: triedZoneData },
      development_headers: "loopback",
      policy_version: null,
      policy_unreadable: [],
      currency: "USD",
      now: api.clock.iso,
      tool_names: toolEntries.map(([name]) => name),
      actor: { actor_id: "dora", actor_role: "tech", actor_type: "HUMAN", tech_id: techId },
    });
  });

  test("answers every role, and nobody without one", async () => {
    for (const role of roles) assert.equal((await ask(api, { ...dispatcher, "x-actor-role": role })).status, 200, role);
    assert.equal(errorOf(await ask(api, {}))["code"], "MISSING_ACTOR_CONTEXT");
    const unknown = errorOf(await ask(api, { ...dispatcher, "x-actor-role": "king" }));
    assert.deepEqual([unknown["code"], unknown["allowed_roles"]], ["FORBIDDEN", roles]);
  });

  for (const name of ["pilot", "strict"] as const) {
    test(`tells all of the profile ${name}, and which calls a person must allow`, async (t) => {
      const started = await startTestApi({ t, profile: name });
      const { schema_version: _schema, human_approval: rules, ...file } = await profileFile(name);
      const { profile, human_approval, development_headers } = objectOf(
        await started.send("GET", "/contract", dispatcher),
      );
      assert.ok(isObject(profile));
      const { policy_hash, ...rest } = profile;
      assert.equal(policy_hash, started.desk.policy.policyHash);
      const { candidateRisk } = started.desk.policies.live;
      assert.deepEqual(rest, {
        ...file,
        sla: { target_minutes: { EMERGENCY: 60, URGENT: 240, ROUTINE: 1440 }, warning_minutes: 45 },
        candidate_risk: { incident_types: candidateRisk.incidentTypes, evidence_keys: candidateRisk.evidenceKeys },
        price_book: { version: "1.0.0", currency: "USD" },
        price_books: [],
      });
      assert.equal(development_headers, file["dev_headers"] === true ? "loopback" : "off");
      assert.ok(Array.isArray(rules));
      assert.deepEqual(human_approval, { required: true, rules: [...(rules as object[]), answering] });
    });
  }

  test("tells the value a setting puts in the profile's place", async (t) => {
    const started = await startTestApi({ t, env: { DISPATCH_INTAKE_DUPLICATE_WINDOW_MINUTES: "7" } });
    const { profile } = (await ask(started)).body;
    assert.ok(isObject(profile) && isObject(profile["intake"]));
    assert.equal(profile["intake"]["duplicate_window_minutes"], 7);
  });

  test("says that a model needs a person's word for the person's answer alone where approvals are off", async (t) => {
    const started = await startTestApi({ t, env: { DISPATCH_CHAT_APPROVALS: "off" } });
    assert.deepEqual((await ask(started)).body["human_approval"], { required: false, rules: [answering] });
  });

  test("is in the OpenAPI document", async () => {
    const { paths } = (await call(api, "/openapi.json")).body;
    assert.ok(isObject(paths) && isObject(paths["/contract"]) && isObject(paths["/contract"]["get"]));
  });
});
