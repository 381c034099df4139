// What a reply claims, and the tickets a text names. It knows no receipts.

import type { EffectName } from "./effects.ts";
import { ticketKey } from "./evidence.ts";
import type { Manner } from "./manner.ts";

export type Claim = {
  /** What is said to have happened; any of them will do. Empty: merely that it is done. */
  readonly effects: readonly EffectName[];
  /** A state of the contract that is said by its name. */
  readonly state: string | null;
  readonly manner: Manner;
  readonly language: "en" | "es";
  readonly tickets: readonly string[];
  /** "both", "all three", "5 visits": how many of them; Infinity for "all"; 1 where nothing is counted. */
  readonly count: number;
  /** Whether it says of its tickets only how they stand: that they were read is enough. */
  readonly isStanding: boolean;
  /** What is said of it: times, names and amounts in here are held to the receipt. */
  readonly text: string;
  /** Where a correction goes in the reply. */
  readonly at: number;
};

/** "T-000123", "T-5", "T0042", "ticket 91". */
export const ticketIn =
  /(?<![\p{L}\p{N}])(?:T-?(?=\d{4}|(?<=-)\d)|(?:ticket|job|case)\s+(?:no\.?\s*|number\s+)?#?)(\d{1,9})(?![\p{N}:.,]*\p{N})/giu;

export const ticketsIn = (text: string): string[] => [
  ...new Set([...text.matchAll(ticketIn)].map(([, digits = ""]) => ticketKey(`T-${digits}`))),
];
