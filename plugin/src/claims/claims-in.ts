// Which sentences of a reply claim that something of the desk was changed, or stands so; not: plans, questions, conditions, denials,
// and what somebody is said to have said. Pure; it knows no receipts.

import { ticketStates } from "../../../dispatch/contract/states.ts";
import { ticketsIn, type Claim } from "./claim.ts";
import { detailsIn } from "./claim-details.ts";
import { nearby, scopeOf } from "./claim-scope.ts";
import { countIn } from "./counted.ts";
import type { EffectName } from "./effects.ts";
import { mannerAt, type Manner } from "./manner.ts";
import { byMe } from "./manner-words.ts";
import { pattern } from "./pattern.ts";
import { plainDeedsIn, standingIn } from "./plain-words.ts";
import { partsOf, type Part } from "./reply-parts.ts";
import { meaningsIn } from "./words-of-change.ts";

const doneWords = pattern(
  "giu",
  String.raw`(?<![\p{L}\p{N}_])(?:done|all set|taken care of|sorted(?: out)?|handled|squared away`,
  String.raw`|(?:listo|lista)(?! para)|hecho|hecha|resuelto)(?![\p{L}\p{N}_])`,
);
const stateWord = new RegExp(`(?<![\\p{L}_])(?:${ticketStates.join("|")})(?![\\p{L}_])`, "gu");

const states: ReadonlySet<string> = new Set(ticketStates);
/** "SCHEDULED" is the contract's word and no verb. */
const isStateWord = (written: string): boolean => states.has(written);

type Found = {
  readonly index: number;
  readonly length: number;
  readonly effects: readonly EffectName[];
  readonly state: string | null;
  readonly language: "en" | "es";
  readonly plain?: "deed" | "standing";
};

/** Every claim of a reply, in the order in which it is read. */
export function claimsIn(reply: string): Claim[] {
  const parts = partsOf(reply);
  const own = new Map(parts.map((part) => [part, claimsOf(part)]));
  return parts.flatMap((part, at) => {
    const claims = own.get(part) ?? [];
    const before = parts[at - 1];
    if (before && thatIs.test(part.text)) return claims.map((claim) => together(claim, before, own.get(before) ?? []));
    return claims.length > 0 ? claims : inherited(part, own);
  });
}

/** A claim with what the sentence in front of it says of it. */
function together(claim: Claim, before: Part, claimed: readonly Claim[]): Claim {
  const tickets = ticketsIn(before.text);
  const isTold = before.kind === "sentence" && tickets.length === 1 && claimed.every(({ isStanding }) => isStanding);
  return isTold && claim.tickets.length === 0 && !/\?\s*$|[;:]/u.test(before.text) && !isPlan(before)
    ? { ...claim, tickets, text: `${before.text} ${claim.text}` }
    : claim;
}

const isDone = /(?:booked|done|confirmed|set|sorted|arranged|reservad[oa]|confirmad[oa]|hecho|listo)/u;
/** "It's booked." behind the sentence that says what. */
const thatIs = new RegExp(
  String.raw`^[^\p{L}]*(?:(?:it|that|all)(?:['’]s| is)? |(?:ya )?(?:está|queda) )?(?:all )?${isDone.source}[^\p{L}]*$`,
  "iu",
);

function claimsOf(part: Part): Claim[] {
  if (part.tick === "open") return [];
  const claims: Claim[] = [];
  const found = foundIn(part);
  const said = found.flatMap((one) => {
    const manner = mannerAt(part, one, isUnderPlan(part));
    return manner === null ? [] : [{ ...one, manner }];
  });
  // Behind "note on T-000001:" stands what the note says.
  const note = found.find(({ effects: named }) => named.includes("note"));
  const content = note ? part.text.indexOf(": ", note.index) : -1;
  for (const one of said) {
    if (content !== -1 && one.index > content && one !== note) continue;
    const [start, end] = scopeOf(part.text, found, one);
    const isWhole = part.kind === "row" || one.plain === "standing";
    const text = isWhole
      ? part.text
      : withoutAsides(part.text.slice(start, one.index)) + part.text.slice(one.index, end);
    const tickets = ticketsIn(text);
    if (!isAnchored(part, one, text)) continue;
    claims.push({
      effects: one.effects,
      state: one.state,
      manner: one.manner,
      language: one.language,
      tickets: tickets.length > 0 ? tickets : ticketsAround(part),
      count: countIn(nearby(part.text, one)),
      isStanding: one.plain === "standing" && one.effects.length === 0,
      text,
      at: correctionAt(part, one.index),
    });
  }
  if (claims.some(({ isStanding }) => !isStanding) || /\?\s*$/.test(part.text)) return claims;
  const ticked = part.tick === "done" ? tickedOff(part.text) : [];
  if (ticked.length > 0 || (part.tick === "done" && ticketsIn(part.text).length > 0))
    return [plainly(part, "deed", ticked)];
  return isByMe(part.text) ? [plainly(part, "deed", [])] : claims;
}

