#!/usr/bin/env bash
# OpenClaw: a plugin can change what a session keeps of an answer, and not what is told of it while it comes.
#
# Expected  docs/plugins/hooks/reference.md has three hooks that rewrite what an agent says: before_message_write ("rewrite or block
#           a message before transcript persistence"), reply_payload_sending ("mutate … before delivery") and message_sending
#           ("rewrite outbound content"). Whoever registers all three takes it that nobody gets an answer that passed none of them.
# Seen      The session keeps what before_message_write made of it. All events `agent` and `chat` of the gateway, the final one too, and
#           the answer of /v1/chat/completions have the words as the model said them. Of a message by chat.send the other two
#           hooks are asked, and what they answer is seen nowhere; of one over HTTP they are not asked. So one client is told one
#           text of a run, and reads another in chat.history a moment later.
# Way out   None in a plugin for those who listen to the gateway or use its HTTP endpoint: what they must not believe has to be checked
#           behind them. A hook before_agent_finalize, whatever it answers, holds the events back until the answer is whole: they
#           have one text then, still the model's.
# Versions  openclaw 2026.9.6 on Node 24.21.0 and 24.22.3, Linux. What openclaw depends on is as new as npm finds it.
#           Runs in one to three minutes, one of them for 840 MB of packages.
# Why here  Our plugin corrects claims that no receipt shows. It says where that does not reach.
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
grep -hE '^\| `(before_message_write|message_sending|reply_payload_sending)` ' "$openclaw/docs/plugins/hooks/reference.md" |
  tail -n 3 | tr -s ' ' | sed 's/^/docs\/plugins\/hooks\/reference.md: /'

# A model that says the same to whatever it is asked, in two pieces.
cat > "$temp/model.mjs" << 'JS'
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
const [, , folder] = process.argv;
const server = createServer(async (request, response) => {
  for await (const chunk of request) void chunk;
  const chunk = (choices, more = {}) => `data: ${JSON.stringify({ id: "m", object: "chat.completion.chunk", created: 0, model: "m", choices, ...more })}\n\n`;
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const content of ["It is", " booked."])
    response.write(chunk([{ index: 0, delta: { role: "assistant", content }, finish_reason: null }]));
  response.write(chunk([{ index: 0, delta: {}, finish_reason: "stop" }]));
  response.end(`${chunk([], { usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } })}data: [DONE]\n\n`);
});
server.listen(0, "127.0.0.1", () => writeFileSync(`${folder}/port`, String(server.address().port)));
JS
node "$temp/model.mjs" "$temp" > "$temp/log" 2>&1 &
model=$!
for _ in $(seq 100); do [ ! -s "$temp/port" ] || break; sleep 0.1; done
[ -s "$temp/port" ] || untried "the model did not start"

# A plugin of which each hook says that it was asked, and puts its name behind the text.
mkdir -p "$temp/home" "$temp/state" "$temp/workspace" "$temp/plugin"
cat > "$temp/plugin/package.json" << 'JSON'
{ "name": "three-hooks", "version": "1.0.0", "type": "module", "openclaw": { "extensions": ["./index.js"] } }
JSON
cat > "$temp/plugin/openclaw.plugin.json" << 'JSON'
{ "id": "three-hooks", "name": "Three hooks", "description": "Puts names behind texts.", "version": "1.0.0",
  "activation": { "onStartup": true }, "configSchema": { "type": "object", "additionalProperties": false, "properties": {} } }
JSON
cat > "$temp/plugin/index.js" << JS
import { appendFileSync } from "node:fs";
import { definePluginEntry } from "openclaw/plugin-sdk/plugin-entry";
const asked = (hook) => appendFileSync("$temp/asked", hook + "\n");
export default definePluginEntry({
  id: "three-hooks",
  name: "Three hooks",
  description: "Puts names behind texts.",
  register(api) {
    api.on("before_message_write", ({ message }) => {
      if (message.role !== "assistant") return undefined;
      asked("before_message_write");
      const content = message.content.map((part) => (part.type === "text" ? { ...part, text: part.text + " [written]" } : part));
      return { message: { ...message, content } };
    });
    api.on("reply_payload_sending", ({ payload }) => {
      asked("reply_payload_sending");
      return { payload: { ...payload, text: payload.text + " [payload]" } };
    });
    api.on("message_sending", ({ content }) => {
      asked("message_sending");
      return { content: content + " [sending]" };
    });
  },
});
JS
touch "$temp/asked"

