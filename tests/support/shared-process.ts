// A program for run-files.ts: the test files it is given, one after the other in this process. Behind each stands a test of its own,
// that the file has left the process to the next as it found it.

import assert from "node:assert/strict";
import { resolve } from "node:path";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { lastTestOf } from "./last-test.ts";

const { setTimeout, setInterval, setImmediate, fetch, Date } = globalThis;
const { now } = Date;
const { random } = Math;
/** What is listened for on purpose; packages listen for the exit once they are loaded. */
const bearing = /^(?:SIG|uncaught|unhandled|warning|message|disconnect)/;
let env = { ...process.env };
let found = facts();
const look = () => {
  env = { ...process.env };
  found = facts();
};

// The runner's own listeners are there by then.
before(look);
for (const file of process.argv.slice(2)) {
  await import(pathToFileURL(resolve(file)).href);
  // The file's own tests and suites come before it, since those of one level wait for each other.
  await test(lastTestOf(file), (t) => {
    // The next one is not to answer for it.
    t.after(look);
    assert.deepEqual(facts(), found);
  });
}

function facts() {
  const names = new Set([...Object.keys(env), ...Object.keys(process.env)]);
  const listened = process
    .eventNames()
    .map(String)
    .filter((name) => bearing.test(name));
  return {
    // By name: a report is no place for what they say.
    variablesChanged: [...names].filter((name) => process.env[name] !== env[name]),
    folder: process.cwd(),
    exitCode: process.exitCode,
    listeners: Object.fromEntries(listened.map((name) => [name, process.listenerCount(name)])),
    replaced: Object.entries({
      setTimeout: globalThis.setTimeout === setTimeout,
      setInterval: globalThis.setInterval === setInterval,
      setImmediate: globalThis.setImmediate === setImmediate,
      fetch: globalThis.fetch === fetch,
      clock: globalThis.Date === Date && Date.now === now,
      random: Math.random === random,
    }).flatMap(([name, isAsBefore]) => (isAsBefore ? [] : [name])),
  };
}
