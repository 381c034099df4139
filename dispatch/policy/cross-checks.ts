/**
 * What a schema of one file cannot say: keys unique in lists, and names that another file must know.
 * Must not repair anything; it only refuses.
 */
import { commandEntries, type CommandName } from "../contract/index.ts";
import { PolicyError } from "./policy-error.ts";
import { signatureKey } from "./policy.ts";
import type { CalendarJson, CloseoutTemplatesJson, IncidentTypesJson, PriceBookJson, ProfileJson } from "./schema.ts";

type Source<T> = { readonly file: string; readonly json: T };

export type PolicyFiles = {
  readonly calendar: Source<CalendarJson>;
  readonly templates: Source<CloseoutTemplatesJson>;
  readonly incidentTypes: Source<IncidentTypesJson>;
  readonly priceBook: Source<PriceBookJson>;
  readonly profile: Source<ProfileJson>;
};

/** @throws PolicyError for the first rule that does not hold */
export function crossCheck({ calendar, templates, incidentTypes, priceBook, profile }: PolicyFiles): void {
  checkHolidays(calendar);
  const templated = templates.json.templates.map((t) => t.incident_type);
  const types = incidentTypes.json.incident_types.map((t) => t.incident_type);
  refuseRepeats(templates.file, "/templates", "incident_type", templated);
  refuseRepeats(
    templates.file,
    "/no_work_templates",
    "reason_code",
    templates.json.no_work_templates.map((t) => t.reason_code),
  );
  checkEvidenceKeys(templates);
  refuseRepeats(incidentTypes.file, "/incident_types", "incident_type", types);
  refuseRepeats(
    priceBook.file,
    "/accounts",
    "account_id",
    priceBook.json.accounts.map((a) => a.account_id),
  );
  refuseRepeats(
    priceBook.file,
    "/tax/regions",
    "region",
    priceBook.json.tax.regions.map((r) => r.region),
  );
  const typePath = (i: number): string => `/incident_types/${i}/incident_type`;
  refuseUnknown(incidentTypes.file, typePath, types, templated, "closeout template");
  const templatePath = (i: number): string => `/templates/${i}/incident_type`;
  refuseUnknown(templates.file, templatePath, templated, types, "incident type with a duration");

  const risk = profile.json.candidate_risk;
  const evidenceKeys = templates.json.templates.flatMap((t) => t.required_evidence.map(({ key }) => key));
  const riskPath =
    (list: string) =>
    (i: number): string =>
      `/candidate_risk/${list}/${i}`;
  refuseUnknown(profile.file, riskPath("incident_types"), risk.incident_types, types, "incident type");
  refuseUnknown(profile.file, riskPath("evidence_keys"), risk.evidence_keys, evidenceKeys, "evidence key");
  checkApprovalRules(profile.file, profile.json.human_approval);
}

/** Each template asks for a signature, names no key twice, and says of a key what every other template says of it. */
function checkEvidenceKeys({ file, json }: Source<CloseoutTemplatesJson>): void {
  const said = new Map<string, { readonly text: string; readonly path: string }>([
    [signatureKey, { text: JSON.stringify(["signature", null]), path: "every template" }],
  ]);
  for (const list of ["templates", "no_work_templates"] as const) {
    json[list].forEach(({ required_evidence: required }, at) => {
      const path = `/${list}/${at}/required_evidence`;
      const keys = required.map(({ key }) => key);
      refuseRepeats(file, path, "key", keys);
      if (list === "templates" && !keys.includes(signatureKey)) {
        const example = JSON.stringify({ key: signatureKey, kind: "signature" });
        throw new PolicyError(file, path, `must contain the key ${signatureKey}; an example: ${example}`);
      }
      required.forEach(({ key, kind, taken = null }, n) => {
        const text = JSON.stringify([kind, taken]);
        const before = said.get(key) ?? { text, path: `${path}/${n}` };
        said.set(key, before);
        if (before.text !== text)
          throw new PolicyError(
            file,
            `${path}/${n}`,
            `says of "${key}" ${text}, and ${before.path} says ${before.text}`,
          );
        if (taken !== null && kind !== "photo")
          throw new PolicyError(file, `${path}/${n}/taken`, `goes with a photo alone, and "${key}" is a ${kind}`);
      });
    });
  }
}

