// A ticket's export, and the file that checks it in a folder where nothing else is: what is good holds, what was damaged is named, and of
// two histories that were told neither goes with the other.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import { exportTicket, type TicketExport } from "../../dispatch/ops/evidence/export-ticket.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { append } from "../../dispatch/transparency/append.ts";
import { checkpointFrom, signedCheckpoint } from "../../dispatch/transparency/checkpoint.ts";
import { makeLogKey, readLogKey } from "../../dispatch/transparency/log-key.ts";
import { readHead } from "../../dispatch/transparency/log-rows.ts";
import { signerFrom, verifierText } from "../../dispatch/transparency/signed-note.ts";
import { noteWitnessed } from "../../dispatch/transparency/witness-rows.ts";
import { relink } from "../../lab/tampering/relink.ts";
import { startTestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const root = join(import.meta.dirname, "../..");
const folder = await mkdtemp(join(tmpdir(), "dispatch-receipts-"));
after(() => rm(folder, { recursive: true, force: true }));
await copyFile(join(root, "ops/verify/dispatch-verify.mjs"), join(folder, "dispatch-verify.mjs"));

const api = await startTestApi();
const { db } = api.desk;
const keyFile = join(api.dataDir, "log.key");
const { origin } = await readHead(db);
const { verifier } = await makeLogKey(keyFile, origin);
const key = verifierText(verifier);

/** Until every head has its leaf; events wait for all transactions on the server. */
async function logAll(): Promise<void> {
  const { signerFor } = await readLogKey(keyFile);
  await eventually("a leaf for every head", async () => {
    await append(db, { aggregates, signerFor, now: api.clock.now() });
    const { rows } = await api.owner.query(
      `SELECT FROM (SELECT aggregate_id, max(seq) AS seq FROM audit_events GROUP BY aggregate_id) e
       WHERE NOT EXISTS (SELECT FROM log_leaves l WHERE l.aggregate_id = e.aggregate_id AND l.seq >= e.seq)`,
    );
    return rows.length === 0;
  });
}

const exported = async (named: string, against: readonly string[] = []): Promise<TicketExport> =>
  (await exportTicket(db, named, against, api.clock.now())) ?? assert.fail(`no ticket ${named}`);

type Verified = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Another one than ours, where that is named: whoever checks has the node they have. */
const node = process.env["DISPATCH_TEST_VERIFY_NODE"] ?? process.execPath;

const verify = (...args: string[]): Promise<Verified> =>
  new Promise((resolve) => {
    const child = execFile(
      node,
      ["dispatch-verify.mjs", ...args],
      { cwd: folder, env: bareEnvironment },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });

async function written(name: string, content: object | string): Promise<string> {
  await writeFile(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  return name;
}

const { id } = await ticketIn(api, "CLOSED");
await logAll();
const early = (await readHead(db)).newest?.note ?? "";
await ticketIn(api, "TRIAGED");
await api.run("ticket.add_note", { ticket: id, body: { text: "the customer called again" } });
await logAll();
const good = await exported(id);

describe("an export that nobody touched", () => {
  test("holds in an empty folder, line by line, with the key that was given before", async () => {
    await written("good.json", good);
    const { code, stdout, stderr } = await verify("good.json", "--key", key);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, stdout);
    assert.match(stdout, new RegExp(`^HOLDS  ${good.events.length} events are one unbroken chain$`, "m"));
    assert.match(stdout, /^HOLDS {2}the checkpoint of \d+ leaves \(.*\) is signed by the desk$/m);
    assert.match(
      stdout,
      new RegExp(`^HOLDS  the checkpoint holds the whole chain, up to event ${good.events.length}$`, "m"),
    );
    assert.ok(good.evidence.length > 0 && good.leaves.length > 1 && good.earlier.length > 0);
    assert.match(stdout, new RegExp(`^${stdout.match(/^HOLDS/gm)?.length} hold, 0 fail, 0 open$`, "m"));
  });

  test("leaves open who signed it where no key is given, and says how to use it", async () => {
    const { code, stdout } = await verify("good.json");
    assert.equal(code, 3);
    assert.match(stdout, /^OPEN {3}who signed .*: give --key$/m);
    assert.match((await verify("--help")).stdout, /^Usage: node dispatch-verify\.mjs EXPORT/);
    assert.deepEqual([(await verify("--help")).code, (await verify()).code, (await verify("--wrong")).code], [0, 2, 2]);
    assert.match((await verify("nothing.json")).stderr, /nothing\.json cannot be read/);
  });

  test("continues a checkpoint that a witness kept, and names the witness who signed", async () => {
    await written("early.txt", early);
    assert.equal((await verify("good.json", "--key", key, "--checkpoint", "early.txt")).code, 0);
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const raw = Buffer.concat([Buffer.of(4), publicKey.export({ type: "spki", format: "der" }).subarray(12)]);
    const keyId = createHash("sha256").update("witness.example\n").update(raw).digest().subarray(0, 4);
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(1_780_000_000n);
    const { newest } = await readHead(db);
    assert.ok(newest);
    const text = checkpointFrom(newest.note).note.text;
    const bytes = sign(null, Buffer.from(`cosignature/v1\ntime 1780000000\n${text}`), privateKey);
    const line = `\u2014 witness.example ${Buffer.concat([keyId, time, bytes]).toString("base64")}\n`;
    await noteWitnessed(db, newest, "https://witness.example/add-checkpoint", line, api.clock.now());
    await written("seen.json", await exported(id));
    const witness = `witness.example+${keyId.toString("hex")}+${raw.toString("base64")}`;
    const seen = await verify("seen.json", "--key", key, "--witness", witness);
    assert.equal(seen.code, 0, seen.stdout);
    assert.match(seen.stdout, /^HOLDS {2}the witness witness\.example saw .* at 2026-/m);
    assert.equal((await verify("good.json", "--key", key, "--witness", witness)).code, 1, "it is not in that one");
  });

  test("is what the command writes, for its owner alone", async () => {
    const run = (...args: string[]) =>
      new Promise<Verified>((resolve) => {
        const child = execFile(
          process.execPath,
          [join(root, "scripts/evidence-export.ts"), ...args],
          { cwd: folder, env: { ...bareEnvironment, DISPATCH_DATABASE_URL: api.databaseUrl } },
          (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
        );
      });
    const { code, stdout, stderr } = await run(good.ticket.number, "--against", "early.txt");
    assert.deepEqual(
      { code, stderr, stdout },
      { code: 0, stderr: "", stdout: `${good.ticket.number}.evidence.json\n` },
    );
    assert.equal((await verify(stdout.trim(), "--key", key)).code, 0);
    assert.match((await run("T-999999")).stderr, /there is no ticket T-999999/);
    assert.match(
      (await run(good.ticket.number, "--against", "dispatch-verify.mjs")).stderr,
      /--against dispatch-verify\.mjs/,
    );
    assert.ok((await readdir(folder)).includes("dispatch-verify.mjs"));
  });
});

type Damage = readonly [what: string, says: RegExp, damage: (whole: TicketExport) => object];

const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const otherKey = signerFrom(pem, origin);
const middle = 4;

/** A list with one of its items changed. */
const one = <T>(list: readonly T[], at: number, change: Partial<T>): T[] =>
  list.with(at, { ...(list[at] ?? assert.fail()), ...change });
const event = (change: Partial<TicketExport["events"][number]>) => (whole: TicketExport) => ({
  ...whole,
  events: one(whole.events, middle, change),
});
const leaf = (change: Partial<TicketExport["leaves"][number]>) => (whole: TicketExport) => ({
  ...whole,
  leaves: one(whole.leaves, 0, change),
});
/** The values of a row with one of them changed. */
const changed = ({ columns, values }: { columns: readonly string[]; values: readonly unknown[] }, column: string) =>
  values.with(columns.indexOf(column), "0");
const noted = (change: (note: string) => string) => (whole: TicketExport) => ({
  ...whole,
  checkpoint: change(whole.checkpoint ?? assert.fail()),
});
const continued = (change: (first: TicketExport["earlier"][number]) => object) => (whole: TicketExport) => ({
  ...whole,
  earlier: whole.earlier.map((first, n) => (n === 0 ? { ...first, ...change(first) } : first)),
});
const itsProof = /its proof does not lead to the root/;
const noSignature = /no signature by this key is good/;
const otherHash = /its values have another hash/;

const damages: readonly Damage[] = [
  ["an event's payload was edited", /event 5 .* was changed/, event({ payload: { text: "nothing" } })],
  ["an event's time was moved", /event 5 .* was changed/, event({ created_at: "2026-03-02T00:00:00.001Z" })],
  ["an event is missing", /event 5 is missing/, (e) => ({ ...e, events: e.events.toSpliced(middle, 1) })],
  [
    "two events changed places",
    /event 5 is missing/,
    (e) => ({ ...e, events: e.events.toSpliced(middle, 2, ...e.events.slice(middle, middle + 2).toReversed()) }),
  ],
  ["the last event was cut off", /there is no such event/, (e) => ({ ...e, events: e.events.slice(0, -1) })],
  ["an event is another ticket's", /event 5 is another ticket's/, event({ aggregate_id: "another" })],
  [
    "the ticket's limit was changed",
    otherHash,
    (e) => ({ ...e, ticket: { ...e.ticket, values: changed(e.ticket, "nte_cents") } }),
  ],
  [
    "the checksum of evidence was changed",
    otherHash,
    (e) => ({ ...e, evidence: one(e.evidence, 0, { values: changed(e.evidence[0] ?? assert.fail(), "checksum") }) }),
  ],
  ["an item of evidence is missing", /evidence .*: it is missing/, (e) => ({ ...e, evidence: e.evidence.slice(1) })],
  [
    "an item of evidence was added",
    /no event records evidence another/,
    (e) => ({ ...e, evidence: [...e.evidence, { version: 1, columns: ["id"], values: ["another"] }] }),
  ],
  ["a leaf's proof was cut", itsProof, (e) => leaf({ proof: e.leaves[0]?.proof.slice(1) ?? [] })(e)],
  ["a leaf stands elsewhere", itsProof, (e) => leaf({ index: (e.leaves[0]?.index ?? 0) + 1 })(e)],
  ["a leaf knows another hash", /the log knows that event by another hash/, leaf({ hash: "0".repeat(64) })],
  ["the checkpoint was changed", noSignature, noted((note) => note.replace("checkpoint ", "checkpoint 1"))],
  [
    "the checkpoint is signed by another key",
    noSignature,
    noted((note) => signedCheckpoint(checkpointFrom(note), otherKey)),
  ],
  [
    "the proof of an earlier checkpoint was cut",
    /its proof does not hold/,
    continued(({ proof }) => ({ proof: proof.slice(1) })),
  ],
  [
    "an earlier checkpoint was changed",
    /not signed by this key/,
    continued(({ checkpoint }) => ({ checkpoint: checkpoint.replace("\ncheckpoint", "\ncheckpoint ") })),
  ],
];

describe("an export that was damaged", () => {
  for (const [what, says, damage] of damages) {
    test(`is found out: ${what}`, async () => {
      const { code, stdout, stderr } = await verify(await written("damaged.json", damage(good)), "--key", key);
      assert.equal(code, 1, stdout + stderr);
      assert.match(stdout, new RegExp(`^FAILS  .*${says.source}`, "m"));
    });
  }

  test("or is no export at all", async () => {
    for (const text of [
      "",
      "{",
      "{}",
      JSON.stringify({ ...good, events: 1 }),
      JSON.stringify({ ...good, leaves: [{}] }),
    ]) {
      const { code } = await verify(await written("damaged.json", text), "--key", key);
      assert.ok(code === 2 || code === 1, `${text.slice(0, 40)}: ${code}`);
    }
  });
});

describe("two histories of one desk", () => {
  test("are found out by whoever has both checkpoints, of the same size or of another", async () => {
    await written("first.json", good);
    const first = await readFile(join(folder, "first.json"), "utf8");
    assert.ok(first.includes(origin));
    // The owner, with the key, tells it anew: another actor, all hashes, the head, and a whole log over it.
    await relink(api.owner, { aggregate: "ticket", chain: id, from: 3 }, (event) => ({
      ...event,
      actor_id: event.seq === 3 ? "mallory" : event.actor_id,
    }));
    const { rows: leaves } = await api.owner.query<{ index: string }>("SELECT index FROM log_leaves ORDER BY index");
    for (const table of ["log_witnessed", "log_checkpoints", "log_nodes", "log_leaves"])
      await api.owner.query(`DELETE FROM ${table}`);
    await logAll();
    // Until there are as many leaves.
    const size = async () => (await readHead(db)).newest?.size ?? 0;
    while ((await size()) < leaves.length) {
      await api.run("ticket.add_note", { ticket: id, body: { text: "and again" } });
      await logAll();
    }
    assert.equal(await size(), leaves.length);
    await written("second.json", await exported(id));
    for (const name of ["first.json", "second.json"]) assert.equal((await verify(name, "--key", key)).code, 0, name);
    const fork =
      /^FAILS {2}this history and that of .* are one: FORK: two checkpoints of \d+ leaves have different roots/m;
    for (const [own, other] of [
      ["first.json", "second.json"],
      ["second.json", "first.json"],
    ] as const) {
      const { code, stdout } = await verify(own, "--key", key, "--checkpoint", other);
      assert.equal(code, 1);
      assert.match(stdout, fork);
    }

    await api.run("ticket.add_note", { ticket: id, body: { text: "one more" } });
    await logAll();
    await written("silent.json", { ...(await exported(id)), earlier: [] });
    const open = await verify("silent.json", "--key", key, "--checkpoint", "first.json");
    assert.equal(open.code, 3);
    assert.match(open.stdout, /no proof leads from \d+ leaves to \d+; export again with --against/);
    await written("against.json", await exported(id, [good.checkpoint ?? ""]));
    const asked = await verify("against.json", "--key", key, "--checkpoint", "first.json");
    assert.equal(asked.code, 1);
    assert.match(asked.stdout, /FORK: the log of \d+ leaves does not continue that of \d+/);
  });
});
