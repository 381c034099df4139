// How many a sentence speaks of: "both", "all three", "5 visits". Pure.

import { pattern } from "./pattern.ts";

const numbers: ReadonlyMap<string, number> = new Map([
  ["both", 2],
  ["ambos", 2],
  ["ambas", 2],
  ["los dos", 2],
  ["las dos", 2],
  ...["two", "three", "four", "five", "six", "seven", "eight"].map((name, at) => [name, at + 2] as const),
  ...["dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho"].map((name, at) => [name, at + 2] as const),
]);
const counted = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:(both|ambos|ambas|los dos|las dos)|(?:all\s+|the\s+|l[oa]s\s+)?(two|three|four|five|six`,
  String.raw`|seven|eight|dos|tres|cuatro|cinco|seis|siete|ocho|\d{1,2})\s+(?:of\s+them|tickets?|visits?|jobs?`,
  String.raw`|appointments?`,
  String.raw`|bookings?|calls?|invoices?|visitas?|citas?|trabajos?|facturas?|casos?|órdenes)|all\s+(two|three|four`,
  String.raw`|five|six|seven|eight|\d{1,2})|(all|every one|each|everything|tod[oa]s)\s+(?:of\s+)?(?:them|the|l[oa]s`,
  String.raw`|your|is|are|were|have|booked|done)|(everything))(?![\p{L}:])`,
);

/** 1 where nothing is counted, Infinity for all there are. */
export function countIn(text: string): number {
  const match = counted.exec(text);
  if (!match) return 1;
  const [, pair, some, those, every, everything] = match;
  if (every !== undefined || everything !== undefined) return Infinity;
  const word = (pair ?? some ?? those ?? "").toLowerCase();
  return numbers.get(word) ?? (Number(word) || 1);
}
