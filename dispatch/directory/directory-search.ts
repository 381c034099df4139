// directory.search: accounts, sites, contacts, assets and technicians by what people know of them, within the caller's scope. What
// was archived or merged is not among them. Each way of finding has an index (0001, 0018, 0040).

import type { QueryBodyOf } from "../contract/index.ts";
import { idFrom } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import { reachParameter } from "../kernel/actor.ts";
import { deskQuery } from "../kernel/answer-query.ts";
import { zonesOf } from "../workforce/zones-of-technician.ts";
import { reversedPhone } from "./typed-phone.ts";
import { twinsOf } from "./twins.ts";

type Row = Omit<QueryBodyOf<"directory.search">["results"][number], "matched">;

const normalLimit = 20;

/** Of what very many have ("street"), so many are read; those shown are the first of them by name. */
const mostRead = 500;
/** The index of names holds three letters after each other; fewer are looked for in all names. */
const fewestLetters = 3;

// What is asked for stands in one row, where Postgres does not see it when it plans: so it has one plan for whatever is typed, by the
// index of each way, and keeps it. Seen values made it plan each search anew, and read names in order where few begin so.
// $1 kind, $2 account scope, $3 site scope, $4 limit, $5 pattern, $6 the words themselves, $7 the id that they are, $8 the end of a
// phone number in reverse, $9 what comes behind all that begin so, $10 and $11 the same of the words in lower case, $12 and $13 of a
// postal code.
const asked = `
  WITH asked AS MATERIALIZED (
    SELECT $1::text AS kind, $2::uuid[] AS accounts, $3::uuid[] AS sites, $5::text AS pattern, $6::text AS words, $7::uuid AS id,
           $8::text AS phone, $9::text AS phone_end, $10::text AS start, $11::text AS start_end, $12::text AS code, $13::text AS code_end
  )`;
const the = (column: string): string => `(SELECT ${column} FROM asked)`;
const beginsBy = (column: string, from: string): string =>
  `${column} ~>=~ ${the(from)} AND ${column} ~<~ ${the(`${from}_end`)}`;
const isIn = (column: string, scope: "accounts" | "sites"): string =>
  `${column} = ANY (coalesce(${the(scope)}, ARRAY[${column}]))`;
const hasSite = (account: string): string =>
  `EXISTS (SELECT FROM sites WHERE account_id = ${account} AND id = ANY ((${the("sites")})::uuid[]))`;
const inUse = (account: string): string =>
  `NOT EXISTS (SELECT FROM accounts WHERE id = ${account} AND archived_at IS NOT NULL)`;

type Kind = {
  readonly columns: string;
  readonly from: string;
  readonly within: string;
  readonly named: readonly string[];
  readonly known: readonly string[];
};
// What belongs to a whole account shows to whoever may see one of its sites.
const kinds: Readonly<Record<string, Kind>> = {
  account: {
    columns: "a.id, a.name, NULL::text AS detail, a.id AS account_id",
    from: "accounts a",
    within: `a.archived_at IS NULL AND ${isIn("a.id", "accounts")} AND (${the("sites")} IS NULL OR ${hasSite("a.id")})`,
    named: ["a.name"],
    known: [`a.id = ${the("id")}`, `a.external_id = ${the("words")}`, beginsBy("lower(a.billing_email)", "start")],
  },
  site: {
    columns: "s.id, s.name, concat_ws(', ', s.address1, s.city, s.region), s.account_id",
    from: "sites s",
    within: `s.archived_at IS NULL AND ${isIn("s.account_id", "accounts")} AND ${isIn("s.id", "sites")} AND ${inUse("s.account_id")}`,
    named: ["s.name", "s.address1"],
    known: [
      `s.id = ${the("id")}`,
      `s.external_id = ${the("words")}`,
      beginsBy("upper(replace(s.postal_code, ' ', ''))", "code"),
    ],
  },
  contact: {
    columns: "c.id, c.name, c.role, c.account_id",
    from: "contacts c",
    within: `c.archived_at IS NULL AND ${isIn("c.account_id", "accounts")}
      AND (${the("sites")} IS NULL OR c.site_id = ANY ((${the("sites")})::uuid[])
      OR (c.site_id IS NULL AND ${hasSite("c.account_id")})) AND ${inUse("c.account_id")}`,
    named: ["c.name"],
    known: [
      `c.id = ${the("id")}`,
      `c.external_id = ${the("words")}`,
      beginsBy("lower(c.email)", "start"),
      // Its index holds no row without one, which Postgres cannot tell from the key.
      `c.phone IS NOT NULL AND ${beginsBy("reverse(phone_key(c.phone_e164, c.phone))", "phone")}`,
    ],
  },
  asset: {
    columns: "e.id, e.name, e.kind, e.account_id",
    from: "assets e",
    within: `e.archived_at IS NULL AND ${isIn("e.account_id", "accounts")} AND ${isIn("e.site_id", "sites")}
      AND ${inUse("e.account_id")}`,
    named: ["e.name"],
    known: [`e.id = ${the("id")}`, `e.external_id = ${the("words")}`, beginsBy("lower(e.serial_number)", "start")],
  },
  technician: {
    columns: `r.id, r.name, nullif(array_to_string(${zonesOf("r")}, ', '), ''), NULL::uuid`,
    from: "technicians r",
    within: "r.active",
    named: ["r.name"],
    known: [`r.id = ${the("id")}`],
  },
};

