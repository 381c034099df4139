// Working hours as people write them, in English and German, as shifts of a week. Pure; what cannot be read is said, never guessed.

export type WrittenShift = {
  /** 1 is Monday, 7 Sunday. */
  readonly weekdays: readonly number[];
  readonly start_time: string;
  readonly end_time: string;
  readonly breaks: readonly { readonly start: string; readonly end: string }[];
};

export type ReadHours = { readonly shifts: readonly WrittenShift[] } | { readonly fault: string };

const dayNames: readonly (readonly string[])[] = [
  ["mo", "mon", "monday", "mondays", "montag", "montags"],
  ["di", "tu", "tue", "tues", "tuesday", "tuesdays", "dienstag", "dienstags"],
  ["mi", "we", "wed", "wednesday", "wednesdays", "mittwoch", "mittwochs"],
  ["do", "th", "thu", "thur", "thurs", "thursday", "thursdays", "donnerstag", "donnerstags"],
  ["fr", "fri", "friday", "fridays", "freitag", "freitags"],
  ["sa", "sat", "saturday", "saturdays", "samstag", "samstags", "sonnabend"],
  ["so", "su", "sun", "sunday", "sundays", "sonntag", "sonntags"],
];
const dayOf: ReadonlyMap<string, number> = new Map(
  dayNames.flatMap((names, at) => names.map((name) => [name, at + 1] as const)),
);
export const workdays: readonly number[] = [1, 2, 3, 4, 5];
const wholeWeek = [...workdays, 6, 7];
const groups: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...["weekdays", "workdays", "werktags", "werktage", "wochentags"].map((word) => [word, workdays] as const),
  ...["daily", "everyday", "täglich", "taeglich"].map((word) => [word, wholeWeek] as const),
  ...["weekend", "weekends", "wochenende"].map((word) => [word, [6, 7]] as const),
]);
const breakWords: ReadonlySet<string> = new Set(["pause", "break", "lunch", "mittag", "mittagspause"]);
/** Words that change nothing; "bis" and "to" are made a hyphen before. */
const fillers: ReadonlySet<string> = new Set(["uhr", "h", "hrs", "from", "von", "und", "and", "every"]);

type Time = { readonly text: string };
type Token = string | Time;

const isTime = (token: Token | undefined): token is Time => typeof token === "object";

/** @param usualDays those of a time before which no day stands; absent: Monday to Friday */
export function readHours(written: string, usualDays: readonly number[] = workdays): ReadHours {
  if (/^\s*24\s*\/\s*7\s*$/.test(written))
    return { shifts: [{ weekdays: wholeWeek, start_time: "00:00", end_time: "24:00", breaks: [] }] };
  const tokens = tokensOf(written);
  if ("fault" in tokens) return tokens;
  return new HoursReader(tokens.tokens, usualDays).read();
}

/** Days alone, such as Mon-Thu or Mo, Mi, Fr; null for anything else. */
export function readDays(written: string): readonly number[] | null {
  const read = readHours(`${written} 00:00-01:00`);
  return "shifts" in read && read.shifts.length === 1 ? (read.shifts[0]?.weekdays ?? null) : null;
}

/** A time of the day as HH:MM; null where it is none. */
export function readTime(written: string): string | null {
  const tokens = tokensOf(written);
  if ("fault" in tokens) return null;
  const [only, ...others] = tokens.tokens;
  return isTime(only) && others.length === 0 ? only.text : null;
}

function tokensOf(written: string): { readonly tokens: readonly Token[] } | { readonly fault: string } {
  const text = written
    .toLowerCase()
    .replaceAll(/[\u2010-\u2015\u2212]/g, "-")
    .replaceAll(/\b(?:bis|to|till|until)\b/g, "-");
  const tokens: Token[] = [];
  const pattern = /(\d{1,2}(?:[:.]?\d{2}){0,2})\s*(am|pm|a\.m\.|p\.m\.)?|(\p{L}+)\.?|(-)|[\s,;:.+&/()|]+|(.)/gu;
  for (const [, digits, half, word, hyphen, other] of text.matchAll(pattern)) {
    if (other !== undefined) return { fault: `"${other}" is not understood` };
    if (hyphen !== undefined) tokens.push("-");
    else if (digits !== undefined) {
      const time = timeOf(digits, half);
      if (time === null) return { fault: `"${digits}${half ?? ""}" is no time of the day` };
      tokens.push({ text: time });
    } else if (word !== undefined && !fillers.has(word)) {
      if (!dayOf.has(word) && !groups.has(word) && !breakWords.has(word))
        return { fault: `"${word}" is no day of the week and no word we know` };
      tokens.push(word);
    }
  }
  return { tokens };
}

