#!/usr/bin/env bash
# csv-parse: the first line's ending is taken for every line's; in a file with both kinds all other rows become one.
#
# Expected  A file whose header ends with CR LF and whose rows end with LF, as one has where a program adds rows to another's
#           export, is read row by row. The documentation says that the record delimiter is discovered where none is given.
# Seen      It is discovered once, at the first line. Every row behind it that ends otherwise is part of the same record: three
#           rows are one, its cells "Oakland\nBen" and so on. With relax_column_count, which files with short rows need, nothing is told.
# Way out   Make all endings one kind before parsing, or give record_delimiter: ["\r\n", "\n", "\r"]; shown here as well.
# Versions  csv-parse 7.0.3. Runs in some 5 s.
# Why here  dispatch:import reads other people's files, and makes their endings one kind first.
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
timeout 120 npm install --prefix "$temp" --no-audit --no-fund --ignore-scripts --loglevel=error csv-parse@7.0.3 \
  > "$temp/log" 2>&1 &
child=$!
wait "$child" || untried "npm: $(grep -m 1 'npm error' "$temp/log" || tail -n 1 "$temp/log")"
child=""
echo "csv-parse $(node -p "require('$temp/node_modules/csv-parse/package.json').version"), Node $(node --version)"

cat > "$temp/read.mjs" << 'JS'
import { parse } from "csv-parse/sync";
const file = "name,city\r\nAna,Oakland\nBen,Reno\nCleo,Dallas\n";
const rows = (text, more) => parse(text, { relax_column_count: true, ...more }).length;
console.log(`as it is: ${rows(file)} rows`);
console.log(`the second row: ${JSON.stringify(parse(file, { relax_column_count: true })[1])}`);
console.log(`one kind of ending: ${rows(file.replaceAll("\r\n", "\n"))} rows`);
console.log(`record_delimiter: ${rows(file, { record_delimiter: ["\r\n", "\n", "\r"] })} rows`);
JS
(cd "$temp" && timeout 30 node read.mjs) 2> "$temp/log" | tee "$temp/seen"
cmp -s "$temp/seen" - << 'SEEN' || changed "that is not what was seen before"
as it is: 2 rows
the second row: ["Ana","Oakland\nBen","Reno\nCleo","Dallas\n"]
one kind of ending: 4 rows
record_delimiter: 4 rows
SEEN
echo "AS DESCRIBED: four rows are two where the first line ends otherwise than the others."
