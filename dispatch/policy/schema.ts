/**
 * The shape of every policy file, as JSON Schema and as the type of the parsed JSON (snake_case, as written).
 * Rules that span two files are in cross-checks.ts; nothing here reads a file.
 */
import { Type, type Static } from "../schema/type.ts";
import { evidenceKinds, mostInCrew, noWorkReasons } from "../contract/fields.ts";
import { roundingModes } from "./policy.ts";

const closed = { additionalProperties: false };
const TypeName = Type.String({ pattern: "^[A-Z][A-Z0-9_]{1,63}$" });
const Key = Type.String({ pattern: "^[a-z][a-z0-9_]{1,99}$" });
const SemVer = Type.String({ pattern: "^\\d+\\.\\d+\\.\\d+$" });
const Keys = Type.Array(Key, { uniqueItems: true });
const BasisPoints = Type.Integer({ minimum: 0, maximum: 10_000 });
// Ten million dollars: far above any real rate, far below where minutes × rate would leave 2^53.
const Cents = Type.Integer({ minimum: 0, maximum: 1_000_000_000 });
const Minutes = Type.Integer({ minimum: 1, maximum: 100_000 });
const Priority = Type.Enum(["EMERGENCY", "URGENT", "ROUTINE"]);
const TaxableLine = Type.Enum(["labor", "travel", "materials", "trip"]);

/** A sentence that a person reads. */
const Sentence = Type.String({ minLength: 1, maxLength: 300 });
const Risk = Type.Enum(["normal", "high"]);

/** What proves the work, and which kind of file that is; of two photos of one thing, which comes first. */
const RequiredEvidence = Type.Array(
  Type.Object(
    {
      key: Key,
      kind: Type.Enum([...evidenceKinds]),
      taken: Type.Optional(Type.Enum(["before", "after"])),
      sentence: Sentence,
      risk: Type.Optional(Risk),
    },
    {
      ...closed,
      examples: [
        { key: "photo_before_closer_body", kind: "photo", taken: "before", sentence: "The closer before the work." },
      ],
    },
  ),
);

/** incidents/<TYPE>.json; a type without duration_minutes is refused, never taken as zero. */
export const IncidentFile = Type.Object(
  {
    version: SemVer,
    title: Type.String({ minLength: 1, maxLength: 100 }),
    words: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { uniqueItems: true, maxItems: 50 }),
    duration_minutes: Minutes,
    max_window_minutes: Type.Optional(Minutes),
    crew_size: Type.Optional(Type.Integer({ minimum: 1, maximum: mostInCrew })),
    skills: Keys,
    tools: Keys,
    risk: Risk,
    evidence: RequiredEvidence,
    checklist: Type.Array(Key, { uniqueItems: true, minItems: 1 }),
  },
  closed,
);

const NoWork = Type.Object({ version: SemVer, evidence: RequiredEvidence }, closed);

/** no-work.json: what proves each reason for which there was nothing to do. */
export const NoWorkFile = Type.Object(
  {
    schema_version: Type.Literal("1"),
    reasons: Type.Object(
      { no_access: NoWork, cancelled_at_door: NoWork, not_needed: NoWork, unsafe: NoWork } satisfies {
        readonly [reason in (typeof noWorkReasons)[number]]: typeof NoWork;
      },
      closed,
    ),
  },
  closed,
);

/** push-policy.json: what rooms may be told, by the first word of it. */
export const PushPolicyFile = Type.Object(
  {
    schema_version: Type.Literal("1"),
    prefixes: Type.Array(Type.String({ pattern: "^/[a-z][a-z0-9-]{0,40}$", examples: ["/queue-check"] }), {
      minItems: 1,
      maxItems: 100,
      uniqueItems: true,
    }),
  },
  closed,
);

const SlaTargets = Type.Object({ EMERGENCY: Minutes, URGENT: Minutes, ROUTINE: Minutes }, closed);

/** agreements.json: how soon work must be done, by priority. */
export const AgreementsFile = Type.Object(
  {
    schema_version: Type.Literal("1"),
    version: SemVer,
    agreements: Type.Array(Type.Object({ name: Type.Enum(["standard"]), target_minutes: SlaTargets }, closed), {
      minItems: 1,
    }),
  },
  closed,
);

