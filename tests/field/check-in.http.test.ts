// tech.check_in's location: what phones and map services give for one, and what is none.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { profiles, startTestApi } from "../support/api.ts";
import { ana } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const place = { lat: 37.8044, lon: -122.2712 };
const none: unknown[] = [
  { lat: 91, lon: 0 },
  { lat: 0, lng: -180.5 },
  { lat: 37.8 },
  { lat: "37.8", lon: "-122.3" },
  { latitude: 37.8, longitude: -122.3 },
  [37.8, -122.3],
  "Oakland",
  {},
  7,
];

for (const profile of profiles)
  describe(`a check-in's location, ${profile}`, async () => {
    const api = await startTestApi({ profile });
    const checkIn = async (location: unknown) => {
      const { id } = await ticketIn(api, "DISPATCHED");
      return { ticket: id, body: { timestamp: api.clock.iso, location } };
    };
    const recorded = async (ticket: string) =>
      (await api.read("ticket.timeline", { ticket })).events.find(({ tool_name }) => tool_name === "tech.check_in")
        ?.payload;

    test("is {lat, lon} or {lat, lng}, and may be absent or null", async () => {
      for (const [location, kept] of [
        [place, place],
        [{ lat: place.lat, lng: place.lon }, place],
        [{ ...place, accuracy: 12 }, place],
        [
          { lat: -90, lng: 180 },
          { lat: -90, lon: 180 },
        ],
        [null, null],
        [undefined, null],
      ]) {
        const call = await checkIn(location);
        assert.equal((await api.run("tech.check_in", call)).warnings, undefined);
        assert.deepEqual(await recorded(call.ticket), { timestamp: call.body.timestamp, tech_id: ana, location: kept });
      }
    });

    if (profile === "pilot")
      test("of a size that no place has is not kept for good", async () => {
        const call = await checkIn(Array.from({ length: 100 }, () => ({ lat: 37.1234, lon: -122.5 })));
        assert.equal((await api.run("tech.check_in", call)).state, "IN_PROGRESS");
        assert.deepEqual(await recorded(call.ticket), {
          timestamp: call.body.timestamp,
          tech_id: ana,
          location: null,
          location_as_given: "more than 500 characters",
        });
      });

    test(profile === "pilot" ? "keeps nobody from beginning" : "is refused when it is none", async () => {
      for (const location of none) {
        const call = await checkIn(location);
        if (profile === "pilot") {
          const { state, warnings } = await api.run("tech.check_in", call);
          assert.deepEqual([state, warnings?.map(({ code }) => code)], ["IN_PROGRESS", ["LOCATION_NOT_UNDERSTOOD"]]);
          const kept = { timestamp: call.body.timestamp, tech_id: ana, location: null, location_as_given: location };
          assert.deepEqual(await recorded(call.ticket), kept);
        } else {
          const { error } = await api.refuse("tech.check_in", call);
          assert.partialDeepStrictEqual(error, { code: "INVALID_REQUEST", validation_errors: [{ path: "location" }] });
        }
      }
    });
  });