port=$(node -e 'const server = require("net").createServer();
  server.listen(0, "127.0.0.1", () => { console.log(server.address().port); server.close(); });')
cat > "$temp/openclaw.json" << JSON
{ "gateway": { "mode": "local", "bind": "loopback", "port": $port,
    "auth": { "mode": "token", "token": "a-token-of-no-worth" }, "http": { "endpoints": { "chatCompletions": { "enabled": true } } } },
  "plugins": { "allow": ["three-hooks"], "load": { "paths": ["$temp/plugin"] },
    "entries": { "three-hooks": { "enabled": true, "hooks": { "allowConversationAccess": true } } } },
  "tools": { "profile": "minimal" },
  "agents": { "defaults": { "workspace": "$temp/workspace", "skipBootstrap": true, "heartbeat": { "every": "0m" },
    "model": { "primary": "patient/m" } } },
  "models": { "mode": "merge", "catalogRefresh": { "enabled": false }, "providers": { "patient": {
    "baseUrl": "http://127.0.0.1:$(cat "$temp/port")/v1", "apiKey": "none-needed", "api": "openai-completions",
    "models": [{ "id": "m", "name": "M", "reasoning": false, "input": ["text"], "contextWindow": 128000, "maxTokens": 4096,
      "cost": { "input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0 } }] } } },
  "update": { "checkOnStart": false }, "telemetry": { "enabled": false }, "logging": { "file": "$temp/gateway.log" } }
JSON

# Bash reports a job that a signal ended, as the gateway is in the end.
exec 2> "$temp/notices"

env -i PATH="$PATH" HOME="$temp/home" TMPDIR="$temp" OPENCLAW_STATE_DIR="$temp/state" \
  OPENCLAW_CONFIG_PATH="$temp/openclaw.json" OPENCLAW_OFFLINE=1 OPENCLAW_DISABLE_BONJOUR=1 OPENCLAW_NO_RESPAWN=1 \
  setsid node "$openclaw/openclaw.mjs" gateway run > "$temp/log" 2>&1 &
gateway=$!
ready=""
for _ in $(seq 400); do
  if node -e "fetch('http://127.0.0.1:$port/readyz').then((answer) => answer.json()).then(({ ready }) => process.exit(ready ? 0 : 1), () => process.exit(1))"; then
    ready=1
    break
  fi
  kill -0 "$gateway" || untried "the gateway ended before it was ready: $(tail -n 1 "$temp/log")"
  sleep 0.5
done
[ -n "$ready" ] || untried "the gateway was not ready in time: $(tail -n 1 "$temp/log")"

# Sends one message, and prints what is told of its answer and what the session keeps; then one over HTTP.
cat > "$temp/client.mjs" << 'JS'
import { readFileSync, writeFileSync } from "node:fs";
const [, , port, asked] = process.argv;
const sessionKey = "agent:main:room";
const token = "a-token-of-no-worth";
const socket = new WebSocket(`ws://127.0.0.1:${port}`);
const answers = new Map();
const told = new Set();
const textIn = (message) => (message?.content ?? []).map(({ text = "" }) => text).join("");
let calls = 0;
const call = (method, params) => {
  const { promise, resolve } = Promise.withResolvers();
  answers.set(String(++calls), resolve);
  socket.send(JSON.stringify({ type: "req", id: String(calls), method, params }));
  return promise;
};
const begin = async () => {
  await call("connect", { minProtocol: 4, maxProtocol: 4, role: "operator", scopes: ["operator.write"], caps: [],
    client: { id: "gateway-client", version: "1", platform: "node", mode: "backend" }, auth: { token } });
  await call("chat.send", { sessionKey, message: "Is it booked?", idempotencyKey: "one" });
};
const hooks = () => console.log(`  hooks asked: ${readFileSync(asked, "utf8").split("\n").filter((hook) => hook !== "").join(", ")}`);
const finish = async (final) => {
  const others = [...told].filter((text) => !"It is booked.".startsWith(text));
  console.log(`events while it came: ${told.size > 0 && others.length === 0 ? "the model's words" : others.join(" | ")}`);
  console.log(`event chat, final: ${final}`);
  const { payload } = await call("chat.history", { sessionKey, limit: 20 });
  console.log(`chat.history: ${textIn(payload.messages.findLast(({ role }) => role === "assistant"))}`);
  // The other hooks are asked about the time of the last event.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  hooks();
  writeFileSync(asked, "");
  const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "openclaw", messages: [{ role: "user", content: "Is it booked?" }] }) });
  console.log(`/v1/chat/completions: ${(await answer.json()).choices[0].message.content}`);
  hooks();
  process.exit();
};
socket.onmessage = ({ data }) => {
  const { type, event, id, payload, ...more } = JSON.parse(data);
  if (type === "res") answers.get(id)?.({ payload, ...more });
  else if (event === "connect.challenge") void begin();
  else if (event === "agent" && payload.runId === "one" && payload.stream === "assistant") told.add(payload.data.text);
  else if (event === "chat" && payload.runId === "one") {
    const text = textIn(payload.message);
    if (payload.state !== "final") told.add(text);
    else void finish(text);
  }
};
setTimeout(() => process.exit(1), 120_000);
JS
node "$temp/client.mjs" "$port" "$temp/asked" > "$temp/seen" || untried "the gateway did not answer in two minutes"
echo "== the model says: It is booked."
sed 's/^/  /' "$temp/seen"
same() { [ "$(sed -n "$1p" "$temp/seen")" = "$2" ] || changed "$3"; }
same 1 "events while it came: the model's words" "the events tell something else than what the model said"
same 2 'event chat, final: It is booked.' "the final event tells something else than what the model said"
same 3 'chat.history: It is booked. [written]' "the session keeps something else"
same 4 '  hooks asked: before_message_write, reply_payload_sending, message_sending' "other hooks are asked of a message by chat.send"
same 5 '/v1/chat/completions: It is booked.' "the HTTP endpoint answers something else than what the model said"
same 6 '  hooks asked: before_message_write' "other hooks are asked of a message over HTTP"
echo "AS DESCRIBED: the session keeps what the plugin made of an answer; the events and the HTTP endpoint tell what the model said."
