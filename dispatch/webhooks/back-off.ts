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

/** How long a delivery waits that failed `failures` times, in ms. */
export const retryDelayMs = (failures: number, random: Random): number => jittered(delivery, failures, random);

/** How long an endpoint is left alone of whose last `failures` batches nothing was delivered, in ms. */
export const breathMs = (failures: number, random: Random): number => jittered(breath, failures, random);
