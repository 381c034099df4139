// Which sentences of a reply claim that something of the desk was changed, or stands so; not: plans, questions, conditions, denials,
// and what somebody is said to have said. Pure; it knows no receipts.

import { ticketStates } from "../../../dispatch/contract/states.ts";
import { countIn } from "./counted.ts";
import { effects, type Effect, type EffectName } from "./effects.ts";
import { ticketKey } from "./evidence.ts";
import { mannerAt, type Manner } from "./manner.ts";
import { partsOf, type Part } from "./reply-parts.ts";
import { pattern } from "./pattern.ts";

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
  /** What is said of it: times, names and amounts in here are held to the receipt. */
  readonly text: string;
  /** Where a correction goes in the reply. */
  readonly at: number;
};

const behind = "(?![\\p{L}\\p{N}_])";
type Words = {
  readonly name: EffectName;
  readonly effect: Effect;
  readonly english: RegExp;
  readonly spanish: RegExp;
  /** Its first word, by which it is looked up. */
  readonly first: RegExp;
};
const all: readonly Words[] = (Object.entries(effects) as [EffectName, Effect][]).map(([name, effect]) => ({
  name,
  effect,
  english: new RegExp(`(?:${small(effect.english)})${behind}`, "uy"),
  spanish: new RegExp(`(?:${small(effect.spanish)})${behind}`, "uy"),
  first: new RegExp(`^(?:${firstWords(`${effect.english}|${effect.spanish}`).map(small).join("|")})$`, "u"),
}));

/** Words are looked up in small letters: to tell capitals apart made the first reply of a process take a third of a second. */
function small(source: string): string {
  return source.replaceAll("\\p{Lu}", "\\p{L}");
}

/** The first word of every alternative of a pattern, as a pattern. */
function firstWords(source: string): string[] {
  const words: string[] = [];
  let [depth, from, end] = [0, 0, -1];
  for (let at = 0; at <= source.length; at++) {
    const sign = source[at] ?? "|";
    if (sign === "(" || sign === "[") depth++;
    if (sign === ")" || sign === "]") depth--;
    if (depth > 0) continue;
    if (sign === " " && end === -1) end = at;
    if (sign !== "|") continue;
    words.push(source.slice(from, end === -1 ? at : end));
    [from, end] = [at + 1, -1];
  }
  return words;
}

const anyWord = /(?<![\p{L}\p{N}_])\p{L}+(?:-\p{L}+)*/gu;
const keptWords = 5_000;
const byWord = new Map<string, readonly Words[]>();

/** What may begin with a word; what was looked up once is kept. */
function beginningWith(one: string): readonly Words[] {
  const known = byWord.get(one);
  if (known) return known;
  if (byWord.size >= keptWords) byWord.clear();
  const found = all.filter(({ first }) => first.test(one));
  byWord.set(one, found);
  return found;
}

const doneWords = pattern(
  "giu",
  String.raw`(?<![\p{L}\p{N}_])(?:done|all set|taken care of|sorted(?: out)?|handled|squared away|listo|lista|hecho`,
  String.raw`|hecha|resuelto)(?![\p{L}\p{N}_])`,
);
const stateWord = new RegExp(`(?<![\\p{L}_])(?:${ticketStates.join("|")})(?![\\p{L}_])`, "gu");
export const ticketIn = /(?<![\p{L}\p{N}])T-?(\d{4,}|(?<=-)\d+)(?!\p{N})/giu;

const states: ReadonlySet<string> = new Set(ticketStates);
/** "SCHEDULED" is the contract's word and no verb. */
const isStateWord = (written: string): boolean => states.has(written);

type Found = {
  readonly index: number;
  readonly length: number;
  readonly effects: readonly EffectName[];
  readonly state: string | null;
  readonly language: "en" | "es";
};

/** Every claim of a reply, in the order in which it is read. */
export function claimsIn(reply: string): Claim[] {
  const parts = partsOf(reply);
  const own = new Map(parts.map((part) => [part, claimsOf(part)]));
  return parts.flatMap((part) => {
    const claims = own.get(part) ?? [];
    return claims.length > 0 ? claims : inherited(part, own);
  });
}

function claimsOf(part: Part): Claim[] {
  if (part.tick === "open") return [];
  const claims: Claim[] = [];
  const found = foundIn(part);
  const said = found.flatMap((one) => {
    const manner = mannerAt(part, one, isUnderPlan(part));
    return manner === null ? [] : [{ ...one, manner }];
  });
  let from = 0;
  for (const one of said) {
    const next = found.find(({ index }) => index >= one.index + one.length);
    const to = turnAfter(
      part.text,
      one,
      next ? breakBetween(part.text, one.index + one.length, next.index) : part.text.length,
    );
    from = Math.max(from, breakBefore(found, one, part.text));
    const text = part.kind === "row" ? part.text : part.text.slice(from, to);
    const tickets = ticketsIn(text);
    claims.push({
      effects: one.effects,
      state: one.state,
      manner: one.manner,
      language: one.language,
      tickets: tickets.length > 0 ? tickets : ticketsAround(part),
      count: countIn(text),
      text,
      at: correctionAt(part, one.index),
    });
  }
  if (claims.length === 0 && part.tick === "done" && !/\?\s*$/.test(part.text) && ticketsIn(part.text).length > 0)
    claims.push(plainly(part, "deed", []));
  return claims;
}

const plainly = (part: Part, manner: Manner, named: readonly EffectName[]): Claim => ({
  effects: named,
  state: null,
  manner,
  language: spanish.test(part.text) ? "es" : "en",
  tickets: ticketsAround(part),
  count: 1,
  text: part.text,
  at: part.kind === "row" ? correctionAt(part, part.text.length) : part.end,
});