const waysOfDating = ["date", "yearly", "nth_weekday", "easter"] as const;

function checkHolidays({ file, json: { holiday_calendars: calendars } }: Source<CalendarJson>): void {
  refuseRepeats(
    file,
    "/holiday_calendars",
    "name",
    calendars.map(({ name }) => name),
  );
  calendars.forEach(({ holidays }, at) => {
    holidays.forEach((holiday, n) => {
      const path = `/holiday_calendars/${at}/holidays/${n}`;
      const ways = waysOfDating.filter((way) => holiday[way] !== undefined);
      if (ways.length !== 1) {
        const given = ways.length === 0 ? "says on no day" : `says it ${ways.length} ways: ${ways.join(" and ")}`;
        const example = JSON.stringify({ name: holiday.name, nth_weekday: { month: 11, weekday: 4, nth: 4 } });
        throw new PolicyError(file, path, `${given}; give one of ${waysOfDating.join(", ")}, e.g. ${example}`);
      }
      const { date, yearly, observed } = holiday;
      if (date !== undefined && !isDay(date))
        throw new PolicyError(file, `${path}/date`, `"${date}" is no day of the calendar; an example: "2026-12-24"`);
      // In a leap year, so that the 29th of February may be one.
      if (yearly !== undefined && !isDay(`2000-${yearly}`))
        throw new PolicyError(file, `${path}/yearly`, `"${yearly}" is no month and day; an example: "12-25"`);
      if (observed !== undefined && yearly === undefined) {
        const reason = `goes with a yearly month and day alone; an example: {"yearly": "12-25", "observed": "${observed}"}`;
        throw new PolicyError(file, `${path}/observed`, reason);
      }
    });
  });
}

// Date.parse takes some impossible days over into the next month.
const isDay = (date: string): boolean => {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date);
};

/** Which command's audit holds the fact a condition asks for; null where it is an effect that any command may have. */
const toolOfCondition = {
  technician_changed: null,
  moved_visits_in_an_hour_above: null,
  dispatch_mode: "assignment.dispatch",
  total_cents_above: "billing.generate_invoice",
  moved_visits_above: "plan.apply",
} as const satisfies Record<string, CommandName | null>;
const isCondition = (name: string): name is keyof typeof toolOfCondition => Object.hasOwn(toolOfCondition, name);

function checkApprovalRules(file: string, rules: ProfileJson["human_approval"]): void {
  refuseRepeats(
    file,
    "/human_approval",
    "rule",
    rules.map(({ rule }) => rule),
  );
  const commands = commandEntries.map(([name]) => name);
  rules.forEach(({ tool, when }, index) => {
    const at = `/human_approval/${index}`;
    if (tool !== undefined) refuseUnknown(file, () => `${at}/tool`, [tool], commands, "command");
    const name = Object.keys(when ?? {}).find(isCondition);
    const asked = name === undefined ? undefined : toolOfCondition[name];
    if (tool === undefined && asked !== null)
      throw new PolicyError(
        file,
        at,
        "a rule without a tool needs a condition that is an effect: technician_changed or moved_visits_in_an_hour_above",
      );
    if (asked === undefined || asked === (tool ?? null)) return;
    throw new PolicyError(
      file,
      `${at}/when`,
      asked === null
        ? `${name} is an effect of any tool: leave tool out`
        : `${name} is a condition of ${asked}, not of ${tool}`,
    );
  });
}

function refuseRepeats(file: string, list: string, member: string, values: readonly string[]): void {
  values.forEach((value, index) => {
    const first = values.indexOf(value);
    if (first !== index) {
      throw new PolicyError(file, `${list}/${index}/${member}`, `"${value}" is already at ${list}/${first}`);
    }
  });
}

function refuseUnknown(
  file: string,
  pathOf: (index: number) => string,
  values: readonly string[],
  known: readonly string[],
  what: string,
): void {
  const index = values.findIndex((value) => !known.includes(value));
  if (index >= 0) throw new PolicyError(file, pathOf(index), `there is no ${what} "${values[index]}"`);
}
