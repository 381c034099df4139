#!/usr/bin/env node
// Checks what `pnpm dispatch:evidence:export` wrote, without the desk that wrote it and without a line of its code: one file, Node 20 or
// newer, nothing to install, no network. It says line by line what holds, what does not, and what the file cannot show.

import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const help = `Usage: node dispatch-verify.mjs EXPORT [options]

Checks a ticket's export: that its events are one unbroken chain, that the ticket and its evidence are what the events left, that the
log's checkpoint holds the chain, and that it continues earlier checkpoints.

  --key KEY          the desk's verifier key (<name>+<id>+<base64>), got from the desk's owner beforehand; or a file with it
  --checkpoint FILE  a checkpoint got elsewhere, from a witness or in another reader's export: does this export continue it, or it
                     this one? If neither, two histories were told. May be repeated.
  --witness KEY      a witness's verifier key: does its signature stand beside the checkpoint? May be repeated.
  --file FILE        a photo, document or film: which item of evidence are these very bytes? May be repeated.
  --help             this text

Each line begins with HOLDS, FAILS or OPEN (the file cannot show it). Exit codes: 0 all holds; 1 something fails; 2 wrong usage, or the
file cannot be read; 3 nothing fails, and something is open.

What it cannot tell: whether what was recorded is true, and whether the desk showed somebody else another history. For the latter
compare checkpoints with others (--checkpoint), or ask a witness.
`;

const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

// --- What was said -------------------------------------------------------------------------------------------------------------------

const said = { HOLDS: 0, FAILS: 0, OPEN: 0 };
function say(word, text) {
  said[word]++;
  console.log(`${word.padEnd(5)}  ${text}`);
}
/** Says whether something holds, and why not. */
function claim(text, why) {
  if (why === null) say("HOLDS", text);
  else say("FAILS", `${text}: ${why}`);
  return why === null;
}
class Unreadable extends Error {}

// --- JSON with one text for one value, as hashes cover it ----------------------------------------------------------------------------

function canonical(value) {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const keys = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}
const rowHash = ({ version, values }) => `${version}:${sha256(canonical(values)).toString("hex")}`;
const valueOf = ({ columns, values }, column) => values[columns.indexOf(column)];

// --- The chain of events -------------------------------------------------------------------------------------------------------------

function eventHash(e) {
  const first =
    e.hash_version === 1
      ? [e.prev_hash, e.id, e.aggregate_id]
      : [`v${e.hash_version}`, e.prev_hash, e.id, e.aggregate, e.aggregate_id];
  const rest = [e.seq, e.actor_type, e.actor_id, e.actor_role, e.tool_name, e.request_id, e.correlation_id, e.trace_id];
  const end = [e.before_state, e.after_state, e.created_at, canonical(e.payload)];
  const rows = e.hash_version < 3 ? [] : [e.row_before, e.row_hash, canonical(e.parts)];
  return sha256(JSON.stringify([...first, ...rest, ...end, ...rows])).toString("hex");
}

function faultInChain(events, ticketId) {
  if (events.length === 0) return "there is no event";
  let before = "";
  for (const [n, event] of events.entries()) {
    if (event.seq !== n + 1) return `event ${n + 1} is missing; the next there is is ${event.seq}`;
    if (event.aggregate !== "ticket" || event.aggregate_id !== ticketId)
      return `event ${event.seq} is another ticket's`;
    if (event.prev_hash !== before) return `event ${event.seq} (${event.tool_name}) does not follow event ${n}`;
    if (eventHash(event) !== event.hash)
      return `event ${event.seq} (${event.tool_name}) was changed: it does not have its hash`;
    before = event.hash;
  }
  return null;
}

