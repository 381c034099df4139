// Settings of the demo's rows, and of the bootstrap that makes them.

import { knownId, type AccountId, type SiteId } from "../../contract/ids.ts";
import { integer, text, uuid } from "./kinds.ts";
import { setting } from "./setting.ts";

export const demoSettings = {
  demoAccountId: setting(
    "DISPATCH_DEMO_ACCOUNT_ID",
    "demo.account_id",
    uuid<AccountId>(),
    knownId<AccountId>("d3f77db0-5d1a-4f9c-b0ea-111111111111"),
    "Account the bootstrap makes",
  ),
  demoSiteId: setting(
    "DISPATCH_DEMO_SITE_ID",
    "demo.site_id",
    uuid<SiteId>(),
    knownId<SiteId>("7f6a2b2c-8f1e-4f2b-b3a1-222222222222"),
    "Site the bootstrap makes",
  ),
  bootstrapEvidencePath: setting(
    "DISPATCH_BOOTSTRAP_EVIDENCE_PATH",
    "bootstrap.evidence_path",
    text,
    null,
    "File that gets the bootstrap's evidence JSON",
  ),
  bootstrapHealthRetries: setting(
    "DISPATCH_BOOTSTRAP_API_HEALTH_RETRIES",
    "bootstrap.api_health_retries",
    integer(1, 10_000),
    20,
    "How often the bootstrap asks the API for its health",
  ),
  bootstrapHealthDelayMs: setting(
    "DISPATCH_BOOTSTRAP_API_HEALTH_DELAY_MS",
    "bootstrap.api_health_delay_ms",
    integer(1, 60_000),
    500,
    "Pause between two such questions, in ms",
  ),
} as const;
