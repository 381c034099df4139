// How the texts of settings are read: numbers, flags, URLs, lists; each with its rule in words.

import { resolve } from "node:path";
import { idFrom, type Id } from "../../contract/ids.ts";
import { isOwnProfile } from "../../policy/profile-file.ts";
import type { Kind } from "./setting.ts";

/** Whether X-Actor-… headers count in place of a token; anywhere: also on an address that others can reach. */
export type DevHeaders = boolean | "anywhere";

const wrong = (rule: string): never => {
  throw new RangeError(rule);
};

export const integer = (minimum: number, maximum: number): Kind<number> => ({
  rule: `must be a whole number from ${minimum} to ${maximum}`,
  example: String(maximum),
  parse(text) {
    const value = Number(text);
    return /^\d+$/.test(text) && value >= minimum && value <= maximum ? value : wrong(this.rule);
  },
});

export const zeroOr = (minimum: number, maximum: number): Kind<number> => ({
  rule: `must be 0, or a whole number from ${minimum} to ${maximum}`,
  parse(text) {
    const value = Number(text);
    return /^\d+$/.test(text) && (value === 0 || (value >= minimum && value <= maximum)) ? value : wrong(this.rule);
  },
});

export const hourOrOff: Kind<number | null> = {
  rule: "must be a whole number from 0 to 23, or off",
  write: (value) => (value === null ? "off" : String(value)),
  parse(text) {
    return text === "off" ? null : integer(0, 23).parse(text);
  },
};

export const flag: Kind<boolean> = {
  rule: "must be true or false",
  parse: (text) => (text === "true" ? true : text === "false" ? false : wrong("must be true or false")),
};

export const devHeaders: Kind<DevHeaders> = {
  rule: "must be true, false or anywhere",
  parse(value) {
    return value === "anywhere" ? value : value === "true" || value === "false" ? flag.parse(value) : wrong(this.rule);
  },
};

/** Any text, and null where none is the default. */
export const text: Kind<string | null> = { rule: "is a text", parse: (value) => value };

/** Any text. */
export const word: Kind<string> = { rule: "is a text", parse: (value) => value };

/** A path; made whole from the folder the process runs in. */
export const folder: Kind<string> = { rule: "is a folder", parse: (value) => resolve(value) };

/** A path of a file; made whole as a folder's is. */
export const path: Kind<string | null> = { rule: "is a path", parse: (value) => resolve(value) };

export const url = (schemes: readonly string[], example: string): Kind<string | null> => ({
  rule: `must be a URL with ${schemes.join(" or ")}`,
  isUrl: true,
  example,
  parse(value) {
    return URL.canParse(value) && schemes.includes(new URL(value).protocol) ? value : wrong(this.rule);
  },
});

export const webUrl = url(["http:", "https:"], "https://desk.example");

/** As they are written: a path may tell capitals apart. Nothing in them is secret, since they are printed. */
export const webUrls: Kind<readonly string[]> = {
  rule: "must be a comma-separated list of URLs with http: or https:, without user, password, query and fragment",
  isList: true,
  example: "https://witness.example/add-checkpoint",
  parse(value) {
    const items = value.split(",").map((item) => item.trim());
    return items.every((item) => URL.canParse(item) && /^https?:[^?#@]*$/.test(item)) ? items : wrong(this.rule);
  },
};

export const oneOf = <const T extends string>(...values: T[]): Kind<T> => ({
  rule: `must be one of ${values.join(", ")}`,
  parse(value) {
    return values.find((one) => one === value) ?? wrong(this.rule);
  },
});

export const profile: Kind<string> = {
  rule: "must be pilot, strict, or the path of a profile of your own",
  parse(value) {
    return value === "pilot" || value === "strict" || isOwnProfile(value) ? value : wrong(this.rule);
  },
};

export const country: Kind<string> = {
  rule: "must be the two letters of a country (ISO 3166)",
  parse(value) {
    return /^[A-Za-z]{2}$/.test(value) ? value.toUpperCase() : wrong(this.rule);
  },
};

export const list: Kind<readonly string[]> = {
  rule: "must be a comma-separated list",
  isList: true,
  parse: (value) => {
    const items = value
      .split(",")
      .map((item) => item.trim().toLowerCase())
      .filter(Boolean);
    return items.length > 0 ? items : wrong("must be a comma-separated list");
  },
};

export const uuid = <I extends Id>(): Kind<I> => ({
  rule: "must be a uuid",
  parse: (value) => idFrom<I>(value) ?? wrong("must be a uuid"),
});
