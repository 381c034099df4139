// GET /contract: which contract and which rules are served here, and who the caller is taken for, so that a client can
// tell a person at once what does not fit.

import manifest from "../../package.json" with { type: "json" };
import { contractHash } from "../contract/hash.ts";
import { toolsOf, type Contract } from "../contract/index.ts";
import { roles } from "../contract/roles.ts";
import { intakeThresholds } from "../field/intake-guard.ts";
import type { Desk } from "../kernel/desk.ts";
import { approvalRules } from "../kernel/human-approval.ts";
import type { DevHeaders } from "../process/settings/kinds.ts";
import type { Credentials } from "./credentials.ts";
import { devHeadersNow } from "./development-headers.ts";
import { triedZoneData, zoneData } from "../process/zone-data.ts";
import { serviceName } from "./health.ts";
import { readingOf } from "./reading.ts";
import type { Policy } from "../policy/policy.ts";
import type { RouteEntry } from "./routes.ts";

/** The route; it answers callers of any role. */
export function contractRoute(desk: Desk, contract: Contract, credentials: Credentials): RouteEntry {
  // Made for the first who asks: the hash of the whole contract takes 40 ms, and most processes are never asked.
  let hash: string | undefined;
  const made = () => ({
    service: serviceName,
    version: manifest.version,
    contract_hash: (hash ??= contractHash(contract)),
    tool_names: toolsOf(contract).map(([name]) => name),
    time_zones: { version: zoneData(), tried_with: triedZoneData },
    profile: profileOf(desk),
    policy_version: desk.policies.live.version,
    incident_types: Object.values(desk.policies.live.incidentTypes).map(
      ({ incidentType, title, words, requiredSkills, requiredTools }) => ({
        incident_type: incidentType,
        title,
        words,
        skills: requiredSkills,
        tools: requiredTools,
      }),
    ),
    development_headers: developmentHeaders(devHeadersNow(desk)),
    human_approval: { required: desk.settings.chatApprovals === "required", rules: approvalRules(desk) },
  });
  let fixed: { readonly policy: Policy; readonly text: ReturnType<typeof made> } | undefined;
  const current = () => {
    const policy = desk.policies.live;
    if (fixed?.policy !== policy) fixed = { policy, text: made() };
    return fixed.text;
  };
  const unreadable = readingOf(() => desk.policies.unreadable(), {
    freshForMs: 1_000,
    withinMs: 1_000,
    now: () => performance.now(),
  });
  let known: { readonly policy: Policy; readonly currency: string | null } | undefined;
  /** Asked once for each version in force; null too while the database does not say. */
  const oneCurrency = async (): Promise<string | null> => {
    const policy = desk.policies.live;
    if (known?.policy === policy) return known.currency;
    const said = await desk.policies.oneCurrency().catch(() => undefined);
    if (said !== undefined) known = { policy, currency: said };
    return said ?? null;
  };
  return {
    method: "GET",
    path: "/contract",
    handler: async (exchange) => {
      const actor = (exchange.actor = await credentials.actorOf(exchange.request.headers, roles));
      const who = { actor_id: actor.id, actor_role: actor.role, actor_type: actor.type, tech_id: actor.techId };
      const [policy_unreadable, currency] = await Promise.all([unreadable.value(), oneCurrency()]);
      const now = desk.clock.now();
      exchange.json(200, JSON.stringify({ ...current(), policy_unreadable, currency, now, actor: who }));
    },
  };
}

const developmentHeaders = (allowed: DevHeaders): "off" | "loopback" | "anywhere" =>
  allowed === "anywhere" ? allowed : allowed ? "loopback" : "off";

/** The rules in force by the names of the profile's file; where a setting replaces a value, the setting's. */
function profileOf(desk: Desk): object {
  const policy = desk.policies.live;
  const { bypass, candidateRisk, evidence, sla, invoice, priceBook, furtherBooks } = policy;
  const intake = intakeThresholds(desk);
  return {
    profile: policy.profile,
    version: policy.profileVersion,
    policy_hash: policy.policyHash,
    unknown_fields: policy.unknownFields,
    unknown_incident_type: policy.unknownIncidentType,
    on_call_priorities: policy.onCallPriorities,
    overrun_reserve_minutes: policy.overrunReserveMinutes,
    dev_headers: devHeadersNow(desk) !== false,
    bypass: {
      required_priority: bypass.requiredPriority,
      incident_type_required: bypass.incidentTypeRequired,
      rationale_min_length: bypass.rationaleMinLength,
      confirmation_required: bypass.confirmationRequired,
      pending_approval_refused: bypass.pendingApprovalRefused,
    },
    confirm_must_match_proposal: policy.confirmMustMatchProposal,
    confirm_refuses_unstaffed: policy.confirmRefusesUnstaffed,
    confirm_refuses_past_window: policy.confirmRefusesPastWindow,
    evidence_must_be_verified: policy.evidenceMustBeVerified,
    evidence: {
      max_items_per_ticket: evidence.maxItemsPerTicket,
      duplicates: evidence.duplicates,
      capture_times: evidence.captureTimes,
      capture_margin_minutes: evidence.captureMarginMinutes,
    },
    first_drive: policy.firstDrive,
    technician_without_shift: policy.technicianWithoutShift,
    technician_without_abilities: policy.technicianWithoutAbilities,
    worker_may_dispatch: policy.workerMayDispatch,
    worker_may_bump: policy.workerMayBump,
    dispatch_ahead_minutes: policy.dispatchAheadMinutes,
    hands_off_minutes: policy.handsOffMinutes,
    windows: {
      max_minutes: policy.windows.maxMinutes,
      ahead_days: policy.windows.aheadDays,
      hold_days: policy.windows.holdDays,
    },
    candidate_risk: { incident_types: candidateRisk.incidentTypes, evidence_keys: candidateRisk.evidenceKeys },
    sla: { target_minutes: sla.targetMinutes, warning_minutes: sla.warningMinutes },
    intake: {
      identity_confidence_threshold: intake.identity,
      classification_confidence_threshold: intake.classification,
      duplicate_window_minutes: intake.duplicateMinutes,
    },
    invoice: {
      zero_nte_means_unlimited: invoice.zeroNteMeansUnlimited,
      trip_charge_only_allowed: invoice.tripChargeOnlyAllowed,
    },
    price_book: { version: priceBook.version, currency: priceBook.currency },
    price_books: furtherBooks.map(({ file, book: { version, currency } }) => ({ file, version, currency })),
  };
}
