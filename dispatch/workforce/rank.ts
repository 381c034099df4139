/**
 * Ranks workers, agents and technicians alike, for one task, and says of each by which factors. Pure.
 * What a visit at a customer's takes (a calendar, driving, tools) is ranked by rank-technicians.ts.
 */
import { matchesZone } from "./ability.ts";
import { capabilityKey, parseCapabilities } from "./capabilities.ts";
import { compareText } from "./compare-text.ts";
import type { Presence } from "./presence.ts";

export type WorkRequest = {
  /** All are needed, in any letter case. */
  readonly requiredCapabilities: readonly string[];
  /** 1 (most urgent) to 5. */
  readonly priority: number;
  /** Shown where there is one, and decides nothing. */
  readonly zone?: string | null;
};

export type Candidate = {
  readonly slug: string;
  readonly kind: "agent" | "technician";
  readonly capabilities: readonly string[];
  readonly presence: Presence;
  readonly drained: boolean;
  /** Goes on with what it has, and takes no new work. */
  readonly paused?: boolean;
  /** Tasks and tickets it has now. */
  readonly load: number;
  readonly maxConcurrent: number;
  /** ISO 8601; null: never. */
  readonly lastAssignedAt: string | null;
  /** When it last did not wake although it was asked to; null: never, or it has been awake since. */
  readonly wakeFailedAt: string | null;
  readonly zones?: readonly string[];
};

export type RankConfig = {
  /** ms since 1970 */
  readonly now: number;
};

/** Why a worker gets nothing: the first of these steps, in this order, that it does not pass. */
export const rankReasons = ["no_capability", "drained", "unavailable", "full", "wake_failed"] as const;
export type RankReason = (typeof rankReasons)[number];

/** Why a task finds nobody, by the furthest step that any worker reached. */
const unmatchedBy = {
  no_capability: "no_capability",
  drained: "all_drained",
  unavailable: "all_unavailable",
  full: "all_full",
  wake_failed: "wake_failed",
} as const satisfies Record<RankReason, string>;
export type UnmatchedReason = (typeof unmatchedBy)[RankReason];

/** The score is the product of the values of weight 1; those of weight 0 are shown, or order equal scores. */
export type WorkerFactor = {
  readonly name: "capability" | "availability" | "capacity" | "drain" | "wake" | "priority" | "zone" | "load";
  readonly value: number;
  readonly weight: 0 | 1;
  readonly note: string;
};

export type RankedWorker = {
  readonly worker: string;
  /** To two decimals; 0 of whoever is not eligible. */
  readonly score: number;
  readonly eligible: boolean;
  readonly reason: RankReason | null;
  readonly factors: readonly WorkerFactor[];
};

/** What of a worker and a request decides, and nothing else: ranking-record.ts keeps it, `explain` makes an answer of it. */
export type Standing = {
  readonly slug: string;
  readonly presence: Presence;
  readonly paused: boolean;
  readonly drained: boolean;
  readonly load: number;
  readonly maxConcurrent: number;
  /** Which of the required capabilities it has not, as they are compared. */
  readonly missing: readonly string[];
  readonly wakeFailed: boolean;
  readonly outsideZone: boolean;
};

/** How long a worker that did not wake is left alone. */
export const wakeFailedForMs = 60_000;

/** In tenths, so that no score has a trace of binary fractions. */
const availability: Readonly<Record<Presence, number>> = { ready: 10, sleeping: 8, busy: 5, degraded: 0, stopped: 0 };

/**
 * Score = capability × availability × (1 + (5 − priority) × 0.1), where who is full, drained, paused or did not wake has no
 * availability. Equal scores: lower load, then who has waited longest since their last assignment, then slug.
 */
export const rank = (
  request: WorkRequest,
  candidates: readonly Candidate[],
  config: RankConfig,
): readonly RankedWorker[] => {
  const wanted = prepareRequest(request);
  return standingsOf(
    wanted,
    candidates.map((one) => prepareCandidate(one, config)),
  ).map((standing) => explain(standing, wanted));
};

/** Null when somebody is eligible. */
export const unmatchedReason = (ranked: readonly Pick<RankedWorker, "reason">[]): UnmatchedReason | null => {
  const reasons = ranked.flatMap(({ reason }) => reason ?? []);
  return reasons.length < ranked.length ? null : furthestStep(reasons);
};

/** The furthest step that any of those who are not eligible reached; where there is nobody, nobody is capable. */
export const furthestStep = (reasons: readonly RankReason[]): UnmatchedReason =>
  unmatchedBy[rankReasons.findLast((step) => reasons.includes(step)) ?? "no_capability"];

