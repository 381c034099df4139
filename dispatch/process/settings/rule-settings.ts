// Settings of who may do what, and by which rules: the policy, credentials, approvals in the chat, what a call needs.

import { profileAllowsDevHeaders } from "../../policy/dev-headers.ts";
import { country, devHeaders, integer, oneOf, profile, text, type DevHeaders } from "./kinds.ts";
import { isProduction } from "./node-environment.ts";
import { setting } from "./setting.ts";

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

export const ruleSettings = {
  policyProfile: setting(
    "DISPATCH_POLICY_PROFILE",
    "policy.profile",
    profile,
    "pilot",
    "Policy profile: pilot, strict, or the path of one of your own, NAME.json, a changed copy of dispatch/policy/profiles/strict.json " +
      "whose profile is NAME; it is checked at every start",
    {
      shown: "strict with NODE_ENV=production, else pilot",
      example: "strict",
      fallback: (environment) => (isProduction(environment) ? "strict" : "pilot"),
    },
  ),
  policyDir: setting(
    "DISPATCH_POLICY_DIR",
    "policy.dir",
    text,
    null,
    "The company's own rules: a folder that `pnpm dispatch:policy init DIR` made. Its profile.json says which of pilot and strict it " +
      "extends; without a word there DISPATCH_POLICY_PROFILE does. What `pnpm dispatch:policy activate DIR` stored goes before all of it",
    { shown: "the shipped rules" },
  ),
  allowDevHeaders: setting<DevHeaders>(
    "DISPATCH_AUTH_ALLOW_DEV_HEADERS",
    "auth.allow_dev_headers",
    devHeaders,
    false,
    "Accept X-Actor-… headers in place of a token. Refused with NODE_ENV=production and under a profile whose dev_headers is " +
      "false; where DISPATCH_API_HOST is not this machine's loopback only anywhere allows them",
    {
      shown: "true, but false with NODE_ENV=production or the profile strict",
      fallback: (environment, before) =>
        !isProduction(environment) &&
        profileAllowsDevHeaders(String(before["policyProfile"]), textOrNull(before["policyDir"])),
    },
  ),
  jwtSecret: setting(
    "DISPATCH_AUTH_JWT_SECRET",
    "auth.jwt_secret",
    text,
    null,
    "Shared secret of HS256 tokens; at least 32 characters in production",
    { secret: true },
  ),
  jwtSecretOld: setting(
    "DISPATCH_AUTH_JWT_SECRET_OLD",
    "auth.jwt_secret_old",
    text,
    null,
    "Shared secret that DISPATCH_AUTH_JWT_SECRET has taken the place of: its tokens are still " +
      "accepted while signers change over, and nothing signs with it",
    { secret: true },
  ),
  jwks: setting(
    "DISPATCH_AUTH_JWKS",
    "auth.jwks",
    text,
    null,
    "File or URL of the keys of RS256, ES256 and EdDSA tokens",
  ),
  jwtIssuer: setting("DISPATCH_AUTH_JWT_ISSUER", "auth.jwt_issuer", text, null, "Issuer a token must name"),
  jwtAudience: setting("DISPATCH_AUTH_JWT_AUDIENCE", "auth.jwt_audience", text, null, "Audience a token must name"),
  chatApprovals: setting(
    "DISPATCH_CHAT_APPROVALS",
    "chat.approvals",
    oneOf("required", "off"),
    "required",
    "Whether a person must allow the risky calls a model chooses; off is for smoke runs and refused with NODE_ENV=production",
  ),
  intakeIdentityThreshold: setting<number | null>(
    "DISPATCH_INTAKE_IDENTITY_CONFIDENCE_THRESHOLD",
    "intake.identity_confidence_threshold",
    integer(0, 100),
    null,
    "Least certainty about the caller for scheduling at once",
    { shown: "the profile's, 85" },
  ),
  intakeClassificationThreshold: setting<number | null>(
    "DISPATCH_INTAKE_CLASSIFICATION_CONFIDENCE_THRESHOLD",
    "intake.classification_confidence_threshold",
    integer(0, 100),
    null,
    "Least certainty about the incident type for scheduling at once",
    { shown: "the profile's, 85" },
  ),
  intakeDuplicateMinutes: setting<number | null>(
    "DISPATCH_INTAKE_DUPLICATE_WINDOW_MINUTES",
    "intake.duplicate_window_minutes",
    integer(0, 100_000),
    null,
    "Minutes in which the same call counts as a duplicate",
    { shown: "the profile's, 120" },
  ),
  phoneRegion: setting(
    "DISPATCH_PHONE_REGION",
    "intake.phone_region",
    country,
    "US",
    "Country of a phone number that is written without one where the site names none, by its two letters",
  ),
} as const;
