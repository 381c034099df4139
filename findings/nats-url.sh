#!/usr/bin/env bash
# NATS: of a URL the JavaScript client takes host and port alone; a login in it is left out, or taken for the port, and tls:// is no TLS.
#
# Expected  `nats://user:password@host:4222` logs in, and `tls://host` is encrypted or fails: the pages on connecting and on user and
#           password at docs.nats.io say so of NATS URLs, and the clients in other languages do so.
# Seen      The scheme is cut off and the login never sent: a server without logins takes the connection, any other refuses it. Where
#           the password begins with digits they are the port that is dialled, of whatever server listens there. Where the host is a
#           name without a dot the URL is taken for an IPv6 address, and the error that is thrown carries the password in `input`, which
#           loggers print. With tls:// a server that offers no TLS is spoken to in the clear, user and password of the options included.
# Way out   Take the URL apart: servers: "host:port", user, pass (or token), and tls: {} for tls://, which refuses such a server.
# Versions  @nats-io/transport-node 3.4.0, Node 20.20.2 and 24.22.3. Runs in some 5 s.
# Why here  DISPATCH_NATS_URL is such a URL; dispatch/nats/server-address.ts takes it apart.
set -euo pipefail

changed() { echo "CHANGED: $1"; exit 1; }
untried() { echo "NOT TRIED: $1"; exit 2; }
trap 'untried "the command of line $LINENO failed: $(tail -n 1 "$temp/log")"' ERR

temp=$(mktemp -d)
child=""
end() {
  if [ -n "$child" ]; then kill -TERM "$child" || true; wait "$child" || true; fi
  rm -rf "$temp"
} 2> /dev/null
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

command -v npm > "$temp/log" || untried "npm is not installed"
# A download takes long: a signal ends it with the script.
timeout 120 npm install --prefix "$temp" --no-audit --no-fund --ignore-scripts --loglevel=error @nats-io/transport-node@3.4.0 \
  > "$temp/log" 2>&1 &
child=$!
wait "$child" || untried "npm: $(grep -m 1 'npm error' "$temp/log" || tail -n 1 "$temp/log")"
child=""
echo "transport-node $(node -p "require('$temp/node_modules/@nats-io/transport-node/package.json').version"), Node $(node --version)"

cat > "$temp/connect.mjs" << 'JS'
// Servers that know as much of the protocol as a connection needs, have no logins and no TLS, and tell what they were sent.
import net from "node:net";
import { connect } from "@nats-io/transport-node";

let heard = "";
async function listen(name) {
  const server = net.createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write('INFO {"server_id":"x","version":"2.9.10","proto":1,"headers":true,"max_payload":1048576}\r\n');
    socket.on("data", (bytes) => {
      const [, sent] = /^CONNECT (.*)\r\n/.exec(bytes) ?? [];
      if (sent === undefined) return;
      const { user = "nobody", pass = "no password" } = JSON.parse(sent);
      heard = `${name} reads in the clear: ${user}, ${pass}`;
      socket.write("PONG\r\n");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
const named = await listen("the server that is named");
const other = await listen("another server");
const [port, digits] = [named, other].map((server) => server.address().port);

async function show(name, options) {
  heard = "nobody hears of it";
  try {
    const connection = await connect({ ...options, reconnect: false, timeout: 5_000 });
    await connection.close();
    console.log(`${name}: connected; ${heard}`);
  } catch (error) {
    const told = "input" in error ? `; its input holds the password: ${error.input.includes("s3cret")}` : "";
    console.log(`${name}: ${error.message}; ${heard}${told}`);
  }
}

const login = { user: "ann", pass: "s3cret" };
await show("nats://ann:s3cret@address", { servers: `nats://ann:s3cret@127.0.0.1:${port}` });
await show("nats://ann:digits@address", { servers: `nats://ann:${digits}@127.0.0.1:${port}` });
await show("nats://ann:s3cret@name", { servers: `nats://ann:s3cret@localhost:${port}` });
await show("tls://address and a login", { servers: `tls://127.0.0.1:${port}`, ...login });
await show("taken apart", { servers: `127.0.0.1:${port}`, ...login });
await show("taken apart, with tls: {}", { servers: `127.0.0.1:${port}`, ...login, tls: {} });
for (const server of [named, other]) server.close();
JS
(cd "$temp" && timeout 60 node connect.mjs) 2> "$temp/log" | tee "$temp/seen"
cmp -s "$temp/seen" - << 'SEEN' || changed "that is not what was seen before"
nats://ann:s3cret@address: connected; the server that is named reads in the clear: nobody, no password
nats://ann:digits@address: connected; another server reads in the clear: nobody, no password
nats://ann:s3cret@name: Invalid URL; nobody hears of it; its input holds the password: true
tls://address and a login: connected; the server that is named reads in the clear: ann, s3cret
taken apart: connected; the server that is named reads in the clear: ann, s3cret
taken apart, with tls: {}: server does not support 'tls'; nobody hears of it
SEEN
echo "AS DESCRIBED: of a URL host and port alone count, and the port may be the password's."
