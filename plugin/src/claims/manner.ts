// In which manner a word of change stands in its sentence: as a deed, as how things stand, as history, or not as a claim at all.
// Pure: it looks at the words around, and at nothing else.

import {
  asksFirst,
  byMe,
  byMeAtOnce,
  byWhom,
  causative,
  clauseBreak,
  conditional,
  conditionBehind,
  conditionInFront,
  determiner,
  finite,
  firstPerson,
  firstSpanish,
  firstSpanishWord,
  functionWord,
  greeting,
  hadDone,
  hasVerb,
  indefinite,
  justNow,
  label,
  laterThan,
  leadIn,
  llForms,
  longPast,
  modal,
  naming,
  negated,
  noLonger,
  newSubject,
  ofProposal,
  ofWhatMayBe,
  past,
  records,
  reported,
  stative,
  unsure,
  userDid,
  was,
  whoDid,
  wholeKind,
} from "./manner-words.ts";
import { pattern } from "./pattern.ts";
import type { Part } from "./reply-parts.ts";

/**
 * deed: the speaker says to have done it, and only a receipt shows that. state: it stands so, or was done by whomever; what was read
 * shows that too. history: the same of some earlier time. own history: the speaker says to have done it then, which only a receipt of
 * this conversation shows.
 */
export type Manner = "deed" | "state" | "history" | "own history";

type Found = {
  readonly index: number;
  readonly length: number;
  readonly state: string | null;
  readonly effects: readonly unknown[];
  /** The first person's deed, or how a ticket stands, in words that no list has. */
  readonly plain?: "deed" | "standing";
};

