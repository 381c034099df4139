#!/usr/bin/env bash
# OpenClaw: with NODE_COMPILE_CACHE set, the process you started is not the gateway, and the restart signal cuts the two
# apart.
#
# Expected  OpenClaw's docs/vps.md advises NODE_COMPILE_CACHE together with OPENCLAW_NO_RESPAWN=1, so that a restart
#           stays within the process and its id remains true; by docs/cli/gateway/running.md SIGUSR2 is such a restart.
#           So the process that was started is the gateway, and after SIGUSR2 it still is, with a new run inside.
# Seen      That holds only without NODE_COMPILE_CACHE. With it, `openclaw gateway run` starts itself a second time, for
#           the cache's folder, and stays as a launcher that hands on SIGTERM, SIGINT, SIGHUP and SIGQUIT. SIGUSR2 it
#           neither hands on nor ignores: the launcher ends (status 140), nothing restarts, and the gateway goes on
#           answering, with the port in its hands and no parent that knows of it. A further start of the same gateway
#           ends with status 78 and the advice to run `openclaw doctor --fix` for a state migration, beside the true
#           cause: another process owns it.
# Way out   Leave NODE_COMPILE_CACHE unset for the gateway; OpenClaw has a compile cache of its own without it.
# Versions  openclaw 2026.9.6 on Node 24.21.0, Linux. What openclaw depends on is as new as npm finds it. Runs in two to
#           five minutes, one of them for 840 MB of packages.
# Why here  Our supervisor holds the gateway by its process id, so we never hand this variable on.
set -euo pipefail

changed() { echo "CHANGED: $1"; exit 1; }
untried() { echo "NOT TRIED: $1"; exit 2; }
trap 'untried "the command of line $LINENO failed: $(tail -n 1 "$temp/log")"' ERR

temp=$(mktemp -d)
export TMPDIR=$temp
child=""
groups=()
# A launcher, its gateway and what that starts are one process group, whoever of them is left.
end_groups() {
  for group in ${groups[@]+"${groups[@]}"}; do
    kill -TERM -- "-$group" || true
    for _ in $(seq 100); do kill -0 -- "-$group" || break; sleep 0.1; done
    kill -KILL -- "-$group" || true
    wait "$group" || true
  done
  groups=()
}
end() {
  if [ -n "$child" ]; then kill -TERM "$child" || true; wait "$child" || true; fi
  end_groups
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

[ -r "/proc/$$/cmdline" ] || untried "this reads /proc, as Linux has it"
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
grep -h "OPENCLAW_NO_RESPAWN=1. keeps" "$openclaw/docs/vps.md" | sed 's/^- /docs\/vps.md: /'

# Bash reports each job that a signal ended; here that is the finding itself.
exec 2> "$temp/notices"

# Prints the ms since 1970 at which the gateway's run began, once it is ready; nothing when nobody answers.
cat > "$temp/begun.mjs" << 'JS'
try {
  const answer = await fetch(`http://127.0.0.1:${process.argv[2]}/readyz`, { signal: AbortSignal.timeout(2000) });
  const { ready, uptimeMs } = await answer.json();
  if (ready) console.log(Math.round(Date.now() - uptimeMs));
} catch {}
JS
begun() { node "$temp/begun.mjs" "$port"; }

start() {
  env -i PATH="$PATH" HOME="$1/home" TMPDIR="$1/tmp" OPENCLAW_STATE_DIR="$1/state" OPENCLAW_CONFIG_PATH="$1/openclaw.json" \
    OPENCLAW_OFFLINE=1 OPENCLAW_DISABLE_BONJOUR=1 OPENCLAW_NO_RESPAWN=1 "${@:3}" \
    setsid node "$openclaw/openclaw.mjs" gateway run > "$2" 2>&1 &
  groups+=($!)
}

say() { echo "  $1"; seen+="$1"$'\n'; }

# Starts a gateway, sends SIGUSR2 to the process that was started, and prints what became of both.
restart_by_signal() {
  local folder=$temp/$1 first second process status signalled now owner
  seen=""
  mkdir -p "$folder/home" "$folder/tmp" "$folder/state"
  port=$(node -e 'const server = require("net").createServer();
    server.listen(0, "127.0.0.1", () => { console.log(server.address().port); server.close(); });')
  cat > "$folder/openclaw.json" << JSON
{ "gateway": { "mode": "local", "bind": "loopback", "port": $port,
    "auth": { "mode": "token", "token": "a-token-of-no-worth" } },
  "update": { "checkOnStart": false }, "telemetry": { "enabled": false }, "logging": { "file": "$folder/gateway.log" } }
JSON
  start "$folder" "$temp/log" "${@:2}"
  first=$!
  for _ in $(seq 400); do
    [ -z "$(begun)" ] || break
    kill -0 "$first" || untried "the gateway ended before it was ready: $(tail -n 1 "$temp/log")"
    sleep 0.3
  done
  [ -n "$(begun)" ] || untried "the gateway was not ready in time: $(tail -n 1 "$temp/log")"
  process=$(tr '\0' ' ' < "/proc/$first/cmdline")
  case $process in *openclaw.mjs*) process="a launcher" ;; *openclaw-gateway*) process="the gateway" ;; esac
  say "the process that was started is: $process"

  signalled=$(node -p 'Date.now()')
  kill -USR2 "$first"
  status="is still there"
  for _ in $(seq 400); do
    now=$(begun)
    if ! kill -0 "$first"; then
      status=0; wait "$first" || status=$?
      status="ended with status $status"
      sleep 10
      now=$(begun)
      break
    fi
    if [ -n "$now" ] && [ "$now" -gt "$signalled" ]; then break; fi
    sleep 0.3
  done
  say "after SIGUSR2 it: $status"
  if [ -z "$now" ]; then say "at its port answers: nobody"
  elif [ "$now" -gt "$signalled" ]; then say "at its port answers: a gateway, restarted"
  else say "at its port answers: a gateway, not restarted"; fi
  if [ "$status" != "is still there" ]; then
    start "$folder" "$temp/second" "${@:2}"
    second=$!
    for _ in $(seq 600); do kill -0 "$second" || break; sleep 0.2; done
    kill -KILL -- "-$second" || true
    status=0; wait "$second" || status=$?
    unset 'groups[-1]'
    owner=$(grep -o "another OpenClaw process owns [a-z-]*" "$temp/second" | head -n 1 || true)
    say "a further start: ends with status $status, $owner"
  fi
  end_groups
}

echo "== without NODE_COMPILE_CACHE"
restart_by_signal plain
[ "$seen" = "the process that was started is: the gateway
after SIGUSR2 it: is still there
at its port answers: a gateway, restarted
" ] || changed "a gateway without NODE_COMPILE_CACHE does not restart within its process"
echo "== with NODE_COMPILE_CACHE"
restart_by_signal cached NODE_COMPILE_CACHE="$temp/cache"
[ "$seen" = "the process that was started is: a launcher
after SIGUSR2 it: ended with status 140
at its port answers: a gateway, not restarted
a further start: ends with status 78, another OpenClaw process owns gateway-lifecycle
" ] || changed "a gateway with NODE_COMPILE_CACHE behaves otherwise than it did"
echo "AS DESCRIBED: with NODE_COMPILE_CACHE the restart signal ends a launcher and leaves a gateway without a parent."