/** "[x] Dispatch her" says what "[x] Dispatched her" says. */
function tickedOff(text: string): readonly EffectName[] {
  const [, front = "", verb = "", rest = ""] =
    /^([^\p{L}]*)(?<!\p{L})(\p{L}+)(.*)$/su.exec(text.replace(/\[[xX]\]/u, "   ")) ?? [];
  const pasts = /^send$/iu.test(verb)
    ? ["sent"]
    : [`${verb}ed`, verb.replace(/e?$/u, "ed"), verb.replace(/y$/u, "ied")];
  return pasts.flatMap((past) =>
    meaningsIn(front + past + rest, null, isStateWord).flatMap(({ index, effects }) =>
      index === front.length ? effects : [],
    ),
  );
}

/** "The slot has now been given to her by me": whatever the verb. */
const isByMe = (text: string): boolean =>
  byMe.test(text) && passive.test(text) && !negative.test(text) && !mayBe.test(text);
const passive = /(?<!\p{L})(?:been|was|were|is|are|got|being|sido|fue|está|quedó)(?!\p{L})/iu;

/** "It clashed with T-000001 (Dev at nine), so I moved it": what was, and not to what. */
const withoutAsides = (front: string): string => front.replaceAll(/(?<=T-?\d+ )\((?!T-?\d)[^()]*\)/giu, " ");

const plainly = (part: Part, manner: Manner, named: readonly EffectName[]): Claim => ({
  effects: named,
  state: null,
  manner,
  language: languageOf(part.text),
  tickets: ticketsAround(part),
  count: 1,
  isStanding: false,
  text: part.text,
  at: part.kind === "row" ? correctionAt(part, part.text.length) : part.end,
});

const spanish =
  /[ñ¿¡]|(?<!\p{L})(?:el|la|los|las|para|con|de|que|una?|y|está|queda|hoy|lunes|martes|jueves|viernes)(?!\p{L})/iu;

const languageOf = (text: string): "en" | "es" => (spanish.test(text) ? "es" : "en");

/** What a list or a table says by its first line: "Booked:", and the items name what. */
function inherited(part: Part, own: ReadonlyMap<Part, readonly Claim[]>): Claim[] {
  if (part.kind !== "item" && part.kind !== "row") return [];
  if (part.tick === "open" || negative.test(part.text) || /\?\s*$/.test(part.text) || mayBe.test(part.text)) return [];
  const tickets = ticketsIn(part.text);
  if (tickets.length === 0 && part.kind === "row" && part.cells.length !== 2) return [];
  for (let over = part.over; over !== null; over = over.over) {
    if (isPlan(over)) return [];
    const [claim] = own.get(over) ?? [];
    if (!claim || (tickets.length === 0 && claim.effects.length === 0)) continue;
    if (over.kind === "sentence") continue;
    return [{ ...plainly(part, claim.manner, claim.effects), state: claim.state, language: claim.language }];
  }
  return [];
}