/** In which manner it is said; null where it claims nothing. */
export function mannerAt(part: Part, found: Found, isUnderPlan: boolean): Manner | null {
  const { text, kind } = part;
  if (kind === "row" && found.plain === undefined) return rowManner(text, found);
  const { index, length } = found;
  const behind = text.slice(index + length);
  const word = text.slice(index, index + length);
  // "…, since she was there last time" is said of something else.
  const itself =
    text.slice(0, index + length) +
    (behind.replace(asTheyAsked, "").split(/,?\s(?:since|because|porque|ya que)\s/iu)[0] ?? "");
  const left = leftOf(text, index);
  const clause = left.trimStart();
  if (isQuestion(text, index, clause)) return null;
  if (negated.test(clause) || /^\s*\??:?\s*(?:no|not|never|nobody|none|nadie)(?!\p{L})/iu.test(behind)) return null;
  if (ofProposal.test(text.slice(0, index)) && hasVerb.test(word)) return null;
  if (byMeAtOnce.test(behind) && !finite.test(behind)) return longPast.test(text) ? "own history" : "deed";
  const promises = /^(?:will|['’]ll|is going|llegará|acudirá|irá)/iu.test(word);
  if (
    promises &&
    !/(?:(?:\p{Lu}\p{Ll}+)|(?:^|\s)(?:he|she|they|técnico|technician|tech|crew|somebody|someone|and|y))\s*$/u.test(left)
  )
    return null;
  const near = clause.split(/\s+/).slice(-7).join(" ");
  if (/^(?:i|we|you)(?:['’](?:d|ll)| would| could| will| can)(?!\p{L})/iu.test(clause)) return null;
  if (!promises && (modal.test(near) || llForms.test(near))) return null;
  const isFirst =
    firstPerson.test(clause) ||
    firstSpanish.test(clause) ||
    (firstSpanishWord.test(word) && !/^(?:s[ií]|as[ií])$/iu.test(word));
  if (isUnderPlan && !isFirst) return null;
  if (conditional.test(clause.split(/\s+/).slice(0, 3).join(" ")) && !/^(?:after|when|cuando)/iu.test(clause))
    return null;
  if (/^(?:after|when|before|cuando|antes)(?!\p{L})/iu.test(clause)) return null;
  if (laterThan.test(clause)) return null;
  if (userDid.test(clause)) return null;
  if (isReason(text, index, left) || unsure.test(text) || /\p{L} = \p{L}/u.test(text)) return null;
  if (isFirst && ofProposal.test(text.slice(0, index))) return null;
  if (!/^(?:hold|held)/iu.test(word) && hangsOnCondition(text, index, behind) && !isFirst) return null;
  if (isOpenSpanish(word, clause) && whenInSpanish.test(text.slice(0, index - left.length))) return null;
  if (found.state !== null) return stateManner(clause, behind);
  const isReported = reported.test(clause) && !/(?<!\p{L})i (?:said|told|say)(?!\p{L})/iu.test(clause);
  if (isReported) return records.test(clause) ? "history" : null;
  if (found.plain === "standing")
    return isUnderPlan || userDid.test(clause) || negated.test(text) || noLonger.test(text) ? null : "history";
  // "the invoice has been generated": its verb is in it.
  if (hasVerb.test(word))
    return negated.test(word) ||
      modal.test(word) ||
      (/(?:^|\s)(?:an?|any|every|each|una?|cada)\s*$/iu.test(clause) && !/(?<!\p{L})(?:has|been)(?!\p{L})/iu.test(word))
      ? null
      : justNow.test(text)
        ? "deed"
        : past.test(text)
          ? "history"
          : "state";
  if (isAdjective(clause, behind, isFirst)) return null;
  if (found.effects.length === 0 && found.plain === undefined) return doneManner(clause, behind);
  const isBare = greeting.test(left);
  if (!isFirst && isOfPlan(text, index, left, clause)) return null;
  if (isGeneric(clause, text) || isGenericBefore(text, index, left)) return null;
  if (!isFirst && (isBare || /^(?:since|because|as|and|que|porque|ya que)\s*$/iu.test(clause)) && isKind(behind, word))
    return null;
  if (byMe.test(behind)) return longPast.test(text) ? "own history" : "deed";
  if (aMomentAgo.test(ownOf(text, index))) return "own history";
  if (justNow.test(ownOf(text, index)) && !past.test(text)) return "deed";
  const looksBack =
    past.test(text) || isUnderPast(part) || (was.test(clause) && byWhom.test(behind)) || records.test(clause);
  if (isFirst) return longPast.test(itself) || hadDone.test(clause) || isUnderPast(part) ? "own history" : "deed";
  if (looksBack || byWhom.test(behind)) return "history";
  if (stative.test(clause)) return "state";
  if (/^\s*(?:\p{Ll}+\s+){0,1}\p{Ll}*\**:/u.test(behind) && greeting.test(clause)) return "state";
  // "Dispatched, yes." tells how it stands.
  if (isBare && found.plain === undefined && /^\s*[,.]/u.test(behind) && !/T-?\d/iu.test(text)) return "state";
  // "- Status: scheduled"
  if (isBare && kind === "item" && /\p{L}[^\p{L}]*:[^\p{L}]*$/u.test(text.slice(0, index))) return "state";
  if (isBare) {
    const manner = found.plain === undefined ? bareAtFront(text, index, left) : "deed";
    return manner === "deed" && longPast.test(itself) ? "own history" : manner;
  }
  if (
    /^(?:i|we)(?!\p{L})|^(?:he|hemos)(?!\p{L})/iu.test(clause) &&
    /(?:^|\s)(?:and|y|then|,)\s*(?:\p{L}+ly\s*)?$/iu.test(clause)
  )
    return longPast.test(text) || isUnderPast(part) ? "own history" : "deed";
  return found.plain === undefined ? bareManner(clause, behind, part) : null;
}

const aMomentAgo =
  /(?<!\p{L})(?:a|one) (?:very )?(?:second|moment|minute) ago|hace un (?:momento|segundo|minuto)(?!\p{L})/iu;
/** Behind the last colon: "He is on it right now: T-000001 is scheduled". */
const ownOf = (text: string, index: number): string =>
  text.slice(text.slice(0, index).lastIndexOf(": ") + 1).replace(asTheyAsked, "");
const asTheyAsked = /,?\s(?:as|like|como) (?:you|me|te|usted|lo|she|he|they)(?!\p{L})[^,;.]*/iu;

/** "Lo cancelamos", "lo dejo agendado": done, or about to be; behind "si dice que sí," about to be. */
const isOpenSpanish = (word: string, clause: string): boolean =>
  /[ai]mos$/iu.test(word) || /(?<!\p{L})(?:dejo|tengo)\s*$/iu.test(clause);
const whenInSpanish = /(?<!\p{L})(?:si|cuando|en cuanto|una vez que|apenas)(?!\p{L})[^,;]*[,;]\s*$/iu;

/** What stands under "Earlier in this conversation:" was then. */
function isUnderPast({ over }: Part): boolean {
  for (let one = over; one !== null; one = one.over) if (longPast.test(one.text)) return true;
  return false;
}

/** "I'd get it triaged, then have Eva sent": what has no subject of its own is said as what stands before it. */
function isOfPlan(text: string, index: number, left: string, clause: string): boolean {
  if (
    causative.test(clause) ||
    (indefinite.test(clause) && !/T-?\d/iu.test(text.slice(index - left.length).split(/[;.]\s/u)[0] ?? ""))
  )
    return true;
  const front = text.slice(0, index - left.length).replace(leadIn, "");
  if (ofProposal.test(front + clause)) return true;
  const isContinued = left.trim() === "" || /^(?:and|then|y|luego|or|o)(?!\p{L})/iu.test(clause);
  return isContinued && ofWhatMayBe.test(front);
}

/** "Closed tickets stay closed", "Invoices are sent at night": what is said of all of a kind. */
const isGeneric = (clause: string, text: string): boolean => wholeKind.test(clause) && !/T-?\d/iu.test(text);

/** "Approved changes raise the limit". */
const ofSeveral = pattern(
  "u",
  String.raw`^\s+(?:(?!was|has)\p{Ll}){3,}s\s+`,
  String.raw`(?!(?:for|on|to|with|at|in|from|by|and|of|until|today|tomorrow|now|yesterday|as|or)(?!\p{L}))\p{Ll}+`,
);

/** "Cancelled tickets stay on record", "Proposed changes:": which ones, and not what happened. */
const isKind = (behind: string, word: string): boolean =>
  /^\s+(?:tickets|visits|jobs|technicians|invoices|bookings|calls|work)(?!\p{L}|\s*:|\s+T-?\d)/u.test(behind) ||
  /^\s+(?:means?|is when|significa|ones)(?!\p{L})/iu.test(behind) ||
  ofSeveral.test(behind) ||
  (/^(?:propos|offer|propuest)/iu.test(word) && /^\s+\p{Ll}/u.test(behind)) ||
  (/^\s+\p{Ll}+\s+(?:stays?|remains?|cannot|can|are|is|were|was|will|need|needs|must|may|do|go|have|están|son|no)(?!\p{L})/u.test(
    behind,
  ) &&
    !/^\s+(?:it|and|both|them|all|y)\s/iu.test(behind));

/** A word with nothing in front: "Booked T-000123" is a deed, "T-000123: booked" how it stands. */
const bareAtFront = (text: string, index: number, left: string): Manner =>
  /T-?\d|\([^)]*$/iu.test(text.slice(0, index)) ||
  continues(text.slice(0, index - left.length)) ||
  /^[\s\d.)*_`>•+–-]*T-?\d/iu.test(text) ||
  /T-?\d/iu.test(left)
    ? "state"
    : "deed";

/** "It is scheduled, assigned to Ana": the verb of the clause before counts for what follows. */
const continues = (front: string): boolean =>
  /(?<!\p{L})(?:is|are|was|were|has|have been|está|están|fue|ha sido)(?!\p{L})/iu.test(front) &&
  !/(?<!\p{L})(?:i|we|he|hemos)(?!\p{L})/iu.test(front);

/** "was not cancelled since it was completed": why something did not happen, which a refusal told. */
const isReason = (text: string, index: number, left: string): boolean => {
  const front = text.slice(0, index - left.length);
  return (
    /(?<!\p{L})(?:because|since|porque|ya que)\s*$|:\s*$/iu.test(front) && negated.test(front) && !/T-?\d/i.test(left)
  );
};

/** "Tickets get opened, scheduled and invoiced": all three are. */
const isGenericBefore = (text: string, index: number, left: string): boolean =>
  /^(?:\S+\s+(?:and|y)\s+)?$/iu.test(left.trimStart()) && isGeneric(clauseBefore(text, index - left.length), text);

/** The clause before the one that begins at a comma in front of a word. */
function clauseBefore(text: string, index: number): string {
  const clauses = text
    .slice(0, index)
    .split(clauseBreak)
    .filter((one) => one.trim() !== "");
  return (clauses.at(-1) ?? "").trimStart();
}

/** The clause in front of a word, without what only leads to it. */
function leftOf(text: string, index: number): string {
  const front = text.slice(0, index);
  let from = 0;
  for (const { index: at, 0: sign } of front.matchAll(clauseBreak)) from = at + sign.length;
  for (const { index: at, 0: joined } of front.slice(from).matchAll(newSubject)) {
    from += at + joined.length;
    break;
  }
  return front.slice(from).replace(leadIn, "");
}

function isQuestion(text: string, index: number, clause: string): boolean {
  if (text.slice(0, index).lastIndexOf("¿") > text.slice(0, index).lastIndexOf("?")) return true;
  if (!/\?["')\]*_\s]*$/.test(text)) return false;
  const isLast = !/[,;–—:]\s/.test(text.slice(index));
  return (
    isLast ||
    asksFirst.test(clause) ||
    (asksFirst.test(text) && !/(?<!\p{L})(?:I|we)(?:['’]ve| have)?(?!\p{L})/u.test(text))
  );
}

/** "For that we'd need: the work verified, the invoice sent". */
const needs = /(?:['’]d|would|will|still|to|you|we|it)\s+(?:need|require|take)s?(?!\p{L})[^.:]{0,30}:/iu;

/** "If you agree, it is booked": what stands behind a condition is none yet; nor is what has one behind it. */
function hangsOnCondition(text: string, index: number, behind: string): boolean {
  const front = text.slice(0, index).replace(/^[\s\d.)*_#>•-]+/, "");
  if (conditionInFront.test(front) || needs.test(front)) return true;
  // "Say the word and she is sent."
  if (
    /^(?:just\s+)?(?:say|tell|give|confirm|reply|answer|approve|let me know|dígame|dime|confirme|diga)(?!\p{L})/iu.test(
      front,
    )
  )
    return true;
  return conditionBehind.test(
    behind.split(/(?<=[.!?])\s|[,;]\s(?:so|and|but|y|pero|así que)\s|\sand (?:you|we|I|it|they)\s/iu)[0] ?? "",
  );
}

/** "the booked visit", "any visit booked after five needs …": which one, and not what happened. */
function isAdjective(clause: string, behind: string, isFirst: boolean): boolean {
  if (isFirst) return false;
  if (determiner.test(clause) && !stative.test(clause)) return true;
  if (
    /^(?:the|a|an|any|every|each|all|no|those|these|el|la|los|las|un|una|cada|cualquier)\s/iu.test(clause) &&
    !stative.test(clause)
  )
    return finite.test(behind) || !/^(?:the|all|both|el|la|los|las)\s/iu.test(clause) || finite.test(clause);
  if (
    /(?<!\p{L})(?:notes?|photos?|credits?|tickets?|visits?|jobs?|invoices?|calls?|visitas?|trabajos?)\s*$/iu.test(
      clause,
    ) &&
    finite.test(behind)
  )
    return true;
  return (
    stative.test(clause) &&
    !functionWord.test(behind) &&
    /^\s+\p{Ll}+/u.test(behind) &&
    /(?:a|an|the|un|una)\s*$/iu.test(clause)
  );
}

function stateManner(clause: string, behind: string): Manner | null {
  if (naming.test(clause)) return null;
  if (
    /^(?:a|an|any|every|un|una|cada)\s/iu.test(clause) ||
    /^\s+(?:means|is when|tickets|significa|or|to|before)(?!\p{L})/iu.test(behind)
  )
    return null;
  return stative.test(clause) || /[:→|>*-]\s*\**$/.test(clause) || clause === "" ? "state" : null;
}

function doneManner(clause: string, behind: string): Manner | null {
  if (/^\s+(?:with|by|in|at|on|this|when|if|yet|today so|within|job|work|looking|reading)(?!\p{L})/iu.test(behind))
    return null;
  if (
    /^(?:ok(?:ay)?|great|perfect|perfecto|vale|sí|yes|y|and|all|todo|ya|i['’]?m|we['’]?re)?[\s,.!*_✅🎉👍-]*$/iu.test(
      clause,
    )
  )
    return /^\s*\p{Ll}+:/u.test(behind) ? null : "deed";
  return whoDid.test(clause) ? "deed" : null;
}

/** A word with neither "I" nor "is" in front: "Visit booked for Tuesday" claims, "the one booked for Tuesday" does not. */
function bareManner(clause: string, behind: string, part: Part): Manner | null {
  const words = clause.split(/\s+/).filter((one) => one !== "");
  if (label.test(behind) && words.length === 0) return "state";
  if (
    /(?<!\p{L})(?:he|she|they|it|who|ella|él|ellos|\p{Lu}\p{Ll}+|technician|tech|somebody|someone|desk|técnico)\s*$/u.test(
      clause,
    )
  )
    return "state";
  if (/(?<!\p{L})(?:to|for|of|as|than|how|which|that|be|like|de|que|como|which|with|con)\s*$/iu.test(clause))
    return null;
  if (words.length <= 5) return "state";
  return part.kind === "item" || /(?<!\p{L})(?:i|we|he|hemos|been|and|y)(?!\p{L})/iu.test(clause) ? "state" : null;
}

/** In a table a word stands for how its row's ticket is; columns that say what might be are plans. */
function rowManner(text: string, { index, length, state }: Found): Manner | null {
  const from = text.lastIndexOf("|", index) + 1;
  const to = text.indexOf("|", index + length);
  const cell = text.slice(from, to === -1 ? undefined : to);
  const front = text.slice(from, index);
  if (/\?/.test(cell) || negated.test(cell) || modal.test(front) || llForms.test(front) || conditional.test(cell))
    return null;
  if (/(?<!\p{L})(?:was|from|before|yet|pending|proposed|pendiente)(?!\p{L})/iu.test(cell)) return null;
  if (state === null && determiner.test(front)) return null;
  return past.test(cell) ? "history" : "state";
}
