/**
 * Ranks technicians for one ticket and says of everyone left out why.
 * Pure; whether somebody is free, on shift or paused was determined before and comes in as `ineligible`.
 * rank.ts ranks for tasks, by the presence and the room of this moment. Of a visit, which may be days ahead, the calendar says who
 * is left; presence and room would be the same for all of these, so they are ordered by the score below alone.
 */
import type { TechnicianId } from "../contract/ids.ts";
import { matchesCapability, matchesZone, type IneligibleReason } from "./ability.ts";
import type { WindowAssessment } from "./availability.ts";
import type { RosterEntry } from "./calendar.ts";
import { compareText } from "./compare-text.ts";

export type { IneligibleReason } from "./ability.ts";

export type RankCandidate = {
  readonly techId: TechnicianId;
  readonly techName: string;
  readonly serviceTypes: readonly string[];
  readonly zones: readonly string[];
  /** Open tickets counted live, plus `baseLoad` as configured for the technician. */
  readonly openTickets: number;
  readonly baseLoad: number;
  /** 0–100 */
  readonly quality: number;
  readonly ineligible: IneligibleReason | null;
  /** A sentence about it. */
  readonly detail?: string;
  /** Eligible although nothing is known of this technician's hours: shown as the factor NO_SHIFT. */
  readonly withoutShift?: boolean;
};

export type RankRequest = {
  readonly candidates: readonly RankCandidate[];
  readonly serviceType: string;
  /** Of the ticket's site; null or blank matches every zone. */
  readonly region: string | null;
  /** At least 1. */
  readonly limit: number;
};

/** One term of the score: contribution = weight · value. */
export type RankFactor = {
  readonly factor: "capability" | "zone" | "active_load" | "quality" | "NO_SHIFT";
  readonly value: number;
  readonly weight: number;
  readonly contribution: number;
};

export type Recommendation = {
  readonly tech_id: TechnicianId;
  readonly tech_name: string;
  readonly score: number;
  readonly matches: {
    readonly capability: boolean;
    readonly zone: boolean;
    readonly active_load: number;
    readonly distance_bucket: 0 | 1;
  };
  readonly factors: readonly RankFactor[];
};

export type RankRejection = {
  readonly tech_id: TechnicianId;
  readonly tech_name: string;
  readonly reason: IneligibleReason | "BELOW_LIMIT";
  readonly detail?: string;
};

export type Ranking = {
  readonly recommendations: readonly Recommendation[];
  /** Ineligible ones by tech_id, then those beyond the limit in rank order. */
  readonly rejected: readonly RankRejection[];
};

/** A technician of the roster as they are ranked, once it is known whether they can go. */
export const asCandidate = (one: RosterEntry, verdict: WindowAssessment): RankCandidate => ({
  techId: one.id,
  techName: one.name,
  serviceTypes: one.serviceTypes,
  zones: one.zones,
  openTickets: one.openTickets,
  baseLoad: one.baseLoad,
  quality: one.quality,
  ineligible: verdict.free ? null : verdict.reason,
  ...(!verdict.free && { detail: verdict.detail }),
  withoutShift: !one.calendared,
});

const capabilityWeight = 1000;
const zoneWeight = 200;
const loadWeight = -10;
const qualityWeight = 1;

/**
 * Score = 1000·capability + 200·zone − 10·active_load + quality; order by score (high first), load (low first),
 * quality (high first), zone match first, tech_id. A technician without the capability is ranked too, far down:
 * the dispatcher sees who there is, and the dispatch command refuses the mismatch.
 */
export function rankTechnicians(request: RankRequest): Ranking {
  const eligible: Ranked[] = [];
  const ineligible: RankRejection[] = [];
  for (const candidate of request.candidates) {
    if (candidate.ineligible === null) eligible.push(rankOne(candidate, request));
    else {
      const { techId, techName, ineligible: reason, detail } = candidate;
      ineligible.push({ tech_id: techId, tech_name: techName, reason, ...(detail !== undefined && { detail }) });
    }
  }
  eligible.sort(compareRanked);
  ineligible.sort((a, b) => compareText(a.tech_id, b.tech_id));
  const beyond = eligible
    .slice(request.limit)
    .map(({ recommendation: { tech_id, tech_name } }): RankRejection => ({
      tech_id,
      tech_name,
      reason: "BELOW_LIMIT",
    }));
  return {
    recommendations: eligible.slice(0, request.limit).map((ranked) => ranked.recommendation),
    rejected: [...ineligible, ...beyond],
  };
}

type Ranked = { readonly recommendation: Recommendation; readonly quality: number };

function rankOne(candidate: RankCandidate, request: RankRequest): Ranked {
  const capability = matchesCapability(candidate.serviceTypes, request.serviceType);
  const zone = matchesZone(candidate.zones, request.region);
  const activeLoad = candidate.openTickets + candidate.baseLoad;
  const factors = [
    factor("capability", capability ? 1 : 0, capabilityWeight),
    factor("zone", zone ? 1 : 0, zoneWeight),
    factor("active_load", activeLoad, loadWeight),
    factor("quality", candidate.quality, qualityWeight),
  ];
  if (candidate.withoutShift === true) factors.push(factor("NO_SHIFT", 1, 0));
  return {
    quality: candidate.quality,
    recommendation: {
      tech_id: candidate.techId,
      tech_name: candidate.techName,
      score: factors.reduce((sum, term) => sum + term.contribution, 0),
      matches: { capability, zone, active_load: activeLoad, distance_bucket: zone ? 0 : 1 },
      factors,
    },
  };
}

function factor(name: RankFactor["factor"], value: number, weight: number): RankFactor {
  // "+ 0" turns −0, which −10 · 0 gives and deep equality tells apart, into 0.
  return { factor: name, value, weight, contribution: weight * value + 0 };
}

function compareRanked(a: Ranked, b: Ranked): number {
  const [left, right] = [a.recommendation, b.recommendation];
  return (
    right.score - left.score ||
    left.matches.active_load - right.matches.active_load ||
    b.quality - a.quality ||
    // Decides nothing with today's weights, where equal score, load and quality mean an equal zone.
    left.matches.distance_bucket - right.matches.distance_bucket ||
    compareText(left.tech_id, right.tech_id)
  );
}
