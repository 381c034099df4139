// An HTTP server in the place of OSRM's table service: it reads the question as OSRM does and answers what the test says.

import assert from "node:assert/strict";
import type http from "node:http";
import type { Place } from "../../dispatch/travel/place.ts";
import { json, standIn } from "../plugin/stand-in.ts";

export type Question = { readonly sources: readonly Place[]; readonly destinations: readonly Place[] };
/** What each question gets; may be changed while the server runs. */
export type Osrm = {
  readonly url: string;
  readonly questions: readonly Question[];
  answer: (question: Question, response: http.ServerResponse) => unknown;
};

/** Durations from seconds by places. */
export const drives =
  (secondsOf: (from: Place, to: Place) => number | null) =>
  ({ sources, destinations }: Question, response: http.ServerResponse) =>
    json(response, 200, {
      code: "Ok",
      durations: sources.map((from) => destinations.map((to) => secondsOf(from, to))),
    });

/**
 * Answers as osrm-routed does from a map: each place comes back with the road it was moved to; one without any road, and there is
 * no answer for all the others either.
 * @param roadOf how far a place's nearest road is, in metres; null where it finds none
 * @param names whether the release says which place it was
 */
export const onMap =
  (
    secondsOf: (from: Place, to: Place) => number | null,
    roadOf: (place: Place) => number | null,
    { names = true }: { readonly names?: boolean } = {},
  ): Osrm["answer"] =>
  ({ sources, destinations }, response) => {
    const places = [...sources, ...destinations];
    const off = places.findIndex((place) => roadOf(place) === null);
    const message = `Could not find a matching segment for coordinate${names ? ` ${off}` : ""}`;
    if (off !== -1) return json(response, 400, { message, code: "NoSegment" });
    const waypoint = (place: Place) => ({
      hint: "a1sSgP___38AAAAA",
      location: [place.lon, place.lat],
      name: "",
      distance: roadOf(place),
    });
    return json(response, 200, {
      code: "Ok",
      durations: sources.map((from) => destinations.map((to) => secondsOf(from, to))),
      sources: sources.map(waypoint),
      destinations: destinations.map(waypoint),
    });
  };

export async function osrm(t: Parameters<typeof standIn>[0], answer: Osrm["answer"]): Promise<Osrm> {
  const questions: Question[] = [];
  const service: { answer: Osrm["answer"] } = { answer };
  const { url } = await standIn(t, (request, response) => {
    const question = questionIn(request.url ?? "");
    questions.push(question);
    service.answer(question, response);
  });
  return Object.assign(service, { url, questions });
}

function questionIn(path: string): Question {
  const url = new URL(path, "http://osrm");
  const [, coordinates = ""] =
    /^\/table\/v1\/driving\/([-\d.,;]+)$/.exec(url.pathname) ?? assert.fail(`no table question: ${path}`);
  assert.equal(url.searchParams.get("annotations"), "duration");
  const places = coordinates.split(";").map((pair) => {
    const [lon, lat] = pair.split(",").map(Number);
    return { lat: lat ?? assert.fail(pair), lon: lon ?? assert.fail(pair) };
  });
  assert.ok(places.length <= 100, "OSRM takes a hundred places together");
  const at = (name: string): Place[] =>
    (url.searchParams.get(name) ?? "").split(";").map((index) => places[Number(index)] ?? assert.fail(path));
  return { sources: at("sources"), destinations: at("destinations") };
}
