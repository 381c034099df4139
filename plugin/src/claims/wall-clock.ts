// Times as people say them, and times as results have them: minutes of a day and days of a calendar. Pure.

/** What a clock on a wall and the calendar beside it showed. */
export type Wall = {
  /** YYYY-MM-DD */
  readonly date: string;
  /** Of the day; null where only the day is told. */
  readonly minute: number | null;
  /** From UTC, in minutes; null where nobody says. */
  readonly offset: number | null;
  /** Whether something ends then. */
  readonly isEnd: boolean;
};

/** A time of the day that was said, as every minute that it may be: "at 9" is in the morning or in the evening. */
export type SaidClock = {
  readonly said: string;
  readonly minutes: readonly number[];
  /** "until 11", "to 11": where a visit ends. */
  readonly isEnd: boolean;
};
/** A day that was said. */
export type SaidDay = { readonly said: string; readonly fits: (date: string, today: readonly string[]) => boolean };

const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** Of an ISO time or day; null for any other text. */
export function parts(text: string, isEnd: boolean): Wall | null {
  const [, date, hour, minute, zone] = iso.exec(text) ?? [];
  if (date === undefined) return null;
  return {
    date,
    minute: hour === undefined ? null : Number(hour) * 60 + Number(minute),
    offset: zone === undefined ? null : offsetOf(zone),
    isEnd,
  };
}

