// Words that claim a change, found where they stand in a sentence, and what they may mean there. Pure.

import type { Claim } from "./claim.ts";
import { effects, type Effect, type EffectName } from "./effects.ts";

const behind = "(?![\\p{L}\\p{N}_])";
type Words = {
  readonly name: EffectName;
  readonly about: RegExp | undefined;
  readonly unless: RegExp | undefined;
  /** Whether it must be about that in a title too. */
  readonly isAlso: boolean;
  /** Whether a name stands in it: "took Ben off". */
  readonly hasName: boolean;
  readonly language: Claim["language"];
  readonly words: RegExp;
  /** Its first word, by which it is looked up. */
  readonly first: RegExp;
};
const name = "\\p{Lu}";
const all: readonly Words[] = (Object.entries(effects) as [EffectName, Effect][]).flatMap(([of, effect]) =>
  [effect, ...(effect.also ? [effect.also] : [])].flatMap(({ english, spanish: inSpanish, about }) => {
    const shared = {
      name: of,
      about,
      unless: effect.unless,
      isAlso: about !== undefined && about === effect.also?.about,
    };
    const sources = alternatives(english);
    return [
      { language: "en" as const, hasName: false, sources: sources.filter((one) => !one.includes(name)) },
      { language: "en" as const, hasName: true, sources: sources.filter((one) => one.includes(name)) },
      { language: "es" as const, hasName: false, sources: alternatives(inSpanish) },
    ].flatMap(({ sources: some, ...rest }) =>
      some.length === 0
        ? []
        : [
            {
              ...shared,
              ...rest,
              words: new RegExp(`(?:${small(some.join("|"))})${behind}`, "uy"),
              first: new RegExp(`^(?:${some.map((one) => small(firstWord(one))).join("|")})$`, "u"),
            },
          ],
    );
  }),
);

/** Words are looked up in small letters: to tell capitals apart made the first reply of a process take a third of a second. */
function small(source: string): string {
  return source.replaceAll(name, "\\p{L}");
}

/** A pattern's alternatives, each by itself. */
function alternatives(source: string): string[] {
  const found: string[] = [];
  let [depth, from] = [0, 0];
  for (let at = 0; at <= source.length; at++) {
    const sign = source[at] ?? "|";
    if (sign === "(" || sign === "[") depth++;
    if (sign === ")" || sign === "]") depth--;
    if (depth > 0 || sign !== "|") continue;
    found.push(source.slice(from, at));
    from = at + 1;
  }
  return found;
}

/** Up to the first blank that is in no brackets. */
function firstWord(source: string): string {
  let depth = 0;
  for (const [at, sign] of [...source].entries()) {
    if (sign === "(" || sign === "[") depth++;
    if (sign === ")" || sign === "]") depth--;
    if (depth === 0 && sign === " ") return source.slice(0, at);
  }
  return source;
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

export type Meaning = {
  readonly index: number;
  readonly length: number;
  /** Any of them may be meant. */
  readonly effects: readonly EffectName[];
  readonly language: Claim["language"];
};

/** Every word of change of a text, but those that `isOther` takes; `around` is what they may be about, null in a title: anything. */
export function meaningsIn(text: string, around: string | null, isOther: (written: string) => boolean): Meaning[] {
  const lower = inSmall(text);
  const found: Meaning[] = [];
  let from = 0;
  for (const { 0: begun, index } of lower.matchAll(anyWord)) {
    const may = index < from || isOther(text.slice(index, index + begun.length)) ? [] : beginningWith(begun);
    const one = may.length > 0 ? meaningAt({ text, lower, around }, index, may) : null;
    if (!one) continue;
    found.push(one);
    from = index + one.length;
  }
  return found;
}

/** In small letters, each where it was. */
function inSmall(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text.replaceAll(/\p{ASCII}+/gu, (letters) => letters.toLowerCase());
}

type Place = { readonly text: string; readonly lower: string; readonly around: string | null };

function meaningAt({ text, lower, around }: Place, index: number, may: readonly Words[]): Meaning | null {
  let [length, language]: [number, "en" | "es"] = [0, "en"];
  let named: EffectName[] = [];
  let nearest = Infinity;
  for (const { name: effect, about, unless, isAlso, hasName, language: of, words } of may) {
    words.lastIndex = index;
    if (!words.test(lower)) continue;
    if ((about && (around !== null || isAlso) && !about.test(around ?? text)) || unless?.test(text)) continue;
    const long = words.lastIndex - index;
    if (hasName && !/(?<=\s)\p{Lu}/u.test(text.slice(index, index + long))) continue;
    // "marked as complete" says more than "marked".
    if (long < length) continue;
    // "Since the invoice was $180, I issued a credit note" is of the credit note.
    const far = isAlso && about ? distance(text, index, about) : Infinity;
    if (long > length || far < nearest) named = [];
    else if (isAlso && far > nearest) continue;
    length = long;
    nearest = far;
    named.push(effect);
    language = of;
  }
  return named.length === 0 ? null : { index, length, effects: named, language };
}

/** How far from a word the next of some others stands. */
const distance = (text: string, index: number, others: RegExp): number =>
  Math.min(
    ...[...text.matchAll(new RegExp(others.source, `${others.flags}g`))].map(({ index: at, 0: { length } }) =>
      at >= index ? at - index : index - at - length,
    ),
  );
