/** What a policy set says, and how a bad one is refused. Each bad set is a copy of the real one with one edit. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { readSettings } from "../../dispatch/process/settings.ts";
import { loadPolicy, PolicyError } from "../../dispatch/policy/load.ts";
import { listedPart } from "../../dispatch/policy/part-catalogue.ts";
import { ticketRules } from "../../dispatch/policy/policy.ts";
import {
  AgreementsFile,
  CalendarFile,
  IncidentFile,
  NoWorkFile,
  PriceBookFile,
  ProfileFile,
  PushPolicyFile,
} from "../../dispatch/policy/schema.ts";

const REAL = join(import.meta.dirname, "../../dispatch/policy");
const signature = "signature_or_no_signature_reason";

function copyOfSet(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-policy-"));
  t.after(() => rmSync(folder, { recursive: true }));
  cpSync(join(REAL, "shipped"), folder, { recursive: true });
  cpSync(join(REAL, "profiles/pilot.json"), join(folder, "profile.json"));
  return folder;
}

function edit(folder: string, file: string, from: string | RegExp, to: string): void {
  const before = readFileSync(join(folder, file), "utf8");
  const after = before.replace(from, to);
  assert.notEqual(after, before, `the edit of ${file} changed nothing`);
  writeFileSync(join(folder, file), after);
}

const businessHours = `"business_hours": {
  "weekly": [{ "weekdays": [1, 2, 3, 4, 5], "start_time": "08:00", "end_time": "18:00" }],
  "holiday_calendar": "us-federal"
}, "holiday_calendars"`;

describe("the page beside profile.json", () => {
  it("names all that a ticket keeps of a profile, and nothing else", () => {
    const page = readFileSync(join(REAL, "shipped/profile.md"), "utf8");
    const [, sentence = ""] = /\n(.*) judged by the version a ticket opened with/.exec(page) ?? [];
    // Where a profile may say these at all, the folder says them in other files.
    const elsewhere = new Set(["candidate_risk", "price_book"]);
    const kept: readonly string[] = ticketRules;
    const members = Object.keys(ProfileFile.properties).filter((name) => !elsewhere.has(name));
    assert.deepEqual(
      [...sentence.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort(),
      members.filter((name) => kept.includes(name.replaceAll(/_(\w)/g, (_, letter) => letter.toUpperCase()))).sort(),
    );
  });
});

describe("a rule about a person's word", () => {
  it("says whether it takes somebody else than whoever asked, and how long the request waits", (t) => {
    const folder = copyOfSet(t);
    edit(
      folder,
      "profile.json",
      `"tool": "ticket.cancel",`,
      `"tool": "ticket.cancel", "four_eyes": true, "expires_hours": 8,`,
    );
    const [other, ruled] = ["assignment.override", "ticket.cancel"].map((rule) =>
      loadPolicy("pilot", folder).humanApproval.find((one) => one.rule === rule),
    );
    assert.deepEqual([ruled?.fourEyes, ruled?.expiresHours], [true, 8]);
    assert.deepEqual([other?.fourEyes, other?.expiresHours], [undefined, undefined]);
  });
});

describe("a profile of an operator's own", () => {
  const own = (t: TestContext, file: string, change: (text: string) => string): string => {
    const folder = mkdtempSync(join(tmpdir(), "dispatch-policy-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, file);
    writeFileSync(path, change(readFileSync(join(REAL, "profiles/strict.json"), "utf8")));
    return path;
  };
  const named = (name: string) => (text: string) => text.replace('"profile": "strict"', `"profile": "${name}"`);

  it("is named by its path, and stands on the project's sets", (t) => {
    const path = own(t, "acme.json", (text) =>
      named("acme")(text).replace('"dev_headers": false', '"dev_headers": true'),
    );
    const { policyHash, closeoutTemplates } = loadPolicy(path);
    assert.deepEqual(closeoutTemplates, loadPolicy("strict").closeoutTemplates);
    assert.notEqual(policyHash, loadPolicy("strict").policyHash);
    const settings = readSettings({ DISPATCH_POLICY_PROFILE: path });
    assert.deepEqual([settings.policyProfile, settings.allowDevHeaders], [path, true]);
  });

  it("may say in itself what the folder says elsewhere, as those of earlier releases do", (t) => {
    const risk = { incident_types: ["DOOR_WONT_LATCH"], evidence_keys: ["photo_before_security_risk"] };
    const earlier = (risks: object) => (text: string) =>
      named("acme")(text).replace(
        '"sla": {',
        `"price_book": "price-book.json", "candidate_risk": ${JSON.stringify(risks)},
         "sla": { "target_minutes": {"EMERGENCY": 1, "URGENT": 2, "ROUTINE": 3},`,
      );
    const { sla, candidateRisk } = loadPolicy(own(t, "acme.json", earlier(risk)));
    assert.deepEqual(sla.targetMinutes, { EMERGENCY: 1, URGENT: 2, ROUTINE: 3 });
    assert.deepEqual(candidateRisk, {
      incidentTypes: ["DOOR_WONT_LATCH"],
      evidenceKeys: ["photo_before_security_risk"],
    });
    for (const [list, what] of [
      ["incident_types", "incident type"],
      ["evidence_keys", "evidence key"],
    ] as const)
      assert.throws(
        () =>
          loadPolicy(
            own(
              t,
              "acme.json",
              earlier({ ...risk, [list]: [list === "incident_types" ? "NONE_OF_OURS" : "none_of_ours"] }),
            ),
          ),
        { name: "PolicyError", path: `/candidate_risk/${list}/0`, reason: RegExp(`no ${what}`) },
      );
  });

  it("is refused with its file where it is not there, not a profile, or of another name", (t) => {
    const refused = (path: string, message: RegExp) =>
      assert.throws(
        () => loadPolicy(path),
        (error) => error instanceof PolicyError && error.message.includes(path) && message.test(error.message),
      );
    refused(join(tmpdir(), "no-such-profile.json"), /cannot be read/);
    refused(own(t, "acme.json", named("other")), /says "other", the file is named "acme"/);
    refused(
      own(t, "acme.json", (text) => named("acme")(text).replace('"dev_headers"', '"dev_header"')),
      /dev_header/,
    );
    assert.throws(
      () => readSettings({ DISPATCH_POLICY_PROFILE: "acme" }),
      /DISPATCH_POLICY_PROFILE must be pilot, strict, or the path of a profile of your own/,
    );
  });
});

const invoiceRule = (limit: number, shown: string) => ({
  rule: "invoice_above_limit",
  tool: "billing.generate_invoice",
  when: { total_cents_above: limit },
  severity: "warning",
  reason: `The invoice is above the limit of ${shown}; it cannot be changed once it is made.`,
});

describe("the policy set in force", () => {
  // Whoever loads a policy takes its schema on trust, as compiling the meta-schema costs each process a tenth of a second.
  it("is held to schemas that are such", () => {
    const ajv = new Ajv2020();
    for (const schema of [
      AgreementsFile,
      CalendarFile,
      IncidentFile,
      NoWorkFile,
      PriceBookFile,
      ProfileFile,
      PushPolicyFile,
    ])
      assert.ok(ajv.validateSchema(schema), ajv.errorsText());
  });

  it("demands of each incident type its three evidence keys, the signature and the five checklist items", () => {
    const expected: Record<string, string[]> = {
      DOOR_WONT_LATCH: [
        "photo_before_door_edge_and_strike",
        "photo_after_latched_alignment",
        "note_adjustments_and_test_cycles",
      ],
      CLOSER_LEAKING_OR_SLAMMING: [
        "photo_before_closer_body",
        "photo_after_closer_or_adjustment",
        "note_sweep_and_latch_speed_settings",
      ],
      AUTO_OPERATOR_FAULT: [
        "photo_before_operator_and_sensors",
        "photo_after_operator_and_sensors",
        "note_cycle_and_sensor_tests",
      ],
      CANNOT_SECURE_ENTRY: [
        "photo_before_security_risk",
        "photo_after_temporary_or_permanent_securement",
        "note_risk_mitigation_and_customer_handoff",
      ],
      HARDWARE_REPLACEMENT: [
        "photo_before_failed_hardware",
        "photo_after_installed_hardware",
        "note_part_numbers_and_function_test",
      ],
      FRAME_OR_GLASS_DAMAGE: [
        "photo_before_damage_extent",
        "photo_after_repair_or_board_up",
        "note_safety_actions_and_follow_up_scope",
      ],
    };
    const { closeoutTemplates, incidentTypes } = loadPolicy("pilot");
    assert.deepEqual(Object.keys(closeoutTemplates).sort(), Object.keys(expected).sort());
    assert.deepEqual(Object.keys(incidentTypes).sort(), Object.keys(expected).sort());
    for (const [type, keys] of Object.entries(expected)) {
      const template = closeoutTemplates[type];
      assert.equal(template?.version, "1.0.0");
      assert.deepEqual(template.requiredEvidence.map(({ key }) => key).sort(), [...keys, signature].sort());
      assert.deepEqual(template.requiredChecklistKeys.toSorted(), [
        "billing_authorization",
        "onsite_photos_after",
        "parts_used_or_needed",
        "resolution_status",
        "work_performed",
      ]);
    }
  });

  it("differs between pilot and strict in exactly the lenient rules", () => {
    const { profile: _p, policyHash: pilotHash, ...pilot } = loadPolicy("pilot");
    const { profile: _s, policyHash: strictHash, ...strict } = loadPolicy("strict");
    assert.notEqual(pilotHash, strictHash);
    assert.deepEqual(strict, {
      ...pilot,
      unknownFields: "refuse",
      unknownIncidentType: "refuse",
      devHeaders: false,
      bypass: {
        requiredPriority: "EMERGENCY",
        incidentTypeRequired: true,
        rationaleMinLength: 10,
        confirmationRequired: true,
        pendingApprovalRefused: true,
      },
      confirmMustMatchProposal: true,
      confirmRefusesUnstaffed: true,
      confirmRefusesPastWindow: true,
      evidenceMustBeVerified: true,
      evidence: { ...pilot.evidence, duplicates: "refuse", captureTimes: "refuse" },
      technicianWithoutShift: "excluded",
      technicianWithoutAbilities: "excluded",
      invoice: { zeroNteMeansUnlimited: false, tripChargeOnlyAllowed: false },
      humanApproval: pilot.humanApproval.map((rule) =>
        rule.rule === "invoice_above_limit" ? invoiceRule(50_000, "$500") : rule,
      ),
    });
    assert.equal(pilot.unknownFields, "ignore");
    assert.equal(pilot.technicianWithoutShift, "eligible");
    assert.deepEqual(pilot.invoice, { zeroNteMeansUnlimited: true, tripChargeOnlyAllowed: true });
  });

  it("holds the SLA, intake and risk numbers both profiles share", () => {
    const { sla, intake, candidateRisk } = loadPolicy("strict");
    assert.deepEqual(sla, { targetMinutes: { EMERGENCY: 60, URGENT: 240, ROUTINE: 1440 }, warningMinutes: 45 });
    assert.deepEqual(intake, {
      identityConfidenceThreshold: 85,
      classificationConfidenceThreshold: 85,
      duplicateWindowMinutes: 120,
    });
    assert.deepEqual(candidateRisk.incidentTypes.toSorted(), [
      "AUTO_OPERATOR_FAULT",
      "CANNOT_SECURE_ENTRY",
      "FRAME_OR_GLASS_DAMAGE",
    ]);
    assert.deepEqual(candidateRisk.evidenceKeys.toSorted(), [
      "note_risk_mitigation_and_customer_handoff",
      "note_safety_actions_and_follow_up_scope",
      "photo_before_security_risk",
    ]);
  });

  it("leaves to a person what a model may not do alone", () => {
    const rules = loadPolicy("pilot").humanApproval.map(({ rule, tool, when, severity }) => ({
      rule,
      tool,
      when,
      severity,
    }));
    assert.deepEqual(rules, [
      {
        rule: "emergency_bypass",
        tool: "assignment.dispatch",
        when: { dispatch_mode: "EMERGENCY_BYPASS" },
        severity: "critical",
      },
      { rule: "assignment.override", tool: "assignment.override", when: undefined, severity: "warning" },
      { rule: "ticket.cancel", tool: "ticket.cancel", when: undefined, severity: "warning" },
      {
        rule: "invoice_above_limit",
        tool: "billing.generate_invoice",
        when: { total_cents_above: 100_000 },
        severity: "warning",
      },
      { rule: "billing.credit", tool: "billing.credit", when: undefined, severity: "critical" },
      { rule: "ops.autonomy.rollback", tool: "ops.autonomy.rollback", when: undefined, severity: "critical" },
      { rule: "plan_above_limit", tool: "plan.apply", when: { moved_visits_above: 5 }, severity: "warning" },
      { rule: "approval.decide", tool: "approval.decide", when: undefined, severity: "warning" },
      { rule: "account.merge", tool: "account.merge", when: undefined, severity: "critical" },
      { rule: "site.merge", tool: "site.merge", when: undefined, severity: "critical" },
      { rule: "account.archive", tool: "account.archive", when: undefined, severity: "warning" },
      { rule: "site.archive", tool: "site.archive", when: undefined, severity: "warning" },
      { rule: "directory.import", tool: "directory.import", when: { dry_run: false }, severity: "warning" },
      { rule: "technician_changed", tool: undefined, when: { technician_changed: true }, severity: "warning" },
      { rule: "moves_above_limit", tool: undefined, when: { moved_visits_in_an_hour_above: 5 }, severity: "warning" },
    ]);
    assert.deepEqual(loadPolicy("pilot").humanApproval[3], invoiceRule(100_000, "$1,000"));
  });

  it("completes an account's prices with the default", (t) => {
    const folder = copyOfSet(t);
    const accounts = `"accounts": [{"account_id": "aaaaaaaa-0000-4000-8000-000000000001", "trip_charge_cents": 1}]`;
    edit(folder, "price-book.json", /"accounts": \[[^\]]*\]/, accounts);
    const { priceBook } = loadPolicy("pilot", folder);
    assert.deepEqual(priceBook.byAccount["aaaaaaaa-0000-4000-8000-000000000001"], {
      ...priceBook.default,
      tripChargeCents: 1,
    });
  });

  it("completes rates of a time with the usual ones, and an account's with everybody's of that time", (t) => {
    const folder = copyOfSet(t);
    assert.deepEqual(
      [loadPolicy("pilot", folder).businessHours, loadPolicy("pilot", folder).priceBook.default.at],
      [null, {}],
    );
    edit(folder, "calendar.json", `"holiday_calendars"`, businessHours);
    edit(
      folder,
      "price-book.json",
      `"labor_cents_per_hour": 12500`,
      `"after_hours": { "labor_cents_per_hour": 20000 }, "labor_cents_per_hour": 12500`,
    );
    const own = `"after_hours": { "trip_charge_cents": 1 }, "weekend": { "trip_charge_cents": 2 }, "labor_cents_per_hour": 11500`;
    edit(folder, "price-book.json", `"labor_cents_per_hour": 11500`, own);
    const { businessHours: hours, priceBook, holidayCalendars } = loadPolicy("pilot", folder);
    assert.deepEqual(hours?.holidays, holidayCalendars["us-federal"]);
    const usual = { laborCentsPerHour: 20_000, travelCentsPerHour: 9_500, tripChargeCents: 8_900 };
    assert.deepEqual(priceBook.default.at, { after_hours: usual });
    assert.deepEqual(
      Object.values(priceBook.byAccount).map(({ at }) => at),
      [
        {
          after_hours: { ...usual, tripChargeCents: 1 },
          weekend: { ...usual, laborCentsPerHour: 11_500, tripChargeCents: 2 },
        },
      ],
    );
  });

  it("has its prices in the currency that the book names", (t) => {
    const folder = copyOfSet(t);
    edit(folder, "price-book.json", `"currency": "USD"`, `"currency": "EUR"`);
    assert.equal(loadPolicy("pilot", folder).priceBook.currency, "EUR");
  });

  it("lists no part, or thousands, each found by its SKU in any letter case", (t) => {
    const folder = copyOfSet(t);
    assert.deepEqual(Object.keys(loadPolicy("pilot", folder).priceBook.parts), []);
    const many = Array.from({ length: 5_000 }, (_, n) => ({
      sku: `part-${n}`,
      name: `Part number ${n}`,
      price_cents: n,
    }));
    const parts = JSON.stringify([...many.slice(1), { sku: " Größe 1 ", name: "Hinge", cost_cents: 5 }], null, 2);
    edit(folder, "price-book.json", `"accounts"`, `"parts": ${parts}, "accounts"`);
    const { priceBook } = loadPolicy("pilot", folder);
    assert.equal(Object.keys(priceBook.parts).length, 5_000);
    assert.deepEqual(
      ["PART-4999", "grösse 1", "part-0", "constructor"].map((sku) => listedPart(priceBook.parts, sku)),
      [
        { sku: "part-4999", name: "Part number 4999", costCents: null, priceCents: 4_999 },
        { sku: "Größe 1", name: "Hinge", costCents: 5, priceCents: null },
        null,
        null,
      ],
    );
    assert.throws(() => Object.assign(priceBook.parts["PART-1"] ?? assert.fail(), { priceCents: 0 }), TypeError);
  });

  it("rounds half a cent up, unless the price book says otherwise", (t) => {
    const folder = copyOfSet(t);
    assert.equal(loadPolicy("pilot", folder).priceBook.rounding, "half_up");
    edit(folder, "price-book.json", `"currency": "USD"`, `"currency": "USD", "rounding": "half_even"`);
    assert.equal(loadPolicy("pilot", folder).priceBook.rounding, "half_even");
  });

  it("cannot be changed at any depth, and knows only what the files list", () => {
    const policy = loadPolicy("pilot");
    assert.throws(() => Object.assign(policy, { devHeaders: false }), TypeError);
    assert.throws(() => Object.assign(policy.closeoutTemplates, { EXTRA: {} }), TypeError);
    assert.throws(() => Object.assign(policy.priceBook.tax.basisPointsByRegion, { CA: 0 }), TypeError);
    assert.equal("constructor" in policy.closeoutTemplates, false);
  });
});

describe("what rooms may be told", () => {
  const usual = ["/queue-check", "/task", "/job-packet", "/vote", "/review"];

  it("is what push-policy.json says", (t) => {
    const folder = copyOfSet(t);
    assert.deepEqual(loadPolicy("pilot", folder).pushPrefixes, usual);
    edit(folder, "push-policy.json", `"/review"`, `"/revise"`);
    assert.deepEqual(loadPolicy("pilot", folder).pushPrefixes, [...usual.slice(0, -1), "/revise"]);
  });

  it("is the usual where a folder of before has no such file, and then its hash says nothing of it", (t) => {
    const folder = copyOfSet(t);
    rmSync(join(folder, "push-policy.json"));
    const { pushPrefixes, policyHash } = loadPolicy("pilot", folder);
    assert.deepEqual(pushPrefixes, usual);
    assert.notEqual(policyHash, loadPolicy("pilot").policyHash);
  });
});

describe("policyHash", () => {
  it("stays the same when only the layout of a file changes", (t) => {
    const folder = copyOfSet(t);
    const file = join(folder, "price-book.json");
    const json: unknown = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify(json));
    edit(
      folder,
      "profile.json",
      /"unknown_fields": "ignore",\s*"dev_headers": true/,
      `"dev_headers": true, "unknown_fields": "ignore"`,
    );
    assert.equal(loadPolicy("pilot", folder).policyHash, loadPolicy("pilot").policyHash);
  });

  it("takes one person to a visit, unless an incident type says more", (t) => {
    const folder = copyOfSet(t);
    edit(folder, "incidents/DOOR_WONT_LATCH.json", `"crew_size": 1`, `"crew_size": 3`);
    edit(folder, "incidents/AUTO_OPERATOR_FAULT.json", /"crew_size": 1,/, "");
    const { incidentTypes } = loadPolicy("pilot", folder);
    assert.deepEqual(
      [incidentTypes["DOOR_WONT_LATCH"]?.crewSize, incidentTypes["AUTO_OPERATOR_FAULT"]?.crewSize],
      [3, 1],
    );
  });

  for (const [file, from, to] of [
    ["price-book.json", `"trip_charge_cents": 8900`, `"trip_charge_cents": 8901`],
    ["incidents/FRAME_OR_GLASS_DAMAGE.json", `"duration_minutes": 180`, `"duration_minutes": 181`],
    ["no-work.json", `"version": "1.0.0"`, `"version": "1.0.1"`],
    ["agreements.json", `"URGENT": 240`, `"URGENT": 241`],
    ["profile.json", `"warning_minutes": 45`, `"warning_minutes": 46`],
    ["calendar.json", `"yearly": "12-25"`, `"yearly": "12-26"`],
    ["push-policy.json", `"/review"`, `"/revise"`],
  ] as const) {
    it(`changes with ${file}`, (t) => {
      const folder = copyOfSet(t);
      edit(folder, file, from, to);
      assert.notEqual(loadPolicy("pilot", folder).policyHash, loadPolicy("pilot").policyHash);
    });
  }
});

describe("a bad policy set", () => {
  const latch = "incidents/DOOR_WONT_LATCH.json";
  const cases: [what: string, file: string, from: string | RegExp, to: string, path: string, reason: RegExp][] = [
    [
      "an incident type without a duration",
      latch,
      /"duration_minutes": 90,/,
      "",
      "/",
      /duration_minutes'; an example: {"duration_minutes":90}/,
    ],
    [
      "a duration of zero",
      latch,
      `"duration_minutes": 90`,
      `"duration_minutes": 0`,
      "/duration_minutes",
      />= 1; an example: 90/,
    ],
    ["a crew of five", latch, `"crew_size": 1`, `"crew_size": 5`, "/crew_size", /<= 4; an example: 1/],
    [
      "an evidence key twice",
      latch,
      `photo_after_latched_alignment`,
      `photo_before_door_edge_and_strike`,
      "/evidence/1/key",
      /already at/,
    ],
    ["work that asks for no signature", latch, `"${signature}"`, `"another_key"`, "/evidence", /contain/],
    [
      "a signature that is to be a note",
      latch,
      `"kind": "signature"`,
      `"kind": "note"`,
      "/evidence/3",
      /every kind of work says \["signature",null\]; an example: /,
    ],
    [
      "two kinds of work that say two things of a key",
      "incidents/HARDWARE_REPLACEMENT.json",
      "note_part_numbers_and_function_test",
      "photo_before_door_edge_and_strike",
      "/evidence/2",
      /incidents\/DOOR_WONT_LATCH.json at \/evidence\/0 says \["photo","before"\]/,
    ],
    ["an evidence key without its kind", latch, `"kind": "note",`, "", "/evidence/2", /'kind'; an example: {/],
    [
      "an evidence key without a sentence",
      latch,
      /"sentence": "What was adjusted[^"]*"/,
      `"sentence": ""`,
      "/evidence/2/sentence",
      /1 char/,
    ],
    [
      "a note from before the work",
      latch,
      `"kind": "note",`,
      `"kind": "note", "taken": "before",`,
      "/evidence/2/taken",
      /photo alone/,
    ],
    ["an incident type without a version", latch, `"version": "1.0.0",`, "", "/", /version/],
    ["a reason without proof", "no-work.json", `"unsafe"`, `"unsave"`, "/reasons", /'unsafe'|"unsave"/],
    [
      "another schema version",
      "no-work.json",
      `"schema_version": "1"`,
      `"schema_version": "2"`,
      "/schema_version",
      /"1"/,
    ],
    [
      "a word that rooms are never told",
      "push-policy.json",
      `"/review"`,
      `"review"`,
      "/prefixes/4",
      /pattern|\/queue-check/,
    ],
    ["an agreement nobody can have", "agreements.json", `"standard"`, `"gold"`, "/agreements/0/name", /\["standard"\]/],
    [
      "a priority without its minutes",
      "agreements.json",
      `"URGENT": 240,`,
      "",
      "/agreements/0/target_minutes",
      /{"URGENT":240}/,
    ],
    [
      "a rate that nobody judges",
      "price-book.json",
      `"trip_charge_cents": 8900,`,
      `"trip_charge_cents": 8900, "weekend_cents": 1,`,
      "/default",
      /"weekend_cents"; known are labor_cents/,
    ],
    [
      "targets in the profile",
      "profile.json",
      `"warning_minutes"`,
      `"target_minutes": {}, "warning_minutes"`,
      "/sla/target_minutes",
      /agreements.json/,
    ],
    [
      "risk in the profile",
      "profile.json",
      `"sla"`,
      `"candidate_risk": {}, "sla"`,
      "/candidate_risk",
      /incidents\/<TYPE>.json/,
    ],
    [
      "a profile that extends nothing there is",
      "profile.json",
      `{`,
      `{"extends": "lenient",`,
      "/extends",
      /known: pilot, strict/,
    ],
    ["a misspelt knob", "profile.json", "dev_headers", "dev_header", "/", /dev_headers?/],
    ["a further knob", "profile.json", `"dev_headers"`, `"dev_haeders": true, "dev_headers"`, "/", /"dev_haeders"/],
    ["a value outside the choices", "profile.json", `"eligible"`, `"maybe"`, "/technician_without_shift", /eligible/],
    [
      "a region twice",
      "price-book.json",
      `"region": "CA"`,
      `"region": "AZ"`,
      "/tax/regions/1/region",
      /already at \/tax\/regions\/0/,
    ],
    [
      "a SKU twice",
      "price-book.json",
      `"accounts"`,
      `"parts": [{ "sku": "LCH-1", "name": "a", "cost_cents": 1 }, { "sku": " lch-1", "name": "b", "cost_cents": 2 }], "accounts"`,
      "/parts/1/sku",
      /" lch-1" is already at \/parts\/0; each SKU stands once/,
    ],
    [
      "a part without cost and price",
      "price-book.json",
      `"accounts"`,
      `"parts": [{ "sku": "LCH-1", "name": "a", "cost_cents": 0 }, { "sku": "LCH-2", "name": "b" }], "accounts"`,
      "/parts/1",
      /neither cost_cents.* nor price_cents.*an example: {"sku":"STRIKE-01"/,
    ],
    [
      "a SKU of nothing but space",
      "price-book.json",
      `"accounts"`,
      `"parts": [{ "sku": "  ", "name": "a", "cost_cents": 0 }], "accounts"`,
      "/parts/0/sku",
      /pattern.*an example: "STRIKE-01"/,
    ],
    [
      "a part with something nobody judges",
      "price-book.json",
      `"accounts"`,
      `"parts": [{ "sku": "A", "name": "a", "cost_cents": 0, "weight": 1 }], "accounts"`,
      "/parts/0",
      /"weight"; known are sku, name, cost_cents, price_cents; an example: {"sku":"STRIKE-01"/,
    ],
    ["half a cent", "price-book.json", "8900", "8900.5", "/default/trip_charge_cents", /integer/],
    [
      "rates of a time that no business hours say",
      "price-book.json",
      `"labor_cents_per_hour": 12500`,
      `"labor_cents_per_hour": 12500, "weekend": { "trip_charge_cents": 1 }`,
      "/default/weekend",
      /calendar.json has no business_hours/,
    ],
    [
      "business hours that keep holidays nobody knows",
      "calendar.json",
      `"holiday_calendars"`,
      businessHours.replace("us-federal", "moon"),
      "/business_hours/holiday_calendar",
      /no holiday calendar "moon"/,
    ],
    [
      "a currency that there is not",
      "price-book.json",
      `"currency": "USD"`,
      `"currency": "EUO"`,
      "/currency",
      /"EUO" is no currency of ISO 4217.*perhaps EUR is meant/,
    ],
    [
      "a currency without cents",
      "price-book.json",
      `"currency": "USD"`,
      `"currency": "JPY"`,
      "/currency",
      /"JPY" has 0 decimals; amounts are whole cents/,
    ],
    [
      "a way to round that nobody knows",
      "price-book.json",
      `"currency": "USD"`,
      `"currency": "USD", "rounding": "bankers"`,
      "/rounding",
      /"half_up","half_even","half_down","up","down".*an example: "half_even"/,
    ],
    [
      "an approval rule for an unknown tool",
      "profile.json",
      `"tool": "ticket.cancel"`,
      `"tool": "ticket.cancle"`,
      "/human_approval/2/tool",
      /no command "ticket.cancle"/,
    ],
    [
      "an approval rule for a query",
      "profile.json",
      `"tool": "ticket.cancel"`,
      `"tool": "ticket.get"`,
      "/human_approval/2/tool",
      /no command "ticket.get"/,
    ],
    [
      "an approval rule twice",
      "profile.json",
      `"rule": "ticket.cancel"`,
      `"rule": "assignment.override"`,
      "/human_approval/2/rule",
      /already at \/human_approval\/1/,
    ],
    [
      "four eyes that are no yes or no",
      "profile.json",
      `"tool": "ticket.cancel",`,
      `"tool": "ticket.cancel", "four_eyes": 4,`,
      "/human_approval/2/four_eyes",
      /boolean/,
    ],
    [
      "a request that waits for longer than thirty days",
      "profile.json",
      `"tool": "ticket.cancel",`,
      `"tool": "ticket.cancel", "expires_hours": 721,`,
      "/human_approval/2/expires_hours",
      /720/,
    ],
    [
      "an unknown severity",
      "profile.json",
      `"severity": "critical"`,
      `"severity": "fatal"`,
      "/human_approval/0/severity",
      /critical/,
    ],
    [
      "an approval rule without a reason",
      "profile.json",
      /"reason": "It calls the work off[^"]*"/,
      `"reason": ""`,
      "/human_approval/2/reason",
      /fewer than 1/,
    ],
    [
      "a condition nobody knows",
      "profile.json",
      `"dispatch_mode": "EMERGENCY_BYPASS"`,
      `"weekday": "MONDAY"`,
      "/human_approval/0/when",
      /dispatch_mode/,
    ],
    [
      "another mode as a condition",
      "profile.json",
      `"dispatch_mode": "EMERGENCY_BYPASS"`,
      `"dispatch_mode": "STANDARD"`,
      "/human_approval/0/when/dispatch_mode",
      /EMERGENCY_BYPASS/,
    ],
    [
      "a condition of another tool",
      "profile.json",
      `"tool": "ticket.cancel",`,
      `"tool": "ticket.cancel", "when": {"total_cents_above": 1},`,
      "/human_approval/2/when",
      /total_cents_above is a condition of billing.generate_invoice, not of ticket.cancel/,
    ],
    [
      "an approval rule of no tool",
      "profile.json",
      `"tool": "ticket.cancel",`,
      "",
      "/human_approval/2",
      /needs a condition that is an effect: technician_changed or moved_visits_in_an_hour_above/,
    ],
    [
      "an effect of one tool",
      "profile.json",
      `"tool": "ticket.cancel",`,
      `"tool": "ticket.cancel", "when": {"technician_changed": true},`,
      "/human_approval/2/when",
      /technician_changed is an effect of any tool: leave tool out/,
    ],
    [
      "a holiday on no day",
      "calendar.json",
      `"yearly": "01-01", "observed": "nearest_weekday"`,
      `"observed": "next_monday"`,
      "/holiday_calendars/0/holidays/0",
      /says on no day; give one of date, yearly, nth_weekday, easter, e\.g\. \{"name":"New Year's Day","nth_weekday"/,
    ],
    [
      "a holiday that is said in two ways",
      "calendar.json",
      `"yearly": "01-01"`,
      `"yearly": "01-01", "date": "2026-01-01"`,
      "/holiday_calendars/0/holidays/0",
      /says it 2 ways: date and yearly/,
    ],
    [
      "a day that no year has",
      "calendar.json",
      `"yearly": "06-19"`,
      `"yearly": "06-31"`,
      "/holiday_calendars/0/holidays/4/yearly",
      /"06-31" is no month and day; an example: "12-25"/,
    ],
    [
      "a date that is none",
      "calendar.json",
      `"yearly": "06-19", "observed": "nearest_weekday"`,
      `"date": "2026-02-30"`,
      "/holiday_calendars/0/holidays/4/date",
      /"2026-02-30" is no day of the calendar; an example: "2026-12-24"/,
    ],
    [
      "a day of the year written otherwise",
      "calendar.json",
      `"yearly": "12-25"`,
      `"yearly": "25 December"`,
      "/holiday_calendars/0/holidays/10/yearly",
      /must match pattern .*; an example: "12-25"/,
    ],
    [
      "a sixth Thursday",
      "calendar.json",
      `"weekday": 4, "nth": 4`,
      `"weekday": 4, "nth": 6`,
      "/holiday_calendars/0/holidays/9/nth_weekday/nth",
      /\[1,2,3,4,5,-1\]/,
    ],
    [
      "a weekday that is observed on another",
      "calendar.json",
      `"nth": 4 }`,
      `"nth": 4 }, "observed": "next_monday"`,
      "/holiday_calendars/0/holidays/9/observed",
      /goes with a yearly month and day alone/,
    ],
    [
      "a calendar twice",
      "calendar.json",
      `"holiday_calendars": [`,
      `"holiday_calendars": [{ "name": "us-federal", "holidays": [{ "name": "Easter", "easter": 0 }] },`,
      "/holiday_calendars/1/name",
      /"us-federal" is already at \/holiday_calendars\/0/,
    ],
    ["text that is no JSON", "price-book.json", "{", "[", "/", /is not JSON/],
  ];
  for (const [what, file, from, to, path, reason] of cases) {
    it(`is refused: ${what}`, (t) => {
      const folder = copyOfSet(t);
      edit(folder, file, from, to);
      assert.throws(
        () => loadPolicy("pilot", folder),
        (error) => {
          assert.ok(error instanceof PolicyError, String(error));
          assert.deepEqual([error.file, error.path], [file, path], error.message);
          assert.match(error.reason, reason);
          assert.match(error.reason, /an example: |e\.g\. |is not JSON|known: /);
          assert.ok(error.message.includes(file) && error.message.includes(error.reason));
          return true;
        },
      );
    });
  }

  it("is refused: a file that is none of a policy's, one too few, and no folder", (t) => {
    const folder = copyOfSet(t);
    const refused = (file: string, reason: RegExp, from = folder) =>
      assert.throws(
        () => loadPolicy("pilot", from),
        (error) => {
          assert.ok(error instanceof PolicyError, String(error));
          assert.equal(error.file, file);
          assert.match(error.reason, reason);
          return true;
        },
      );
    const moved = (from: string, to: string) => renameSync(join(folder, from), join(folder, to));
    writeFileSync(join(folder, "README.md"), "Our rules.");
    assert.equal(loadPolicy("pilot", folder).profile, "pilot");
    moved("price-book.json", "prices.json");
    refused("prices.json", /known: .*price-book.json/);
    rmSync(join(folder, "prices.json"));
    refused("price-book.json", /is missing/);
    cpSync(join(REAL, "shipped/price-book.json"), join(folder, "price-book.json"));
    moved("incidents/DOOR_WONT_LATCH.json", "incidents/door.json");
    refused("incidents/door.json", /an example: incidents\/DOOR_WONT_LATCH.json/);
    refused(".", /dispatch:policy init/, join(folder, "none"));
  });

  for (const name of ["lenient", "../profiles/pilot", "", "pilot.json"]) {
    it(`is refused: profile "${name}", naming those there are`, () => {
      assert.throws(() => loadPolicy(name), { name: "PolicyError", reason: /known: pilot, strict$/ });
    });
  }
});

describe("a folder of a company's own", () => {
  it("says what differs from the profile it extends, whatever the setting says", (t) => {
    const folder = copyOfSet(t);
    const profile = { extends: "strict", profile: "acme", hands_off_minutes: 3, windows: { ahead_days: 30 } };
    writeFileSync(join(folder, "profile.json"), JSON.stringify(profile));
    const strict = loadPolicy("strict");
    const { policyHash, ...acme } = loadPolicy("pilot", folder);
    assert.notEqual(policyHash, strict.policyHash);
    assert.deepEqual(
      { ...acme, policyHash: strict.policyHash },
      { ...strict, profile: "acme", handsOffMinutes: 3, windows: { ...strict.windows, aheadDays: 30 } },
    );
  });

  it("leaves development headers to the settings where its profile does, and bears no second profile", (t) => {
    const folder = copyOfSet(t);
    const allowed = (profile: object, env = {}) => {
      writeFileSync(join(folder, "profile.json"), JSON.stringify(profile));
      return readSettings({ DISPATCH_POLICY_DIR: folder, ...env }).allowDevHeaders;
    };
    assert.equal(allowed({}), true);
    assert.equal(allowed({ extends: "pilot", dev_headers: false }), false);
    assert.equal(allowed({ extends: "strict" }), false);
    assert.equal(allowed({ extends: "strict", dev_headers: true }), true);
    assert.throws(
      () => allowed({ extends: "strict" }, { DISPATCH_AUTH_ALLOW_DEV_HEADERS: "true" }),
      /DISPATCH_AUTH_ALLOW_DEV_HEADERS must not be on under the profile of/,
    );
    for (const profile of ["pilot", "/etc/dispatch/acme.json"])
      assert.throws(
        () => allowed({ extends: "strict" }, { DISPATCH_POLICY_PROFILE: profile }),
        /DISPATCH_POLICY_PROFILE is .*leave one of the two out/,
      );
    assert.equal(allowed({ extends: "strict" }, { DISPATCH_POLICY_PROFILE: "strict" }), false);
  });
});
