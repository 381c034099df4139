// What people write in several ways and the desk keeps in one: capabilities. Words for urgencies and states are the contract's.

/** `"A, b ,,C"`, or a list of such, as a, b, c: trimmed, lower-cased, each once, in the order they come. */
export const parseCapabilities = (written: string | readonly string[]): string[] => [
  ...new Set(
    [written]
      .flat()
      .flatMap((text) => text.split(","))
      .map(capabilityKey)
      .filter((capability) => capability !== ""),
  ),
];

/** A capability as it is compared. */
export const capabilityKey = (capability: string): string => capability.trim().toLowerCase();
