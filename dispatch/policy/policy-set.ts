/**
 * What a policy folder says, as it was written: every JSON file by its path, and the shipped profile it extends in full. This is
 * what a version of the policy keeps. Must not judge content; build-policy.ts does.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { PolicyError } from "./policy-error.ts";

export type PolicySet = {
  /** Parsed JSON by its path in the folder, such as incidents/DOOR_WONT_LATCH.json. */
  readonly files: Readonly<Record<string, unknown>>;
  /** The profile that profile.json says the differences of. */
  readonly base: unknown;
};

export const profileFile = "profile.json";
export const noWorkFile = "no-work.json";
export const priceBookFile = "price-book.json";
export const calendarFile = "calendar.json";
export const agreementsFile = "agreements.json";
/** May be missing: folders of before have none, and then what was always told may be told. */
export const pushPolicyFile = "push-policy.json";
export const singleFiles: readonly string[] = [profileFile, noWorkFile, priceBookFile, calendarFile, agreementsFile];
export const incidentFolder = "incidents";
export const priceBookFolder = "price-books";

/** The set that comes with this release. */
export const shippedFolder: string = join(import.meta.dirname, "shipped");
/** What a profile.json may extend. */
export const shippedProfiles = ["pilot", "strict"] as const;
export type ShippedProfile = (typeof shippedProfiles)[number];
export const isShippedProfile = (name: unknown): name is ShippedProfile =>
  shippedProfiles.some((known) => known === name);

export const shippedProfileFile = (name: ShippedProfile): string =>
  join(import.meta.dirname, "profiles", `${name}.json`);

/** As many files of such a size as a version may have: thousands of parts in a price book are the most. */
const mostFiles = 200;
const mostBytes = 1_024 * 1_024;

const incidentPath = /^incidents\/([A-Z][A-Z0-9_]{1,63})\.json$/;

/** Whether it is a file in price-books/. */
export const isFurtherBook = (file: string): boolean => /^price-books\/[a-z0-9][a-z0-9_-]{0,62}\.json$/.test(file);

/** The incident type of a file in incidents/; null for any other. */
export const incidentTypeOf = (file: string): string | null => incidentPath.exec(file)?.[1] ?? null;

/**
 * Reads the JSON files of a folder. Pages beside them (.md) and what begins with a dot are left alone.
 * @throws PolicyError for a file that is none of a policy's, is missing, too large or not JSON
 */
export function readPolicyFiles(folder: string): PolicySet["files"] {
  const books = existsSync(join(folder, priceBookFolder)) ? listed(folder, priceBookFolder) : [];
  const names = [...listed(folder, ""), ...listed(folder, incidentFolder), ...books];
  if (names.length > mostFiles)
    throw new PolicyError(".", "/", `has ${names.length} files; a policy has ${mostFiles} at most`);
  for (const name of singleFiles)
    if (!names.includes(name))
      throw new PolicyError(name, "/", `is missing in ${folder}; \`pnpm dispatch:policy init DIR\` writes one of each`);
  return Object.fromEntries(names.sort().map((name) => [name, readJson(folder, name)]));
}

function listed(folder: string, sub: string): string[] {
  let entries;
  try {
    entries = readdirSync(join(folder, sub), { withFileTypes: true });
  } catch (cause) {
    const reason = `the folder ${resolve(folder, sub)} cannot be read; \`pnpm dispatch:policy init DIR\` makes one`;
    throw new PolicyError(sub === "" ? "." : sub, "/", reason, { cause });
  }
  return entries.flatMap((entry) => {
    const name = sub === "" ? entry.name : `${sub}/${entry.name}`;
    if (entry.name.startsWith(".") || entry.name.endsWith(".md") || folders.includes(name)) return [];
    if (!singleFiles.includes(name) && name !== pushPolicyFile && incidentTypeOf(name) === null && !isFurtherBook(name))
      throw new PolicyError(name, "/", strangerReason(sub));
    return [name];
  });
}

const folders: readonly string[] = [incidentFolder, priceBookFolder];

function strangerReason(sub: string): string {
  if (sub === incidentFolder)
    return "is no incident type: the file's name is the type in capitals; an example: incidents/DOOR_WONT_LATCH.json";
  if (sub === priceBookFolder)
    return "is no price book: its name is of small letters, digits, - and _; an example: price-books/eur.json";
  const known = `${[...singleFiles, pushPolicyFile].join(", ")}, incidents/<TYPE>.json, price-books/<NAME>.json`;
  return `is no file of a policy; known: ${known}, and .md for notes`;
}

/** @throws PolicyError for a file that cannot be read, is too large, or is not JSON */
export function readJson(folder: string, file: string): unknown {
  try {
    const path = resolve(folder, file);
    const { size } = statSync(path);
    if (size > mostBytes) throw new PolicyError(file, "/", `has ${size} bytes; a file has ${mostBytes} at most`);
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    const reason = cause instanceof SyntaxError ? `is not JSON (${cause.message})` : "cannot be read";
    throw new PolicyError(file, "/", reason, { cause });
  }
}
