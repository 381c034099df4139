// What a migration must not do to tables that a desk works on while it runs, found by reading its statements. A finding
// may be excused in the file by `-- dispatch: exempt <rule>: <reason>`; an excuse that excuses nothing is a finding too.

import type { MigrationFile } from "../../dispatch/db/migrate/files.ts";

export type Finding = { readonly rule: string; readonly statement: string };

type Statement = {
  readonly text: string;
  /** Upper case, one blank between words. */ readonly plain: string;
  readonly table: string | null;
};

type Rule = { readonly rule: string; readonly why: string; readonly breaks: (statement: Statement) => boolean };

const addsColumn = /\bADD COLUMN\b/;
/** The parts of an ALTER TABLE, cut at the commas outside brackets. */
const actionsOf = ({ plain }: Statement): string[] =>
  splitOutside(plain.replace(/^ALTER TABLE (IF EXISTS )?(ONLY )?\S+ /, ""), ",");
const someAction = (statement: Statement, test: (action: string) => boolean): boolean =>
  statement.plain.startsWith("ALTER TABLE") && actionsOf(statement).some(test);

/** A constraint that the same statement adds again. */
function isMadeAnew(action: string, statement: Statement): boolean {
  const [, name] = /^DROP CONSTRAINT (\S+)$/.exec(action) ?? [];
  return name !== undefined && someAction(statement, (other) => other.startsWith(`ADD CONSTRAINT ${name} `));
}

export const rules: readonly Rule[] = [
  {
    rule: "index-blocks-writes",
    why: "an index on a table in use is made CONCURRENTLY, in a file of its own that says `outside a transaction`",
    breaks: ({ plain }) =>
      /^CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)/.test(plain) || /^REINDEX (?!.*\bCONCURRENTLY\b)/.test(plain),
  },
  {
    rule: "table-rewrite",
    why: "a stored generated column, a volatile default, another type or storage rewrites the table while nobody may read it",
    breaks: (statement) =>
      someAction(
        statement,
        (action) =>
          (addsColumn.test(action) &&
            /\bSTORED\b|\bSERIAL\b|\bBIGSERIAL\b|AS IDENTITY|DEFAULT .*(RANDOM|CLOCK_TIMESTAMP|NEXTVAL|UUID)\w*\s*\(/.test(
              action,
            )) ||
          /^ALTER (COLUMN )?\S+ (SET DATA )?TYPE\b/.test(action) ||
          /^SET (UNLOGGED|LOGGED|TABLESPACE|ACCESS METHOD)\b/.test(action),
      ) || /^(VACUUM \(?FULL|CLUSTER)\b/.test(statement.plain),
  },
  {
    rule: "checks-every-row",
    why:
      "a new constraint reads the whole table under a lock: add it NOT VALID and VALIDATE it in a later " +
      "file; SET NOT NULL wants a valid CHECK first",
    breaks: (statement) =>
      someAction(
        statement,
        (action) =>
          (/^ADD (CONSTRAINT \S+ )?(CHECK|FOREIGN KEY)\b/.test(action) && !/\bNOT VALID$/.test(action)) ||
          (/^ADD (CONSTRAINT \S+ )?(UNIQUE|PRIMARY KEY|EXCLUDE)\b/.test(action) && !/\bUSING INDEX\b/.test(action)) ||
          (addsColumn.test(action) &&
            /\b(REFERENCES|UNIQUE|PRIMARY KEY|CHECK)\b/.test(action) &&
            !/\bSTORED\b/.test(action)) ||
          /\bSET NOT NULL$/.test(action),
      ),
  },
  {
    rule: "old-code-breaks",
    why:
      "the release before still runs: what it reads and writes must stay; a new NOT NULL column needs a " +
      "default, dropping waits one release",
    breaks: (statement) =>
      someAction(
        statement,
        (action) =>
          (addsColumn.test(action) && /\bNOT NULL\b/.test(action) && !/\b(DEFAULT|GENERATED)\b/.test(action)) ||
          (/^(DROP|RENAME)\b/.test(action) && !isMadeAnew(action, statement)),
      ) ||
      /^DROP (TABLE|FUNCTION|SEQUENCE|SCHEMA|TYPE|VIEW)\b/.test(statement.plain) ||
      /^REVOKE\b/.test(statement.plain),
  },
  {
    rule: "long-change",
    why: "changing all rows at once holds locks and doubles the table: do it in small parts by a duty of the worker",
    breaks: ({ plain }) => /^(UPDATE|DELETE FROM|TRUNCATE|LOCK TABLE|MERGE)\b/.test(plain),
  },
  {
    rule: "needs-no-transaction",
    why: "CONCURRENTLY runs outside a transaction and must be the only statement of its file",
    // A matter of the file, not of one statement.
    breaks: () => false,
  },
];

/** What breaks a rule in a migration that comes after the first; empty when all is well. */
export function findingsIn(file: MigrationFile): Finding[] {
  const statements = statementsOf(file.sql);
  const own = new Set(
    statements.flatMap(
      ({ plain }) => /^CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?([^\s(]+)/.exec(plain)?.[1] ?? [],
    ),
  );
  const found = statements.flatMap((statement) =>
    rules
      .filter(({ breaks }) => !(statement.table !== null && own.has(statement.table)) && breaks(statement))
      .map(({ rule }) => ({ rule, statement: statement.text })),
  );
  const concurrent = statements.some(({ plain }) => /\bCONCURRENTLY\b/.test(plain));
  if (concurrent === file.inTransaction || (!file.inTransaction && statements.length !== 1)) {
    found.push({
      rule: "needs-no-transaction",
      statement: `${statements.length} statements, ${file.inTransaction ? "in" : "outside"} a transaction`,
    });
  }
  const open = found.filter(({ rule }) => !file.exempt.has(rule));
  for (const rule of file.exempt.keys()) {
    if (!found.some((one) => one.rule === rule))
      open.push({ rule: "idle-exemption", statement: `nothing here breaks ${rule}` });
  }
  // What old code does not survive may not say that it does.
  const breaking = found.filter(({ rule }) => rule === "old-code-breaks");
  if (file.oldCodeWorks) open.push(...breaking.filter((one) => !open.includes(one)));
  return open;
}

/** The statements of a file, without comments; bodies of functions are emptied, since they run later. */
export function statementsOf(sql: string): Statement[] {
  const bare = sql
    .replaceAll(/\$(\w*)\$[^]*?\$\1\$/g, "$$$$")
    .replaceAll(/--[^\n]*/g, "")
    .replaceAll(/\/\*[^]*?\*\//g, "")
    .replaceAll(/'(?:[^']|'')*'/g, "''");
  return splitOutside(bare, ";")
    .map((text) => text.trim())
    .filter(Boolean)
    .map((text) => {
      const plain = text.replaceAll(/\s+/g, " ").toUpperCase();
      const table =
        /^(?:ALTER TABLE (?:IF EXISTS )?(?:ONLY )?|(?:CREATE (?:UNIQUE )?INDEX .*? ON )|UPDATE |DELETE FROM |TRUNCATE (?:TABLE )?)([^\s(,]+)/.exec(
          plain,
        )?.[1] ?? null;
      return { text, plain, table };
    });
}

function splitOutside(text: string, separator: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const character of text) {
    if (character === "(") depth++;
    if (character === ")") depth--;
    if (character === separator && depth === 0) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}
