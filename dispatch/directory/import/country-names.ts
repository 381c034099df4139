// Countries as exports write them: by name in some language, by three letters, or by two.

const languages = ["en", "de", "fr", "es", "it", "nl", "pt"] as const;
const also: Readonly<Record<string, string>> = {
  usa: "US",
  "u.s.a.": "US",
  "u.s.": "US",
  america: "US",
  uk: "GB",
  "u.k.": "GB",
  england: "GB",
  scotland: "GB",
  wales: "GB",
  holland: "NL",
  deu: "DE",
  ger: "DE",
  aut: "AT",
  che: "CH",
  can: "CA",
  gbr: "GB",
  fra: "FR",
};

let names: ReadonlyMap<string, string> | undefined;

/** The two letters; null where it is no name we know. */
export function countryCode(written: string): string | null {
  const text = written.trim().toLowerCase();
  if (/^[a-z]{2}$/.test(text) && also[text] === undefined) return text.toUpperCase();
  return also[text] ?? (names ??= allNames()).get(text) ?? null;
}

/** Of all codes that two letters can be; once, with the first name, in some 30 ms. */
function allNames(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (const language of languages) {
    const shown = new Intl.DisplayNames(language, { type: "region", fallback: "none" });
    for (const first of letters)
      for (const second of letters) {
        const code = first + second;
        // Codes that were given up (DD) have the name of what took their place.
        const name = new Intl.Locale(`und-${code}`).region === code ? shown.of(code) : undefined;
        if (name !== undefined && !found.has(name.toLowerCase())) found.set(name.toLowerCase(), code);
      }
  }
  return found;
}
