/**
 * Turns validated policy JSON (snake_case) into the Policy's members (camelCase), nothing else:
 * every rule about content is in schema.ts and cross-checks.ts.
 */
import type { Source } from "./further-book.ts";
import { skuKey } from "./part-catalogue.ts";
import {
  ratedTimes,
  type BusinessHours,
  type CataloguePart,
  type CloseoutTemplate,
  type FurtherBook,
  type Holiday,
  type IncidentType,
  type Index,
  type Policy,
  type PriceBook,
  type PriceBookEntry,
  type RatedTime,
  type Rates,
  type RequiredEvidence,
  type Seller,
} from "./policy.ts";
import type {
  AgreementsJson,
  CalendarJson,
  FurtherBookJson,
  IncidentJson,
  PriceBookJson,
  ProfileJson,
} from "./schema.ts";

/** The members of Policy that come from the profile, with what other files say in its place. */
export type ProfileRules = Omit<
  Policy,
  | "version"
  | "policyHash"
  | "businessHours"
  | "closeoutTemplates"
  | "noWorkTemplates"
  | "evidenceKeys"
  | "incidentTypes"
  | "holidayCalendars"
  | "priceBook"
  | "furtherBooks"
  | "seller"
  | "pushPrefixes"
>;

/** Indexes a list by a key of its items; the result has no prototype, so only listed keys are found. */
export function indexBy<Item, T>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  map: (item: Item) => T,
): Index<T> {
  const index: Record<string, T> = Object.create(null);
  for (const item of items) index[keyOf(item)] = map(item);
  return index;
}

/** What a kind of work, or of having nothing to do, has to prove. */
export function toCloseoutTemplate(
  name: string,
  { version, evidence, checklist = [] }: Pick<IncidentJson, "version" | "evidence"> & Partial<IncidentJson>,
): CloseoutTemplate {
  return { incidentType: name, version, requiredEvidence: evidenceOf(evidence), requiredChecklistKeys: checklist };
}

export const evidenceOf = (evidence: IncidentJson["evidence"]): RequiredEvidence[] =>
  evidence.map(({ key, kind, taken = null, sentence }) => ({ key, kind, taken, sentence }));

export function toIncidentType(name: string, json: IncidentJson): IncidentType {
  return {
    incidentType: name,
    title: json.title,
    words: json.words,
    defaultDurationMinutes: json.duration_minutes,
    maxWindowMinutes: json.max_window_minutes ?? null,
    crewSize: json.crew_size ?? 1,
    requiredSkills: json.skills,
    requiredTools: json.tools,
  };
}

type HolidayJson = CalendarJson["holiday_calendars"][number]["holidays"][number];

export const toHoliday = (json: HolidayJson): Holiday => ({ name: json.name, on: ruleOf(json) });

function ruleOf({ date, yearly, nth_weekday: nth, easter, observed }: HolidayJson): Holiday["on"] {
  if (date !== undefined) return { kind: "date", date };
  if (nth !== undefined) return { kind: "nth_weekday", ...nth };
  if (easter !== undefined) return { kind: "easter", days: easter };
  const [month = 0, day = 0] = (yearly ?? "").split("-").map(Number);
  return { kind: "yearly", month, day, observed: observed ?? null };
}

export function toPriceBook(json: PriceBookJson): PriceBook {
  const base = toEntry(json.default);
  return {
    version: json.version,
    currency: json.currency,
    rounding: json.rounding ?? "half_up",
    default: base,
    byAccount: indexBy(
      json.accounts,
      (a) => a.account_id,
      (a) => toEntry({ ...json.default, ...a, ...timesOf(json.default, a) }),
    ),
    tax: {
      defaultBasisPoints: json.tax.default_basis_points,
      basisPointsByRegion: indexBy(
        json.tax.regions,
        (r) => r.region,
        (r) => r.basis_points,
      ),
      taxableLines: json.tax.taxable_lines,
    },
    parts: indexBy(json.parts ?? [], ({ sku }) => skuKey(sku), toPart),
  };
}

export const toFurtherBook = ({ file, json }: Source<FurtherBookJson>, main: PriceBookJson): FurtherBook => ({
  file,
  book: toPriceBook(json),
  forAccounts: json.for_accounts
    ? indexBy<string, true>(
        json.for_accounts,
        (reference) => reference,
        () => true,
      )
    : null,
  seller: toSeller(json) ?? toSeller(main),
});

const toPart = (json: NonNullable<PriceBookJson["parts"]>[number]): CataloguePart => ({
  sku: json.sku.trim(),
  name: json.name,
  costCents: json.cost_cents ?? null,
  priceCents: json.price_cents ?? null,
});

/** The holidays of the calendar that is named; crossCheck has found it. */
export function toBusinessHours({
  business_hours: hours,
  holiday_calendars: calendars,
}: CalendarJson): BusinessHours | null {
  if (!hours) return null;
  const holidays = calendars.find(({ name }) => name === hours.holiday_calendar)?.holidays ?? [];
  return { weekly: hours.weekly, holidays: holidays.map(toHoliday) };
}

