// The claims of a bearer token that dispatch-api reads, for the pages that document them. token-claims.ts reads them.

export type ClaimRow = { readonly claim: string; readonly required: boolean; readonly meaning: string };

export const claimList: readonly ClaimRow[] = [
  {
    claim: "sub",
    required: true,
    meaning: "Who speaks: the actor id that stands in the audit; at most 200 characters",
  },
  { claim: "role", required: true, meaning: "What they speak as; one role a token" },
  { claim: "exp", required: true, meaning: "When it ends, in seconds since 1970" },
  { claim: "nbf", required: false, meaning: "When it begins" },
  { claim: "iat", required: false, meaning: "When it was signed; says, where clocks differ, by how much" },
  {
    claim: "iss, aud",
    required: false,
    meaning: "As DISPATCH_AUTH_JWT_ISSUER and DISPATCH_AUTH_JWT_AUDIENCE say, where they are set",
  },
  { claim: "actor_type", required: false, meaning: "HUMAN, AGENT, SERVICE or SYSTEM; AGENT when it is left out" },
  {
    claim: "scope.account_ids, scope.site_ids",
    required: false,
    meaning:
      "Whose rows they reach: uuids, or * for all, as a list or separated by commas; both must hold, and what is left out reaches nothing",
  },
  { claim: "tech_id", required: false, meaning: "The technician they are, for the role tech" },
  {
    claim: "via",
    required: false,
    meaning: "chat, where a model chose the call: it then needs a person's word for what the profile reserves",
  },
  { claim: "claimed_by", required: false, meaning: "Whom the model said it speaks for; kept in the audit as a claim" },
  { claim: "human_approval", required: false, meaning: "A person's word for one call, from the plugin" },
];
