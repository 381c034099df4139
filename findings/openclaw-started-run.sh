#!/usr/bin/env bash
# OpenClaw: a run that was accepted, and told to have started, is never run when the gateway is killed at that moment.
#
# Expected  By docs/gateway/restart-recovery.md work that a restart interrupts in the middle of a turn is resumed. A client that
#           has the answer `accepted` and the event `lifecycle` with phase `start` may take its message for delivered.
# Seen      At that event the message is not kept as a turn yet: it becomes a row of the session about 10 ms later, and only after
#           that the session is kept as running, which is what the next start looks for. Killed in between, the gateway leaves the
#           message as a pending input that is `interrupted`, or as a row. Neither is ever run: the first is never shown to a
#           model, the second at best in the next turn, as "context only".
# Way out   Believe a run at its first sign of life behind the start (a model's first words, its end), or when it has lived for a
#           second. After a restart read chat.history: what is pending and `interrupted`, or is the last row of a session that
#           neither runs (hasActiveRun) nor will (abortedLastRun), is sent again under another idempotencyKey.
# Versions  openclaw 2026.9.6 on Node 24.21.0 and 24.22.3, Linux: six of six. What openclaw depends on is as new as npm finds it.
#           Runs in two to five minutes, one of them for 840 MB of packages.
# Why here  A push to a room is acknowledged by its turn's beginning, and would be lost.
set -euo pipefail

changed() { echo "CHANGED: $1"; exit 1; }
untried() { echo "NOT TRIED: $1"; exit 2; }
trap 'untried "the command of line $LINENO failed: $(tail -n 1 "$temp/log")"' ERR

temp=$(mktemp -d)
export TMPDIR=$temp
child=""
gateway=""
model=""
end() {
  for one in $child $model; do kill -TERM "$one" || true; done
  if [ -n "$gateway" ]; then kill -KILL -- "-$gateway" || true; fi
  wait || true
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

for program in npm setsid; do command -v "$program" > "$temp/log" || untried "$program is not installed"; done
install() {
  run timeout 600 npm install --prefix "$temp" --no-audit --no-fund --ignore-scripts=false --loglevel=error "$1" \
    > "$temp/log" 2>&1 ||
    untried "npm: $(grep -m 1 "npm error" "$temp/log" || tail -n 1 "$temp/log")"
}
platform=$(node -p 'process.platform + "-" + process.arch')
install "node-$platform@24.21.0"
export PATH=$temp/node_modules/node-$platform/bin:$PATH
install openclaw@2026.9.6
openclaw=$temp/node_modules/openclaw
echo "openclaw $(node -p "require('$openclaw/package.json').version"), Node $(node --version)"
grep -h -A 1 "work interrupted$" "$openclaw/docs/gateway/restart-recovery.md" | sed '1s/^/docs\/gateway\/restart-recovery.md: … /'

# A model that keeps what it is asked, by its last message, and answers at once.
cat > "$temp/model.mjs" << 'JS'
import { appendFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
const [, , folder] = process.argv;
const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const asked = JSON.parse(body).messages.findLast(({ role }) => role === "user").content;
  appendFileSync(`${folder}/asked`, `${JSON.stringify(asked)}\n`);
  const chunk = (choices, more = {}) => `data: ${JSON.stringify({ id: "m", object: "chat.completion.chunk", created: 0, model: "m", choices, ...more })}\n\n`;
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(chunk([{ index: 0, delta: { role: "assistant", content: "Done." }, finish_reason: null }]));
  response.write(chunk([{ index: 0, delta: {}, finish_reason: "stop" }]));
  response.end(`${chunk([], { usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } })}data: [DONE]\n\n`);
});
server.listen(0, "127.0.0.1", () => writeFileSync(`${folder}/port`, String(server.address().port)));
JS
touch "$temp/asked"
node "$temp/model.mjs" "$temp" > "$temp/log" 2>&1 &
model=$!
for _ in $(seq 100); do [ ! -s "$temp/port" ] || break; sleep 0.1; done
[ -s "$temp/port" ] || untried "the model did not start"

