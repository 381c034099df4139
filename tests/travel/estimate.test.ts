import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  averageSpeedKmh,
  detourFactor,
  earthRadiusKm,
  estimateTravelMinutes,
  greatCircleKm,
} from "../../dispatch/travel/estimate.ts";

const oakland = { lat: 37.8044, lon: -122.2712 };
const place = fc.record({
  lat: fc.double({ min: -90, max: 90, noNaN: true }),
  lon: fc.double({ min: -180, max: 180, noNaN: true }),
});

describe("greatCircleKm", () => {
  // A degree of latitude and a quarter of the equator are known from the radius alone; the city pair is 559 km on any map.
  for (const [what, from, to, km, within] of [
    ["a degree of latitude", { lat: 10, lon: 20 }, { lat: 11, lon: 20 }, (Math.PI * earthRadiusKm) / 180, 1e-6],
    ["a quarter of the equator", { lat: 0, lon: 0 }, { lat: 0, lon: 90 }, (Math.PI * earthRadiusKm) / 2, 1e-6],
    ["across the date line", { lat: 0, lon: 179.5 }, { lat: 0, lon: -179.5 }, (Math.PI * earthRadiusKm) / 180, 1e-6],
    ["pole to pole", { lat: 90, lon: 0 }, { lat: -90, lon: 70 }, Math.PI * earthRadiusKm, 1e-6],
    ["San Francisco to Los Angeles", { lat: 37.7749, lon: -122.4194 }, { lat: 34.0522, lon: -118.2437 }, 559, 1],
  ] as const) {
    it(`${what}: ${km.toFixed(1)} km`, () =>
      assert.ok(Math.abs(greatCircleKm(from, to) - km) <= within, String(greatCircleKm(from, to))));
  }

  it("is symmetric, never NaN and never more than half around the Earth, opposite points included", () => {
    const pair = fc.oneof(
      fc.tuple(place, place),
      place.map((a) => [a, { lat: -a.lat, lon: a.lon + 180 }] as const),
    );
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const km = greatCircleKm(a, b);
        assert.ok(km >= 0 && km <= Math.PI * earthRadiusKm + 1e-6);
        assert.ok(Math.abs(km - greatCircleKm(b, a)) < 1e-6);
      }),
    );
  });
});

describe("estimateTravelMinutes", () => {
  it("is nothing to the same place and null to an unknown one", () => {
    assert.equal(estimateTravelMinutes(oakland, { ...oakland }), 0);
    for (const [from, to] of [
      [null, oakland],
      [oakland, null],
      [null, null],
    ] as const)
      assert.equal(estimateTravelMinutes(from, to), null);
  });

  it("takes the detour and the speed into account and rounds up", () => {
    const degree = { lat: oakland.lat + 1, lon: oakland.lon };
    const exact = ((greatCircleKm(oakland, degree) * detourFactor) / averageSpeedKmh) * 60;
    assert.equal(estimateTravelMinutes(oakland, degree), Math.ceil(exact));
    assert.equal(Math.ceil(exact), 237);
    assert.equal(estimateTravelMinutes(oakland, { lat: oakland.lat + 1e-5, lon: oakland.lon }), 1);
  });
});
