// The turn's receipts and a reply in, the reply with its corrections and what was found out. Pure: no host, no model, no clock.

import type { ClaimLack } from "../../../dispatch/contract/claim-lacks.ts";
import { ticketIn, type Claim } from "./claim.ts";
import { claimsIn } from "./claims-in.ts";
import { statesOf, type EffectName } from "./effects.ts";
import { proves } from "./proofs.ts";
import { ticketKey, type Evidence, type Facts, type Turn } from "./evidence.ts";
import { detailsIn, misfit, type Details, type Known } from "./claim-details.ts";

/** Why a claim is not proven. */
export type Lack = ClaimLack;

export type Finding = {
  readonly lack: Lack;
  /** What was claimed, by the first of its meanings; a contract's state by its name. */
  readonly effect: string;
  readonly tickets: readonly string[];
  /** Tools of this turn that could have proven it, whatever came of them. */
  readonly tools: readonly string[];
};

export type Checked = { readonly reply: string; readonly findings: readonly Finding[]; readonly claims: number };

/** Holds what a reply claims to what the turn has receipts for. */
export function checkClaims(turn: Turn, reply: string): Checked {
  const claims = claimsIn(reply);
  const findings: Finding[] = [];
  const corrections = new Map<number, string>();
  for (const claim of claims) {
    const lack = lackOf(turn, claim);
    if (lack === null) continue;
    if (isCorrected(reply, claim.at)) continue;
    findings.push({
      lack,
      effect: claim.state ?? claim.effects[0] ?? "done",
      tickets: claim.tickets,
      tools: [...new Set(turn.calls.filter(({ tool }) => isAbout(tool, claim)).map(({ tool }) => tool))],
    });
    if (!corrections.has(claim.at)) corrections.set(claim.at, ` [${correction[claim.language][lack]}]`);
  }
  return { reply: corrected(reply, corrections), findings, claims: claims.length };
}

const isCorrected = (reply: string, at: number): boolean =>
  /^ \[(?:not|no) /.test(reply.slice(at, at + 8)) ||
  /\[(?:not|no) [^\]\n]{3,90}\]$/.test(reply.slice(Math.max(0, at - 100), at));

function corrected(reply: string, corrections: ReadonlyMap<number, string>): string {
  let text = "";
  let from = 0;
  for (const [at, words] of [...corrections].toSorted(([a], [b]) => a - b)) {
    text += reply.slice(from, at) + words;
    from = at;
  }
  return text + reply.slice(from);
}

/** Every text begins with "not" or "no", by which one that stands there already is known. */
const correction: Readonly<Record<Claim["language"], Readonly<Record<Lack, string>>>> = {
  en: {
    "no receipt": "not done: no receipt in this turn",
    refused: "not done: the desk did not do it, no receipt in this turn",
    "other ticket": "not done: no receipt in this turn for this ticket",
    technician: "not as said: the receipt of this turn names somebody else",
    time: "not as said: the receipt of this turn has another time",
    amount: "not as said: the receipt of this turn has another amount",
    document: "not as said: the receipt of this turn has another number",
    old: "not done now: the receipt is an earlier one",
    fewer: "not all done: fewer receipts in this turn",
    "not read": "not shown: no receipt and nothing read in this turn says so",
  },
  es: {
    "no receipt": "no hecho: sin recibo en este turno",
    refused: "no hecho: el sistema no lo hizo, sin recibo en este turno",
    "other ticket": "no hecho: sin recibo en este turno para este ticket",
    technician: "no como se dice: el recibo de este turno nombra a otra persona",
    time: "no como se dice: el recibo de este turno tiene otra hora",
    amount: "no como se dice: el recibo de este turno tiene otro importe",
    document: "no como se dice: el recibo de este turno tiene otro número",
    old: "no hecho ahora: el recibo es anterior",
    fewer: "no todo hecho: hay menos recibos en este turno",
    "not read": "no consta: ni un recibo ni nada leído en este turno lo dice",
  },
};

const isAbout = (tool: string, { effects, state }: Claim): boolean =>
  state !== null || effects.length === 0 || effects.some((effect) => proves(tool, effect));

/** Why it is not proven; null where it is. */
function lackOf(turn: Turn, claim: Claim): Lack | null {
  if (claim.effects.length > 0 && claim.effects.every((effect) => effect === "notify") && turn.otherTools) return null;
  if (
    turn.calls.some(waitsForPerson) &&
    (claim.effects.length === 0 ? requested.test(claim.text) : claim.effects.some((one) => isAsking(one, claim.text)))
  )
    return null;
  // "The booking was denied", by the desk.
  if (claim.effects.includes("decide") && denied.test(claim.text) && turn.calls.some(isRefused)) return null;
  if (claim.isStanding) return standingLack(turn, claim);
  const isDesks = claim.effects.length > 0 && claim.effects.every((effect) => ofDesk.has(effect));
  const each = claim.tickets.length === 0 || isDesks ? [null] : claim.tickets;
  const own = ownTexts(claim);
  for (const ticket of each) {
    const details = detailsIn(own === null ? claim.text : (own.get(ticket ?? "") ?? ""));
    const lack = lackFor(turn, claim, details, ticket);
    if (lack !== null) return lack;
  }
  return claim.count > 1 && claim.tickets.length < claim.count ? countLack(turn, claim) : null;
}

