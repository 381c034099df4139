/**
 * The loaded policy as the rest of the house sees it: camelCase, indexed, read-only.
 * Types and the one key that rules know by name; load.ts builds the value from the JSON files.
 */

import type { EvidenceKind } from "../contract/fields.ts";

/** The evidence key every template demands: a signature, or why there is none. */
export const signatureKey = "signature_or_no_signature_reason";

export type Priority = "EMERGENCY" | "URGENT" | "ROUTINE";
export type TaxableLineKind = "labor" | "travel" | "materials" | "trip";

/** Keyed by data (an incident type, an account id). Built without a prototype, so "constructor" is no member. */
export type Index<T> = Readonly<Record<string, T>>;

export type RequiredEvidence = {
  readonly key: string;
  readonly kind: EvidenceKind;
  /** Of two photos of one thing, which shows it before the work; null where there is no other. */
  readonly taken: "before" | "after" | null;
  /** What it is to show, for whoever sends it. */
  readonly sentence: string;
};

export type CloseoutTemplate = {
  readonly incidentType: string;
  readonly version: string;
  readonly requiredEvidence: readonly RequiredEvidence[];
  readonly requiredChecklistKeys: readonly string[];
};

export type IncidentType = {
  readonly incidentType: string;
  /** What people call it. */
  readonly title: string;
  /** Further words that people use for it. */
  readonly words: readonly string[];
  readonly defaultDurationMinutes: number;
  /** Null where the profile's own bound holds. */
  readonly maxWindowMinutes: number | null;
  /** How many people go at once, the lead among them; 1 where the file says nothing. */
  readonly crewSize: number;
  readonly requiredSkills: readonly string[];
  readonly requiredTools: readonly string[];
};

/** Cents are whole cents of the price book's currency, rates are per hour. */
export type Rates = {
  readonly laborCentsPerHour: number;
  readonly travelCentsPerHour: number;
  readonly tripChargeCents: number;
};

/** When other rates than the usual ones may hold. Of those that are so at once the first with rates of its own is charged. */
export const ratedTimes = ["holiday", "weekend", "after_hours"] as const;
export type RatedTime = (typeof ratedTimes)[number];

/** When the desk's usual rates hold, in the local time of where the work is; never on its holidays. */
export type BusinessHours = {
  /** Written as a site's hours are. */
  readonly weekly: readonly {
    readonly weekdays: readonly number[];
    readonly start_time: string;
    readonly end_time: string;
  }[];
  readonly holidays: readonly Holiday[];
};

/** What an account pays. The mark-up is in basis points of cost. */
export type PriceBookEntry = Rates & {
  /** Complete (the usual rates plus what differs); a time that no rates are named for is missing. */
  readonly at: { readonly [time in RatedTime]?: Rates };
  /** Reported labor below this is billed as this; none reported stays none. */
  readonly minimumLaborMinutes: number;
  readonly materialsMarkupBasisPoints: number;
};

export type TaxRules = {
  readonly defaultBasisPoints: number;
  /** By upper-case region code. */
  readonly basisPointsByRegion: Index<number>;
  readonly taxableLines: readonly TaxableLineKind[];
};

/** What becomes of a part of a cent: that of a half, or that of any. */
export const roundingModes = ["half_up", "half_even", "half_down", "up", "down"] as const;
export type RoundingMode = (typeof roundingModes)[number];

/** A part that the price book lists, with one of the two amounts at least. */
export type CataloguePart = {
  readonly sku: string;
  readonly name: string;
  /** Ours, of one piece. */
  readonly costCents: number | null;
  /** The customer's, of one piece, without a mark-up. */
  readonly priceCents: number | null;
};

export type PriceBook = {
  readonly version: string;
  /** By ISO 4217, one with cents. */
  readonly currency: string;
  readonly rounding: RoundingMode;
  readonly default: PriceBookEntry;
  /** By lower-case account id; each entry is complete (default plus what differs). */
  readonly byAccount: Index<PriceBookEntry>;
  readonly tax: TaxRules;
  /** By skuKey (part-catalogue.ts). */
  readonly parts: Index<CataloguePart>;
};

/** A price book beside price-book.json, for the accounts of its currency or for some of them (price-books.ts). */
export type FurtherBook = {
  readonly file: string;
  readonly book: PriceBook;
  /** Account ids, and external references as SOURCE:ID; null: everybody's in its currency whom no other names. */
  readonly forAccounts: Index<true> | null;
  /** The main book's where it names none. */
  readonly seller: Seller | null;
};