const Weekday = Type.Integer({ minimum: 1, maximum: 7, description: "1 Monday to 7 Sunday" });
const Month = Type.Integer({ minimum: 1, maximum: 12 });

const CalendarName = Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,62}$", examples: ["us-federal"] });

/** calendar.json; a holiday says in one of four ways when it is (cross-checks.ts). */
export const CalendarFile = Type.Object(
  {
    schema_version: Type.Literal("1"),
    version: SemVer,
    business_hours: Type.Optional(
      Type.Object(
        {
          weekly: Type.Array(
            Type.Object(
              {
                weekdays: Type.Array(Weekday, { minItems: 1, uniqueItems: true }),
                start_time: Type.String({ pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$", examples: ["08:00"] }),
                end_time: Type.String({ pattern: "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples: ["18:00"] }),
              },
              { ...closed, examples: [{ weekdays: [1, 2, 3, 4, 5], start_time: "08:00", end_time: "18:00" }] },
            ),
            { minItems: 1, maxItems: 50 },
          ),
          holiday_calendar: Type.Optional(CalendarName),
        },
        {
          ...closed,
          examples: [
            {
              weekly: [{ weekdays: [1, 2, 3, 4, 5], start_time: "08:00", end_time: "18:00" }],
              holiday_calendar: "us-federal",
            },
          ],
        },
      ),
    ),
    holiday_calendars: Type.Array(
      Type.Object(
        {
          name: CalendarName,
          holidays: Type.Array(
            Type.Object(
              {
                name: Type.String({ minLength: 1, maxLength: 100, examples: ["Christmas Day"] }),
                date: Type.Optional(Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$", examples: ["2026-12-24"] })),
                yearly: Type.Optional(Type.String({ pattern: "^\\d{2}-\\d{2}$", examples: ["12-25"] })),
                nth_weekday: Type.Optional(
                  Type.Object(
                    { month: Month, weekday: Weekday, nth: Type.Enum([1, 2, 3, 4, 5, -1]) },
                    { ...closed, examples: [{ month: 11, weekday: 4, nth: 4 }] },
                  ),
                ),
                easter: Type.Optional(Type.Integer({ minimum: -120, maximum: 120, examples: [-2] })),
                observed: Type.Optional(Type.Enum(["nearest_weekday", "next_monday"])),
              },
              { ...closed, examples: [{ name: "Christmas Day", yearly: "12-25" }] },
            ),
            { minItems: 1 },
          ),
        },
        closed,
      ),
    ),
  },
  closed,
);

const rates = {
  labor_cents_per_hour: Cents,
  travel_cents_per_hour: Cents,
  trip_charge_cents: Cents,
  minimum_labor_minutes: Type.Integer({ minimum: 0, maximum: 1_440 }),
  materials_markup_basis_points: Type.Integer({ minimum: 0, maximum: 100_000 }),
};

const Timed = Type.Object(
  {
    labor_cents_per_hour: Type.Optional(Cents),
    travel_cents_per_hour: Type.Optional(Cents),
    trip_charge_cents: Type.Optional(Cents),
  },
  { ...closed, minProperties: 1, examples: [{ labor_cents_per_hour: 18_750 }] },
);
const timed = { after_hours: Type.Optional(Timed), weekend: Type.Optional(Timed), holiday: Type.Optional(Timed) };

const Printed = Type.String({ minLength: 1, maxLength: 200, pattern: "^[^\\p{Cc}\\p{Cs}]+$" });

/** Who sells: what stands on an invoice. */
const Seller = Type.Object(
  {
    name: Printed,
    address: Type.Object(
      {
        line1: Type.Optional(Printed),
        line2: Type.Optional(Printed),
        city: Type.Optional(Printed),
        region: Type.Optional(Printed),
        postal_code: Type.Optional(Printed),
        country: Type.String({ pattern: "^[A-Z]{2}$", examples: ["US"] }),
      },
      closed,
    ),
    tax_id: Type.Optional(Printed),
    registration_id: Type.Optional(Printed),
    email: Type.Optional(Printed),
    phone: Type.Optional(Printed),
    bank: Type.Optional(
      Type.Object(
        { account: Printed, bank_id: Type.Optional(Printed), account_name: Type.Optional(Printed) },
        { ...closed, examples: [{ account: "DE89370400440532013000", bank_id: "COBADEFFXXX" }] },
      ),
    ),
  },
  closed,
);

/** What stands in a price book's list of parts. */
export const partExample = { sku: "STRIKE-01", name: "Strike plate", cost_cents: 3_400, price_cents: 4_900 };

/** That one of the amounts is there, and each SKU once, is in cross-checks.ts. */
const Part = Type.Object(
  {
    sku: Type.String({
      maxLength: 100,
      pattern: "^ *[^\\s\\p{Cc}\\p{Cs}][^\\p{Cc}\\p{Cs}]*$",
      examples: [partExample.sku],
    }),
    name: Printed,
    cost_cents: Type.Optional(Cents),
    price_cents: Type.Optional(Cents),
  },
  { ...closed, examples: [partExample] },
);

const priceBook = {
  schema_version: Type.Literal("1"),
  version: SemVer,
  currency: Type.String({ pattern: "^[A-Z]{3}$", examples: ["EUR"] }),
  notes: Type.Optional(Type.String()),
  rounding: Type.Optional(Type.Enum([...roundingModes], { examples: ["half_even"] })),
  seller: Type.Optional(Seller),
  default: Type.Object({ ...rates, ...timed }, closed),
  parts: Type.Optional(Type.Array(Part, { maxItems: 5_000, examples: [[partExample]] })),
  accounts: Type.Array(
    Type.Object(
      {
        account_id: Type.String({ pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" }),
        labor_cents_per_hour: Type.Optional(rates.labor_cents_per_hour),
        travel_cents_per_hour: Type.Optional(rates.travel_cents_per_hour),
        trip_charge_cents: Type.Optional(rates.trip_charge_cents),
        minimum_labor_minutes: Type.Optional(rates.minimum_labor_minutes),
        materials_markup_basis_points: Type.Optional(rates.materials_markup_basis_points),
        ...timed,
      },
      closed,
    ),
  ),
  tax: Type.Object(
    {
      default_basis_points: BasisPoints,
      regions: Type.Array(
        Type.Object({ region: Type.String({ pattern: "^[A-Z0-9-]{1,20}$" }), basis_points: BasisPoints }, closed),
      ),
      taxable_lines: Type.Array(TaxableLine, { uniqueItems: true }),
    },
    closed,
  ),
};

/** price-book.json; an account row names only the rates that differ from the default. */
export const PriceBookFile = Type.Object(priceBook, closed);

/** An account id, or an external reference as SOURCE:ID. */
const AccountReference = Type.String({
  maxLength: 301,
  pattern: "^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[^:]+:.+)$",
  examples: ["d3f77db0-5d1a-4f9c-b0ea-111111111111", "quickbooks:1001"],
});

/** price-books/<NAME>.json, with what it extends laid under it. */
export const FurtherBookFile = Type.Object(
  {
    ...priceBook,
    extends: Type.Optional(Type.Literal("price-book.json")),
    for_accounts: Type.Optional(
      Type.Array(AccountReference, {
        minItems: 1,
        maxItems: 10_000,
        uniqueItems: true,
        examples: [["quickbooks:1001", "d3f77db0-5d1a-4f9c-b0ea-111111111111"]],
      }),
    ),
  },
  closed,
);

const Bypass = Type.Object(
  {
    required_priority: Type.Union([Priority, Type.Null()]),
    incident_type_required: Type.Boolean(),
    rationale_min_length: Type.Integer({ minimum: 0, maximum: 1_000 }),
    confirmation_required: Type.Boolean(),
    pending_approval_refused: Type.Boolean(),
  },
  closed,
);

const Intake = Type.Object(
  {
    identity_confidence_threshold: Type.Integer({ minimum: 0, maximum: 100 }),
    classification_confidence_threshold: Type.Integer({ minimum: 0, maximum: 100 }),
    duplicate_window_minutes: Type.Integer({ minimum: 0, maximum: 100_000 }),
  },
  closed,
);

const ApprovalRule = Type.Object(
  {
    rule: Type.String({ pattern: "^[a-z][a-z0-9_.]{1,99}$" }),
    tool: Type.Optional(Type.String()),
    when: Type.Optional(
      Type.Union([
        Type.Object({ dispatch_mode: Type.Literal("EMERGENCY_BYPASS") }, closed),
        Type.Object({ total_cents_above: Cents }, closed),
        Type.Object({ moved_visits_above: Type.Integer({ minimum: 0, maximum: 10_000 }) }, closed),
        Type.Object({ dry_run: Type.Literal(false) }, closed),
        Type.Object({ technician_changed: Type.Literal(true) }, closed),
        Type.Object({ moved_visits_in_an_hour_above: Type.Integer({ minimum: 0, maximum: 10_000 }) }, closed),
      ]),
    ),
    severity: Type.Enum(["warning", "critical"]),
    reason: Type.String({ minLength: 1, maxLength: 200 }),
    four_eyes: Type.Optional(Type.Boolean()),
    expires_hours: Type.Optional(Type.Integer({ minimum: 1, maximum: 720 })),
  },
  closed,
);

/**
 * A profile in full: profiles/<name>.json, or what differs in a profile.json laid over the one it extends. What a folder says in
 * files of its own (candidate_risk, sla.target_minutes, price_book) only an operator's profile by path may say here.
 */
export const ProfileFile = Type.Object(
  {
    schema_version: Type.Literal("1"),
    version: SemVer,
    profile: Key,
    unknown_fields: Type.Enum(["ignore", "refuse"]),
    unknown_incident_type: Type.Enum(["warn", "refuse"]),
    dev_headers: Type.Boolean(),
    bypass: Bypass,
    on_call_priorities: Type.Array(Priority, { uniqueItems: true }),
    overrun_reserve_minutes: Minutes,
    confirm_must_match_proposal: Type.Boolean(),
    confirm_refuses_unstaffed: Type.Boolean(),
    confirm_refuses_past_window: Type.Boolean(),
    evidence_must_be_verified: Type.Boolean(),
    evidence: Type.Object(
      {
        max_items_per_ticket: Type.Integer({ minimum: 20, maximum: 1_000 }),
        duplicates: Type.Enum(["warn", "refuse"]),
        capture_times: Type.Enum(["ignore", "warn", "refuse"]),
        capture_margin_minutes: Type.Integer({ minimum: 0, maximum: 100_000 }),
      },
      closed,
    ),
    first_drive: Type.Enum(["in_shift", "before_shift"]),
    technician_without_shift: Type.Enum(["eligible", "excluded"]),
    technician_without_abilities: Type.Enum(["eligible", "excluded"]),
    worker_may_dispatch: Type.Boolean(),
    worker_may_bump: Type.Boolean(),
    dispatch_ahead_minutes: Type.Integer({ minimum: 0, maximum: 100_000 }),
    hands_off_minutes: Type.Integer({ minimum: 0, maximum: 100_000 }),
    windows: Type.Object(
      {
        max_minutes: Minutes,
        ahead_days: Type.Integer({ minimum: 1, maximum: 3_650 }),
        hold_days: Type.Integer({ minimum: 1, maximum: 3_650 }),
      },
      closed,
    ),
    candidate_risk: Type.Optional(
      Type.Object({ incident_types: Type.Array(TypeName, { uniqueItems: true }), evidence_keys: Keys }, closed),
    ),
    sla: Type.Object(
      { target_minutes: Type.Optional(SlaTargets), warning_minutes: Type.Integer({ minimum: 0, maximum: 100_000 }) },
      closed,
    ),
    intake: Intake,
    invoice: Type.Object(
      { zero_nte_means_unlimited: Type.Boolean(), trip_charge_only_allowed: Type.Boolean() },
      closed,
    ),
    human_approval: Type.Array(ApprovalRule),
    price_book: Type.Optional(Type.Literal("price-book.json")),
  },
  closed,
);

export type IncidentJson = Static<typeof IncidentFile>;
export type PushPolicyJson = Static<typeof PushPolicyFile>;
export type NoWorkJson = Static<typeof NoWorkFile>;
export type AgreementsJson = Static<typeof AgreementsFile>;
export type CalendarJson = Static<typeof CalendarFile>;
export type PriceBookJson = Static<typeof PriceBookFile>;
export type FurtherBookJson = Static<typeof FurtherBookFile>;
export type ProfileJson = Static<typeof ProfileFile>;