function checkRows({ ticket, events, evidence }) {
  const idIsOwn = valueOf(ticket, "id") === ticket.id && valueOf(ticket, "number") === ticket.number;
  const told = [...events].reverse().find((event) => event.row_hash !== null);
  const title = `the ticket ${ticket.number} is as event ${told?.seq ?? "?"} left it`;
  if (!told) say("OPEN", "no event says what the ticket's row is: all are of an older release");
  else if (told.seq !== events[events.length - 1].seq)
    say("OPEN", `${title}; events behind it are of an older release`);
  else claim(title, idIsOwn && rowHash(ticket) === told.row_hash ? null : "its values have another hash");
  const added = new Map();
  for (const { parts, seq } of events)
    for (const entry of parts ?? [])
      if (entry.added === "evidence_items") added.set(entry.id, { hash: entry.hash, seq });
  const known = new Map(evidence.map((item) => [valueOf(item, "id"), item]));
  for (const [id, { hash, seq }] of added) {
    const item = known.get(id);
    const what = `evidence ${id} is what event ${seq} recorded`;
    claim(what, !item ? "it is missing" : rowHash(item) === hash ? null : "its values have another hash");
  }
  for (const id of known.keys())
    if (!added.has(id))
      say(events.some(({ hash_version }) => hash_version < 3) ? "OPEN" : "FAILS", `no event records evidence ${id}`);
}

// --- The tree: RFC 6962, proofs as RFC 9162 verifies them ----------------------------------------------------------------------------

const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);
const leafHash = ({ aggregate, chain, seq, hash, at }) =>
  sha256(Buffer.of(0), JSON.stringify(["dispatch.head/1", aggregate, chain, seq, hash, at]));
const half = (number) => Math.floor(number / 2);

function isIncluded(leaf, index, { size, root }, proof) {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return false;
  let [at, last, hash] = [index, size - 1, leaf];
  for (const other of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(other, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else hash = nodeHash(hash, other);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && hash.equals(root);
}

function isContinued(first, second, proof) {
  if (first.size > second.size) return false;
  if (first.size === second.size) return proof.length === 0 && first.root.equals(second.root);
  if (first.size === 0) return proof.length === 0 && first.root.equals(sha256());
  const isFull = 2 ** Math.floor(Math.log2(first.size)) === first.size;
  const [begin, ...rest] = isFull ? [first.root, ...proof] : proof;
  if (!begin || proof.length === 0) return false;
  let [at, last] = [first.size - 1, second.size - 1];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  let [old, now] = [begin, begin];
  for (const other of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      [old, now] = [nodeHash(other, old), nodeHash(other, now)];
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else now = nodeHash(now, other);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && old.equals(first.root) && now.equals(second.root);
}

const hashes = (proof) => proof.map((text) => Buffer.from(text, "base64"));

// --- Checkpoints: C2SP signed notes --------------------------------------------------------------------------------------------------

function checkpointFrom(note) {
  const end = typeof note === "string" ? note.lastIndexOf("\n\n") : -1;
  const text = end < 0 ? "" : note.slice(0, end + 1);
  const [origin = "", size = "", root = ""] = text.split("\n");
  const hash = Buffer.from(root, "base64");
  if (origin === "" || !/^(0|[1-9]\d{0,14})$/.test(size) || hash.length !== 32)
    throw new Unreadable("it is no checkpoint");
  return { note, text, origin, size: Number(size), root: hash, signatures: signaturesIn(note.slice(end + 2)) };
}

const signaturesIn = (lines) =>
  lines.split("\n").flatMap((line) => {
    const [, name, encoded = ""] = /^\u2014 (\S+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
    const bytes = Buffer.from(encoded, "base64");
    return name === undefined ? [] : [{ name, id: bytes.subarray(0, 4), bytes: bytes.subarray(4) }];
  });

function keyFrom(given) {
  let text = given;
  if (!/^[^+\s]+\+[0-9a-f]{8}\+/.test(given)) text = read(given);
  const lines = text.trim().split("\n");
  const [, name, id, encoded = ""] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(lines[lines.length - 1]) ?? [];
  const bytes = Buffer.from(encoded, "base64");
  if (name === undefined || bytes.length !== 33 || ![1, 4].includes(bytes[0]))
    throw new Unreadable(`it is no verifier key: ${given}`);
  if (idOf(name, bytes).toString("hex") !== id) throw new Unreadable(`the key of ${name} does not have the id ${id}`);
  return { name, bytes };
}
const idOf = (name, bytes) => sha256(`${name}\n`, bytes).subarray(0, 4);
const ed25519 = (raw) =>
  createPublicKey({
    key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]),
    format: "der",
    type: "spki",
  });

/** A later log of the same desk has another name, and the same key. */
function isSigned({ text, origin, signatures }, { bytes }) {
  const own = signatures.filter(({ name, id }) => name === origin && id.equals(idOf(origin, bytes)));
  return own.length > 0 && own.every((one) => verify(null, Buffer.from(text), ed25519(bytes.subarray(1)), one.bytes));
}

/** When a witness signed a checkpoint; null where it did not. */
function cosignedAt({ text }, lines, { name, bytes }) {
  for (const one of signaturesIn(lines)) {
    if (one.name !== name || !one.id.equals(idOf(name, bytes)) || one.bytes.length !== 72) continue;
    const seconds = one.bytes.readBigUInt64BE(0);
    const message = Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
    if (verify(null, message, ed25519(bytes.subarray(1)), one.bytes.subarray(8)))
      return new Date(Number(seconds) * 1000);
  }
  return null;
}

// --- The log -------------------------------------------------------------------------------------------------------------------------

function checkLeaves({ events, leaves, ticket }, checkpoint) {
  for (const leaf of leaves) {
    const event = events[leaf.seq - 1];
    const what = `leaf ${leaf.index} of the log is event ${leaf.seq} of this chain, and the checkpoint holds it`;
    const isOwn =
      leaf.aggregate === "ticket" &&
      leaf.chain === ticket.id &&
      event?.hash === leaf.hash &&
      event?.created_at === leaf.at;
    if (!isOwn) claim(what, event ? "the log knows that event by another hash" : "there is no such event");
    else
      claim(
        what,
        isIncluded(leafHash(leaf), leaf.index, checkpoint, hashes(leaf.proof))
          ? null
          : "its proof does not lead to the root",
      );
  }
  const [logged, last] = [Math.max(0, ...leaves.map(({ seq }) => seq)), events.length];
  if (logged === last) say("HOLDS", `the checkpoint holds the whole chain, up to event ${last}`);
  else
    say(
      "OPEN",
      `events ${logged + 1} to ${last} have no leaf here: they were younger than the checkpoint, or are left out of the log`,
    );
}

function compare(own, earlier, other, label) {
  const what = `this history and that of ${label} are one`;
  if (other.origin !== own.origin)
    return claim(what, `it is of another log, ${other.origin}: ask why that was begun anew`);
  if (other.size === own.size) return claim(what, other.root.equals(own.root) ? null : fork(own.size));
  const [first, second, proofs] = other.size < own.size ? [other, own, earlier] : [own, other, other.earlier];
  const proven = proofs.filter((one) => one.checkpoint.size === first.size);
  if (proven.length === 0)
    return say(
      "OPEN",
      `${what}: no proof leads from ${first.size} leaves to ${second.size}; export again with --against that checkpoint. ` +
        "A desk that cannot has told two histories",
    );
  const holds = proven.some(({ proof }) => isContinued(first, second, proof));
  return claim(what, holds ? null : `FORK: the log of ${second.size} leaves does not continue that of ${first.size}`);
}
const fork = (size) => `FORK: two checkpoints of ${size} leaves have different roots, so two histories were told`;

// --- The command ---------------------------------------------------------------------------------------------------------------------

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Unreadable(`${path} cannot be read: ${error.message}`);
  }
}

