// A profile.json that says only what differs from the profile it extends. Pure.

/** Whether it is an object with members of its own. */
export const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The upper value over the lower: objects member by member at every depth, anything else (lists too) whole. */
export function layered(lower: unknown, upper: unknown): unknown {
  if (upper === undefined) return lower;
  if (!isMembers(lower) || !isMembers(upper)) return upper;
  const names = [...new Set([...Object.keys(lower), ...Object.keys(upper)])];
  return Object.fromEntries(names.map((name) => [name, layered(lower[name], upper[name])]));
}