/** What stands on an invoice of who sells, by the names under which it is told and kept. */
export type Seller = {
  readonly name: string;
  readonly address: {
    readonly line1: string | null;
    readonly line2: string | null;
    readonly city: string | null;
    readonly region: string | null;
    readonly postal_code: string | null;
    readonly country: string;
  };
  readonly tax_id: string | null;
  readonly registration_id: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly bank: {
    readonly account: string;
    readonly bank_id: string | null;
    readonly account_name: string | null;
  } | null;
};

/** A day in the year, whichever way the calendar names it. Months are 1 to 12, weekdays 1 Monday to 7 Sunday. */
export type HolidayRule =
  | { readonly kind: "date"; readonly date: string }
  | {
      readonly kind: "yearly";
      readonly month: number;
      readonly day: number;
      /** Where it is kept too when it falls on a weekend: on the Friday before or Monday after, or always on the Monday. */
      readonly observed: "nearest_weekday" | "next_monday" | null;
    }
  /** The first to fifth, or with -1 the last, such weekday of a month. */
  | { readonly kind: "nth_weekday"; readonly month: number; readonly weekday: number; readonly nth: number }
  /** So many days after Easter Sunday; before it where negative. */
  | { readonly kind: "easter"; readonly days: number };

export type Holiday = { readonly name: string; readonly on: HolidayRule };

export type BypassRules = {
  readonly requiredPriority: Priority | null;
  readonly incidentTypeRequired: boolean;
  /** Characters; 0 asks for none. */
  readonly rationaleMinLength: number;
  readonly confirmationRequired: boolean;
  readonly pendingApprovalRefused: boolean;
};

export type CandidateRiskRules = {
  readonly incidentTypes: readonly string[];
  readonly evidenceKeys: readonly string[];
};

export type SlaRules = {
  readonly targetMinutes: Readonly<Record<Priority, number>>;
  /** At or below this many minutes left, a ticket is in warning. */
  readonly warningMinutes: number;
};

export type WindowRules = {
  /** The longest visit where the incident type says nothing. */
  readonly maxMinutes: number;
  /** How far ahead a visit may begin. */
  readonly aheadDays: number;
  /** How far ahead a hold may end. */
  readonly holdDays: number;
};

export type EvidenceRules = {
  /** As many pieces of evidence as one ticket takes. */
  readonly maxItemsPerTicket: number;
  /** Whether bytes may be recorded again that are on record on this ticket or, unless they are text or a PDF, on any other. */
  readonly duplicates: "warn" | "refuse";
  /** Whether a photo counts whose camera says that it was not taken on the visit, or before after "after". */
  readonly captureTimes: "ignore" | "warn" | "refuse";
  /** How far a camera's clock may be off, and how long before and after the visit a photo of it may be taken. */
  readonly captureMarginMinutes: number;
};

export type IntakeRules = {
  readonly identityConfidenceThreshold: number;
  readonly classificationConfidenceThreshold: number;
  readonly duplicateWindowMinutes: number;
};

export type InvoiceRules = { readonly zeroNteMeansUnlimited: boolean; readonly tripChargeOnlyAllowed: boolean };

/** What a call must do to meet a rule. The first two are effects, whatever tool has them; else the fact's name is the audit's. */
export type ApprovalCondition =
  /** Somebody's visit that is booked or sent becomes another's, or nobody's; or work under way becomes another's. */
  | { readonly technician_changed: true }
  /** Visits whose time or technician changes, with those that a model moved for the same actor in the hour before. */
  | { readonly moved_visits_in_an_hour_above: number }
  | { readonly dispatch_mode: "EMERGENCY_BYPASS" }
  | { readonly total_cents_above: number }
  | { readonly moved_visits_above: number }
  /** Rows are to be written, not only looked at. */
  | { readonly dry_run: false };

/** A call that a person must allow when a model chose it. */
export type HumanApprovalRule = {
  readonly rule: string;
  /** The canonical name of a command; absent where the rule is about an effect of any. */
  readonly tool?: string;
  /** Absent when every call of the tool meets the rule. */
  readonly when?: ApprovalCondition;
  readonly severity: "warning" | "critical";
  /** A sentence for the person who is asked. */
  readonly reason: string;
  /** Whether it takes somebody else than whoever asked. */
  readonly fourEyes?: boolean;
  /** How long the request waits for an answer; absent: three days. */
  readonly expiresHours?: number;
};