function timeOf(digits: string, half: string | undefined): string | null {
  const [, hour = "", minute = "00"] = /^(\d{1,2})(?:[:.]?(\d{2}))?(?:[:.]?00)?$/.exec(digits) ?? [];
  const read = Number(hour);
  const isPm = half?.startsWith("p");
  if (hour === "" || Number(minute) > 59 || (half !== undefined && (read < 1 || read > 12))) return null;
  const hours = half === undefined ? read : (read % 12) + (isPm ? 12 : 0);
  if (hours > 24 || (hours === 24 && minute !== "00")) return null;
  return `${String(hours).padStart(2, "0")}:${minute}`;
}

class HoursReader {
  readonly #tokens: readonly Token[];
  readonly #usual: readonly number[];
  readonly #shifts: {
    weekdays: number[];
    start_time: string;
    end_time: string;
    breaks: { start: string; end: string }[];
  }[] = [];
  #at = 0;

  constructor(tokens: readonly Token[], usual: readonly number[]) {
    this.#tokens = tokens;
    this.#usual = usual;
  }

  read(): ReadHours {
    let days: number[] = [];
    let daysUsed = false;
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at];
      if (isTime(token)) {
        const span = this.#span();
        if (span === null) return { fault: `the time ${token.text} has no end; write 08:00-16:30` };
        this.#add(days.length > 0 ? days : [...this.#usual], span);
        daysUsed = true;
      } else if (token === "-") return { fault: "a hyphen stands between nothing" };
      else if (breakWords.has(token ?? "")) {
        this.#at++;
        const span = isTime(this.#tokens[this.#at]) ? this.#span() : null;
        if (span === null || this.#shifts.length === 0)
          return {
            fault: "a break needs its beginning and end behind the hours it lies in, such as Pause 12:00-12:30",
          };
        if (!this.#addBreak(span)) return { fault: `the break ${span.join("-")} lies in none of the hours before it` };
      } else {
        const more = this.#days();
        if (more === null) return { fault: `a range of days that begins with "${token ?? ""}" has no end` };
        days = daysUsed ? more : [...days, ...more];
        daysUsed = false;
      }
    }
    if (this.#shifts.length === 0) return { fault: "it names no hours, such as Mon-Fri 08:00-16:30" };
    if (days.length > 0 && !daysUsed) return { fault: "days at its end have no hours" };
    return { shifts: this.#shifts };
  }

  /** Two times with a hyphen between them. */
  #span(): [string, string] | null {
    const [from, hyphen, to] = this.#tokens.slice(this.#at, this.#at + 3);
    if (!isTime(from) || hyphen !== "-" || !isTime(to)) return null;
    this.#at += 3;
    return [from.text, to.text];
  }

  /** A day, a range of days, or a word for several. */
  #days(): number[] | null {
    const [from = "", hyphen, to] = this.#tokens.slice(this.#at, this.#at + 3);
    if (isTime(from)) return null;
    const group = groups.get(from);
    const first = dayOf.get(from);
    if (group || hyphen !== "-") {
      this.#at++;
      return group ? [...group] : first === undefined ? null : [first];
    }
    const last = isTime(to) || to === undefined ? undefined : dayOf.get(to);
    if (first === undefined || last === undefined) return null;
    this.#at += 3;
    // Sa-Mo goes over the end of the week.
    return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, at) => ((first - 1 + at) % 7) + 1);
  }

  #add(days: readonly number[], [start, end]: readonly [string, string]): void {
    const weekdays = [...new Set(days)].sort((one, other) => one - other);
    this.#shifts.push({ weekdays, start_time: start === "24:00" ? "00:00" : start, end_time: end, breaks: [] });
  }

  /** A break of each of the hours before it that it lies in and that have none yet. @returns whether there are any */
  #addBreak([start, end]: readonly [string, string]): boolean {
    const around = this.#shifts.filter((shift) => shift.breaks.length === 0 && liesIn(start, end, shift));
    for (const { breaks } of around) breaks.push({ start, end });
    return around.length > 0;
  }
}

function liesIn(
  start: string,
  end: string,
  shift: { readonly start_time: string; readonly end_time: string },
): boolean {
  const minutes = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  const into = (time: string, from: string): number => (minutes(time) - minutes(from) + 2 * 1440) % 1440;
  return into(start, shift.start_time) + into(end, start) <= (into(shift.end_time, shift.start_time) || 1440);
}
