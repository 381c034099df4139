/**
 * Recognises the same call coming in twice: contact details in one form, and one hash over who asks for what where.
 * Pure; looking for a ticket with an equal signature is the intake command's step.
 */
import type { AccountId, SiteId } from "../contract/ids.ts";
import { invalidField } from "../kernel/refusal.ts";
import type { PhoneNumber } from "../directory/phone-number.ts";
import { canonicalSha256 } from "../policy/canonical-json.ts";

/** `value` is null when nothing was given; `reason` is a sentence for validation_errors. */
export type NormalizedContact =
  | { readonly ok: true; readonly value: string | null }
  | { readonly ok: false; readonly reason: string };

const phoneMinDigits = 7;
const phoneMaxDigits = 16;

/** Keeps the digits 0–9 of a phone number; 7 to 16 must remain. Blank counts as not given. */
export function normalizePhone(raw: string | null | undefined): NormalizedContact {
  if (isBlank(raw)) return { ok: true, value: null };
  const digits = raw.replace(/[^0-9]/g, "");
  if (digits.length < phoneMinDigits || digits.length > phoneMaxDigits) {
    return { ok: false, reason: `must hold ${phoneMinDigits} to ${phoneMaxDigits} digits, has ${digits.length}` };
  }
  return { ok: true, value: digits };
}

/** Trims and lower-cases an e-mail address; it needs one "@" with text on both sides and no spaces. */
export function normalizeEmail(raw: string | null | undefined): NormalizedContact {
  if (isBlank(raw)) return { ok: true, value: null };
  const email = raw.trim().toLowerCase();
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) {
    return { ok: false, reason: 'must have one "@" with text on both sides and no spaces' };
  }
  return { ok: true, value: email };
}

/**
 * A field's contact in its one form.
 * @throws Refusal INVALID_REQUEST naming the field
 */
export function contact(path: string, normalized: NormalizedContact): string | null {
  if (!normalized.ok) throw invalidField(path, "format", normalized.reason);
  return normalized.value;
}

export type IdentityParts = {
  readonly accountId: AccountId;
  readonly siteId: SiteId;
  readonly incidentType: string;
  readonly summary: string;
  readonly customerName: string;
  /** As normalizePhone returned it. */
  readonly contactPhone: string | null;
  /** As normalizeEmail returned it. */
  readonly contactEmail: string | null;
};

/**
 * SHA-256 (64 hex digits) of the canonical JSON (keys sorted, no white space) of the parts, each trimmed:
 * incident_type upper-cased, the phone's digits, everything else lower-cased.
 */
export function identitySignature(parts: IdentityParts): string {
  return canonicalSha256({
    account_id: folded(parts.accountId),
    site_id: folded(parts.siteId),
    incident_type: parts.incidentType.trim().toUpperCase(),
    summary: folded(parts.summary),
    customer_name: folded(parts.customerName),
    contact_phone: parts.contactPhone?.replace(/[^0-9]/g, "") || null,
    contact_email: folded(parts.contactEmail ?? "") || null,
  });
}

/** What a call is recognised by, however it was written down. */
export type CallParts = IdentityParts & {
  /** As readPhone read it; null where it could not, or none was given. */
  readonly phone: PhoneNumber | null;
};

/**
 * As identitySignature, which clients know and which stays as it is, over the same call in whatever writing: a phone number as
 * one number, words without regard to what stands between them.
 */
export function callSignature(parts: CallParts): string {
  return canonicalSha256({
    account_id: folded(parts.accountId),
    site_id: folded(parts.siteId),
    incident_type: parts.incidentType.trim().toUpperCase(),
    summary: wordsOf(parts.summary),
    customer_name: wordsOf(parts.customerName),
    contact_phone: parts.phone ? [parts.phone.international, parts.phone.extension] : parts.contactPhone,
    contact_email: folded(parts.contactEmail ?? "") || null,
  });
}

/** What equal calls have in common, in whatever country their numbers are read. */
export const signatureWithoutPhone = (parts: IdentityParts): string =>
  callSignature({ ...parts, contactPhone: null, phone: null });

const wordsOf = (text: string): string =>
  (
    text
      .normalize("NFKC")
      .toLowerCase()
      .replace(/['’]/g, "")
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [folded(text)]
  ).join(" ");

function folded(text: string): string {
  return text.trim().toLowerCase();
}

function isBlank(text: string | null | undefined): text is null | undefined | "" {
  return text === null || text === undefined || text.trim() === "";
}
