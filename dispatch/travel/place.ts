// A point on the ground, and what makes two of them the same.

/** Degrees, WGS 84. */
export type Place = { readonly lat: number; readonly lon: number };

/** A drive from one place to another; the way back may take another time. */
export type Drive = readonly [from: Place, to: Place];

/** About a metre: the same door, however exactly its position was written. */
const perDegree = 1e5;

export const placeKey = ({ lat, lon }: Place): string =>
  `${Math.round(lat * perDegree)},${Math.round(lon * perDegree)}`;
