// directory.search: accounts, sites, contacts, assets and technicians by what people know of them, within the caller's scope. What
// was archived or merged is not among them. Each way of finding has an index (0018, 0040).

import type { QueryBodyOf } from "../contract/index.ts";
import { idFrom } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import { reachParameter } from "../kernel/actor.ts";
import { deskQuery } from "../kernel/answer-query.ts";
import { reversedPhone } from "./typed-phone.ts";
import { twinsOf } from "./twins.ts";

type Row = Omit<QueryBodyOf<"directory.search">["results"][number], "matched">;

const normalLimit = 20;

// What belongs to a whole account shows to whoever may see one of its sites.
// $1 kind, $2 pattern, $3 account scope, $4 site scope, $5 limit per kind and in all, $6 the words themselves, $7 the id that
// they are, $8 the end of a phone number in reverse, $9 what comes behind all that begin so, $10 and $11 the same of the words in
// lower case, $12 and $13 of a postal code.
const selectDirectory = statement<Row>(
  "directory_search",
  `SELECT kind, id, name, detail, account_id FROM (
     (SELECT 'account' AS kind, a.id, a.name, NULL::text AS detail, a.id AS account_id
      FROM accounts a
      WHERE ($1::text IS NULL OR $1 = 'account') AND a.archived_at IS NULL
        AND ($2::text IS NULL OR a.name ILIKE $2 OR a.id = $7 OR a.external_id = $6
             OR (lower(a.billing_email) ~>=~ $10 AND lower(a.billing_email) ~<~ $11))
        AND ($3::uuid[] IS NULL OR a.id = ANY ($3))
        AND ($4::uuid[] IS NULL OR EXISTS (SELECT FROM sites WHERE account_id = a.id AND id = ANY ($4)))
      ORDER BY a.name, a.id LIMIT $5)
     UNION ALL
     (SELECT 'site', s.id, s.name, concat_ws(', ', s.address1, s.city, s.region), s.account_id
      FROM sites s
      WHERE ($1::text IS NULL OR $1 = 'site') AND s.archived_at IS NULL
        AND ($2::text IS NULL OR s.name ILIKE $2 OR s.address1 ILIKE $2 OR s.id = $7 OR s.external_id = $6
             OR (upper(replace(s.postal_code, ' ', '')) ~>=~ $12 AND upper(replace(s.postal_code, ' ', '')) ~<~ $13))
        AND ($3::uuid[] IS NULL OR s.account_id = ANY ($3)) AND ($4::uuid[] IS NULL OR s.id = ANY ($4))
        AND NOT EXISTS (SELECT FROM accounts WHERE id = s.account_id AND archived_at IS NOT NULL)
      ORDER BY s.name, s.id LIMIT $5)
     UNION ALL
     (SELECT 'contact', c.id, c.name, c.role, c.account_id
      FROM contacts c
      WHERE ($1::text IS NULL OR $1 = 'contact') AND c.archived_at IS NULL
        AND ($2::text IS NULL OR c.name ILIKE $2 OR c.id = $7 OR c.external_id = $6
             OR (lower(c.email) ~>=~ $10 AND lower(c.email) ~<~ $11)
             OR (reverse(phone_key(c.phone_e164, c.phone)) ~>=~ $8 AND reverse(phone_key(c.phone_e164, c.phone)) ~<~ $9))
        AND ($3::uuid[] IS NULL OR c.account_id = ANY ($3))
        AND ($4::uuid[] IS NULL OR c.site_id = ANY ($4)
             OR (c.site_id IS NULL AND EXISTS (SELECT FROM sites WHERE account_id = c.account_id AND id = ANY ($4))))
        AND NOT EXISTS (SELECT FROM accounts WHERE id = c.account_id AND archived_at IS NOT NULL)
      ORDER BY c.name, c.id LIMIT $5)
     UNION ALL
     (SELECT 'asset', e.id, e.name, e.kind, e.account_id
      FROM assets e
      WHERE ($1::text IS NULL OR $1 = 'asset') AND e.archived_at IS NULL
        AND ($2::text IS NULL OR e.name ILIKE $2 OR e.id = $7 OR e.external_id = $6
             OR (lower(e.serial_number) ~>=~ $10 AND lower(e.serial_number) ~<~ $11))
        AND ($3::uuid[] IS NULL OR e.account_id = ANY ($3)) AND ($4::uuid[] IS NULL OR e.site_id = ANY ($4))
        AND NOT EXISTS (SELECT FROM accounts WHERE id = e.account_id AND archived_at IS NOT NULL)
      ORDER BY e.name, e.id LIMIT $5)
     UNION ALL
     (SELECT 'technician', r.id, r.name, r.zone, NULL
      FROM technicians r
      WHERE ($1::text IS NULL OR $1 = 'technician') AND ($2::text IS NULL OR r.name ILIKE $2 OR r.id = $7) AND r.active
      ORDER BY r.name, r.id LIMIT $5)
   ) AS found
   ORDER BY lower(name) = lower(coalesce($6, '')) DESC, name, kind, id LIMIT $5`,
);

/** In the order of bytes: from a text to what comes behind all that begin with it. */
const beginsWith = (text: string | null): [from: string | null, to: string | null] =>
  text === null ? [null, null] : [text, `${text}\u{10FFFF}`];

/** A code has a digit in it; a word of some letters is a name's. */
const postalCode = (typed: string): string | null => {
  const code = typed.replaceAll(/\s/g, "").toUpperCase();
  return /^(?=.*\d)[A-Z0-9-]{3,10}$/.test(code) ? code : null;
};

export const directorySearch = deskQuery("directory.search", async ({ desk, actor, input }) => {
  const { q = null, kind = null, limit = normalLimit, duplicates_of: of } = input;
  if (of !== undefined) return { results: await twinsOf({ desk, actor }, of, limit) };
  const typed = q?.trim() ?? null;
  const pattern = q === null ? null : `%${q.replaceAll(/[\\%_]/g, "\\$&")}%`;
  const phone = typed === null ? null : reversedPhone(typed, desk.settings.phoneRegion);
  const values = [
    kind,
    pattern,
    reachParameter(actor.accounts),
    reachParameter(actor.sites),
    limit,
    q,
    idFrom(q ?? ""),
    ...beginsWith(phone),
    ...beginsWith(typed?.toLowerCase() ?? null),
    ...beginsWith(typed === null ? null : postalCode(typed)),
  ];
  return { results: await desk.db.rows(selectDirectory, values) };
});
