// A reply in the parts that a correction can stand behind: sentences, items of lists, rows of tables. Positions are those of the
// reply, which is never changed here. Pure.

import { pattern } from "./pattern.ts";

/** One sentence, item or row. */
export type Part = {
  /** Where it begins in the reply, and where a correction goes: behind its last letter. */
  readonly start: number;
  readonly end: number;
  /** As it stands, with quotations blanked out: what others said claims nothing. */
  readonly text: string;
  readonly kind: "sentence" | "item" | "row" | "heading";
  /** What stands over an item or a row: its list's first line, or its table's columns. */
  readonly over: Part | null;
  /** Of a row: where each cell begins and ends in the text. */
  readonly cells: readonly Cell[];
  /** Ticked, or crossed out, by a box or a sign at its front. */
  readonly tick: "done" | "open" | null;
};
export type Cell = { readonly start: number; readonly end: number };

const row = /^\s*\|.*\|\s*$/;
const ruler = /^[\s|:-]+$/;
const item = /^\s*(?:[-*+•–]|\d{1,2}[.)])\s+/;
const quotation = /^\s*>/;
const fence = /^\s*(?:```|~~~)/;
const heading = /^\s*#{1,6}\s/;
const titled = /:\**[^\p{L}\p{N}]*$/u;
const boldTitle = /^[^\p{L}\p{N}*]*\*\*[^*]+\*\*[^\p{L}\p{N}]*$/u;
const ticked = /^\s*(?:[-*+•]\s+)?(?:\d{1,2}[.)]\s+)?(?:\[[xX]\]|✅|✔️?|☑️?|🟢)/u;
const open = /^\s*(?:[-*+•]\s+)?(?:\d{1,2}[.)]\s+)?(?:\[ \]|❌|⬜|🔲|✖️?)/u;
/** Corrections that stand there already, and what somebody is quoted with. */
const quoted = /"[^"\n]{2,400}"|“[^”\n]{2,400}”|«[^»\n]{2,400}»|\[(?:not|no) [^\]\n]{3,90}\]/g;
const abbreviation = /(?:\b(?:a|p)\.\s?m|\b(?:St|Mr|Ms|Mrs|Dr|No|Sr|Sra|approx|e\.g|i\.e|tel|nr|aprox|Ud))\.$/i;
const cheer = /^[^\p{L}]*(?:\p{L}+(?:ed|ad[oa]s?|é)|sent|listo|hecho)[*_!.]+$/iu;
/** A word of "Ben Okafor, Wed 15:00–17:00.": names, numbers and what joins them, which go on with the sentence before. */
const fragmentWord = pattern(
  "u",
  String.raw`^[^\p{L}\p{N}]*(?:(?:\p{Lu}[\p{L}'’]*|\d|with|at|on|to|from|for|until|and|of|the|am|pm|today|tomorrow|morning|afternoon`,
  String.raw`|noon|con|a|el|la|las|de|del|en|para|y|hasta|hoy|mañana|lunes|martes|miércoles|jueves|viernes|sábado|domingo|total`,
  String.raw`|same|slot|time)(?!\p{Ll})|$)`,
);
/** A sentence of one word, or one that only begins like those. */
const oneWord = /^[^\p{L}]*\p{L}+[^\p{L}\p{N}]*$/u;
const sentenceEnd = /[.!?…]+["')\]*_”»]*(?=\s|$)/g;

/** The parts of a reply, in their order. */
export function partsOf(reply: string): Part[] {
  const all: Part[] = [];
  let over: Part | null = null;
  let inTable = false;
  let blank = false;
  let at = 0;
  for (const line of reply.split("\n")) {
    const start = at;
    at += line.length + 1;
    if (line.trim() === "") {
      blank = true;
      inTable = false;
      continue;
    }
    if (quotation.test(line) || fence.test(line)) continue;
    if (line.length <= longest && row.test(line)) {
      if (ruler.test(line)) continue;
      const one: Part = { ...partAt(line, start, 0, line.length, "row", over), cells: cellsOf(line) };
      if (!inTable) over = { ...one, over };
      else all.push({ ...one, over });
      inTable = true;
      blank = false;
      continue;
    }
    inTable = false;
    const isItem = item.test(line);
    const isTitle =
      line.length <= longest && (heading.test(line) || titled.test(line) || (!isItem && boldTitle.test(line)));
    if (isTitle) {
      const inLine = sentences(line, start, "sentence", null);
      const last = inLine.at(-1);
      const from = last === undefined || inLine.length < 2 || heading.test(line) ? 0 : last.start - start;
      if (from > 0) all.push(...inLine.slice(0, -1));
      const one = partAt(line, start, from, line.length, "heading", isItem ? over : null);
      all.push(one);
      over = one;
    } else {
      // What a list stands under ends with the next paragraph of its own.
      if (!isItem && blank && over !== null && !heading.test(over.text)) over = null;
      all.push(...sentences(line, start, isItem || ticked.test(line) || open.test(line) ? "item" : "sentence", over));
    }
    blank = false;
  }
  return all;
}

function sentences(line: string, start: number, kind: Part["kind"], over: Part | null): Part[] {
  const all: Part[] = [];
  let from = 0;
  for (const { 0: sign, index } of line.matchAll(sentenceEnd)) {
    const to = index + sign.length;
    if (abbreviation.test(line.slice(from, index + 1)) && !/^\s+[\p{Lu}¿¡]/u.test(line.slice(to))) continue;
    // "Booked! T-000005 is on Friday" says in its second half what of.
    if (cheer.test(line.slice(from, to))) continue;
    // "1. Ana" is an item and no sentence; a number's point is none either.
    if (item.test(`${line.slice(from, to)} `) && line.slice(from, to).trim().length < 4) continue;
    if (goesOn(line.slice(to))) continue;
    all.push(...pieces(line, from, to).map(([begin, end]) => partAt(line, start, begin, end, kind, over)));
    from = to;
  }
  if (line.slice(from).trim() !== "")
    all.push(...pieces(line, from, line.length).map(([begin, end]) => partAt(line, start, begin, end, kind, over)));
  return all;
}

/** A sentence is read again for each of its words: one without an end would take a gateway's time. */
const longest = 1_000;

/** From where to where, in pieces that are no longer than that, at blanks where there are any. */
function pieces(line: string, from: number, to: number): [number, number][] {
  const all: [number, number][] = [];
  let begin = from;
  while (to - begin > longest) {
    const blank = line.lastIndexOf(" ", begin + longest);
    const end = blank > begin + longest / 2 ? blank : begin + longest;
    all.push([begin, end]);
    begin = end;
  }
  return [...all, [begin, to]];
}

/** Whether a line's rest begins with a fragment that says more of the sentence before it. */
function goesOn(rest: string): boolean {
  const [next = ""] = rest.trimStart().split(/(?<=[.!?]["')*_]*)\s/u, 1);
  return (
    /[\d]|\p{Lu}\p{Ll}+ \p{Lu}/u.test(next) &&
    !/\?["')*_]*$/.test(next) &&
    !oneWord.test(next) &&
    next.split(/\s+/u).every((word) => fragmentWord.test(word))
  );
}

const emphasis = /[*`]+(?=[^\s*`])|(?<=[^\s*`])[*`]+/g;
const blank = (said: string): string => " ".repeat(said.length);

function partAt(line: string, start: number, from: number, to: number, kind: Part["kind"], over: Part | null): Part {
  const text = line.slice(from, to);
  const tick = from > 0 ? null : ticked.test(text) ? "done" : open.test(text) ? "open" : null;
  const blanked = text.replaceAll(quoted, blank).replaceAll(emphasis, blank);
  return { start: start + from, end: start + from + text.trimEnd().length, text: blanked, kind, over, cells: [], tick };
}

function cellsOf(line: string): Cell[] {
  const bars = [...line.matchAll(/(?<!\\)\|/g)].map(({ index }) => index);
  return bars.slice(0, -1).map((bar, at) => {
    const [start, stop] = [bar + 1, bars[at + 1] ?? line.length];
    return { start, end: start + line.slice(start, stop).trimEnd().length };
  });
}
