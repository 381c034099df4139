// The travel service's client on a real HTTP server: what it asks, what it remembers and for how long, and that whatever
// the service does, nobody waits for it longer than agreed.

import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { TravelTimes } from "../../dispatch/travel/travel-times.ts";
import type { Drive, Place } from "../../dispatch/travel/place.ts";
import { drivingBy, drivingMatrix } from "../../dispatch/travel/driving.ts";
import { estimateTravelMinutes } from "../../dispatch/travel/estimate.ts";
import { deadPort } from "../plugin/stand-in.ts";
import { eventually } from "../support/eventually.ts";
import { TestClock } from "../support/test-clock.ts";
import { drives, onMap, osrm, type Osrm } from "./osrm-stand-in.ts";

const [home, shop, far]: [Place, Place, Place] = [
  { lat: 37.8, lon: -122.27 },
  { lat: 37.9, lon: -122.3 },
  { lat: 38.4, lon: -122.7 },
];
const there: Drive = [home, shop];
const back: Drive = [shop, home];

/** Seconds that no estimate would give, other there than back. */
const seconds = (from: Place, to: Place) =>
  Math.round(Math.abs(from.lat - to.lat) * 10_000) + (from.lat < to.lat ? 1 : 60);

/** @param timeoutMs short only where no answer comes: a busy machine would miss one */
function client(url: string | null, timeoutMs = 60_000) {
  const clock = new TestClock();
  const said: string[] = [];
  const keep = (message: string) => void said.push(message);
  return { clock, said, times: new TravelTimes({ url, timeoutMs, clock, log: { info: keep, warn: keep } }) };
}

async function withService(t: TestContext, answer: Osrm["answer"] = drives(seconds), timeoutMs?: number) {
  const service = await osrm(t, answer);
  return { service, ...client(service.url, timeoutMs) };
}

describe("a service that works", () => {
  test("is asked once and gives whole minutes, rounded up, each way its own", async (t) => {
    const { service, times } = await withService(t);
    assert.equal(times.minutes(...there), null, "looking up asks nobody");
    assert.equal(times.lacks([there, back]), true);
    await times.learn([there, back]);
    assert.deepEqual([times.minutes(...there), times.minutes(...back)], [Math.ceil(1_001 / 60), Math.ceil(1_060 / 60)]);
    assert.equal(times.lacks([there, back]), false);
    await times.learn([there, back]);
    assert.equal(service.questions.length, 1);
    assert.deepEqual(times.gauges(), { up: 1, drives: 2 });
  });

  test("gets one question for equal asks at once, in whatever order their places come", async (t) => {
    const { service, times } = await withService(t);
    await Promise.all([times.learn([there, back]), times.learn([back, there]), times.learn([there, back])]);
    assert.equal(service.questions.length, 1);
    assert.equal(times.lacks([there, back]), false);
  });

  test("is asked again for a drive after a day, and not before", async (t) => {
    const { service, times, clock } = await withService(t);
    await times.learn([there]);
    clock.advance(24 * 60 - 1);
    assert.equal(times.lacks([there]), false);
    clock.advance(1);
    assert.deepEqual([times.minutes(...there), times.lacks([there])], [null, true]);
    await times.learn([there]);
    assert.deepEqual([times.minutes(...there), service.questions.length], [17, 2]);
  });

  test("is never asked about the way from a door to itself", async (t) => {
    const { service, times } = await withService(t);
    const sameDoor = { ...home, lon: home.lon + 1e-7 };
    assert.equal(times.lacks([[home, sameDoor]]), false);
    await times.learn([[home, sameDoor]]);
    assert.deepEqual([times.minutes(home, sameDoor), service.questions.length], [0, 0]);
  });

  test("gets a large question in parts it can take, and only the drives that were asked for are kept", async (t) => {
    const { service, times } = await withService(t);
    const stops = Array.from({ length: 120 }, (_, n) => ({ lat: 37 + n / 100, lon: -122 }));
    const star = stops.flatMap((stop): Drive[] => [
      [shop, stop],
      [stop, shop],
    ]);
    await times.learn(star);
    assert.equal(times.lacks(star), false);
    assert.equal(times.gauges()?.drives, 240);
    for (const stop of stops) assert.equal(times.minutes(shop, stop), Math.ceil(seconds(shop, stop) / 60));
    const asked = service.questions.reduce(
      (sum, { sources, destinations }) => sum + sources.length * destinations.length,
      0,
    );
    assert.ok(asked < 5_000, `${asked} drives asked for the sake of 240`);
  });

  test("keeps the path and query its address has", async (t) => {
    const { times, service } = await withService(t);
    const seen: string[] = [];
    const { times: behindKey } = client(`${service.url}/?key=k`);
    service.answer = ({ sources, destinations }, response) => {
      seen.push(response.req.url ?? "");
      return drives(seconds)({ sources, destinations }, response);
    };
    await behindKey.learn([there]);
    assert.match(seen[0] ?? "", /^\/table\/v1\/driving\/.*\?key=k&sources=0&destinations=1&annotations=duration$/);
    assert.equal(times.minutes(...there), null);
  });

  test("gives a matrix of minutes for any number of places, and says how many are estimates", async (t) => {
    const { service, times } = await withService(
      t,
      drives((from, to) => (from.lat === far.lat ? null : seconds(from, to))),
    );
    const { minutes, estimated } = await drivingMatrix(times, [home, shop, far]);
    assert.deepEqual(minutes, [
      [0, 17, Math.ceil(seconds(home, far) / 60)],
      [18, 0, Math.ceil(seconds(shop, far) / 60)],
      [estimateTravelMinutes(far, home), estimateTravelMinutes(far, shop), 0],
    ]);
    assert.deepEqual([estimated, service.questions.length], [2, 1]);
  });
});

