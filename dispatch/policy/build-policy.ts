/**
 * Validates a policy set and builds one frozen Policy of it, or says which file is wrong. Reads no folder: a set comes from one,
 * or from a version that the database keeps.
 */
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import type { TSchema } from "../schema/type.ts";
import { canonicalSha256 } from "./canonical-json.ts";
import { crossCheck } from "./cross-checks.ts";
import {
  evidenceOf,
  indexBy,
  toBusinessHours,
  toHoliday,
  toCloseoutTemplate,
  toIncidentType,
  toFurtherBook,
  toPriceBook,
  toSeller,
  toProfileRules,
} from "./from-json.ts";
import { isMembers, layered } from "./layered-profile.ts";
import { laidOverMain } from "./further-book.ts";
import type { Policy } from "./policy.ts";
import { PolicyError } from "./policy-error.ts";
import {
  agreementsFile,
  calendarFile,
  incidentFolder,
  incidentTypeOf,
  isFurtherBook,
  noWorkFile,
  pushPolicyFile,
  priceBookFile,
  profileFile,
  type PolicySet,
} from "./policy-set.ts";
import {
  AgreementsFile,
  CalendarFile,
  FurtherBookFile,
  IncidentFile,
  NoWorkFile,
  PushPolicyFile,
  PriceBookFile,
  ProfileFile,
  type AgreementsJson,
  type CalendarJson,
  type FurtherBookJson,
  type IncidentJson,
  type NoWorkJson,
  type PushPolicyJson,
  type PriceBookJson,
  type ProfileJson,
} from "./schema.ts";
import { shippedExample } from "./shipped-example.ts";

// Ajv's strict mode stays on, so a misspelt keyword in schema.ts fails here and not silently in production.
// Each process loads a policy, once: the tests hold the schemas to the meta-schema, whose compiling takes a tenth of a
// second, and tidying the compiled code would take longer than it ever runs.
// Verbose, since an error then brings its schema along, and that an example.
const ajv = new Ajv2020({
  allErrors: false,
  strict: true,
  verbose: true,
  validateSchema: false,
  code: { optimize: false },
});

/** An operator's own profile, which stands in place of the folder's profile.json. */
export type OwnProfile = { readonly file: string; readonly json: unknown };

/**
 * @param own the profile that a setting names by its path; absent: profile.json over the set's base
 * @throws PolicyError naming the file, the JSON Pointer in it, the rule and an example
 */
export function buildPolicy(set: PolicySet, own?: OwnProfile): Policy {
  try {
    return built(set, own);
  } catch (error) {
    throw error instanceof PolicyError ? withExample(error) : error;
  }
}

function built({ files, base }: PolicySet, own: OwnProfile | undefined): Policy {
  const file = own?.file ?? profileFile;
  const faults = new Faults();
  const profile = faults.of(() =>
    checked<ProfileJson>(file, own?.json ?? laidOver(files[profileFile], base), ProfileFile),
  );
  const incidents = Object.keys(files).flatMap((name) => {
    const type = incidentTypeOf(name);
    const json = type !== null && faults.of(() => checked<IncidentJson>(name, files[name], IncidentFile));
    return type !== null && json ? [{ type, file: name, json }] : [];
  });
  const noWork = faults.of(() => checked<NoWorkJson>(noWorkFile, files[noWorkFile], NoWorkFile));
  const priceBook = faults.of(() => checked<PriceBookJson>(priceBookFile, files[priceBookFile], PriceBookFile));
  const further = Object.keys(files).flatMap((name) => {
    const json =
      priceBook &&
      isFurtherBook(name) &&
      faults.of(() => checked<FurtherBookJson>(name, laidOverMain(name, files[name], priceBook), FurtherBookFile));
    return json ? [{ file: name, json }] : [];
  });
  const pushPolicy = faults.of(() =>
    checked<PushPolicyJson>(pushPolicyFile, files[pushPolicyFile] ?? usualPushPolicy, PushPolicyFile),
  );
  const calendar = faults.of(() => checked<CalendarJson>(calendarFile, files[calendarFile], CalendarFile));
  const agreements = faults.of(() => checked<AgreementsJson>(agreementsFile, files[agreementsFile], AgreementsFile));
  if (faults.found.length > 0 || !profile || !noWork || !pushPolicy || !priceBook || !calendar || !agreements)
    throw faults.all();
  if (incidents.length === 0)
    throw new PolicyError(incidentFolder, "/", "has no incident type; an example: incidents/DOOR_WONT_LATCH.json");
  crossCheck({
    incidents,
    noWork: { file: noWorkFile, json: noWork },
    priceBook: { file: priceBookFile, json: priceBook },
    furtherBooks: further,
    calendar: { file: calendarFile, json: calendar },
    agreements: { file: agreementsFile, json: agreements },
    profile: { file, json: profile },
  });
  const types = Object.fromEntries(incidents.map(({ type, json }) => [type, json]));
  return deepFreeze({
    ...toProfileRules(profile, types, standardOf(agreements)),
    version: null,
    policyHash: canonicalSha256({
      agreements,
      calendar,
      incidents: types,
      no_work: noWork,
      price_book: priceBook,
      ...(further.length > 0 && { price_books: further }),
      ...(files[pushPolicyFile] !== undefined && { push_policy: pushPolicy }),
      profile,
    }),
    closeoutTemplates: indexBy(
      incidents,
      ({ type }) => type,
      ({ type, json }) => toCloseoutTemplate(type, json),
    ),
    noWorkTemplates: indexBy(
      Object.entries(noWork.reasons),
      ([reason]) => reason.toUpperCase(),
      ([reason, template]) => toCloseoutTemplate(reason.toUpperCase(), template),
    ),
    evidenceKeys: indexBy(
      [...Object.values(types), ...Object.values(noWork.reasons)].flatMap(({ evidence }) => evidenceOf(evidence)),
      ({ key }) => key,
      (required) => required,
    ),
    incidentTypes: indexBy(
      incidents,
      ({ type }) => type,
      ({ type, json }) => toIncidentType(type, json),
    ),
    holidayCalendars: indexBy(
      calendar.holiday_calendars,
      ({ name }) => name,
      ({ holidays }) => holidays.map(toHoliday),
    ),
    priceBook: toPriceBook(priceBook),
    furtherBooks: further.map((book) => toFurtherBook(book, priceBook)),
    businessHours: toBusinessHours(calendar),
    seller: toSeller(priceBook),
    pushPrefixes: pushPolicy.prefixes,
  });
}

