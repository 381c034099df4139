// directory.search: accounts, sites, contacts, assets and technicians by name, within the caller's scope.

import { statement } from "../db/statement.ts";
import type { QueryBodyOf } from "../contract/index.ts";
import { idFrom } from "../contract/ids.ts";
import { reachParameter } from "../kernel/actor.ts";
import { deskQuery } from "../kernel/answer-query.ts";

type Row = QueryBodyOf<"directory.search">["results"][number];

const normalLimit = 20;

// What belongs to a whole account shows to whoever may see one of its sites.
// $1 kind, $2 pattern, $3 account scope, $4 site scope, $5 limit per kind and in all, $6 the words themselves, $7 the id that
// they are.
const selectDirectory = statement<Row>(
  "directory_search",
  `SELECT kind, id, name, detail, account_id FROM (
     (SELECT 'account' AS kind, a.id, a.name, NULL::text AS detail, a.id AS account_id
      FROM accounts a
      WHERE ($1::text IS NULL OR $1 = 'account') AND ($2::text IS NULL OR a.name ILIKE $2 OR a.id = $7)
        AND ($3::uuid[] IS NULL OR a.id = ANY ($3))
        AND ($4::uuid[] IS NULL OR EXISTS (SELECT FROM sites WHERE account_id = a.id AND id = ANY ($4)))
      ORDER BY a.name, a.id LIMIT $5)
     UNION ALL
     (SELECT 'site', s.id, s.name, concat_ws(', ', s.address1, s.city, s.region), s.account_id
      FROM sites s
      WHERE ($1::text IS NULL OR $1 = 'site') AND ($2::text IS NULL OR s.name ILIKE $2 OR s.address1 ILIKE $2 OR s.id = $7)
        AND ($3::uuid[] IS NULL OR s.account_id = ANY ($3)) AND ($4::uuid[] IS NULL OR s.id = ANY ($4))
      ORDER BY s.name, s.id LIMIT $5)
     UNION ALL
     (SELECT 'contact', c.id, c.name, c.role, c.account_id
      FROM contacts c
      WHERE ($1::text IS NULL OR $1 = 'contact') AND ($2::text IS NULL OR c.name ILIKE $2 OR c.id = $7)
        AND ($3::uuid[] IS NULL OR c.account_id = ANY ($3))
        AND ($4::uuid[] IS NULL OR c.site_id = ANY ($4)
             OR (c.site_id IS NULL AND EXISTS (SELECT FROM sites WHERE account_id = c.account_id AND id = ANY ($4))))
      ORDER BY c.name, c.id LIMIT $5)
     UNION ALL
     (SELECT 'asset', e.id, e.name, e.kind, e.account_id
      FROM assets e
      WHERE ($1::text IS NULL OR $1 = 'asset') AND ($2::text IS NULL OR e.name ILIKE $2 OR e.id = $7)
        AND ($3::uuid[] IS NULL OR e.account_id = ANY ($3)) AND ($4::uuid[] IS NULL OR e.site_id = ANY ($4))
      ORDER BY e.name, e.id LIMIT $5)
     UNION ALL
     (SELECT 'technician', r.id, r.name, r.zone, NULL
      FROM technicians r
      WHERE ($1::text IS NULL OR $1 = 'technician') AND ($2::text IS NULL OR r.name ILIKE $2 OR r.id = $7) AND r.active
      ORDER BY r.name, r.id LIMIT $5)
   ) AS found
   ORDER BY lower(name) = lower(coalesce($6, '')) DESC, name, kind, id LIMIT $5`,
);

export const directorySearch = deskQuery("directory.search", async ({ desk, actor, input }) => {
  const pattern = input.q ? `%${input.q.replaceAll(/[\\%_]/g, "\\$&")}%` : null;
  const scope = [reachParameter(actor.accounts), reachParameter(actor.sites)];
  const values = [
    input.kind ?? null,
    pattern,
    ...scope,
    input.limit ?? normalLimit,
    input.q ?? null,
    idFrom(input.q ?? ""),
  ];
  return { results: await desk.db.rows(selectDirectory, values) };
});
