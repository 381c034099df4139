/**
 * What a schema of one file cannot say: keys unique in lists, and names that another file must know.
 * Must not repair anything; it only refuses.
 */
import { commandEntries, type CommandName } from "../contract/index.ts";
import { currencyProblem } from "./currency.ts";
import { checkWhoseBooks, type Source } from "./further-book.ts";
import { skuKey } from "./part-catalogue.ts";
import { PolicyError } from "./policy-error.ts";
import { ratedTimes, signatureKey } from "./policy.ts";
import {
  partExample,
  type AgreementsJson,
  type CalendarJson,
  type FurtherBookJson,
  type IncidentJson,
  type NoWorkJson,
  type PriceBookJson,
  type ProfileJson,
} from "./schema.ts";

type Incident = Source<IncidentJson> & { readonly type: string };

export type PolicySources = {
  readonly incidents: readonly Incident[];
  readonly noWork: Source<NoWorkJson>;
  readonly calendar: Source<CalendarJson>;
  readonly priceBook: Source<PriceBookJson>;
  readonly furtherBooks: readonly Source<FurtherBookJson>[];
  readonly agreements: Source<AgreementsJson>;
  readonly profile: Source<ProfileJson>;
};

/** @throws PolicyError for the first rule that does not hold */
export function crossCheck({ incidents, noWork, calendar, agreements, profile, ...books }: PolicySources): void {
  checkHolidays(calendar);
  checkEvidence(incidents, noWork);
  checkBusinessHours(calendar);
  for (const book of [books.priceBook, ...books.furtherBooks]) checkPriceBook(book, calendar);
  checkWhoseBooks(books.priceBook, books.furtherBooks);
  refuseRepeats(
    agreements.file,
    "/agreements",
    "name",
    agreements.json.agreements.map(({ name }) => name),
  );
  checkRisk(profile, incidents);
  checkApprovalRules(profile.file, profile.json.human_approval);
}

function checkBusinessHours({ file, json }: Source<CalendarJson>): void {
  const { holiday_calendar: calendar } = json.business_hours ?? {};
  const known = json.holiday_calendars.map(({ name }) => name);
  if (calendar === undefined || known.includes(calendar)) return;
  throw new PolicyError(
    file,
    "/business_hours/holiday_calendar",
    `there is no holiday calendar "${calendar}"; known: ${known.join(", ") || "none"}; without holidays leave it out`,
  );
}

function checkPriceBook({ file, json }: Source<PriceBookJson>, calendar: Source<CalendarJson>): void {
  const currency = currencyProblem(json.currency);
  if (currency !== null) throw new PolicyError(file, "/currency", currency);
  const entries = [
    ["/default", json.default] as const,
    ...json.accounts.map((account, at) => [`/accounts/${at}`, account] as const),
  ];
  for (const [path, entry] of entries) {
    const time = ratedTimes.find((one) => entry[one]);
    if (time && !calendar.json.business_hours)
      throw new PolicyError(
        file,
        `${path}/${time}`,
        `has rates, and ${calendar.file} has no business_hours that say when those hold`,
      );
  }
  const accounts = json.accounts.map(({ account_id }) => account_id);
  refuseRepeats(file, "/accounts", "account_id", accounts);
  const regions = json.tax.regions.map(({ region }) => region);
  refuseRepeats(file, "/tax/regions", "region", regions);
  checkParts(file, json.parts ?? []);
}

function checkParts(file: string, parts: NonNullable<PriceBookJson["parts"]>): void {
  const listed = new Map<string, number>();
  for (const [at, { sku, cost_cents, price_cents }] of parts.entries()) {
    const key = skuKey(sku);
    const first = listed.get(key);
    if (first !== undefined) {
      const reason = `"${sku}" is already at /parts/${first}; each SKU stands once, in whatever letter case; an example: "STRIKE-02"`;
      throw new PolicyError(file, `/parts/${at}/sku`, reason);
    }
    listed.set(key, at);
    if (cost_cents !== undefined || price_cents !== undefined) continue;
    const reason = `has neither cost_cents, which is ours, nor price_cents, the customer's; an example: ${JSON.stringify(partExample)}`;
    throw new PolicyError(file, `/parts/${at}`, reason);
  }
}

function checkRisk({ file, json }: Source<ProfileJson>, incidents: readonly Incident[]): void {
  const { incident_types: risky = [], evidence_keys: riskyKeys = [] } = json.candidate_risk ?? {};
  const types = incidents.map(({ type }) => type);
  const keys = incidents.flatMap((incident) => incident.json.evidence.map(({ key }) => key));
  const at =
    (list: string) =>
    (i: number): string =>
      `/candidate_risk/${list}/${i}`;
  refuseUnknown(file, at("incident_types"), risky, types, "incident type");
  refuseUnknown(file, at("evidence_keys"), riskyKeys, keys, "evidence key");
}

type Said = { readonly text: string; readonly where: string };

/** Each kind of work asks for a signature, names no key twice, and says of a key what every other says of it. */
function checkEvidence(incidents: readonly Incident[], noWork: Source<NoWorkJson>): void {
  const said = new Map<string, Said>([
    [signatureKey, { text: JSON.stringify(["signature", null]), where: "every kind of work" }],
  ]);
  for (const { file, json } of incidents) {
    checkEvidenceList(file, "/evidence", json.evidence, said);
    if (json.evidence.some(({ key }) => key === signatureKey)) continue;
    const example = JSON.stringify({
      key: signatureKey,
      kind: "signature",
      sentence: "The signature, or why there is none.",
    });
    throw new PolicyError(file, "/evidence", `must contain the key ${signatureKey}; an example: ${example}`);
  }
  for (const [reason, { evidence }] of Object.entries(noWork.json.reasons))
    checkEvidenceList(noWork.file, `/reasons/${reason}/evidence`, evidence, said);
}

function checkEvidenceList(file: string, path: string, list: IncidentJson["evidence"], said: Map<string, Said>): void {
  refuseRepeats(
    file,
    path,
    "key",
    list.map(({ key }) => key),
  );
  list.forEach(({ key, kind, taken = null }, n) => {
    const at = `${path}/${n}`;
    const text = JSON.stringify([kind, taken]);
    const before = said.get(key) ?? { text, where: `${file} at ${at}` };
    said.set(key, before);
    if (before.text !== text)
      throw new PolicyError(file, at, `says of "${key}" ${text}, and ${before.where} says ${before.text}`);
    if (taken !== null && kind !== "photo")
      throw new PolicyError(file, `${at}/taken`, `goes with a photo alone, and "${key}" is a ${kind}`);
  });
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
  dry_run: "directory.import",
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