/** How a ticket stands can be told of one that was read, or changed, in this conversation, and as it was read. */
function standingLack(turn: Turn, claim: Claim): Lack | null {
  const all = [...turn.calls, ...turn.earlier];
  for (const ticket of claim.tickets) {
    const records = all.flatMap((evidence) => recordsOf(evidence, ticket));
    if (records.length === 0) return "not read";
    const own = ownTexts(claim);
    const details = detailsIn(own === null ? claim.text : (own.get(ticket) ?? ""));
    const lack = misfit({ turn, details, claim }, records, ticket);
    if (lack === "technician" || lack === "time") return lack;
  }
  return null;
}

const requested =
  /(?<!\p{L})A-\d{3,}|(?<!\p{L})(?:approvals?|approver|requests?|requested|queued?|aprobación|solicitud(?:es)?)(?!\p{L})/iu;
const denied = /(?<!\p{L})(?:denied|declined|denegad[oa]s?|rechac\p{L}+)(?!\p{L})/iu;
const isRefused = ({ outcome }: Evidence): boolean => outcome === "not done";

/** "I've filed the request", "it is parked as an approval". */
const isAsking = (effect: EffectName, text: string): boolean =>
  effect === "askMoney" ||
  (ofAsking.has(effect) && requested.test(text)) ||
  ((effect === "send" || effect === "hold" || effect === "task") && isKeptFor.test(text));

const ofAsking: ReadonlySet<EffectName> = new Set(["open", "askInfo", "update"]);
/** "It was sent for approval", "held until a person allows it". */
const isKeptFor =
  /(?<!\p{L})(?:(?:for|as an?) approval|as a request|to an? approver|until an? (?:person|human)|a aprobación)(?!\p{L})/iu;

/** Refused, and kept for a person to allow: that was asked for. */
const waitsForPerson = ({ outcome, records }: Evidence): boolean =>
  outcome === "not done" && records.some(({ words }) => words.includes("human_approval_required"));

const leadsToTicket = /(?<!\p{L})(?:for|on|to|en|para|de|a)\s+$|(?:→|->|=>)\s*$/iu;

/** Of several tickets, what is said of each: from its number to the next one's. Null for one, or where what is said stands in front. */
function ownTexts({ tickets, text }: Claim): ReadonlyMap<string, string> | null {
  if (tickets.length < 2) return null;
  const at = [...text.matchAll(ticketIn)].map(({ index, 1: digits = "" }) => ({
    index,
    ticket: ticketKey(`T-${digits}`),
  }));
  const texts = new Map(at.map(({ index, ticket }, nth) => [ticket, text.slice(index, at[nth + 1]?.index)]));
  const front = detailsIn(text.slice(0, at[0]?.index));
  const isInFront = front.names.length + front.clocks.length + front.days.length + front.cents.length > 0;
  // "$99 for T-000001, and $188 for T-000002", "Ana → T-000001": what is said of each stands before it.
  const isLast = !/\p{L}{2}/u.test(text.slice(at.at(-1)?.index).replace(ticketIn, ""));
  if ((isInFront || isLast) && at.every(({ index }) => leadsToTicket.test(text.slice(0, index))))
    return new Map(at.map(({ index, ticket }, nth) => [ticket, text.slice(at[nth - 1]?.index ?? 0, index)]));
  return isInFront ? new Map() : texts;
}

function lackFor(turn: Turn, claim: Claim, details: Details, ticket: string | null): Lack | null {
  const known: Known = { turn, details, claim };
  const receipts = turn.calls.filter(({ outcome, tool }) => outcome === "done" && isReceipt(tool, claim));
  const proving = receipts
    .map((evidence) => (isOfDesk(evidence.tool, claim) ? evidence.records : recordsOf(evidence, ticket)))
    .filter((records) => records.length > 0);
  let lack: Lack | null = null;
  for (const records of proving) {
    if (claim.state !== null && !records.some(({ states }) => states.has(claim.state ?? ""))) continue;
    const other = misfit(known, records, ticket);
    if (other === null) return null;
    lack ??= other;
  }
  if (proving.length > 1 && misfit(known, proving.flat(), ticket) === null) return null;
  const seen = turn.calls.filter(
    ({ outcome }) =>
      !(outcome === "old" && isNew.test(claim.text)) && !(outcome === "read" && claim.manner === "own history"),
  );
  if (claim.manner !== "deed" && isRead(seen, known, ticket)) return null;
  if (claim.manner.endsWith("history") && isRead(turn.earlier, known, ticket)) return null;
  if (lack !== null) return lack;
  const about = turn.calls.filter(({ tool }) => isAbout(tool, claim));
  if (claim.manner !== "deed" && about.length === 0) return "not read";
  if (about.some(({ outcome, records }) => outcome === "old" && hasTicket(records, ticket))) return "old";
  if (about.some(({ outcome, records }) => outcome === "not done" && hasTicket(records, ticket))) return "refused";
  if (receipts.length > 0) return "other ticket";
  return claim.manner === "deed" ? "no receipt" : "not read";
}

