// The same bytes twice: on one ticket they prove one thing once, and so do pictures, drawings, recordings and films on any.

import type { AccountId, SiteId, TicketId } from "../contract/ids.ts";
import type { EvidenceBody } from "../contract/responses.ts";
import { warningRegistry, type Warning } from "../contract/warnings.ts";
import { statement } from "../db/statement.ts";
import { reaches, type Actor } from "../kernel/actor.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { Policy } from "../policy/policy.ts";
import { familyOf, type Family, type MediaType } from "../storage/media-types.ts";

/** An item with these bytes that was recorded before. */
export type Recorded = {
  readonly id: string;
  readonly ticket_id: TicketId;
  readonly number: string;
  readonly evidence_key: string | null;
  readonly account_id: AccountId;
  readonly site_id: SiteId;
  /** False where somebody named the hash of a file that nobody here has seen. */
  readonly stored: boolean;
};

/** What an answer needs to name it. */
type Named = Omit<Recorded, "stored">;

/** Two who record the same bytes at the same moment, on whatever tickets, wait for each other: one of them sees the other's. */
export const lockBytes = statement("evidence_lock_bytes", `SELECT pg_advisory_xact_lock(hashtextextended($1, 1))`);

/** The oldest item with these bytes on the ticket itself, then the oldest on any other: at most two rows. What is stored goes first. */
export const selectSameBytes = statement<Recorded>(
  "evidence_same_bytes",
  `SELECT DISTINCT ON (e.ticket_id = $2) e.id, e.ticket_id, t.number, e.metadata ->> 'evidence_key' AS evidence_key,
          t.account_id, t.site_id, e.verification = 'verified' AS stored
   FROM evidence_items e JOIN tickets t ON t.id = e.ticket_id
   WHERE e.checksum = $1
   ORDER BY (e.ticket_id = $2) DESC, stored DESC, e.created_at, e.id`,
);

/**
 * The item that has these bytes already: on the ticket itself whatever they are. On another ticket equal words, or a firm's
 * standard form, are nothing to doubt; a picture, drawing, recording or film is, and so is a file of unknown type.
 */
export const earlierItem = (
  same: readonly Recorded[],
  ticketId: TicketId,
  mediaType: MediaType | null,
): Recorded | undefined =>
  same.find(({ ticket_id }) => ticket_id === ticketId || mediaType === null || !repeatable.has(familyOf(mediaType)));

/** What is equal on many tickets in honest work. */
const repeatable: ReadonlySet<Family> = new Set(["text", "document"]);

/** Whether an answer to this actor names the earlier item, and so tells of its account and site. */
export const isNamed = ({ account_id, site_id }: Named, actor: Pick<Actor, "accounts" | "sites">): boolean =>
  reaches(actor.accounts, account_id) && reaches(actor.sites, site_id);

/** How an answer names the earlier item: not at all to whoever may not see its ticket. */
export const duplicateOf = (item: Named, actor: Pick<Actor, "accounts" | "sites">): EvidenceBody["duplicate_of"] =>
  isNamed(item, actor)
    ? { evidence_id: item.id, ticket_id: item.ticket_id, number: item.number, evidence_key: item.evidence_key }
    : { evidence_id: null, ticket_id: null, number: null, evidence_key: null };

/**
 * Where the policy refuses what is on record already. What was only claimed takes no file away from whoever brings it.
 * @throws Refusal EVIDENCE_DUPLICATE, which names ticket and key
 */
export function requireNew(item: Recorded | undefined, actor: Actor, { evidence }: Policy): void {
  if (!item?.stored || evidence.duplicates !== "refuse") return;
  const { evidence_key: key, number } = item;
  const where = isNamed(item, actor) ? `on ticket ${number}${key === null ? "" : ` as ${key}`}` : "on another ticket";
  throw new Refusal(
    "EVIDENCE_DUPLICATE",
    { duplicate_of: duplicateOf(item, actor) },
    {
      message:
        `The same file is on record already ${where}. Take another picture, or bring another file; where the one on this ticket ` +
        "has the wrong key, record its uri again with corrects naming it.",
    },
  );
}

/** What the answer warns of where the policy keeps it all the same. */
export const duplicateWarnings = (item: Recorded | undefined, actor: Actor): Warning[] =>
  item === undefined
    ? []
    : [
        {
          code: "DUPLICATE_EVIDENCE",
          message: warningRegistry.DUPLICATE_EVIDENCE,
          duplicate_of: duplicateOf(item, actor),
        },
      ];