/** The rows of each kind that are found in one of its ways, each way by itself: together they would have no index. */
function searchBy(ways: (kind: Kind) => readonly string[]): string {
  const branches = Object.entries(kinds).flatMap(([name, kind]) =>
    ways(kind).map(
      (way) => `
   (SELECT '${name}' AS kind, ${kind.columns} FROM ${kind.from}
    WHERE ${the(`coalesce(kind, '${name}') = '${name}'`)} AND ${kind.within}${way})`,
    ),
  );
  return `${asked}
   SELECT kind, id, name, detail, account_id FROM (${branches.join(" UNION ")}) AS found
   ORDER BY lower(name) = lower(coalesce(${the("words")}, '')) DESC, name, kind, id LIMIT $4`;
}

const known = ({ known: conditions }: Kind) => conditions.map((condition) => ` AND ${condition}`);
const someOf = (condition: string): string => ` AND ${condition} LIMIT ${mostRead}`;

export const directorySearches = {
  words: statement<Row>(
    "directory_search",
    searchBy((kind) => [...kind.named.map((column) => someOf(`${column} ILIKE ${the("pattern")}`)), ...known(kind)]),
  ),
  fewLetters: statement<Row>(
    "directory_search_letters",
    searchBy((kind) => [
      ...kind.named.map((column) => someOf(`${column} || '' ILIKE ${the("pattern")}`)),
      ...known(kind),
    ]),
  ),
  all: statement<Row>(
    "directory_search_all",
    searchBy(() => [" ORDER BY name, id LIMIT $4"]),
  ),
};

/** In the order of bytes: from a text to what comes behind all that begin with it. */
const beginsWith = (text: string | null): [from: string | null, to: string | null] =>
  text === null ? [null, null] : [text, `${text}\u{10FFFF}`];

/** A code has a digit in it; a word of some letters is a name's. */
const postalCode = (typed: string): string | null => {
  const code = typed.replaceAll(/\s/g, "").toUpperCase();
  return /^(?=.*\d)[A-Z0-9-]{3,10}$/.test(code) ? code : null;
};

type Searched = {
  readonly q: string | null;
  readonly kind: string | null;
  readonly accounts: readonly string[] | null;
  readonly sites: readonly string[] | null;
  readonly limit: number;
  /** Where a phone number without a country is at home. */
  readonly phoneRegion: string;
};

/** The statement that finds what is asked for, with its values. */
export function searchFor({ q, kind, accounts, sites, limit, phoneRegion }: Searched) {
  const typed = q?.trim() ?? null;
  const pattern = q === null ? null : `%${q.replaceAll(/[\\%_]/g, "\\$&")}%`;
  const values = [
    kind,
    accounts,
    sites,
    limit,
    pattern,
    q,
    idFrom(q ?? ""),
    ...beginsWith(typed === null ? null : reversedPhone(typed, phoneRegion)),
    ...beginsWith(typed?.toLowerCase() ?? null),
    ...beginsWith(typed === null ? null : postalCode(typed)),
  ];
  if (q === null) return { select: directorySearches.all, values };
  return { select: q.length < fewestLetters ? directorySearches.fewLetters : directorySearches.words, values };
}

export const directorySearch = deskQuery("directory.search", async ({ desk, actor, input }) => {
  const { q = null, kind = null, limit = normalLimit, duplicates_of: of } = input;
  if (of !== undefined) return { results: await twinsOf({ desk, actor }, of, limit) };
  const { select, values } = searchFor({
    q,
    kind,
    accounts: reachParameter(actor.accounts),
    sites: reachParameter(actor.sites),
    limit,
    phoneRegion: desk.settings.phoneRegion,
  });
  return { results: await desk.db.rows(select, values) };
});