/** "Another credit note is issued": a receipt of long ago shows none. */
const isNew = /(?<!\p{L})(?:now|just|fresh|another|second|one more|nuev[oa]s?|otr[oa]s?|recién|segund[oa])(?!\p{L})/iu;

/** Commands of no ticket, whichever is named beside them. */
const ofDesk: ReadonlySet<string> = new Set(["task", "roster", "directory", "link", "pause", "resume"]);
const isOfDesk = (tool: string, { effects }: Claim): boolean =>
  !/^(?:ticket|schedule|assignment|tech|billing|qa|closeout)\./u.test(tool) &&
  effects.some((effect) => ofDesk.has(effect) && proves(tool, effect));

const isReceipt = (tool: string, claim: Claim): boolean => claim.state !== null || isAbout(tool, claim);

const hasTicket = (records: readonly Facts[], ticket: string | null): boolean =>
  ticket === null || records.some(({ tickets }) => tickets.has(ticket));

/** What a result says of a ticket; of none in particular, all it says. */
function recordsOf({ records }: Evidence, ticket: string | null): readonly Facts[] {
  if (ticket === null) return records;
  return records.filter(({ tickets }) => tickets.has(ticket));
}

/** Whether what was read says so: a ticket in a state to which the change leads, or an event of it. */
function isRead(calls: readonly Evidence[], known: Known, ticket: string | null): boolean {
  const shows = calls.flatMap((evidence) =>
    recordsOf(evidence, ticket).filter((facts) => saysSo(facts, evidence, known.claim)),
  );
  if (shows.length === 0) return false;
  if (ticket === null)
    return shows.some((facts) => misfit(known, [facts], null) === null) || misfit(known, shows, null) === null;
  const own = calls.flatMap((evidence) => (offers.has(evidence.tool) ? [] : recordsOf(evidence, ticket)));
  return misfit(known, own, ticket) === null;
}

/** What could be; nothing in them is so. */
const offers: ReadonlySet<string> = new Set(["schedule.slots", "assignment.recommend", "plan.optimize", "plan.get"]);

/** How tickets stand says nothing of these: only their events do. */
const isOnlyTold: ReadonlySet<EffectName> = new Set(["note", "credit", "evidence", "notify"]);
const standings: ReadonlySet<string> = new Set(["ticket.get", "ticket.search", "dispatcher.cockpit"]);

const already = /(?<!\p{L})(?:already|still|ya|sigue)(?!\p{L})/iu;

function saysSo(facts: Facts, { outcome, tool }: Evidence, { effects, state, tickets, text }: Claim): boolean {
  if (state !== null) return facts.states.has(state) || facts.words.includes(state.toLowerCase());
  if (effects.length === 0) return outcome !== "not done" && facts.states.size > 0;
  if (outcome === "not done" && facts.states.size === 0) return false;
  if (offers.has(tool)) return false;
  // What a refused command was to do is not shown by its own refusal.
  if (outcome === "not done" && effects.some((effect) => proves(tool, effect)) && !already.test(text)) return false;
  if (tickets.length === 0 && outcome === "read" && facts.states.size === 0) return true;
  return effects.some((effect) => {
    if ([...facts.tools].some((one) => proves(one, effect))) return true;
    const states = statesOf(effect);
    if (states === null) return outcome === "read" && !(standings.has(tool) && isOnlyTold.has(effect));
    return states.some((one) => facts.states.has(one));
  });
}

function countLack(turn: Turn, claim: Claim): Lack | null {
  const about = turn.calls.filter(({ tool }) => isAbout(tool, claim));
  const receipts = about.filter(({ outcome }) => outcome === "done");
  if (claim.manner !== "deed" && receipts.length === 0) return null;
  if (claim.count === Infinity) return about.some(({ outcome }) => outcome === "not done") ? "fewer" : null;
  const tickets = new Set(
    receipts.flatMap(({ records }) =>
      records.flatMap((facts) => [...facts.tickets].filter((one) => one.startsWith("T-"))),
    ),
  );
  // "Released and cancelled, both": two things may be done to one ticket.
  const all = claim.count === 2 ? turn.calls.filter(({ outcome }) => outcome === "done").length : 0;
  const most = Math.max(receipts.length, tickets.size, all);
  return most > 0 && most < claim.count ? "fewer" : null;
}