export function toSeller({ seller }: PriceBookJson): Seller | null {
  if (!seller) return null;
  const { name, address, bank, ...more } = seller;
  const { line1 = null, line2 = null, city = null, region = null, postal_code = null, country } = address;
  const { tax_id = null, registration_id = null, email = null, phone = null } = more;
  return {
    name,
    address: { line1, line2, city, region, postal_code, country },
    tax_id,
    registration_id,
    email,
    phone,
    bank: bank
      ? { account: bank.account, bank_id: bank.bank_id ?? null, account_name: bank.account_name ?? null }
      : null,
  };
}

type Entry = PriceBookJson["default"];
type TimedEntry = Pick<Entry, RatedTime>;

/** An account's rates of a time name only what differs from those of everybody. */
const timesOf = (all: TimedEntry, own: TimedEntry): TimedEntry =>
  Object.fromEntries(
    ratedTimes.filter((time) => all[time] ?? own[time]).map((time) => [time, { ...all[time], ...own[time] }]),
  );

const toRates = (json: Entry): Rates => ({
  laborCentsPerHour: json.labor_cents_per_hour,
  travelCentsPerHour: json.travel_cents_per_hour,
  tripChargeCents: json.trip_charge_cents,
});

function toEntry(json: Entry): PriceBookEntry {
  return {
    ...toRates(json),
    at: Object.fromEntries(
      ratedTimes.flatMap((time) => (json[time] ? [[time, toRates({ ...json, ...json[time] })] as const] : [])),
    ),
    minimumLaborMinutes: json.minimum_labor_minutes,
    materialsMarkupBasisPoints: json.materials_markup_basis_points,
  };
}

/** @param targetMinutes of the agreement that holds for whoever has no other */
export function toProfileRules(
  json: ProfileJson,
  types: Readonly<Record<string, IncidentJson>>,
  targetMinutes: AgreementsJson["agreements"][number]["target_minutes"],
): ProfileRules {
  return {
    profile: json.profile,
    profileVersion: json.version,
    unknownFields: json.unknown_fields,
    unknownIncidentType: json.unknown_incident_type,
    devHeaders: json.dev_headers,
    bypass: {
      requiredPriority: json.bypass.required_priority,
      incidentTypeRequired: json.bypass.incident_type_required,
      rationaleMinLength: json.bypass.rationale_min_length,
      confirmationRequired: json.bypass.confirmation_required,
      pendingApprovalRefused: json.bypass.pending_approval_refused,
    },
    onCallPriorities: json.on_call_priorities,
    overrunReserveMinutes: json.overrun_reserve_minutes,
    confirmMustMatchProposal: json.confirm_must_match_proposal,
    confirmRefusesUnstaffed: json.confirm_refuses_unstaffed,
    confirmRefusesPastWindow: json.confirm_refuses_past_window,
    evidenceMustBeVerified: json.evidence_must_be_verified,
    evidence: {
      maxItemsPerTicket: json.evidence.max_items_per_ticket,
      duplicates: json.evidence.duplicates,
      captureTimes: json.evidence.capture_times,
      captureMarginMinutes: json.evidence.capture_margin_minutes,
    },
    firstDrive: json.first_drive,
    technicianWithoutShift: json.technician_without_shift,
    technicianWithoutAbilities: json.technician_without_abilities,
    workerMayDispatch: json.worker_may_dispatch,
    workerMayBump: json.worker_may_bump,
    dispatchAheadMinutes: json.dispatch_ahead_minutes,
    handsOffMinutes: json.hands_off_minutes,
    windows: {
      maxMinutes: json.windows.max_minutes,
      aheadDays: json.windows.ahead_days,
      holdDays: json.windows.hold_days,
    },
    candidateRisk: json.candidate_risk
      ? { incidentTypes: json.candidate_risk.incident_types, evidenceKeys: json.candidate_risk.evidence_keys }
      : riskOf(types),
    sla: { targetMinutes: json.sla.target_minutes ?? targetMinutes, warningMinutes: json.sla.warning_minutes },
    intake: {
      identityConfidenceThreshold: json.intake.identity_confidence_threshold,
      classificationConfidenceThreshold: json.intake.classification_confidence_threshold,
      duplicateWindowMinutes: json.intake.duplicate_window_minutes,
    },
    invoice: {
      zeroNteMeansUnlimited: json.invoice.zero_nte_means_unlimited,
      tripChargeOnlyAllowed: json.invoice.trip_charge_only_allowed,
    },
    humanApproval: json.human_approval.map(({ four_eyes, expires_hours, ...rule }) => ({
      ...rule,
      ...(four_eyes !== undefined && { fourEyes: four_eyes }),
      ...(expires_hours !== undefined && { expiresHours: expires_hours }),
    })),
  };
}

/** What the kinds of work say of their own risk. */
function riskOf(types: Readonly<Record<string, IncidentJson>>): Policy["candidateRisk"] {
  const evidence = Object.values(types).flatMap((type) => type.evidence);
  return {
    incidentTypes: Object.keys(types).filter((name) => types[name]?.risk === "high"),
    evidenceKeys: [...new Set(evidence.filter(({ risk }) => risk === "high").map(({ key }) => key))],
  };
}
