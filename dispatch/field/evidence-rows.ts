// Evidence as rows: insert-only, each with what the server found out about its object itself.

import type { AccountId, SiteId, TicketId } from "../contract/ids.ts";
import type { EvidenceBody } from "../contract/responses.ts";
import { insertRow } from "../db/insert-rows.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../kernel/actor.ts";
import type { JsonObject } from "../kernel/json.ts";
import { Refusal } from "../kernel/refusal.ts";
import { addedPart, type PartChange, type PartTable } from "../kernel/parts.ts";
import type { Policy } from "../policy/policy.ts";
import { greatCircleKm } from "../travel/estimate.ts";
import { duplicateOf } from "./duplicate-evidence.ts";
import type { EvidenceItem } from "./evidence-references.ts";

const insertStored = insertRow("evidence_insert", "evidence_items", [
  "id",
  "ticket_id",
  "kind",
  "uri",
  "checksum",
  "metadata",
  "verification",
  "media_type",
  "size_bytes",
  "width",
  "height",
  "captured_at",
  "captured_offset",
  "lat",
  "lon",
  "duplicate_of",
  "created_by",
  "created_at",
]);

/** An item with what is told of it beside its own columns: where its site is, and whose the earlier item of its bytes is. */
export type EvidenceRow = {
  readonly id: string;
  readonly ticket_id: TicketId;
  readonly kind: string;
  readonly uri: string;
  readonly checksum: string | null;
  readonly metadata: JsonObject;
  readonly created_by: string;
  readonly created_at: string;
  readonly verification: "verified" | "referenced";
  readonly media_type: string | null;
  readonly size_bytes: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly captured_at: string | null;
  readonly captured_offset: string | null;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly site_lat: number | null;
  readonly site_lon: number | null;
  readonly duplicate_of: string | null;
  readonly duplicate_ticket: TicketId | null;
  readonly duplicate_number: string | null;
  readonly duplicate_key: string | null;
  readonly duplicate_account: AccountId | null;
  readonly duplicate_site: SiteId | null;
};

type EvidencePart = Pick<
  EvidenceRow,
  | "kind"
  | "uri"
  | "checksum"
  | "metadata"
  | "verification"
  | "media_type"
  | "size_bytes"
  | "width"
  | "height"
  | "captured_at"
  | "captured_offset"
  | "lat"
  | "lon"
  | "duplicate_of"
  | "created_by"
  | "created_at"
> & { readonly id: string; readonly part_of: string };

const selectOfTickets = statement<EvidencePart>(
  "evidence_of_tickets",
  `SELECT id, ticket_id AS part_of, kind, uri, checksum, metadata, verification, media_type, size_bytes, width, height, captured_at,
          captured_offset, lat, lon, duplicate_of, created_by, created_at
   FROM evidence_items WHERE ticket_id = ANY ($1)`,
);

export const evidenceParts: PartTable = {
  name: "evidence_items",
  select: selectOfTickets,
  fixed: {
    1: [
      "id",
      "part_of",
      "kind",
      "uri",
      "checksum",
      "metadata",
      "verification",
      "media_type",
      "size_bytes",
      "width",
      "height",
      "captured_at",
      "captured_offset",
      "lat",
      "lon",
      "duplicate_of",
      "created_by",
      "created_at",
    ],
  },
  changing: [],
};

export const insertEvidence = (item: EvidenceRow): PartChange =>
  addedPart(evidenceParts, { ...item, part_of: item.ticket_id }, (tx) => [
    insertStored(tx, { ...item, metadata: JSON.stringify(item.metadata) }),
  ]);

/**
 * Of before metadata had a limit there are rows of 240 KB, and pages of such would be answers of 50 MB: of those the key alone is
 * told, and how much was left out.
 */
const columns = `e.id, e.ticket_id, e.kind, e.uri, e.checksum,
          CASE WHEN octet_length(e.metadata::text) <= 16384 THEN e.metadata
               ELSE jsonb_build_object('evidence_key', e.metadata -> 'evidence_key', 'bytes_left_out', octet_length(e.metadata::text))
          END AS metadata,
          e.created_by, e.created_at, e.verification, e.media_type,
          e.size_bytes, e.width, e.height, e.captured_at, e.captured_offset, e.lat, e.lon, s.lat AS site_lat, s.lon AS site_lon,
          e.duplicate_of, earlier.ticket_id AS duplicate_ticket, other.number AS duplicate_number,
          earlier.metadata ->> 'evidence_key' AS duplicate_key, other.account_id AS duplicate_account,
          other.site_id AS duplicate_site`;
