/**
 * Estimates driving time between two places without a network.
 * Pure and rough on purpose: a matrix service (driving.ts) replaces it where exact times matter.
 */
import type { Place } from "./place.ts";

export type { Place } from "./place.ts";

/** Whole minutes from one place to another, null when either is unknown. */
export type TravelEstimate = (from: Place | null, to: Place | null) => number | null;

/** Where driving times come from: the matrix service, or the estimate below. */
export type TravelSource = "service" | "estimate";
export type TravelSourceOf = (from: Place, to: Place) => TravelSource;

/** Mean Earth radius R1 of the IUGG (Moritz 2000, https://doi.org/10.1007/s001900050278). */
export const earthRadiusKm = 6371.0088;

/** Road ÷ straight-line distance, mean over the United States: 1.417 (Boscoe, Henry & Zdeb 2012,
 * "A Nationwide Comparison of Driving Distance Versus Straight-Line Distance to Hospitals"). */
export const detourFactor = 1.417;

/** Our assumption for a van in city traffic, door to door, parking included; not measured. */
export const averageSpeedKmh = 40;

/** Great-circle distance (haversine formula, https://en.wikipedia.org/wiki/Haversine_formula). */
export function greatCircleKm(from: Place, to: Place): number {
  const dLat = radians(to.lat - from.lat);
  const dLon = radians(to.lon - from.lon);
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(radians(from.lat)) * Math.cos(radians(to.lat)) * Math.sin(dLon / 2) ** 2;
  return 2 * earthRadiusKm * Math.asin(Math.sqrt(h));
}

/** great circle × detour ÷ speed, rounded up to the minute: an estimate may be early, not late. */
export const estimateTravelMinutes: TravelEstimate = (from, to) => {
  if (from === null || to === null) return null;
  return Math.ceil(((greatCircleKm(from, to) * detourFactor) / averageSpeedKmh) * 60);
};

/** What the drives to a place and on from it stand on: the service only when both do; null when neither is known. */
export function travelSourceOf(
  from: Place | null,
  place: Place | null,
  next: Place | null,
  sourceOf: TravelSourceOf = () => "estimate",
): TravelSource | null {
  if (place === null || (from === null && next === null)) return null;
  const sources = [from && sourceOf(from, place), next && sourceOf(place, next)];
  return sources.includes("estimate") ? "estimate" : "service";
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
