// How an incident type, as a caller writes it, finds its rules in the policy. Pure; what an unknown one leads to is the commands'.

import { likeness } from "./likeness.ts";
import type { IncidentType, Index, Policy } from "./policy.ts";

/** Without the version that some clients put behind a type: DOOR_WONT_LATCH_V2 is work of the kind DOOR_WONT_LATCH. */
export const withoutVersion = (type: string): string => type.replace(/_V\d+$/, "");

/** The same in SQL, of a column or parameter. */
export const withoutVersionSql = (type: string): string => `regexp_replace(${type}, '_V[0-9]+$', '')`;

/** What an index of the policy holds for a type: under its whole name, else under that without its version. */
export const ofIncidentType = <T>(index: Index<T>, type: string | null): T | undefined =>
  type === null ? undefined : (index[type] ?? index[withoutVersion(type)]);

export type UnknownType = { readonly known: string[]; readonly closest: string | null };

/** What a caller needs to put a type right that the policy does not know; null when it knows it. */
export function unknownType({ incidentTypes }: Policy, type: string): UnknownType | null {
  if (ofIncidentType(incidentTypes, type)) return null;
  const known = Object.keys(incidentTypes).sort();
  const written = withoutVersion(type);
  const [best] = known
    .map((name) => ({ name, likeness: Math.max(likeness(written, name), byWords(incidentTypes[name], written)) }))
    .toSorted((one, other) => other.likeness - one.likeness);
  return { known, closest: best && best.likeness >= leastLikeness ? best.name : null };
}

/** GLASS and FRAME_OR_GLASS_DAMAGE are 0.33 alike, types of different work at most 0.24. */
const leastLikeness = 0.3;

/** Shorter and many, words are alike sooner: LIGHT_BROKEN and "lock is broken" are 0.50, SLIDING_DOOR and "sliding door stuck" 0.79. */
const leastLikenessOfWords = 0.55;

/** How alike a type is to what people call the work; 0 where that says nothing. */
function byWords(work: IncidentType | undefined, type: string): number {
  const said = work ? [work.title, ...work.words] : [];
  const most = Math.max(0, ...said.map((words) => likeness(type, asType(words))));
  return most >= leastLikenessOfWords ? most : 0;
}

/** Words as a type would be written of them: DOOR_SENSOR of "door sensor". */
const asType = (words: string): string => words.toUpperCase().replace(/[^\p{L}\p{N}]+/gu, "_");
