// Every worker of desk tasks, agent or technician, has a slug of their own.

import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import pg from "pg";
import { migrate, migrationsFolder } from "../../dispatch/db/migrate.ts";
import { objectsIn, startTestApi, type Refused } from "../support/api.ts";
import { createEmptyDatabase } from "../support/database.ts";
import { addTechnician } from "../support/directory.ts";
import { addAgent } from "./agents.ts";

const fieldOf = ({ status, error }: Refused) => [
  status,
  error.code,
  objectsIn(error["validation_errors"])[0]?.["path"],
];

describe("a slug", async () => {
  const api = await startTestApi();
  const hire = async (body: object) => (await api.run("roster.upsert", { body })).technician;
  const register = (slug: string) => api.refuse("worker.register", { as: "admin", body: { slug } });

  test("of a new technician is made of the name, and of the next of that name with a number", async () => {
    const slugs = [];
    for (const name of [
      "Jörg Größ",
      "joerg groess",
      "JÖRG  GRÖSS!",
      "Ana-María O'Neil",
      "王小明",
      "  --  ",
      "x".repeat(90),
    ])
      slugs.push((await hire({ name })).slug);
    assert.deepEqual(slugs, [
      "joerg-groess",
      "joerg-groess-2",
      "joerg-groess-3",
      "ana-maria-o-neil",
      "technician",
      "technician-2",
      "x".repeat(50),
    ]);
    const listed = await api.read("roster.list", { query: "limit=500" });
    assert.ok(listed.technicians.some(({ slug }) => slug === "joerg-groess-3"));
  });

  test("may be chosen, stays for good, and is refused where another has it, with the way out", async () => {
    const { id, slug } = await hire({ name: "Maria Lopez", slug: "Mary" });
    assert.equal(slug, "mary");
    const renamed = await hire({ tech_id: id, name: "Maria Diaz", slug: "mary" });
    assert.deepEqual([renamed.slug, renamed.name], ["mary", "Maria Diaz"]);
    const changed = await api.refuse("roster.upsert", { body: { tech_id: id, slug: "maria" } });
    assert.deepEqual(fieldOf(changed), [400, "INVALID_REQUEST", "slug"]);
    const taken = await api.refuse("roster.upsert", { body: { name: "Mary Poppins", slug: "mary" } });
    assert.deepEqual(fieldOf(taken), [400, "INVALID_REQUEST", "slug"]);
    assert.match(JSON.stringify(taken.error["validation_errors"]), /leave it out/);
  });

  test("of an agent is no technician's, and the other way round, whoever comes first and however they come", async () => {
    await addTechnician(api.owner, { name: "Tina Turner" });
    assert.deepEqual(fieldOf(await register("tina-turner")), [400, "INVALID_REQUEST", "slug"]);
    await addAgent(api, "cleo");
    const refused = await api.refuse("roster.upsert", { body: { name: "Cleo", slug: "cleo" } });
    assert.deepEqual(fieldOf(refused), [400, "INVALID_REQUEST", "slug"]);
    assert.equal((await hire({ name: "Cleo" })).slug, "cleo-2");
    await assert.rejects(
      api.owner.query("UPDATE worker_slugs SET slug = 'cleo' WHERE slug = 'cleo-2'"),
      /worker_slugs_pkey/,
    );
    await assert.rejects(
      api.owner.query(
        `INSERT INTO agents SELECT (jsonb_populate_record(a, '{"slug": "tina-turner"}')).* FROM agents a WHERE slug = 'cleo'`,
      ),
      /worker_slugs_pkey/,
    );
  });

  test("goes to one of those who ask for it at the same moment", async () => {
    const replies = await Promise.all([
      ...Array.from({ length: 4 }, (_, n) =>
        api.call("roster.upsert", { body: { name: `Racer ${n}`, slug: "racer" } }),
      ),
      ...Array.from({ length: 4 }, () => api.call("worker.register", { as: "admin", body: { slug: "racer" } })),
    ]);
    const { rows } = await api.owner.query("SELECT technician_id FROM worker_slugs WHERE slug = 'racer'");
    assert.equal(rows.length, 1);
    // An agent who is there already is changed, or found unchanged.
    const obeyed = replies.filter(({ status }) => status < 300).length;
    assert.equal(obeyed, rows[0].technician_id === null ? 4 : 1, JSON.stringify(replies.map(({ text }) => text)));
    assert.ok(
      replies.every(({ status }) => status < 300 || status === 400),
      "nobody is told of the database",
    );
  });
});

test("the migration names those who are there, always alike, and none as an agent is called", async (t) => {
  const { url } = await createEmptyDatabase(t);
  const folder = await mkdtemp(join(tmpdir(), "dispatch-before-"));
  t.after(() => rm(folder, { recursive: true }));
  const names = (await readdir(migrationsFolder)).filter((name) => name.endsWith(".sql")).toSorted();
  const at = names.findIndex((name) => name.endsWith("_one_roster.sql"));
  for (const name of names.slice(0, at)) await cp(join(migrationsFolder, name), join(folder, name));
  const log = () => undefined;
  await migrate({ databaseUrl: url, folder, log });
  const client = new pg.Client({ connectionString: url });
  // The database may be dropped before.
  client.on("error", () => undefined);
  t.after(() => client.end());
  await client.connect();
  await client.query(
    `INSERT INTO agents (slug, policy, max_concurrent, activity, version, created_at, updated_at, audit_seq, audit_hash, audit_at)
     VALUES ('ana-alvarez', 'always_on', 3, 'idle', 0, now(), now(), 0, '', now())`,
  );
  const people = ["Ana Alvarez", "Ana Alvarez", "Dev Patel", "Ana Álvarez 2"];
  for (const [n, name] of people.entries())
    await client.query(
      `INSERT INTO technicians (id, name, created_at)
       VALUES (md5($2::text || $1::integer)::uuid, $2, timestamptz '2026-01-01' + $1::integer * interval '1 day')`,
      [n, name],
    );
  await migrate({ databaseUrl: url, folder: migrationsFolder, log });
  const { rows } = await client.query(
    "SELECT slug FROM worker_slugs w LEFT JOIN technicians r ON r.id = w.technician_id ORDER BY r.created_at NULLS FIRST",
  );
  assert.deepEqual(
    rows.map(({ slug }) => slug),
    ["ana-alvarez", "ana-alvarez-2", "ana-alvarez-3", "dev-patel", "ana-alvarez-2-2"],
  );
});