/** What holds where a folder does not say it. */
const usualPushPolicy: PushPolicyJson = {
  schema_version: "1",
  prefixes: ["/queue-check", "/task", "/job-packet", "/vote", "/review"],
};

function standardOf({ agreements }: AgreementsJson) {
  const standard = agreements.find(({ name }) => name === "standard");
  if (standard) return standard.target_minutes;
  throw new PolicyError(
    agreementsFile,
    "/agreements",
    'must have one that is named "standard", for whoever has no other',
  );
}

/** The first fault of each file, so that one look finds what several files need. */
class Faults {
  readonly found: PolicyError[] = [];

  of<T>(check: () => T): T | null {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      this.found.push(error);
      return null;
    }
  }

  all(): PolicyError {
    const [first, ...others] = this.found.map(withExample);
    if (!first) throw new Error("a file is missing, and nobody said so");
    return new PolicyError(first.file, first.path, first.reason, { others, cause: first });
  }
}

/** What a folder's profile.json leaves to files of their own. */
const elsewhere: readonly { readonly path: readonly string[]; readonly home: string }[] = [
  {
    path: ["candidate_risk"],
    home: 'stands with each kind of work, and with its evidence, in incidents/<TYPE>.json; an example: "risk": "high"',
  },
  { path: ["sla", "target_minutes"], home: `stands in ${agreementsFile}, under the agreement "standard"` },
  { path: ["price_book"], home: `is ${priceBookFile} beside this file: leave it out` },
];

function laidOver(written: unknown, base: unknown): unknown {
  if (!isMembers(written))
    throw new PolicyError(profileFile, "/", 'must be an object; an example: {"extends": "strict"}');
  for (const { path, home } of elsewhere)
    if (path.reduce<unknown>((value, name) => (isMembers(value) ? value[name] : undefined), written) !== undefined)
      throw new PolicyError(profileFile, `/${path.join("/")}`, home);
  const { extends: _extends, ...differences } = written;
  return layered(base, differences);
}

/** @throws PolicyError for the first rule of the schema that the file breaks */
function checked<T>(file: string, json: unknown, schema: TSchema): T {
  const validate = ajv.compile<T>(schema);
  if (validate(json)) return json;
  const [first] = validate.errors ?? [];
  throw new PolicyError(file, first?.instancePath || "/", first === undefined ? "is invalid" : reasonOf(file, first));
}

function reasonOf(file: string, error: ErrorObject): string {
  const [example]: unknown[] = error.parentSchema?.["examples"] ?? [];
  const text =
    example === undefined ? shippedExample(file, error.instancePath, memberAt(error)) : JSON.stringify(example);
  return `${ruleOf(error)}${text === null ? "" : `; an example: ${text}`}`;
}

/** The member that is missing, or that may have been meant by one that nobody knows. */
function memberAt({ keyword, params, parentSchema }: ErrorObject): string | undefined {
  if (keyword === "required") return String(params["missingProperty"]);
  if (keyword !== "additionalProperties") return undefined;
  const written = String(params["additionalProperty"]);
  return Object.keys(parentSchema?.["properties"] ?? {}).toSorted(
    (a, b) => sharedStart(b, written) - sharedStart(a, written),
  )[0];
}

const sharedStart = (one: string, other: string): number => {
  const at = [...one].findIndex((letter, index) => letter !== other[index]);
  return at < 0 ? one.length : at;
};

function ruleOf(error: ErrorObject): string {
  const { message = "is invalid", params } = error;
  if (error.keyword === "additionalProperties")
    return `${message}: "${params["additionalProperty"]}"; known are ${Object.keys(error.parentSchema?.["properties"] ?? {}).join(", ")}`;
  if (error.keyword === "enum") return `${message}: ${JSON.stringify(params["allowedValues"])}`;
  if (error.keyword === "const") return `${message}: ${JSON.stringify(params["allowedValue"])}`;
  return message;
}

function withExample(error: PolicyError): PolicyError {
  if (/an example: |e\.g\. /.test(error.reason)) return error;
  const text = shippedExample(error.file, error.path);
  if (text === null) return error;
  return new PolicyError(error.file, error.path, `${error.reason}; an example: ${text}`, { cause: error });
}

function deepFreeze<T extends object>(value: T): Readonly<T> {
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