const negative = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:not|n['’]t|no|none|never|refused|failed|pending|waiting|still|open|todo|skipped|nobody|declined|unchanged|sin`,
  String.raw`|turned (?:\S+ ){0,3}down|said no|stays|as (?:it|they) (?:was|were)|what (?:it|they) (?:was|were)|sigue`,
  String.raw`|pendiente|falta|rechazad[oa]|falló|todavía|aún|nadie)(?!\p{L})|❌|⏳`,
);
const mayBe = /(?<!\p{L})(?:would|could|will|can|should|may|might|if|once|podría|si|puede|sería|cuando)(?!\p{L})/iu;
const plan = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:plan|next steps?|next|to[- ]?do|proposed|proposals?|propose|options?|would|will|suggest\w*`,
  String.raw`|recommend\w*|if you|still open|pending|waiting|remaining|not (?:yet )?\w+|draft|for your|you can`,
  String.raw`|steps?`,
  String.raw`|questions?|what i need|before|próximos?|pasos?|pendientes?|propuesta|propongo|opciones|falta|por hacer`,
  String.raw`|sugerencias?|sugiero|puedo|podría|voy a)(?!\p{L})`,
  String.raw`|^[^\p{L}]*(?:when|if|once|how|why|what|cuando|si|cómo|por qué)(?!\p{L})`,
);
const isPlan = (part: Part): boolean => plan.test(part.text);

function isUnderPlan(part: Part): boolean {
  for (let over = part.over; over !== null; over = over.over) if (isPlan(over)) return true;
  return false;
}

function foundIn(part: Part): Found[] {
  const { text } = part;
  const isTitle = part.kind === "heading" || brief.test(text);
  const found: Found[] = meaningsIn(
    text,
    isTitle ? null : `${text} ${part.kind === "item" ? (part.over?.text ?? "") : ""}`,
    isStateWord,
  ).map((one) => ({ ...one, state: null }));
  for (const { index, 0: whole } of text.matchAll(stateWord))
    found.push({ index, length: whole.length, effects: [], state: whole, language: languageOf(text) });
  if (found.length === 0)
    for (const { index, 0: whole } of text.matchAll(doneWords))
      found.push({
        index,
        length: whole.length,
        effects: [],
        state: null,
        language: /^(?:list|hech|resuel)/i.test(whole) ? "es" : "en",
      });
  // "INV-000001: $95.00"
  const { documents, cents } = found.length === 0 ? detailsIn(text) : { documents: [], cents: [] };
  if (documents.length > 0 && cents.length > 0)
    found.push({
      index: text.length,
      length: 0,
      effects: ["invoice", "credit"],
      state: null,
      language: languageOf(text),
      plain: "standing",
    });
  for (const plain of plainDeedsIn(text))
    if (!found.some(({ index, length }) => plain.index < index + length && index < plain.index + plain.length))
      found.push({ ...plain, effects: [], state: null, plain: "deed" });
  const isListed = part.kind === "item" || part.kind === "row";
  const standing = found.length === 0 && part.kind !== "heading" ? standingIn(text, isListed) : null;
  if (standing) found.push({ ...standing, effects: [], state: null, plain: "standing", language: languageOf(text) });
  return found.toSorted((a, b) => a.index - b.index);
}

/** "the visit", "it", "your technician": something in particular; what is said of all of a kind has none. */
const definite = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:the|this|your|their|his|her|its|my|our|it|he|she|they|them|him|both|all|everything`,
  String.raw`|these|those|i|we|you`,
  String.raw`|el|la|los|las|lo|le|les|su|sus|este|esta|ese|esa|todo|todos|todas|ambos|ambas|nuestr[oa])(?!\p{L})`,
);

const properName = /(?<=[\p{L}\d,] )\p{Lu}\p{Ll}+|\p{Lu}\p{Ll}+['’]s(?!\p{L})/u;

/** Whether it is said of something: a ticket, a person, a time, an amount, or at least of one thing and not of a kind. */
function isAnchored(part: Part, { manner, plain, state }: Found & { readonly manner: Manner }, text: string): boolean {
  const { names, clocks, days, cents, documents } = detailsIn(text);
  if (ticketsIn(text).length > 0 || names.length + clocks.length + days.length + cents.length + documents.length > 0)
    return true;
  if (ticketsAround(part).length > 0) return true;
  if (plain !== undefined) return false;
  if (manner === "deed" || state !== null) return true;
  // "Booked: the calendar has the visit" says what a word means.
  if (part.kind === "item" && /^[^\p{L}]*\p{L}+[^\p{L}]*:\s*\p{Ll}/u.test(part.text)) return false;
  return part.kind !== "sentence" || brief.test(part.text) || definite.test(part.text) || properName.test(part.text);
}

/** A title, or a word by itself, says by what stands below of what. */
const brief = /^[^\p{L}]*\p{L}+(?:\s+\p{L}+){0,2}[^\p{L}\d]*$/u;

/** Of the sentence itself, else what it stands under. */
function ticketsAround(part: Part): string[] {
  for (let one: Part | null = part; one !== null; one = one.over) {
    const tickets = ticketsIn(one.text);
    if (tickets.length > 0) return one === part || tickets.length === 1 ? tickets : [];
  }
  return [];
}

/** Behind the sentence; in a table behind the words of the cell. */
function correctionAt({ start, end, cells, kind }: Part, index: number): number {
  if (kind !== "row" && cells.length === 0) return end;
  const cell =
    cells.find((one) => index >= one.start && index < one.end) ?? cells.findLast((one) => one.end > one.start + 1);
  return cell ? start + cell.end : end;
}
