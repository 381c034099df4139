// How long to wait before a delivery is tried again, and how often it is.

/** A number from 0 up to, but not including, 1. */
export type Random = () => number;

const delivery = { firstMs: 10_000, mostMs: 12 * 3_600_000 };
/** Short, so that an endpoint which works again is noticed soon. */
const breath = { firstMs: 1_000, mostMs: 300_000 };

/** Some 28 hours of trying on average, 59 at most. */
export const maxAttempts = 17;

// Any time from now up to the bound, so that what failed together does not come back together.
const jittered = ({ firstMs, mostMs }: typeof delivery, failures: number, random: Random): number =>
  Math.floor(random() * Math.min(firstMs * 2 ** (failures - 1), mostMs));

/** How an endpoint is tried: `failures` counts those before, of the delivery or of the endpoint's batches. */
export type Pace = {
  readonly maxAttempts: number;
  retryDelayMs(failures: number, random: Random): number;
  breathMs(failures: number, random: Random): number;
};

/** By the rule of the API: 5 s that double to 300 s, six tries, and no rest of the endpoint between them. */
const apiPace: Pace = {
  maxAttempts: 6,
  retryDelayMs: (failures) => Math.min(5_000 * 2 ** (failures - 1), 300_000),
  breathMs: () => 0,
};

/** @param byApi whether the endpoint was added through the API */
export const paceOf = (byApi: boolean): Pace => (byApi ? apiPace : { maxAttempts, retryDelayMs, breathMs });

/** How long a delivery waits that failed `failures` times, in ms. */
export const retryDelayMs = (failures: number, random: Random): number => jittered(delivery, failures, random);

/** How long an endpoint is left alone of whose last `failures` batches nothing was delivered, in ms. */
export const breathMs = (failures: number, random: Random): number => jittered(breath, failures, random);
