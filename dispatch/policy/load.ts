/**
 * Reads the policy files of one profile, validates them and gives one frozen Policy, or says which file is wrong.
 * Must not be called per request: the result is loaded once at start and passed on.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import type { TSchema } from "../schema/type.ts";
import { canonicalSha256 } from "./canonical-json.ts";
import { crossCheck } from "./cross-checks.ts";
import {
  indexBy,
  toHoliday,
  toIncidentType,
  toNoWorkTemplate,
  toPriceBook,
  toProfileRules,
  toRequiredEvidence,
  toTemplate,
} from "./from-json.ts";
import type { Policy } from "./policy.ts";
import { PolicyError } from "./policy-error.ts";
import { isOwnProfile, profileFileOf } from "./profile-file.ts";
import {
  CalendarFile,
  CloseoutTemplatesFile,
  IncidentTypesFile,
  PriceBookFile,
  ProfileFile,
  type CalendarJson,
  type CloseoutTemplatesJson,
  type IncidentTypesJson,
  type PriceBookJson,
  type ProfileJson,
} from "./schema.ts";

export { PolicyError } from "./policy-error.ts";

const templatesFile = "closeout-templates.json";
const incidentTypesFile = "incident-types.json";
const calendarFile = "calendar.json";

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

/**
 * Loads `<folder>/profiles/<profile>.json`, or a profile of the operator's own, and the sets it stands on.
 * @param named "pilot", "strict", the name of a further file in profiles/, or the path of a file that ends in .json
 * @param folder where the JSON lies; the project's own set by default
 * @throws PolicyError naming the file, the JSON Pointer in it and the reason
 */
export function loadPolicy(named: string, folder: string = import.meta.dirname): Policy {
  const { file: profileFile, name: profileName } = profileFileOf(named);
  if (!isOwnProfile(named)) requireProfile(profileName, profileFile, folder);
  const profile = read<ProfileJson>(folder, profileFile, ProfileFile);
  if (profile.profile !== profileName) {
    throw new PolicyError(profileFile, "/profile", `says "${profile.profile}", the file is named "${profileName}"`);
  }
  const templates = read<CloseoutTemplatesJson>(folder, templatesFile, CloseoutTemplatesFile);
  const incidentTypes = read<IncidentTypesJson>(folder, incidentTypesFile, IncidentTypesFile);
  const priceBook = read<PriceBookJson>(folder, profile.price_book, PriceBookFile);
  const calendar = read<CalendarJson>(folder, calendarFile, CalendarFile);
  crossCheck({
    calendar: { file: calendarFile, json: calendar },
    templates: { file: templatesFile, json: templates },
    incidentTypes: { file: incidentTypesFile, json: incidentTypes },
    priceBook: { file: profile.price_book, json: priceBook },
    profile: { file: profileFile, json: profile },
  });
  return deepFreeze({
    ...toProfileRules(profile),
    policyHash: canonicalSha256({
      calendar,
      closeout_templates: templates,
      incident_types: incidentTypes,
      price_book: priceBook,
      profile,
    }),
    closeoutSchemaVersion: templates.schema_version,
    closeoutTemplates: indexBy(templates.templates, (t) => t.incident_type, toTemplate),
    noWorkTemplates: indexBy(templates.no_work_templates, (t) => t.reason_code.toUpperCase(), toNoWorkTemplate),
    evidenceKeys: indexBy(
      [...templates.templates, ...templates.no_work_templates].flatMap((t) => t.required_evidence),
      ({ key }) => key,
      toRequiredEvidence,
    ),
    incidentTypes: indexBy(incidentTypes.incident_types, (t) => t.incident_type, toIncidentType),
    holidayCalendars: indexBy(
      calendar.holiday_calendars,
      ({ name }) => name,
      ({ holidays }) => holidays.map(toHoliday),
    ),
    priceBook: toPriceBook(priceBook),
  });
}

/** @throws PolicyError */
function requireProfile(profileName: string, file: string, folder: string): void {
  let known: string[];
  try {
    known = readdirSync(join(folder, "profiles"));
  } catch (cause) {
    throw new PolicyError(file, "/", "the folder profiles/ cannot be read", { cause });
  }
  // Compared with the listing, not opened by name: the name comes from a setting and may hold "../".
  if (known.includes(`${profileName}.json`)) return;
  const names = known.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5));
  throw new PolicyError(file, "/", `there is no such profile; known: ${names.sort().join(", ")}`);
}

function read<T>(folder: string, file: string, schema: TSchema): T {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(resolve(folder, file), "utf8"));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? `is not JSON (${cause.message})` : "cannot be read";
    throw new PolicyError(file, "/", reason, { cause });
  }
  const validate = ajv.compile<T>(schema);
  if (validate(json)) return json;
  const [first] = validate.errors ?? [];
  throw new PolicyError(file, first?.instancePath || "/", first === undefined ? "is invalid" : reasonOf(first));
}

function reasonOf(error: ErrorObject): string {
  const [example]: unknown[] = error.parentSchema?.["examples"] ?? [];
  return `${ruleOf(error)}${example === undefined ? "" : `; an example: ${JSON.stringify(example)}`}`;
}

function ruleOf(error: ErrorObject): string {
  const { message = "is invalid", params } = error;
  if (error.keyword === "additionalProperties") return `${message}: "${params["additionalProperty"]}"`;
  if (error.keyword === "enum") return `${message}: ${JSON.stringify(params["allowedValues"])}`;
  if (error.keyword === "const") return `${message}: ${JSON.stringify(params["allowedValue"])}`;
  return message;
}

function deepFreeze<T extends object>(value: T): Readonly<T> {
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
