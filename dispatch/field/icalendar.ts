// Writes iCalendar text (RFC 5545): lines of at most 75 octets that end in CR LF, text escaped, times in UTC. Pure.

/** A property: its name, with parameters, and its value as it is to stand there. */
export type Property = readonly [name: string, value: string];

/** A calendar of events, each a list of properties. */
export function calendarText(properties: readonly Property[], events: readonly (readonly Property[])[]): string {
  const lines = [
    "BEGIN:VCALENDAR",
    ...properties.map(lineOf),
    ...events.flatMap((event) => ["BEGIN:VEVENT", ...event.map(lineOf), "END:VEVENT"]),
    "END:VCALENDAR",
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join("");
}

const lineOf = ([name, value]: Property): string => `${name}:${value}`;

/** Text as a value; what is no character of text is left out. */
export const asText = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/[^\P{Cc}\n\t]/gu, "")
    .replaceAll(/[\\;,]/g, (sign) => `\\${sign}`)
    .replaceAll("\n", "\\n");

/** A time as a value: 20260302T170000Z, whole seconds. */
export const asTime = (iso: string): string => `${new Date(iso).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;

const mostOctets = 75;

/** A long line goes on behind a line break and a space, which counts; no character is cut in two. */
function folded(line: string): string {
  const rows: string[] = [];
  let row = "";
  let octets = 0;
  for (const character of line) {
    const more = Buffer.byteLength(character);
    if (octets + more > mostOctets) {
      rows.push(row);
      row = " ";
      octets = 1;
    }
    row += character;
    octets += more;
  }
  return [...rows, row].join("\r\n");
}