const spanish =
  /[ñ¿¡]|(?<!\p{L})(?:el|la|los|las|para|con|de|que|una?|y|está|queda|hoy|lunes|martes|jueves|viernes)(?!\p{L})/iu;

/** What a list or a table says by its first line: "Booked:", and the items name what. */
function inherited(part: Part, own: ReadonlyMap<Part, readonly Claim[]>): Claim[] {
  if (part.kind !== "item" && part.kind !== "row") return [];
  if (part.tick === "open" || negative.test(part.text) || /\?\s*$/.test(part.text) || mayBe.test(part.text)) return [];
  const tickets = ticketsIn(part.text);
  if (tickets.length === 0 && part.kind === "row") return [];
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
  String.raw`(?<!\p{L})(?:not|n['’]t|no|none|never|refused|failed|pending|waiting|still|open|todo|skipped|nobody|sin`,
  String.raw`|pendiente|falta|rechazad[oa]|falló|todavía|aún|nadie)(?!\p{L})|❌|⏳`,
);
const mayBe = /(?<!\p{L})(?:would|could|will|can|should|may|might|if|once|podría|si|puede|sería|cuando)(?!\p{L})/iu;
const plan = pattern(
  "iu",
  String.raw`(?<!\p{L})(?:plan|next steps?|next|to[- ]?do|proposed|proposals?|propose|options?|would|will|suggest\w*`,
  String.raw`|recommend\w*|if you|still open|pending|waiting|remaining|not (?:yet )?\w+|draft|for your|you can|steps?`,
  String.raw`|questions?|what i need|before|próximos?|pasos?|pendientes?|propuesta|propongo|opciones|falta|por hacer`,
  String.raw`|sugerencias?|sugiero|puedo|podría|voy a)(?!\p{L})`,
);
const isPlan = (part: Part): boolean => plan.test(part.text);

function isUnderPlan(part: Part): boolean {
  for (let over = part.over; over !== null; over = over.over) if (isPlan(over)) return true;
  return false;
}

function foundIn(part: Part): Found[] {
  const { text } = part;
  const lower = inSmall(text);
  const found: Found[] = [];
  let from = 0;
  for (const { 0: begun, index } of lower.matchAll(anyWord)) {
    const may = index < from || isStateWord(text.slice(index, index + begun.length)) ? [] : beginningWith(begun);
    const one = may.length > 0 ? effectsAt(part, lower, index, may) : null;
    if (!one) continue;
    found.push({ index, state: null, ...one });
    from = index + one.length;
  }
  for (const { index, 0: whole } of text.matchAll(stateWord))
    found.push({ index, length: whole.length, effects: [], state: whole, language: spanish.test(text) ? "es" : "en" });
  if (found.length === 0)
    for (const { index, 0: whole } of text.matchAll(doneWords))
      found.push({
        index,
        length: whole.length,
        effects: [],
        state: null,
        language: /^(?:list|hech|resuel)/i.test(whole) ? "es" : "en",
      });
  return found.toSorted((a, b) => a.index - b.index);
}

/** A title, or a word by itself, says by what stands below of what. */
const brief = /^[^\p{L}]*\p{L}+(?:\s+\p{L}+){0,2}[^\p{L}\d]*$/u;

/** In small letters, each where it was. */
function inSmall(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text.replaceAll(/\p{ASCII}+/gu, (letters) => letters.toLowerCase());
}

function effectsAt(
  { text, kind }: Part,
  lower: string,
  index: number,
  may: readonly Words[],
): Pick<Found, "effects" | "language" | "length"> | null {
  const isBrief = kind === "heading" || brief.test(text);
  let [length, language]: [number, "en" | "es"] = [0, "en"];
  let named: EffectName[] = [];
  for (const { name, effect, english, spanish: inSpanish } of may) {
    english.lastIndex = index;
    inSpanish.lastIndex = index;
    const isEnglish = english.test(lower);
    if (!isEnglish && !inSpanish.test(lower)) continue;
    if (effect.about && !isBrief && !effect.about.test(text)) continue;
    const long = (isEnglish ? english.lastIndex : inSpanish.lastIndex) - index;
    // "marked as complete" says more than "marked".
    if (long < length) continue;
    if (long > length) named = [];
    length = long;
    named.push(name);
    language = isEnglish ? "en" : "es";
  }
  return named.length === 0 ? null : { effects: named, language, length };
}

/** "…, but T-000002 failed" is said of something else. */
function turnAfter(text: string, { index, length }: Found, to: number): number {
  const at = text.slice(index + length, to).search(/[,;.]?\s(?:but|pero|however|while|whereas|although|aunque)\s/iu);
  return at === -1 ? to : index + length + at;
}

/** Where what is said of a claim begins: behind the break after the word of change before it. */
function breakBefore(found: readonly Found[], one: Found, text: string): number {
  const last = found.findLast(({ index, length }) => index + length <= one.index);
  return last ? breakBetween(text, last.index + last.length, one.index) : 0;
}

/** The last comma, "and" or the like between two claims of a sentence; where there is none, the second begins itself. */
function breakBetween(text: string, from: number, to: number): number {
  const between = text.slice(from, to);
  const breaks = [...between.matchAll(/[,;:]\s|\s[-–—]\s|\s(?:and|but|then|y|e|pero|luego)\s/giu)];
  const last = breaks.findLast(({ index }) => !/^\s*$/.test(between.slice(index + 1)) || index === 0) ?? breaks.at(-1);
  return last ? from + last.index : to;
}

export const ticketsIn = (text: string): string[] => [
  ...new Set([...text.matchAll(ticketIn)].map(([, digits = ""]) => ticketKey(`T-${digits}`))),
];

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
