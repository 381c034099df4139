import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { TechnicianId } from "../../dispatch/contract/ids.ts";
import { rankTechnicians, type RankCandidate, type RankRequest } from "../../dispatch/workforce/rank-technicians.ts";
import { matchesCapability, normalizeServiceType } from "../../dispatch/workforce/ability.ts";
import { idNamed } from "../support/ids.ts";

function technician(techId: string, over: Partial<RankCandidate> = {}): RankCandidate {
  return {
    techId: idNamed<TechnicianId>(techId),
    techName: techId.toUpperCase(),
    serviceTypes: ["DEFAULT"],
    zones: ["CA"],
    openTickets: 0,
    baseLoad: 0,
    quality: 50,
    ineligible: null,
    ...over,
  };
}

function rank(candidates: readonly RankCandidate[], over: Partial<RankRequest> = {}) {
  return rankTechnicians({ candidates, serviceType: "DOOR", region: "CA", limit: 20, ...over });
}

describe("rankTechnicians", () => {
  it("shows the score, its terms and what each contributes", () => {
    const [first] = rank([technician("a", { openTickets: 2, baseLoad: 1, quality: 80 })]).recommendations;
    assert.deepEqual(first, {
      tech_id: "a",
      tech_name: "A",
      score: 1250,
      matches: { capability: true, zone: true, active_load: 3, distance_bucket: 0 },
      factors: [
        { factor: "capability", value: 1, weight: 1000, contribution: 1000 },
        { factor: "zone", value: 1, weight: 200, contribution: 200 },
        { factor: "active_load", value: 3, weight: -10, contribution: -30 },
        { factor: "quality", value: 80, weight: 1, contribution: 80 },
      ],
    });
  });

  const scores: [string, Partial<RankCandidate>, number][] = [
    ["no load", {}, 1250],
    ["no capability", { serviceTypes: ["GLASS"] }, 250],
    ["another zone", { zones: ["NV"] }, 1050],
    ["no zone", { zones: [] }, 1050],
    ["a load of five", { openTickets: 3, baseLoad: 2 }, 1200],
    ["top quality", { quality: 100 }, 1300],
    ["nothing", { serviceTypes: [], zones: [], quality: 0 }, 0],
  ];
  for (const [what, over, score] of scores) {
    it(`${what} scores ${score}`, () => assert.equal(rank([technician("a", over)]).recommendations[0]?.score, score));
  }

  it("breaks equal scores by load, then quality, then zone, then id", () => {
    const equal: [string, RankCandidate, RankCandidate][] = [
      ["load", technician("z"), technician("a", { openTickets: 1, quality: 60 })],
      // Beyond 100, as only quality can outweigh a zone at equal load.
      ["quality", technician("z", { zones: [], quality: 250 }), technician("a")],
      ["id", technician("a"), technician("b")],
    ];
    for (const [by, first, second] of equal) {
      const { recommendations } = rank([second, first]);
      assert.equal(recommendations[0]?.score, recommendations[1]?.score, by);
      assert.equal(recommendations[0]?.tech_id, first.techId, by);
    }
  });

  it("never shows a negative zero", () => {
    const factor = rank([technician("a")]).recommendations[0]?.factors[2];
    assert.deepEqual(factor, { factor: "active_load", value: 0, weight: -10, contribution: 0 });
  });

  it("ranks somebody without the capability, last, and says so", () => {
    const { recommendations, rejected } = rank([
      technician("a", { serviceTypes: ["GLASS"] }),
      technician("b", { openTickets: 50 }),
    ]);
    assert.deepEqual(
      recommendations.map((one) => [one.tech_id, one.matches.capability]),
      [
        ["b", true],
        ["a", false],
      ],
    );
    assert.deepEqual(rejected, []);
  });

  it("gives every one left out a reason", () => {
    const { rejected } = rank(
      [
        technician("d"),
        technician("c", { quality: 90 }),
        technician("b", { ineligible: "DRAINED" }),
        technician("a", { ineligible: "BOOKED", detail: "other work fills the window" }),
      ],
      { limit: 1 },
    );
    assert.deepEqual(rejected, [
      { tech_id: "a", tech_name: "A", reason: "BOOKED", detail: "other work fills the window" },
      { tech_id: "b", tech_name: "B", reason: "DRAINED" },
      { tech_id: "d", tech_name: "D", reason: "BELOW_LIMIT" },
    ]);
  });

  it("shows who is ranked without known hours, at no cost", () => {
    const [first] = rank([technician("a", { withoutShift: true })]).recommendations;
    assert.equal(first?.score, 1250);
    assert.deepEqual(first.factors.at(-1), { factor: "NO_SHIFT", value: 1, weight: 0, contribution: 0 });
  });

  for (const [zones, region, bucket] of [
    [["CA"], "ca", 0],
    [[" ca"], "CA", 0],
    [["CA"], null, 0],
    [["CA"], " ", 0],
    [[], null, 0],
    [["CA"], "NV", 1],
    [[], "CA", 1],
    [["CA", "nv"], "NV", 0],
    [["CA", "NV"], "OR", 1],
  ] as const) {
    it(`${JSON.stringify(zones)} for region ${JSON.stringify(region)} is distance bucket ${bucket}`, () => {
      const [first] = rank([technician("a", { zones })], { region }).recommendations;
      assert.deepEqual([first?.matches.distance_bucket, first?.matches.zone], [bucket, bucket === 0]);
    });
  }

  it("is a total order of everybody that no order of asking changes", () => {
    const candidate = fc.record({
      serviceTypes: fc.constantFrom(["DEFAULT"], ["DOOR"], ["GLASS"]),
      zones: fc.constantFrom(["CA"], ["NV"], [], ["NV", "CA"]),
      openTickets: fc.constantFrom(0, 1, 20),
      baseLoad: fc.constantFrom(0, 1),
      quality: fc.constantFrom(0, 10, 50),
      ineligible: fc.constantFrom(null, null, null, "BOOKED" as const),
    });
    fc.assert(
      fc.property(
        fc.array(candidate, { maxLength: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.infiniteStream(fc.nat()),
        (list, limit, noise) => {
          const candidates = list.map((over, index) => technician(`t${String(index).padStart(2, "0")}`, over));
          const result = rank(candidates, { limit });
          const keyed = candidates.map((one) => ({ one, key: noise.next().value }));
          const shuffled = keyed.sort((a, b) => a.key - b.key).map(({ one }) => one);
          assert.deepEqual(rank(shuffled, { limit }), result);

          const everybody = [...result.recommendations, ...result.rejected].map((one) => one.tech_id);
          assert.deepEqual(
            everybody.sort(),
            candidates.map((one) => one.techId),
          );
          assert.equal(
            result.recommendations.length,
            Math.min(limit, candidates.filter((one) => one.ineligible === null).length),
          );
          const full = rank(candidates, { limit: 100 }).recommendations;
          assert.deepEqual(result.recommendations, full.slice(0, limit));
          for (const one of full)
            assert.equal(
              one.score,
              one.factors.reduce((sum, factor) => sum + factor.contribution, 0),
            );
          for (let i = 1; i < full.length; i += 1) {
            const key = (at: number): (number | string)[] => {
              const one = full[at] ?? assert.fail();
              const quality = one.factors[3]?.value ?? assert.fail();
              return [-one.score, one.matches.active_load, -quality, one.matches.zone ? 0 : 1, one.tech_id];
            };
            const [before, after] = [key(i - 1), key(i)];
            const differing = before.findIndex((value, index) => value !== after[index]);
            assert.ok(
              (before[differing] ?? assert.fail()) < (after[differing] ?? assert.fail()),
              `${before} before ${after}`,
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("capability", () => {
  for (const [given, normal] of [
    ["door", "DOOR"],
    [" Door_v2 ", "DOOR"],
    ["DOOR_V12", "DOOR"],
    ["DOOR_V", "DOOR_V"],
    ["DOOR_V2_HEAVY", "DOOR_V2_HEAVY"],
    ["DOOR_V1_V2", "DOOR_V1"],
    ["V2", "V2"],
  ] as const) {
    it(`${given} is compared as ${normal}`, () => assert.equal(normalizeServiceType(given), normal));
  }
  for (const [types, asked, matches] of [
    [["DOOR"], "door_v2", true],
    [["door_v1"], "DOOR", true],
    [["default"], "ANYTHING", true],
    [["GLASS", "DOOR"], "DOOR", true],
    [["DOORS"], "DOOR", false],
    [[], "DOOR", false],
    [["DOOR"], "DEFAULT", false],
  ] as const) {
    it(`${JSON.stringify(types)} ${matches ? "covers" : "does not cover"} ${asked}`, () => {
      assert.equal(matchesCapability(types, asked), matches);
    });
  }
});