function readExport(path) {
  let whole;
  try {
    whole = JSON.parse(read(path));
  } catch (error) {
    throw error instanceof Unreadable ? error : new Unreadable(`${path} is no JSON: ${error.message}`);
  }
  if (whole?.format !== "dispatch.evidence/1")
    throw new Unreadable(`${path} is no export of the form dispatch.evidence/1`);
  for (const list of ["events", "evidence", "leaves", "earlier", "cosignatures"])
    if (!Array.isArray(whole[list])) throw new Unreadable(`${path} has no ${list}`);
  if (!Array.isArray(whole.ticket?.values) || !Array.isArray(whole.ticket?.columns))
    throw new Unreadable(`${path} has no ticket`);
  return whole;
}
const earlierIn = ({ earlier }) =>
  earlier.map(({ checkpoint, proof }) => ({ checkpoint: checkpointFrom(checkpoint), proof: hashes(proof) }));

/** A checkpoint by itself, or the one of an export with what that shows of earlier ones. */
function readCheckpoint(path) {
  const text = read(path);
  if (!text.startsWith("{")) return { ...checkpointFrom(text), earlier: [] };
  const whole = readExport(path);
  if (whole.checkpoint === null) throw new Unreadable(`${path} has no checkpoint`);
  return { ...checkpointFrom(whole.checkpoint), earlier: earlierIn(whole) };
}