port=$(node -e 'const server = require("net").createServer();
  server.listen(0, "127.0.0.1", () => { console.log(server.address().port); server.close(); });')
mkdir -p "$temp/home" "$temp/state" "$temp/workspace"
cat > "$temp/openclaw.json" << JSON
{ "gateway": { "mode": "local", "bind": "loopback", "port": $port,
    "auth": { "mode": "token", "token": "a-token-of-no-worth" } },
  "tools": { "profile": "minimal" },
  "agents": { "defaults": { "workspace": "$temp/workspace", "skipBootstrap": true, "heartbeat": { "every": "0m" },
    "model": { "primary": "patient/m" } } },
  "models": { "mode": "merge", "catalogRefresh": { "enabled": false }, "providers": { "patient": {
    "baseUrl": "http://127.0.0.1:$(cat "$temp/port")/v1", "apiKey": "none-needed", "api": "openai-completions",
    "models": [{ "id": "m", "name": "M", "reasoning": false, "input": ["text"], "contextWindow": 128000, "maxTokens": 4096,
      "cost": { "input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0 } }] } } },
  "update": { "checkOnStart": false }, "telemetry": { "enabled": false }, "logging": { "file": "$temp/gateway.log" } }
JSON

# Bash reports each job that a signal ended; here that is the finding itself.
exec 2> "$temp/notices"

start() {
  env -i PATH="$PATH" HOME="$temp/home" TMPDIR="$temp" OPENCLAW_STATE_DIR="$temp/state" \
    OPENCLAW_CONFIG_PATH="$temp/openclaw.json" OPENCLAW_OFFLINE=1 OPENCLAW_DISABLE_BONJOUR=1 OPENCLAW_NO_RESPAWN=1 \
    setsid node "$openclaw/openclaw.mjs" gateway run > "$temp/log" 2>&1 &
  gateway=$!
  for _ in $(seq 400); do
    if node -e "fetch('http://127.0.0.1:$port/readyz').then((answer) => answer.json()).then(({ ready }) => process.exit(ready ? 0 : 1), () => process.exit(1))"; then
      return
    fi
    kill -0 "$gateway" || untried "the gateway ended before it was ready: $(tail -n 1 "$temp/log")"
    sleep 0.5
  done
  untried "the gateway was not ready in time: $(tail -n 1 "$temp/log")"
}

# Sends messages by the method `agent`, and prints what is told of them; or prints what the session holds of one.
cat > "$temp/client.mjs" << 'JS'
const [, , port, what, id, pid] = process.argv;
const sessionKey = "agent:main:room";
const socket = new WebSocket(`ws://127.0.0.1:${port}`);
const answers = new Map();
let calls = 0;
const call = (method, params) => {
  const { promise, resolve } = Promise.withResolvers();
  answers.set(String(++calls), resolve);
  socket.send(JSON.stringify({ type: "req", id: String(calls), method, params }));
  return promise;
};
const send = () => call("agent", { sessionKey, message: `message ${id}`, idempotencyKey: id, deliver: false });
const begin = async () => {
  await call("connect", { minProtocol: 4, maxProtocol: 4, role: "operator", scopes: ["operator.write"], caps: [],
    client: { id: "gateway-client", version: "1", platform: "node", mode: "backend" }, auth: { token: "a-token-of-no-worth" } });
  if (what !== "look") return send().then(({ payload }) => console.log(`the answer: ${payload.status}`));
  const { payload } = await call("chat.history", { sessionKey, limit: 20 });
  const row = payload.messages.findIndex(({ idempotencyKey }) => idempotencyKey === `${id}:user`);
  const pending = payload.pendingInputs.items.find(({ runId }) => runId === id);
  console.log(`after the restart it is ${pending ? `pending, ${pending.state}` : row === -1 ? "nowhere" : "a row"}; ` +
    `the session ${payload.sessionInfo.hasActiveRun ? "runs" : "does not run"}`);
  process.exit();
};
socket.onmessage = ({ data }) => {
  const { type, event, id: answered, payload, ...more } = JSON.parse(data);
  if (type === "res") answers.get(answered)?.({ payload, ...more });
  else if (event === "connect.challenge") void begin();
  else if (event === "agent" && payload.runId === id && payload.stream === "lifecycle") {
    if (what === "kill" && payload.data.phase === "start") {
      process.kill(Number(pid), "SIGKILL");
      console.log("the event: lifecycle, start");
      process.exit();
    }
    if (payload.data.phase === "end") process.exit();
  }
};
setTimeout(() => process.exit(1), 120_000);
JS
client() { node "$temp/client.mjs" "$port" "$@" || untried "the gateway did not do it in two minutes"; }

echo "== a message to a gateway that lives"
start
client send first
grep -q "message first" "$temp/asked" || untried "the model was not asked"
echo "  the model is asked"
lost=0
for try in 1 2 3; do
  echo "== a message to a gateway that is killed when it says that its turn has started"
  client kill "try-$try" "$gateway" | sed 's/^/  /'
  wait "$gateway" || true
  start
  # The resuming of turns begins some seconds after a start.
  for _ in $(seq 40); do
    if grep -q "message try-$try" "$temp/asked"; then break; fi
    sleep 1
  done
  client look "try-$try" | sed 's/^/  /'
  if grep -q "message try-$try" "$temp/asked"; then
    echo "  the model was asked"
  else
    echo "  in 40 s the model was not asked"
    lost=1
    break
  fi
done
[ "$lost" = 1 ] || changed "a run that is told to have started survived three kills at that moment"
echo "AS DESCRIBED: the message was accepted, told to have started, and is never run."
