// Times, technicians, amounts and numbers of documents in a claim, and whether records say the same. Pure.

import type { Claim } from "./claim.ts";
import { isOfVisit, type EffectName } from "./effects.ts";
import type { Facts, Turn } from "./evidence.ts";
import { clocksIn, daysIn, wallAt, type SaidClock, type SaidDay, type Wall } from "./wall-clock.ts";
import { pattern } from "./pattern.ts";

export type Details = {
  /** What they stand in. */
  readonly text: string;
  readonly clocks: readonly SaidClock[];
  readonly days: readonly SaidDay[];
  readonly cents: readonly number[];
  /** Of invoices and receipts. */
  readonly documents: readonly string[];
  /** Names, as they are written, that stand where a technician's does. */
  readonly names: readonly string[];
};
export type Known = { readonly turn: Turn; readonly details: Details; readonly claim: Claim };

const amount = pattern(
  "giu",
  String.raw`(?:(?:US|MX|C|A)?[$€£]\s?(\d[\d.,]*\d|\d))|(?<![\d.,T-])(\d[\d.,]*\d|\d)\s?(?:USD|EUR|GBP|MXN|CHF`,
  String.raw`|dollars?`,
  String.raw`|euros?|dólares|pesos|pounds|€|\$)`,
);
const document =
  /(?<![\p{L}\d])(?:INV|CN|CR)-\d+|(?<![\da-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/giu;
const person = pattern(
  "gu",
  String.raw`(?<!\p{L})(?:[Ss]ent|[Dd]ispatched|[Aa]ssigned|[Bb]ooked|[Rr]eassigned|[Ww]ith|[Cc]on|[Ee]nviad[oa]`,
  String.raw`|[Ee]nvié`,
  String.raw`|[Mm]andé|[Aa]signé|[Aa]signad[oa]|[Tt]echnician|[Tt]écnic[oa])\s+(?:(?:to|a|technician|tech|el|la`,
  String.raw`|técnic[oa]`,
  String.raw`|over to|out)\s+)*(\p{Lu}\p{Ll}+)`,
);
const subject = /(?<!\p{L})(\p{Lu}\p{Ll}+)\s+(?:is|has been|will|was|['’]ll|está|queda|va|llegará|irá)(?!\p{L})/gu;
const noName = pattern(
  "u",
  String.raw`^(?:One|Two|Three|Four|Five|First|Second|Both|Each|Some|Someone|Door|The|This|That|Your|It|He|She|They`,
  String.raw`|We|You|Ticket|Visit|Job|All|Both|Both|Everything|Appointment|Booking|Technician|Invoice|Status|State`,
  String.raw`|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July`,
  String.raw`|August|September|October|November|December|Lunes|Martes|Miércoles|Jueves|Viernes|Sábado|Domingo|La|El`,
  String.raw`|Los|Las|Su|Ticket|Cita|Visita|Todo|Work|Nobody|Somebody|Who|What|There|Here|Which|Customer|Site|Mr|Mrs`,
  String.raw`|Ms|Dr|Sr|Sra|Demo|Mon|Tues?|Wed|Thur?s?|Fri|Sat|Sun|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)$`,
);

/** What can be held to a record. */
export function detailsIn(text: string): Details {
  const names = [...text.matchAll(person), ...text.matchAll(subject)].flatMap(([, name = ""]) =>
    noName.test(name) ? [] : [name],
  );
  return {
    text,
    clocks: clocksIn(text),
    days: daysIn(text),
    cents: [...text.matchAll(amount)].flatMap(([, sign, word]) => centsOf(sign ?? word ?? "") ?? []),
    documents: [...text.matchAll(document)].map(([said]) => said.toLowerCase()),
    names: [...new Set(names)],
  };
}

/** 1,250.50 and 1.250,50 alike. */
function centsOf(written: string): number | null {
  const [, whole = "", fraction = "0"] = /^(.*?)(?:[.,](\d{1,2}))?$/.exec(written) ?? [];
  const cents = Number(whole.replaceAll(/[.,]/g, "")) * 100 + Number(fraction.padEnd(2, "0"));
  return Number.isNaN(cents) ? null : cents;
}

/** Of which amounts are said. */
const ofMoney: ReadonlySet<EffectName> = new Set<EffectName>([
  "invoice",
  "credit",
  "askMoney",
  "raiseLimit",
  "triage",
  "update",
  "decide",
]);

/** Which detail of a claim no record has; null where they have all. */
export function misfit(
  known: Known,
  records: readonly Facts[],
  ticket: string | null,
): "technician" | "time" | "amount" | "document" | null {
  const { claim } = known;
  const isVisit = claim.state !== null || claim.effects.length === 0 || claim.effects.some(isOfVisit);
  if (isVisit && !fitsPeople(known, records, ticket)) return "technician";
  if (isVisit && !fitsTime(known, records, ticket)) return "time";
  const isMoney = claim.effects.length === 0 || claim.effects.some((effect) => ofMoney.has(effect));
  if (isMoney && !fitsAmounts(known, records, ticket)) return "amount";
  return isMoney && !fitsDocuments(known, records, ticket) ? "document" : null;
}

/** Beside a receipt's own number another of the same ticket may stand, as it was read: "INV-000001 came to $95; I've issued CN-000001". */
function fitsDocuments(known: Known, records: readonly Facts[], ticket: string | null): boolean {
  const { documents } = known.details;
  const isIn = (all: readonly Facts[], said: string) =>
    all.some(({ words, tickets }) => tickets.has(said) || words.includes(said));
  const more = documents.filter((said) => !isIn(records, said));
  if (more.length === 0) return true;
  const others = ticket === null ? known.turn.calls.flatMap((call) => call.records) : besides(known, ticket);
  return more.length < documents.length && more.every((said) => isIn(others, said));
}

/** What stands beside an amount of the receipt may be of the same ticket, from elsewhere in the turn: "$150 more than the $300". */
function fitsAmounts(known: Known, records: readonly Facts[], ticket: string | null): boolean {
  const { cents } = known.details;
  const more = cents.filter((one) => !hasAmount(records, one));
  if (more.length === 0) return true;
  const others = ticket === null ? known.turn.calls.flatMap((call) => call.records) : besides(known, ticket);
  return more.length < cents.length && more.every((one) => hasAmount(others, one));
}

function hasAmount(records: readonly Facts[], cents: number): boolean {
  if (records.some((facts) => facts.cents.has(cents))) return true;
  const whole = String(cents / 100);
  return records.some(({ words }) =>
    words.some((text) => text.length < 500 && /[$€£]|usd|eur|dollar|dólar/.test(text) && text.includes(whole)),
  );
}

/** Records of the ticket that this turn read besides, for what a receipt does not tell. */
const besides = ({ turn }: Known, ticket: string | null): Facts[] =>
  ticket === null
    ? []
    : [...turn.earlier, ...turn.calls].flatMap(({ records }) => records.filter(({ tickets }) => tickets.has(ticket)));

function fitsPeople(known: Known, records: readonly Facts[], ticket: string | null): boolean {
  const { turn, claim, details } = known;
  const text = details.text.replaceAll(ofTheirs, " ").toLowerCase();
  const said = [...turn.technicians].filter((name) => isNamed(text, name));
  const told = records.some(({ people }) => people.size > 0) ? records : [...records, ...besides(known, ticket)];
  const people = told.flatMap((facts) => [...facts.people]);
  // Whom a ticket lost stands in no answer; a reading may have told.
  if (people.length === 0 && claim.effects.includes("unassign")) return true;
  const firsts = new Set(people.map(firstName));
  // Two of one first name: the one who is booked is meant.
  const isActor = (name: string) =>
    claim.manner === "history" && records.some(({ words }) => words.some((one) => hasWord(one, firstName(name))));
  if (said.some((name) => !people.includes(name) && !firsts.has(firstName(name)) && !isActor(name))) return false;
  return details.names.every((name) => {
    const small = name.toLowerCase();
    if (firsts.has(small) || people.some((one) => one.split(/\s+/).includes(small))) return true;
    if ([...turn.technicians].some((one) => one.split(/\s+/).includes(small))) return false;
    return turn.calls.some(({ records: all }) => all.some(({ words }) => words.some((one) => hasWord(one, small))));
  });
}

/** "As Dev's health is uncertain" names him for something else. */
const ofTheirs = pattern(
  "gu",
  String.raw`(?<!\p{L})\p{Lu}\p{Ll}+['’]s(?!\*{0,2}\s+(?:\S+\s+){0,2}?(?:slot|visit|time|day off|shift|booking`,
  String.raw`|appointment|leave|job|on|in|been|coming|the)s?(?!\p{L}))`,
);

const firstName = (name: string): string => name.split(/\s+/)[0] ?? name;

const isNamed = (text: string, name: string): boolean =>
  hasWord(text, name) || (firstName(name).length > 2 && hasWord(text, firstName(name)));

function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1))
    if (!/\p{L}/u.test(text[at - 1] ?? " ") && !/\p{L}/u.test(text[at + word.length] ?? " ")) return true;
  return false;
}

function fitsTime(known: Known, records: readonly Facts[], ticket: string | null): boolean {
  const { details, turn } = known;
  if (details.clocks.length === 0 && details.days.length === 0) return true;
  const told = records.some(({ walls }) => walls.length > 0) ? records : [...records, ...besides(known, ticket)];
  const offsets = offsetsOf(turn, told);
  const walls = wallsOf(told, offsets, details.text);
  const today = offsets.map((offset) => wallAt(turn.at, offset).date);
  return (
    details.clocks.every(({ minutes, isEnd }) =>
      walls.some((wall) => wall.minute !== null && minutes.includes(wall.minute) && (isEnd || !wall.isEnd)),
    ) && details.days.every(({ fits }) => walls.some(({ date }) => fits(date, today)))
  );
}

/** The offsets that results have told; where nobody told any, UTC. */
function offsetsOf({ calls, earlier }: Turn, records: readonly Facts[]): number[] {
  const told = (all: readonly Facts[]) =>
    all.flatMap(({ walls }) => walls.flatMap(({ offset }) => (offset === null || offset === 0 ? [] : [offset])));
  const own = told(records);
  const any = own.length > 0 ? own : told([...calls, ...earlier].flatMap(({ records: all }) => all));
  return any.length > 0 ? [...new Set(any)] : [0];
}

function wallsOf(records: readonly Facts[], offsets: readonly number[], text: string): Wall[] {
  const isUtc = offsets.includes(0) || /(?<!\p{L})(?:UTC|GMT)(?!\p{L})|\dZ(?!\p{L})/u.test(text);
  return records.flatMap(({ walls, moments }) => [
    // At the sites it is another time, and perhaps another day.
    ...walls.filter(({ offset }) => offset !== 0 || isUtc),
    ...moments.flatMap(({ at, isEnd }) => offsets.map((offset) => wallAt(at, offset, isEnd))),
  ]);
}