function run(args) {
  const given = { "--key": [], "--checkpoint": [], "--witness": [], "--file": [] };
  const files = [];
  for (let n = 0; n < args.length; n++) {
    const list = given[args[n]];
    if (list === undefined && args[n].startsWith("-"))
      throw new Unreadable(`there is no option ${args[n]}; see --help`);
    if (list === undefined) files.push(args[n]);
    else if (args[n + 1] === undefined) throw new Unreadable(`${args[n]} wants something behind it; see --help`);
    else list.push(args[++n]);
  }
  if (files.length !== 1) throw new Unreadable("give one export; see --help");
  const keys = given["--key"].map(keyFrom);
  const witnesses = given["--witness"].map(keyFrom);
  const others = given["--checkpoint"].map((path) => ({ path, ...readCheckpoint(path) }));
  const bytes = given["--file"].map((path) => ({ path, hash: sha256(readFileSync(path)).toString("hex") }));
  const whole = readExport(files[0]);

  const { ticket, events, evidence } = whole;
  claim(`${events.length} events are one unbroken chain`, faultInChain(events, ticket.id));
  checkRows(whole);
  for (const { path, hash } of bytes) {
    const item = evidence.find((one) => String(valueOf(one, "checksum")).replace(/^sha256:/, "") === hash);
    claim(
      `${path} is an item of this evidence${item ? `, ${valueOf(item, "id")}` : ""}`,
      item ? null : "no item has these bytes",
    );
  }
  if (whole.checkpoint === null) {
    say("OPEN", "there was no checkpoint when this was exported: nothing outside this file speaks for it");
    return;
  }
  const checkpoint = checkpointFrom(whole.checkpoint);
  const earlier = earlierIn(whole);
  const name = `the checkpoint of ${checkpoint.size} leaves (${checkpoint.text.split("\n")[3] || "without a time"})`;
  if (keys.length === 0) say("OPEN", `who signed ${name}: give --key`);
  else
    claim(
      `${name} is signed by the desk`,
      keys.some((key) => isSigned(checkpoint, key)) ? null : "no signature by this key is good",
    );
  checkLeaves(whole, checkpoint);
  for (const { checkpoint: first, proof } of earlier) {
    const what = `the checkpoint continues that of ${first.size} leaves`;
    if (first.origin !== checkpoint.origin) claim(what, "that is of another log");
    else if (keys.length > 0 && first.signatures.length > 0 && !keys.some((key) => isSigned(first, key)))
      claim(what, "that one is not signed by this key");
    else
      claim(
        what,
        isContinued(first, checkpoint, proof)
          ? null
          : first.size === checkpoint.size
            ? fork(first.size)
            : "its proof does not hold",
      );
  }
  for (const other of others) {
    if (keys.length > 0 && !keys.some((key) => isSigned(other, key)))
      claim(`${other.path} is signed by the desk`, "no signature by this key is good");
    else compare(checkpoint, earlier, other, other.path);
  }
  for (const witness of witnesses) {
    const lines = whole.cosignatures.map((one) => one.lines).join("\n");
    const at = cosignedAt(checkpoint, `${lines}\n${whole.checkpoint.slice(checkpoint.text.length)}`, witness);
    claim(
      `the witness ${witness.name} saw ${name}${at ? ` at ${at.toISOString()}` : ""}`,
      at ? null : "no signature of it is good",
    );
  }
}

const args = process.argv.slice(2);
if (args.includes("--help") || args.includes("-h") || args.length === 0) {
  console.log(help);
  process.exitCode = args.length === 0 ? 2 : 0;
} else {
  try {
    run(args);
    console.log(`\n${said.HOLDS} hold, ${said.FAILS} fail, ${said.OPEN} open`);
    process.exitCode = said.FAILS > 0 ? 1 : said.OPEN > 0 ? 3 : 0;
  } catch (error) {
    if (!(error instanceof Unreadable) && !(error instanceof TypeError)) throw error;
    console.error(
      error instanceof Unreadable ? error.message : `the export is not of the form it says: ${error.message}`,
    );
    process.exitCode = 2;
  }
}