describe("no way on its map", () => {
  test("leaves the estimate, marked as one, and is no outage", async (t) => {
    const { service, times, said } = await withService(
      t,
      drives((from) => (from.lat === home.lat ? null : 600)),
    );
    await times.learn([there, back]);
    const { travel, travelSource } = drivingBy(times);
    assert.deepEqual([travel(...there), travelSource(...there)], [estimateTravelMinutes(...there), "estimate"]);
    assert.deepEqual([travel(...back), travelSource(...back)], [10, "service"]);
    assert.equal(times.lacks([there]), false, "that there is none is an answer too");
    assert.deepEqual([said, service.questions.length], [[], 1]);
  });

  test("from anywhere leaves estimates alone", async (t) => {
    const { times, said } = await withService(
      t,
      onMap(seconds, () => null),
    );
    await times.learn([there]);
    assert.deepEqual([times.minutes(...there), times.lacks([there]), times.gauges()?.up], [null, false, 1]);
    assert.equal(said.length, 2, "one for each place");
  });
});

describe("a place off the service's map", () => {
  const stops = Array.from({ length: 20 }, (_, n): Place => ({ lat: 37 + n / 100, lon: -122 }));
  const isAt =
    (...some: Place[]) =>
    (place: Place): boolean =>
      some.some(({ lat }) => Math.abs(place.lat - lat) < 1e-9);
  const among = (places: readonly Place[]): Drive[] => places.flatMap((from) => places.map((to): Drive => [from, to]));

  for (const names of [true, false]) {
    test(`makes estimates of its own drives alone, where OSRM ${names ? "says" : "does not say"} which it is`, async (t) => {
      const strays = [stops[3] ?? home, stops[11] ?? home];
      const isOff = isAt(...strays);
      const { service, times, said } = await withService(
        t,
        onMap(seconds, (place) => (isOff(place) ? null : 12.3), { names }),
      );
      await times.learn(among(stops));
      for (const [from, to] of among(stops)) {
        if (from === to) continue;
        const expected = isOff(from) || isOff(to) ? null : Math.ceil(seconds(from, to) / 60);
        assert.equal(times.minutes(from, to), expected);
      }
      assert.equal(times.lacks(among(stops)), false);
      assert.equal(times.gauges()?.up, 1, "it is no outage");
      assert.equal(said.length, 2);
      assert.match(said[0] ?? "", /no road near it on its map for a place near 37\.03,-122\.00; .* are estimated$/);
      assert.ok(service.questions.length <= (names ? 4 : 20), `${service.questions.length} questions`);
    });
  }

  test("is asked about again after five minutes, and its new drives not before", async (t) => {
    let offMap = isAt(home);
    const { service, times, said, clock } = await withService(
      t,
      onMap(seconds, (place) => (offMap(place) ? null : 0)),
    );
    await times.learn([there, [far, shop]]);
    assert.equal(times.minutes(far, shop), Math.ceil(seconds(far, shop) / 60));
    const asked = service.questions.length;
    clock.advanceMs(5 * 60_000 - 1);
    await times.learn([there, back, [home, far]]);
    assert.equal(service.questions.length, asked);
    clock.advanceMs(1);
    assert.equal(times.lacks([there]), true);
    await times.learn([there]);
    assert.deepEqual([times.minutes(...there), said.length], [null, 1], "said once");

    offMap = () => false;
    clock.advance(5);
    await times.learn([there, back]);
    assert.deepEqual([times.minutes(...there), times.minutes(...back)], [17, 18]);
  });

  test("is one whose nearest road is farther than two kilometres", async (t) => {
    const { times, said } = await withService(
      t,
      onMap(seconds, ({ lat }) => (lat === home.lat ? 2_000.1 : 2_000)),
    );
    await times.learn([there, back, [far, shop]]);
    const { travelSource } = drivingBy(times);
    assert.deepEqual(
      [travelSource(...there), travelSource(...back), travelSource(far, shop)],
      ["estimate", "estimate", "service"],
    );
    assert.equal(times.lacks([there, back]), false);
    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", /more than 2 km away on its map for a place near 37\.80,-122\.27/);
  });
});