function offsetOf(zone: string): number {
  if (zone === "Z") return 0;
  const [hours = 0, minutes = 0] = zone.slice(1).split(":").map(Number);
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

/** What the wall shows at a moment, so many minutes from UTC. */
export function wallAt(moment: number, offset: number, isEnd = false): Wall {
  const there = new Date(moment + offset * 60_000);
  return {
    date: there.toISOString().slice(0, 10),
    minute: there.getUTCHours() * 60 + there.getUTCMinutes(),
    offset,
    isEnd,
  };
}

const hourWords = [
  ["one", "una"],
  ["two", "dos"],
  ["three", "tres"],
  ["four", "cuatro"],
  ["five", "cinco"],
  ["six", "seis"],
  ["seven", "siete"],
  ["eight", "ocho"],
  ["nine", "nueve"],
  ["ten", "diez"],
  ["eleven", "once"],
  ["twelve", "doce"],
] as const;
const spoken: ReadonlyMap<string, number> = new Map([
  ...hourWords.flatMap(([english, spanish], at) => [[english, at + 1] as const, [spanish, at + 1] as const]),
  ["noon", 12],
  ["mediodía", 12],
]);
const hours = `\\d{1,2}|${[...spoken.keys()].join("|")}`;
const half =
  "(?:\\s*(a\\.?\\s?m\\b\\.?|p\\.?\\s?m\\b\\.?|de la mañana|de la tarde|de la noche|in the morning" +
  "|in the afternoon|in the evening))";
/** "4:00 left" is no time of a day. */
const noSpan = "(?!\\s*(?:h|hours?|min(?:utes)?|left|remaining|to go|ago|late|overdue|horas|restantes)(?!\\p{L}))";
const written = new RegExp(`(?<![\\d:.,$€£T-])(\\d{1,2})[:h](\\d{2})(?::\\d{2})?${half}?(?![\\d%])${noSpan}`, "giu");
const withHalf = new RegExp(`(?<![\\d:.,$€£-])(${hours})${half}`, "giu");
const atHour = new RegExp(
  `(?<![\\p{L}\\d])(?:at|for(?=\\s+\\d{1,2}\\s+o['’]clock)|from|between|until|till|a las?|de las?|desde las?` +
    `|hasta las?|entre las?|sobre las?|al)\\s+(${hours})(?:\\s*(?:-|–|to|and` +
    `|until|a|y|hasta)\\s*(?:las?\\s+)?(${hours}))?(?:\\s+(?:o'clock|sharp|en punto))?(?![\\p{L}\\d:%.,-]*[\\p{L}\\d%])(?!\\s*(?:%` +
    `|hours?|minutes?|min\\b|days?|tickets?|visits?|jobs?|euros?|dollars?|horas` +
    `|minutos|días|the\\b|of\\b|doors?\\b|sites?\\b|places?\\b|time\\b|go\\b|point\\b|end\\b))`,
  "giu",
);

const ending = /(?:[-–—]|(?<!\p{L})(?:to|until|till|and|by|before|hasta|y)|\d\s*a)\s*(?:las?\s+)?$/iu;

/** The times of the day in a text. */
export function clocksIn(text: string): SaidClock[] {
  const all: SaidClock[] = [];
  const take = (said: string, hour: number, minute: number, isEnd: boolean, part?: string) => {
    const minutes = minutesOf(said, hour, minute, part);
    if (minutes) all.push({ said: said.trim(), minutes, isEnd });
  };
  const endsAt = (index: number) => ending.test(text.slice(Math.max(0, index - 16), index));
  let left = without(text, written, ({ 0: said, 1: hour, 2: minute, 3: part, index }) =>
    take(said, Number(hour), Number(minute), endsAt(index), part),
  );
  left = without(left, withHalf, ({ 0: said, 1: hour = "", 2: part, index }) =>
    take(said, hourOf(hour), 0, endsAt(index), part),
  );
  for (const { 0: said, 1: first = "", 2: second } of left.matchAll(atHour)) {
    take(said, hourOf(first), 0, /^(?:until|till|hasta|to)/iu.test(said));
    if (second !== undefined) take(said, hourOf(second), 0, true);
  }
  return all;
}

/** The text with blanks in place of what a pattern found. */
function without(text: string, pattern: RegExp, take: (found: RegExpExecArray) => void): string {
  let left = text;
  for (const found of text.matchAll(pattern)) {
    take(found);
    const [said] = found;
    left = left.slice(0, found.index) + " ".repeat(said.length) + left.slice(found.index + said.length);
  }
  return left;
}

const hourOf = (text: string): number => spoken.get(text.toLowerCase()) ?? Number(text);

function minutesOf(said: string, hour: number, minute: number, part: string | undefined): number[] | null {
  if (!(hour >= 0 && hour <= 24) || !(minute < 60)) return null;
  const late = part !== undefined && /^p|tarde|noche|afternoon|evening/i.test(part);
  const early = part !== undefined && !late;
  const twelve = hour % 12;
  const hoursMeant =
    part !== undefined
      ? [late ? twelve + 12 : twelve]
      : hour > 12 || hour === 0 || said.startsWith("0")
        ? [hour]
        : [hour, (hour + 12) % 24];
  return (early ? [twelve] : hoursMeant).map((one) => one * 60 + minute);
}

const weekdays = [
  ["sunday", "sun", "domingo"],
  ["monday", "mon", "lunes"],
  ["tuesday", "tue", "tues", "martes"],
  ["wednesday", "wed", "miércoles", "miercoles"],
  ["thursday", "thu", "thur", "thurs", "jueves"],
  ["friday", "fri", "viernes"],
  ["saturday", "sat", "sábado", "sabado"],
] as const;
const weekdayAt: ReadonlyMap<string, number> = new Map(
  weekdays.flatMap((names, at) => names.map((name) => [name, at] as const)),
);
const months = [
  ["january", "jan", "enero"],
  ["february", "feb", "febrero"],
  ["march", "mar", "marzo"],
  ["april", "apr", "abril"],
  ["may", "mayo"],
  ["june", "jun", "junio"],
  ["july", "jul", "julio"],
  ["august", "aug", "agosto"],
  ["september", "sept", "sep", "septiembre"],
  ["october", "oct", "octubre"],
  ["november", "nov", "noviembre"],
  ["december", "dec", "diciembre"],
] as const;
const monthAt: ReadonlyMap<string, number> = new Map(
  months.flatMap((names, at) => names.map((name) => [name, at + 1] as const)),
);
const alternatives = (names: ReadonlyMap<string, number>): string =>
  [...names.keys()].toSorted((a, b) => b.length - a.length).join("|");
const weekdayPattern = new RegExp(`(?<![\\p{L}\\d])(${alternatives(weekdayAt)})(?![\\p{L}\\d])\\.?`, "giu");
const monthDay = new RegExp(
  `(?<![\\p{L}\\d])(${alternatives(monthAt)})\\.?\\s+(\\d{1,2})(?:st|nd|rd|th)?(?![\\p{L}\\d:])`,
  "giu",
);
const dayMonth = new RegExp(
  `(?<![\\p{L}\\d:])(\\d{1,2})(?:st|nd|rd|th)?\\s+(?:of\\s+|de\\s+)?(${alternatives(monthAt)})(?![\\p{L}\\d])`,
  "giu",
);
const isoDay = /(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)/g;
const relative: readonly (readonly [RegExp, number])[] = [
  [/(?<!\p{L})(?:day after tomorrow|pasado mañana)(?!\p{L})/giu, 2],
  [/(?<!\p{L}|day after )tomorrow(?!\p{L})|(?<!la |esta |pasado |\p{L})mañana(?!\p{L})/giu, 1],
  [/(?<!\p{L}|earlier |later |just )(?:today(?!['’]s)|tonight|hoy)(?!\p{L})/giu, 0],
  [/(?<!\p{L})(?:this (?:morning|afternoon|evening)|esta (?:tarde|noche|mañana))(?!\p{L})/giu, 0],
];

const shifted = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

/** The days in a text. */
export function daysIn(text: string): SaidDay[] {
  const all: SaidDay[] = [];
  for (const [said, name = ""] of text.matchAll(weekdayPattern)) {
    const wanted = weekdayAt.get(name.toLowerCase());
    all.push({ said, fits: (date) => new Date(`${date}T00:00:00Z`).getUTCDay() === wanted });
  }
  const onDay = (said: string, month: number | undefined, day: number) =>
    all.push({ said, fits: (date) => Number(date.slice(5, 7)) === month && Number(date.slice(8)) === day });
  for (const [said, name = "", day] of text.matchAll(monthDay))
    onDay(said, monthAt.get(name.toLowerCase()), Number(day));
  for (const [said, day, name = ""] of text.matchAll(dayMonth))
    onDay(said, monthAt.get(name.toLowerCase()), Number(day));
  for (const [said] of text.matchAll(isoDay)) all.push({ said, fits: (date) => date === said });
  for (const [pattern, days] of relative)
    for (const [said] of text.matchAll(pattern))
      all.push({ said, fits: (date, today) => today.some((one) => shifted(one, days) === date) });
  return all;
}