/** A request with its capabilities as they are compared. */
export const prepareRequest = (request: WorkRequest): WorkRequest => ({
  ...request,
  requiredCapabilities: parseCapabilities(request.requiredCapabilities),
});

/** A candidate as many requests are compared with. */
export type Prepared = {
  readonly candidate: Candidate;
  readonly held: ReadonlySet<string>;
  readonly lastAssigned: number;
  readonly wakeFailed: boolean;
};

export const prepareCandidate = (candidate: Candidate, { now }: RankConfig): Prepared => ({
  candidate,
  held: new Set(candidate.capabilities.map(capabilityKey)),
  lastAssigned: candidate.lastAssignedAt === null ? 0 : Date.parse(candidate.lastAssignedAt),
  wakeFailed: candidate.wakeFailedAt !== null && now - Date.parse(candidate.wakeFailedAt) < wakeFailedForMs,
});

/** Everybody's standing, the best first. */
export const standingsOf = (wanted: WorkRequest, prepared: readonly Prepared[]): Standing[] =>
  prepared
    .map((one) => {
      const standing = standingOf(wanted, one);
      return { standing, score: hundredths(standing, wanted), lastAssigned: one.lastAssigned };
    })
    .sort(
      (a, b) =>
        b.score - a.score ||
        a.standing.load - b.standing.load ||
        a.lastAssigned - b.lastAssigned ||
        compareText(a.standing.slug, b.standing.slug),
    )
    .map(({ standing }) => standing);

function standingOf({ requiredCapabilities, zone }: WorkRequest, { candidate, held, wakeFailed }: Prepared): Standing {
  const { slug, presence, drained, paused = false, load, maxConcurrent, zones = [] } = candidate;
  return {
    slug,
    presence,
    paused,
    drained,
    load,
    maxConcurrent,
    missing: requiredCapabilities.filter((capability) => !held.has(capability)),
    // Who is awake has made good for it.
    wakeFailed: wakeFailed && presence === "sleeping",
    outsideZone: hasZone(zone) && !matchesZone(zones, zone),
  };
}

const hasZone = (zone: string | null | undefined): zone is string => (zone ?? "").trim() !== "";

/** Null: eligible. */
export function reasonOf(standing: Standing): RankReason | null {
  if (standing.missing.length > 0) return "no_capability";
  if (standing.drained) return "drained";
  if (standing.paused || availability[standing.presence] === 0) return "unavailable";
  if (standing.load >= standing.maxConcurrent) return "full";
  return standing.wakeFailed ? "wake_failed" : null;
}

const hundredths = (standing: Standing, wanted: WorkRequest): number =>
  reasonOf(standing) === null ? availability[standing.presence] * urgency(wanted) : 0;

const urgency = ({ priority }: Pick<WorkRequest, "priority">): number => 10 + 5 - priority;

/** A standing in the words of an answer. */
export function explain(standing: Standing, wanted: WorkRequest): RankedWorker {
  const reason = reasonOf(standing);
  return {
    worker: standing.slug,
    score: hundredths(standing, wanted) / 100,
    eligible: reason === null,
    reason,
    factors: factorsOf(standing, wanted),
  };
}

function factorsOf(standing: Standing, { requiredCapabilities, priority, zone }: WorkRequest): WorkerFactor[] {
  const { presence, paused, drained, load, maxConcurrent, missing, wakeFailed, outsideZone } = standing;
  const capable = requiredCapabilities.length === 0 ? "none is asked for" : `has ${requiredCapabilities.join(", ")}`;
  return [
    term("capability", missing.length === 0, missing.length === 0 ? capable : `lacks ${missing.join(", ")}`),
    term("availability", paused ? 0 : availability[presence] / 10, paused ? "paused" : presence),
    term("capacity", load < maxConcurrent, `has ${load} of at most ${maxConcurrent}`),
    term("drain", !drained, drained ? "drained" : "not drained"),
    term("wake", !wakeFailed, wakeFailed ? "did not wake a moment ago" : "no wake has failed"),
    term("priority", urgency({ priority }) / 10, `priority ${priority}, the same for all`),
    ...(hasZone(zone)
      ? [shown("zone", outsideZone ? 0 : 1, outsideZone ? `does not work in ${zone}` : `works in ${zone}`)]
      : []),
    shown("load", load, "the lower comes first where scores are equal"),
  ];
}

const term = (name: WorkerFactor["name"], value: number | boolean, note: string): WorkerFactor => ({
  name,
  value: Number(value),
  weight: 1,
  note,
});

const shown = (name: WorkerFactor["name"], value: number, note: string): WorkerFactor => ({
  name,
  value,
  weight: 0,
  note,
});