const broken: Readonly<
  Record<string, { readonly answer: Osrm["answer"]; readonly why: RegExp; readonly timeoutMs?: number }>
> = {
  "does not answer": { answer: () => undefined, why: /did not answer in time/, timeoutMs: 400 },
  "stops in the middle of an answer": {
    answer: (_question, response) => response.writeHead(200).write('{"code": "Ok", "dur'),
    why: /did not answer in time/,
    timeoutMs: 400,
  },
  "closes the connection": { answer: (_question, response) => response.destroy(), why: /cannot be reached/ },
  "answers 500": {
    answer: (_question, response) => response.writeHead(500).end("<h1>Oops</h1>"),
    why: /it answered 500/,
  },
  "answers 429": { answer: (_question, response) => response.writeHead(429).end("{}"), why: /it answered 429/ },
  "answers garbage": {
    answer: (_question, response) => response.writeHead(200).end("<html>"),
    why: /something else than driving times/,
  },
  "answers null": {
    answer: (_question, response) => response.writeHead(200).end("null"),
    why: /something else than driving times/,
  },
  "answers a table of words": {
    answer: (_question, response) => response.writeHead(200).end('{"code": "Ok", "durations": [["soon"]]}'),
    why: /something else than driving times/,
  },
  "answers a negative time": {
    answer: (_question, response) => response.writeHead(200).end('{"code": "Ok", "durations": [[-5]]}'),
    why: /something else than driving times/,
  },
  "answers a table of another size": {
    answer: (_question, response) => response.writeHead(200).end('{"code": "Ok", "durations": [[60, 60]]}'),
    why: /something else than driving times/,
  },
  "sends elsewhere": {
    answer: (_question, response) => response.writeHead(302, { location: "http://127.0.0.1:9/" }).end(),
    why: /cannot be reached/,
  },
  "finds the question too big": {
    answer: (_question, response) => response.writeHead(400).end('{"code": "TooBig"}'),
    why: /refused the question with TooBig/,
  },
};

describe("a service that", () => {
  for (const [what, { answer, why, timeoutMs }] of Object.entries(broken)) {
    test(`${what} is said once, left alone for half a minute, and then tried again`, async (t) => {
      const { service, times, said, clock } = await withService(t, answer, timeoutMs);
      await times.learn([there]);
      assert.equal(said.length, 1);
      assert.match(said[0] ?? "", why);
      assert.ok(!said[0]?.includes(service.url), "no address in the log");
      assert.deepEqual([times.minutes(...there), times.gauges()?.up], [null, 0]);
      assert.deepEqual(
        [drivingBy(times).travel(...there), drivingBy(times).travelSource(...there)],
        [estimateTravelMinutes(...there), "estimate"],
      );

      await times.learn([there]);
      assert.deepEqual([service.questions.length, times.lacks([there])], [1, false], "nobody waits for it now");
      clock.advance(0.5);
      assert.equal(times.lacks([there]), true);
      await times.learn([there]);
      assert.deepEqual([service.questions.length, said.length], [2, 1], "tried again, and nothing new to say");

      service.answer = drives(seconds);
      // Asked more than once where a slow machine does not answer within the time that some of these give.
      await eventually("it answers", async () => {
        clock.advance(0.5);
        await times.learn([there]);
        return times.minutes(...there) !== null;
      });
      assert.deepEqual(
        [times.minutes(...there), times.gauges()?.up, said[1]],
        [17, 1, "the travel service answers again"],
      );
    });
  }

  test("is not there is an outage too, and what is remembered stays in use", async (t) => {
    const { service, times, clock, said } = await withService(t);
    await times.learn([there]);
    const gone = client(`http://127.0.0.1:${await deadPort()}`);
    await gone.times.learn([there]);
    assert.match(gone.said[0] ?? "", /cannot be reached/);
    service.answer = (_question, response) => response.destroy();
    await times.learn([back]);
    assert.deepEqual([times.minutes(...there), times.minutes(...back), said.length], [17, null, 1]);
    clock.set("2026-03-01T08:00:00.000Z");
    assert.equal(times.lacks([back]), true, "a clock that was set back makes no pause of a day");
  });
});

test("without an address nothing is asked and everything estimated", async () => {
  const { times } = client(null);
  await times.learn([there]);
  assert.deepEqual(
    [times.lacks([there]), times.minutes(...there), times.minutes(home, home), times.gauges()],
    [false, null, null, null],
  );
  const { minutes, estimated } = await drivingMatrix(times, [home, shop]);
  assert.deepEqual(
    [minutes, estimated],
    [
      [
        [0, estimateTravelMinutes(...there)],
        [estimateTravelMinutes(...back), 0],
      ],
      2,
    ],
  );
});