const besides = `JOIN tickets t ON t.id = e.ticket_id
        JOIN sites s ON s.id = t.site_id
        LEFT JOIN evidence_items earlier ON earlier.id = e.duplicate_of
        LEFT JOIN tickets other ON other.id = earlier.ticket_id`;

/** A page of a ticket's evidence, oldest first, behind an item (null: from the first). */
export const selectEvidence = statement<EvidenceRow>(
  "evidence_select",
  `SELECT ${columns}
   FROM evidence_items e
        ${besides}
   WHERE e.ticket_id = $1 AND ($2::timestamptz IS NULL OR (e.created_at, e.id) > ($2::timestamptz, $3::uuid))
   ORDER BY e.created_at, e.id LIMIT $4`,
);

/** The newest so many, oldest first. */
export const selectNewestEvidence = statement<EvidenceRow>(
  "evidence_newest",
  `SELECT ${columns}
   FROM (SELECT * FROM evidence_items WHERE ticket_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2) AS e
        ${besides}
   ORDER BY e.created_at, e.id`,
);

export const selectEvidenceItem = statement<EvidenceRow>(
  "evidence_item",
  `SELECT ${columns}
   FROM evidence_items e
        ${besides}
   WHERE e.ticket_id = $1 AND e.id = $2`,
);

/** All of a ticket's evidence as the closeout rules see it, and nothing that they do not ask for. */
export const selectEvidenceFacts = statement<EvidenceItem>(
  "evidence_facts",
  `SELECT id, kind, uri, CASE jsonb_typeof(metadata -> 'evidence_key') WHEN 'string' THEN metadata ->> 'evidence_key' END AS "evidenceKey",
          verification, checksum, created_at AS "createdAt", media_type AS "mediaType", captured_at AS "capturedAt"
   FROM evidence_items WHERE ticket_id = $1 ORDER BY created_at, id`,
);

export const countEvidence = statement<{ total: number }>(
  "evidence_count",
  `SELECT count(*) AS total FROM evidence_items WHERE ticket_id = $1`,
);

/**
 * Whether a ticket takes one more.
 * @throws Refusal EVIDENCE_LIMIT
 */
export function requireRoom(ticketId: TicketId, items: number, { evidence: { maxItemsPerTicket } }: Policy): void {
  if (items >= maxItemsPerTicket)
    throw new Refusal("EVIDENCE_LIMIT", { ticket_id: ticketId, items, max_items: maxItemsPerTicket });
}

/** Where pictures of a ticket should have been taken, and on which clock. */
export const selectSiteOf = statement<{ lat: number | null; lon: number | null; timezone: string }>(
  "evidence_site",
  `SELECT s.lat, s.lon, s.timezone FROM tickets t JOIN sites s ON s.id = t.site_id WHERE t.id = $1`,
);

export const selectChecksum = statement<{ checksum: string | null }>(
  "evidence_checksum",
  `SELECT checksum FROM evidence_items WHERE id = $1 AND ticket_id = $2`,
);

/** An item as this actor may read it. */
export function evidenceBody(row: EvidenceRow, actor: Pick<Actor, "accounts" | "sites">): EvidenceBody {
  const { lat, lon, site_lat, site_lon, duplicate_ticket, duplicate_number, duplicate_key, ...item } = row;
  const { duplicate_account, duplicate_site, duplicate_of, ...shown } = item;
  const place = placeOf(lat, lon);
  const ofSite = placeOf(site_lat, site_lon);
  const isKnown = duplicate_of && duplicate_ticket && duplicate_number && duplicate_account && duplicate_site;
  return {
    ...shown,
    age_minutes: row.captured_at === null ? null : minutesBetween(row.captured_at, row.created_at),
    place,
    distance_m: place && ofSite && Math.round(greatCircleKm(place, ofSite) * 1_000),
    duplicate_of: isKnown
      ? duplicateOf(
          {
            id: duplicate_of,
            ticket_id: duplicate_ticket,
            number: duplicate_number,
            evidence_key: duplicate_key,
            account_id: duplicate_account,
            site_id: duplicate_site,
          },
          actor,
        )
      : null,
  };
}

const minutesBetween = (from: string, to: string): number => Math.round((Date.parse(to) - Date.parse(from)) / 60_000);

const placeOf = (lat: number | null, lon: number | null) => (lat === null || lon === null ? null : { lat, lon });
