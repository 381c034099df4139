#!/usr/bin/env bash
# Node: the `write` of a class that extends net.Socket is asked by nobody once the socket was told to connect.
#
# Expected  `class Counted extends net.Socket { write(…) { … } }` overrides write, as any method of a subclass; whoever
#           is handed such a socket, as pg is by its `stream` option, calls it.
# Seen      connect() puts net.Socket.prototype.write onto the socket itself, as a property of its own, and that hides
#           the subclass's. A whole session of pg (startup, query, goodbye) asks the subclass 0 times of 3. Nothing
#           fails and every byte arrives, so it shows only where what the override was for is measured. Other methods of
#           the same subclass are asked as usual (setNoDelay below).
# Way out   `delete this.write` after connect(), for example in the subclass's own connect: then 3 of 3.
# Versions  Node 20.20.2, 24.21.0 and 26.12.1 with pg 8.23.1. Other versions of Node: as arguments. Runs in some 25 s.
# Why here  A socket of ours was to gather the messages of one turn in its write, and gathered none.
set -euo pipefail
versions=("${@:-20.20.2}")
if [ $# = 0 ]; then versions+=(24.21.0 26.12.1); fi

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

command -v npm > "$temp/log" || untried "npm is not installed"
install() {
  run timeout 300 npm install --prefix "$1" --no-audit --no-fund --ignore-scripts --loglevel=error "$2" \
    > "$temp/log" 2>&1 ||
    untried "npm: $(grep -m 1 "npm error" "$temp/log" || tail -n 1 "$temp/log")"
}

cat > "$temp/session.mjs" << 'JS'
// A session of pg with a server that knows as much of the protocol as an empty query needs.
import net from "node:net";
import pg from "pg";

const message = (type, ...bytes) => Buffer.from([type.charCodeAt(0), 0, 0, 0, 4 + bytes.length, ...bytes]);
const ready = message("Z", "I".charCodeAt(0));
let received = 0;
const server = net.createServer((socket) => {
  socket.once("data", () => socket.write(Buffer.concat([message("R", 0, 0, 0, 0), ready])));
  socket.on("data", (bytes) => {
    received += bytes.length;
    if (bytes[0] === "Q".charCodeAt(0)) socket.write(Buffer.concat([message("I"), ready]));
    if (bytes[0] === "X".charCodeAt(0)) socket.end();
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

class Counted extends net.Socket {
  asked = { write: 0, setNoDelay: 0 };
  write(...given) {
    this.asked.write++;
    return super.write(...given);
  }
  setNoDelay(...given) {
    this.asked.setNoDelay++;
    return super.setNoDelay(...given);
  }
}
class Freed extends Counted {
  connect(...given) {
    super.connect(...given);
    delete this.write;
    return this;
  }
}

for (const socket of [new Counted(), new Freed()]) {
  received = 0;
  const { port } = server.address();
  const client = new pg.Client({ host: "127.0.0.1", port, user: "somebody", ssl: false, stream: socket });
  await client.connect();
  const own = Object.hasOwn(socket, "write") && socket.write === net.Socket.prototype.write;
  await client.query("");
  await client.end();
  const { write, setNoDelay } = socket.asked;
  const asked = `write ${write}, setNoDelay ${setNoDelay}`;
  console.log(`${socket.constructor.name}: write of its own: ${own}; asked: ${asked}; arrived: ${received} bytes`);
}
server.close();
JS

install "$temp" pg@8.23.1
platform=$(node -p 'process.platform + "-" + process.arch')
for version in "${versions[@]}"; do
  install "$temp/$version" "node-$platform@$version"
  node=$temp/$version/node_modules/node-$platform/bin/node
  echo "== Node $("$node" --version), pg $("$node" -p "require('$temp/node_modules/pg/package.json').version")"
  timeout 30 env -i "$node" "$temp/session.mjs" > "$temp/seen" 2> "$temp/log" ||
    untried "the session did not end well: $(grep -m 1 Error "$temp/log")"
  cat "$temp/seen"
  cmp -s "$temp/seen" - << 'SEEN' || changed "that is not what was seen before"
Counted: write of its own: true; asked: write 0, setNoDelay 1; arrived: 73 bytes
Freed: write of its own: false; asked: write 3, setNoDelay 1; arrived: 73 bytes
SEEN
  rm -rf "${temp:?}/$version"
done
echo "AS DESCRIBED: the subclass's write is not asked, unless the one that connect() put before it is deleted."
