// Which part of a sentence is said with one word of it: of "T-000001 is closed, T-000002 invoiced" the half before the comma. Pure.

import { ticketIn, ticketsIn } from "./claim.ts";

/** A word of change, where it stands. */
export type Placed = { readonly index: number; readonly length: number };

/** From where to where a sentence says something with `one`; the others are what else is claimed in it, in their order. */
export function scopeOf(text: string, all: readonly Placed[], one: Placed): [start: number, end: number] {
  const next = all.find(({ index }) => index >= one.index + one.length);
  const to = turnAfter(text, one, next ? breakBetween(text, one.index + one.length, next.index) : text.length);
  return ownClause(text, one, breakBefore(all, one, text), to);
}

/** "…, but T-000002 failed" is said of something else. */
function turnAfter(text: string, { index, length }: Placed, to: number): number {
  const at = text.slice(index + length, to).search(/[,;.]?\s(?:but|pero|however|while|whereas|although|aunque)\s/iu);
  return at === -1 ? to : index + length + at;
}

/** Where what is said of a claim begins: behind the break after the word of change before it. */
function breakBefore(found: readonly Placed[], one: Placed, text: string): number {
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

const clauseMark =
  /[,;:(]\s*(?:(?:so|and|but|así que|y|pero)\s)?|\s[-–—]\s|\s(?:and|but|so|y|e|pero|while|mientras|así que)\s/giu;
/** "… and T-000002 went to Ana": another's story. */
const turnToTicket =
  /[,;]?\s(?:and|but|y|pero|while|mientras)\s+(?:(?:the|el|la)\s+)?T-?\d+\s+(?:is|was|went|goes|has|pasó|está|fue|queda)(?!\p{L})/iu;
const several = /(?<!\p{L})(?:are|were|have|están|fueron|quedan|han)(?!\p{L})[^,;]*$/iu;

/** From the comma or colon before a word to the one behind it. */
export function nearby(text: string, { index, length }: Placed): string {
  const from = Math.max(...[",", ";", ":"].map((sign) => text.lastIndexOf(`${sign} `, index - 1)), 0);
  const to = text.slice(index + length).search(/[,;]\s/u);
  return text.slice(from, to === -1 ? undefined : index + length + to);
}

/** Of a sentence that names several tickets, what is said with this word: "T-000001 is closed, T-000002 invoiced". */
function ownClause(text: string, { index, length }: Placed, from: number, to: number): [start: number, end: number] {
  const [front, rest] = [text.slice(0, index), text.slice(index + length, to)];
  // "T-000001 (scheduled) and T-000002 (closed)"
  const inBrackets = /T-?\d+\W{0,3}\([^()]*$/iu.exec(front);
  if (inBrackets && rest.includes(")")) return [inBrackets.index, index + length + rest.indexOf(")")];
  // "It was at nine; I've moved it to ten."
  const wasBefore = /(?<!\p{L})(?:was|were|had|era|estaba|tenía)(?!\p{L})[^;]*;\s/iu.exec(front);
  if (wasBefore && ticketsIn(front).length === 0) return [Math.max(from, wasBefore.index + wasBefore[0].length), to];
  const turn = rest.search(turnToTicket);
  if (ticketsIn(front).length === 0 || several.test(front)) return [from, turn === -1 ? to : index + length + turn];
  const cut = rest.search(/;\s|(?:[,.]|\s(?:and|but|y|pero|while|mientras))\s+(?:(?:the|el|la|ticket)\s+)?T-?\d/iu);
  const end = cut === -1 ? to : index + length + cut;
  const marks = [...front.matchAll(clauseMark)];
  const nearest = rest.slice(0, rest.search(/[,;.]\s|$/u));
  for (const { index: at, 0: sign } of marks.toReversed()) {
    const own = front.slice(at + sign.length);
    if (ticketsIn(own + (at + sign.length >= from ? nearest : "")).length === 0) continue;
    if (/T-?\d+\W*$/iu.test(front.slice(0, at)) && /^(?:the |el |la )?T-?\d/iu.test(own)) continue;
    // What stands before it of no other ticket is said of it too.
    return ticketsIn(front.slice(0, at)).length === 0 ? [from, end] : [at + sign.length, end];
  }
  if (ticketsIn(text.slice(from, to)).length > 0 || ticketsIn(front).length < 2) return [from, end];
  return [[...front.matchAll(ticketIn)].at(-1)?.index ?? from, end];
}
