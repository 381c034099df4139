// Sentences about who works where.

import { call, say, technicianNamed, type Intent, type Speaking, type Step } from "./intent.ts";
import { forms, matchIn, unquoted, type Exchange } from "./tool-result.ts";

export const rosterIntents: readonly Intent[] = [
  {
    example: "Ana also works in CA and NV",
    tool: "roster_upsert",
    pattern: /^(?<who>\p{L}[\p{L}' -]*?) also works in (?<zones>[^:;]+?)[.!]*$/iu,
    endsInFreeWords: true,
    step: alsoWorksIn,
  },
];

/** The roster takes all zones of a technician at once, so those there are come first. */
function alsoWorksIn({ match, memory }: Speaking, done: readonly Exchange[]): Step | null {
  const [read, ...changed] = done;
  if (changed.length > 0) return null;
  const who = technicianNamed(match.groups?.["who"] ?? "", memory);
  if (!read) return call({ name: "roster_list", args: { tech_id: who } });
  if (read.result?.outcome !== "READ") return null;
  const [, techId, , zones = ""] = matchIn(read.result, forms.technician) ?? [];
  if (techId === undefined) return say(`There is no technician called "${who}" here.`);
  const known = zones === "" ? [] : unquoted(zones).split(", ");
  // A long list is told in part, and the rest of it must not get lost.
  if (known.some((zone) => zone.endsWith("…")))
    return say("They work in more zones than I am told of: use the roster's own tool.");
  const has = (zone: string) => known.some((one) => one.toLowerCase() === zone.toLowerCase());
  const more = (match.groups?.["zones"] ?? "").split(/\s*,\s*(?:and\s+)?|\s+and\s+/i).filter((zone) => zone !== "");
  const added = more.filter((zone) => !has(zone));
  return added.length === 0
    ? say(`${who} works there already: ${known.join(", ")}.`)
    : call({ name: "roster_upsert", args: { tech_id: techId, zones: [...known, ...added] } });
}
