// What several settings must keep together; each check is made where the settings it is about are well by themselves.

import { extendedBy, profileAllowsDevHeaders } from "../../policy/dev-headers.ts";
import { isOwnProfile } from "../../policy/profile-file.ts";
import type { SettingName, Settings } from "./settings-list.ts";
import type { Fault } from "./settings-error.ts";

/** What a check may ask besides the values. */
export type Places = {
  /** Where the setting comes from, for a sentence; of a default its variable. */
  readonly at: (name: SettingName) => string;
  readonly isGiven: (name: SettingName) => boolean;
};

export type Check = {
  readonly about: readonly SettingName[];
  readonly faultOf: (settings: Settings, places: Places) => Fault | null;
};

const leastSecretLength = 32;

const longEnough = (name: "jwtSecret" | "jwtSecretOld" | "adminToken"): Check => ({
  about: [name],
  faultOf: ({ production, [name]: secret }, { at }) =>
    !production || secret === null || secret.length >= leastSecretLength
      ? null
      : {
          at: at(name),
          rule: `must have at least ${leastSecretLength} characters in production, such as what openssl rand -hex 32 prints`,
        },
});

/** Two settings that name two profiles: one of them would be read by nobody. */
const oneProfile: Check = {
  about: ["policyProfile", "policyDir"],
  faultOf({ policyProfile, policyDir }, { at, isGiven }) {
    if (policyDir === null || !isGiven("policyProfile")) return null;
    const named = extendedBy(policyDir);
    if (!isOwnProfile(policyProfile) && (named === null || named === policyProfile)) return null;
    return {
      at: at("policyProfile"),
      rule: `is ${policyProfile}, and the profile.json in ${at("policyDir")} (${policyDir}) is another profile: leave one of the two out`,
    };
  },
};

/** Development headers where they would let strangers be whoever they say. */
const harmlessHeaders: Check = {
  about: ["allowDevHeaders", "policyProfile", "policyDir", "apiHost"],
  faultOf({ allowDevHeaders, production, policyProfile, policyDir, apiHost }, places) {
    if (allowDevHeaders === false) return null;
    const at = places.at("allowDevHeaders");
    if (production)
      return { at, rule: "must not be on in production: leave it out, and let callers use tokens, or set it to false" };
    if (!profileAllowsDevHeaders(policyProfile, policyDir))
      return {
        at,
        rule:
          `must not be on under the profile ${policyDir === null ? policyProfile : `of ${policyDir}`}, whose dev_headers is false: ` +
          "leave it out, and let callers use tokens",
      };
    if (allowDevHeaders === "anywhere" || isLoopback(apiHost)) return null;
    const host = places.at("apiHost");
    return {
      at,
      rule:
        `must be false where ${host} is ${apiHost}, which others can reach: they would be whoever they say. Set it to ` +
        `false and let callers use tokens; to anywhere, if that is what you want; or leave ${host} at 127.0.0.1`,
    };
  },
};

const approvedChat: Check = {
  about: ["chatApprovals"],
  faultOf: ({ production, chatApprovals }, { at }) =>
    production && chatApprovals === "off"
      ? { at: at("chatApprovals"), rule: "must not be off in production: leave it out, or set it to required" }
      : null,
};

const wholeObjectStore: Check = {
  about: ["objectStoreEndpoint", "objectStoreKey", "objectStoreSecret"],
  faultOf: ({ objectStoreEndpoint, objectStoreKey, objectStoreSecret }, { at }) =>
    objectStoreEndpoint === null || (objectStoreKey !== null && objectStoreSecret !== null)
      ? null
      : {
          at: at("objectStoreKey"),
          rule: `and ${at("objectStoreSecret")} must both be set with ${at("objectStoreEndpoint")}`,
        },
};

export const checks: readonly Check[] = [
  oneProfile,
  harmlessHeaders,
  longEnough("jwtSecret"),
  longEnough("jwtSecretOld"),
  longEnough("adminToken"),
  approvedChat,
  wholeObjectStore,
];

/** Whether only this machine reaches the address. A name other than localhost may lead anywhere. */
const isLoopback = (host: string): boolean =>
  ["localhost", "::1"].includes(host.toLowerCase()) || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i.test(host);