/** What a ticket is judged by from its opening to its invoice; the rest of a policy is the desk's, and as it is today. */
export const ticketRules = [
  "evidenceMustBeVerified",
  "evidence",
  "candidateRisk",
  "invoice",
  "closeoutTemplates",
  "noWorkTemplates",
  "evidenceKeys",
  "incidentTypes",
  "priceBook",
  "furtherBooks",
  "businessHours",
] as const satisfies readonly (keyof Policy)[];
type TicketRule = (typeof ticketRules)[number];

/** Rules that hold for the desk as a whole. What a ticket is judged by is not among them: ask for the ticket's own. */
export type DeskRules = Omit<Policy, TicketRule | "sla"> & { readonly sla: Pick<SlaRules, "warningMinutes"> };

/** Today's rules for the desk with a version's rules for its tickets. */
export function underVersion(live: Policy, stored: Policy): Policy {
  const own = Object.fromEntries(ticketRules.map((name) => [name, stored[name]]));
  const { targetMinutes } = stored.sla;
  return { ...live, ...own, version: stored.version, sla: { ...live.sla, targetMinutes } };
}

export type Policy = {
  /** Its number among those that were activated; null for what a folder says. */
  readonly version: number | null;
  readonly profile: string;
  readonly profileVersion: string;
  /** SHA-256 of the files in force; equal files give an equal hash whatever their layout. */
  readonly policyHash: string;
  readonly unknownFields: "ignore" | "refuse";
  /** Whether a ticket may get an incident type that is not among incidentTypes; scopes of rules never may. */
  readonly unknownIncidentType: "warn" | "refuse";
  readonly devHeaders: boolean;
  readonly bypass: BypassRules;
  /** Work of these priorities may use shifts on call. */
  readonly onCallPriorities: readonly Priority[];
  /** Kept free behind work on site whose planned end has passed, from now on for as long as it goes on. */
  readonly overrunReserveMinutes: number;
  readonly confirmMustMatchProposal: boolean;
  /** Whether a time nobody is left for is refused; otherwise the answer warns. */
  readonly confirmRefusesUnstaffed: boolean;
  readonly confirmRefusesPastWindow: boolean;
  readonly evidenceMustBeVerified: boolean;
  readonly evidence: EvidenceRules;
  /** Whether the drive from home to a shift's first job needs room in the shift; the last drive home always does. */
  readonly firstDrive: "in_shift" | "before_shift";
  readonly technicianWithoutShift: "eligible" | "excluded";
  /** Whether somebody of whom no skills and tools are on record may be sent to work that asks for some. */
  readonly technicianWithoutAbilities: "eligible" | "excluded";
  readonly workerMayDispatch: boolean;
  /** Whether the worker may take a technician off other work for an emergency nobody is free for; a person may always. */
  readonly workerMayBump: boolean;
  /** How long before its start the worker sends whoever is booked for a visit, unless their shift begins earlier. */
  readonly dispatchAheadMinutes: number;
  /** How long the worker gives a ticket to nobody after a dispatcher took somebody off it. */
  readonly handsOffMinutes: number;
  readonly windows: WindowRules;
  readonly candidateRisk: CandidateRiskRules;
  readonly sla: SlaRules;
  readonly intake: IntakeRules;
  readonly invoice: InvoiceRules;
  readonly humanApproval: readonly HumanApprovalRule[];
  readonly closeoutTemplates: Index<CloseoutTemplate>;
  /** What proves that there was nothing to do, by its upper-case reason code. */
  readonly noWorkTemplates: Index<CloseoutTemplate>;
  /** What every template says of its keys; a key is the same in all of them. */
  readonly evidenceKeys: Index<RequiredEvidence>;
  readonly incidentTypes: Index<IncidentType>;
  /** The holidays of each calendar that a site may name. */
  readonly holidayCalendars: Index<readonly Holiday[]>;
  /** The main one; which one an account is in says bookFor (price-books.ts). */
  readonly priceBook: PriceBook;
  readonly furtherBooks: readonly FurtherBook[];
  /** Null where calendar.json names none: the usual rates hold at all times. */
  readonly businessHours: BusinessHours | null;
  /** By price-book.json as it is today, and no ticket's own: an invoice bears the address of its day. Null where it says none. */
  readonly seller: Seller | null;
  /** The first words of what rooms may be told, such as /queue-check. */
  readonly pushPrefixes: readonly string[];
};
