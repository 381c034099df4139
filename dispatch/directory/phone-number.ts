// Phone numbers as people write them, read as one number: with and without country and area, whatever stands between the digits.

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
let loaded: typeof import("libphonenumber-js/max") | undefined;
/** Its 100 modules and all countries' plans come with the first number: most processes never see one. */
const library = () => (loaded ??= require("libphonenumber-js/max") as typeof import("libphonenumber-js/max"));

export type PhoneNumber = {
  /** With the country's digits and no plus: E.164. */
  readonly international: string;
  /** As it is dialled within the country, without a trunk prefix. */
  readonly national: string;
  readonly extension: string | null;
};

/** Whether phone numbers of that country can be read: two capital letters of ISO 3166. */
export const isPhoneRegion = (code: string): boolean => library().isSupportedCountry(code);

/** In which country a number without one is read: the site's own, or the desk's usual one where that says none. */
export const phoneRegion = (country: string | null, usual: string): string => {
  const code = country?.trim().toUpperCase() ?? "";
  return library().isSupportedCountry(code) ? code : usual;
};

/** A number with an extension as it is kept, since digits alone would be another number; null for any other. */
export function withExtension(written: string, region: string): string | null {
  const read = readPhone(written, region);
  return read?.extension ? `+${read.international}x${read.extension}` : null;
}

/** @param region the country of a number that names none, ISO 3166; @returns null where it is no number of any country */
export function readPhone(written: string, region: string): PhoneNumber | null {
  const { isSupportedCountry, parsePhoneNumberFromString } = library();
  const country = isSupportedCountry(region) ? region : undefined;
  // What was kept as digits alone may have begun with a plus, or with the zeros dialled for one.
  const read = [written, `+${written.replace(/[^0-9]/g, "").replace(/^0+/, "")}`]
    .map((text) => parsePhoneNumberFromString(text, country))
    .find((number) => number?.isValid());
  if (!read) return null;
  return { international: read.number.slice(1), national: read.nationalNumber, extension: read.ext ?? null };
}
