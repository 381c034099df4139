// Technicians do desk tasks beside the AI agents: on one roster, ranked by one rule, by what their hours and visits say of them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TechnicianId } from "../../dispatch/contract/ids.ts";
import { startTestApi, type Refused, type TestApi } from "../support/api.ts";
import { addTechnician, addTimeOff, allSkills, ana } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { speaking, tokenSecret } from "../support/token.ts";
import { startTestWorker } from "../support/worker.ts";
import { addAgent, addTask, heard, heartbeat, startAgent } from "./agents.ts";

const said = ({ status, error }: Refused) => [status, error.code];
const office = ["08:00", "16:00"] as const;
const night = ["20:00", "06:00"] as const;

/** As a technician says something of a task of theirs. */
const as = (slug: string, techId: TechnicianId, task: string, body: object = {}) => ({
  as: "tech",
  actor: slug,
  task,
  body,
  headers: { "x-tech-id": techId },
});

const check = (api: TestApi, task: string) => api.read("task.check", { task });
const workerOf = async (api: TestApi, slug: string) => {
  const found = (await api.read("worker.list")).find((one) => one.slug === slug);
  assert.ok(found, `${slug} is on no roster`);
  return found;
};
const add = (api: TestApi, name: string, skill: string, more: Parameters<typeof addTechnician>[1] = {}) =>
  addTechnician(api.owner, { name, skills: [skill, ...allSkills], hours: office, ...more });

describe("a technician among the workers of desk tasks", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  const given = async (body: object) => {
    const { id } = await addTask(api, body);
    await worker.wake();
    return check(api, id);
  };
  /** Of those who are able. */
  const scores = async (task: string) =>
    (await api.read("task.explain", { task })).ranking
      .filter(({ reason }) => reason !== "no_capability")
      .map((one) => [one.worker, one.score, one.reason]);

  test("is ranked with the agents by the one rule, and explained with them", async () => {
    await startAgent(api, "zoe", { capabilities: ["quoting"] });
    await add(api, "Amy Quoter", "Quoting");
    const first = await given({ scope: "quoting", priority: 3 });
    assert.equal(first.assignee, "amy-quoter", "of equals who were never given any the slug decides");
    const second = await given({ scope: "quoting", priority: 3 });
    assert.equal(second.assignee, "zoe", "whoever has less comes first");
    assert.deepEqual(await scores(second.id), [
      ["zoe", 1.2, null],
      ["amy-quoter", 1.2, null],
    ]);
  });

  test("on a job stands behind an agent who waits, and gets what nobody else can take", async () => {
    const techId = await add(api, "Busy Bee", "measuring");
    await ticketIn(api, "IN_PROGRESS", { techId });
    const { status, active_tickets, active_tasks } = await workerOf(api, "busy-bee");
    assert.deepEqual([status, active_tickets, active_tasks], ["busy", 1, 0]);
    const alone = await given({ scope: "measuring" });
    assert.equal(alone.assignee, "busy-bee");
    await startAgent(api, "waiting", { capabilities: ["measuring"], max_concurrent: 1 });
    const { id, assignee } = await given({ scope: "measuring", priority: 3 });
    assert.equal(assignee, "waiting");
    assert.deepEqual(await scores(id), [
      ["waiting", 1.2, null],
      ["busy-bee", 0.6, null],
    ]);
  });

  test("sent to a visit is on a job while their shift lasts, and not at home before it", async () => {
    const techId = await add(api, "On Theway", "driving");
    await ticketIn(api, "DISPATCHED", { techId });
    assert.equal((await workerOf(api, "on-theway")).status, "busy");
    const early = await add(api, "Early Bird", "driving", { hours: night });
    await ticketIn(api, "DISPATCHED", { techId: early });
    assert.equal((await workerOf(api, "early-bird")).status, "stopped");
  });

  test("off shift, away or on a break is not there, and nobody wakes them", async () => {
    await add(api, "Night Owl", "filing", { hours: night });
    const away = await add(api, "Far Away", "filing");
    await addTimeOff(api.owner, away, api.clock.in(-60), api.clock.in(60));
    const pausing = await add(api, "Tea Break", "filing");
    await api.owner.query("UPDATE technician_shifts SET breaks = $2 WHERE technician_id = $1", [
      pausing,
      JSON.stringify([{ start: "08:00", end: "09:00" }]),
    ]);
    for (const slug of ["night-owl", "far-away", "tea-break"])
      assert.equal((await workerOf(api, slug)).status, "stopped", slug);
    const { id, status, unmatched_reason } = await given({ scope: "filing" });
    assert.deepEqual([status, unmatched_reason], ["pending", "all_unavailable"]);
    const refused = await api.refuse("task.update", { task: id, body: { assignee: "night-owl" } });
    assert.deepEqual([...said(refused), refused.error["reason"]], [409, "WORKER_NOT_ELIGIBLE", "unavailable"]);
    await api.run("task.update", { task: id, body: { status: "cancelled" } });
  });

  test("without hours on record counts as the profile says of visits", async () => {
    await add(api, "Any Time", "painting", { hours: null });
    assert.equal((await workerOf(api, "any-time")).status, "ready");
    assert.equal((await given({ scope: "painting" })).assignee, "any-time");
  });

  test("who is drained gets nothing new, whichever of the two drains the roster has", async () => {
    const techId = await add(api, "Van Less", "phoning");
    await api.run("roster.drain", { technician: techId, body: { reason: "The van is in the workshop" } });
    const one = await workerOf(api, "van-less");
    assert.deepEqual([one.status, one.drained, one.drain_reason], ["ready", true, "The van is in the workshop"]);
    const { id, unmatched_reason } = await given({ scope: "phoning" });
    assert.equal(unmatched_reason, "all_drained");
    const refused = await api.refuse("task.update", { task: id, body: { assignee: "van-less" } });
    assert.equal(refused.error["reason"], "drained");
    assert.match(refused.error.message, /roster\.undrain/);
    for (const tool of ["worker.drain", "worker.undrain"] as const) {
      const other = await api.refuse(tool, { worker: "van-less", body: {} });
      assert.deepEqual(said(other), [404, "WORKER_NOT_FOUND"]);
      assert.match(other.error.message, /roster\.drain/);
    }
    await api.run("roster.undrain", { technician: techId, body: {} });
    await worker.wake();
    assert.equal((await check(api, id)).assignee, "van-less");
  });

  test("has as many as they can do at once, visits counted in, unless somebody says why they have more", async () => {
    const techId = await add(api, "Full Hands", "packing", { maxConcurrent: 2 });
    await ticketIn(api, "ON_SITE", { techId });
    assert.equal((await given({ scope: "packing" })).assignee, "full-hands");
    const { id, unmatched_reason } = await given({ scope: "packing" });
    assert.equal(unmatched_reason, "all_full");
    const body = { assignee: "full-hands" };
    assert.equal((await api.refuse("task.update", { task: id, body })).error["reason"], "full");
    const more = await api.run("task.update", { task: id, body: { ...body, override_reason: "Nobody else is there" } });
    assert.equal(more.assignee, "full-hands");
    const { rows } = await api.owner.query("SELECT slot FROM tasks WHERE assignee = 'full-hands' ORDER BY slot");
    assert.deepEqual(rows, [{ slot: 1 }, { slot: 2 }]);
  });

  test("is given a task by hand, and loses it when its time is over", async () => {
    await add(api, "By Hand", "stamping");
    const { id, status, assignee } = await addTask(api, { scope: "stamping", assignee: "by-hand", timeout_ms: 1_000 });
    assert.deepEqual([status, assignee], ["assigned", "by-hand"]);
    api.clock.advanceMs(1_001);
    await worker.wake();
    assert.deepEqual((await heard(api, id)).slice(0, 3), ["created", "assigned", "timeout"]);
  });

  test("appears in the list of workers, with the kind, and agents stay what they were", async () => {
    await addAgent(api, "typist", { capabilities: ["typing"] });
    await add(api, "Lis Ted", "Listing");
    await add(api, "Gone Away", "Listing", { active: false });
    const list = await api.read("worker.list");
    const kinds = new Map(list.map(({ slug, kind }) => [slug, kind]));
    assert.deepEqual(
      [kinds.get("typist"), kinds.get("lis-ted"), kinds.get("gone-away")],
      ["agent", "technician", undefined],
    );
    assert.deepEqual(
      list.map(({ slug }) => slug),
      list.map(({ slug }) => slug).toSorted(),
    );
    const { name, capabilities, policy, max_concurrent } = await workerOf(api, "lis-ted");
    assert.deepEqual(
      [name, capabilities, policy, max_concurrent],
      ["Lis Ted", ["listing", ...allSkills], "always_on", 3],
    );
  });

  test("of two brokers one gives a task out, and no place is taken twice", async () => {
    await add(api, "Single Place", "carving", { maxConcurrent: 1 });
    const other = await startTestWorker(api);
    const made = await Promise.all(Array.from({ length: 6 }, () => addTask(api, { scope: "carving" })));
    await Promise.all([worker.wake(), other.wake()]);
    await other.stop();
    const states = await Promise.all(made.map(async ({ id }) => (await check(api, id)).status));
    assert.deepEqual(states.toSorted(), ["assigned", ...Array.from({ length: 5 }, () => "pending")]);
  });
});

describe("a technician who leaves", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  const leave = {
    "is signed off": (technician: string) =>
      api.run("roster.sign_off", { technician, body: { reason: "Called in sick" } }),
    "no longer works here": (tech_id: string) => api.run("roster.upsert", { body: { tech_id, active: false } }),
  };

  for (const [why, leaves] of Object.entries(leave))
    test(`and ${why} gives back all tasks at no cost, whatever state they are in`, async () => {
      const skill = why.replaceAll(" ", "-");
      const techId = await add(api, `Leaver ${why}`, skill);
      const slug = `leaver-${skill}`;
      const tasks = await Promise.all([1, 2, 3].map(() => addTask(api, { scope: skill })));
      await worker.wake();
      const [assigned, begun, blocked] = tasks.map(({ id }) => id);
      assert.ok(assigned && begun && blocked);
      for (const task of [begun, blocked]) await api.run("task.progress", as(slug, techId, task));
      const reason = "Waits for the customer's word";
      await api.run("task.update", { task: blocked, body: { status: "blocked", reason } });
      await leaves(techId);
      for (const task of [assigned, begun, blocked]) {
        const { status, assignee, retry_count } = await check(api, task);
        assert.deepEqual([status, assignee, retry_count], ["pending", null, 0]);
        assert.ok((await heard(api, task)).includes("reassigned"));
      }
      await worker.wake();
      assert.equal((await check(api, assigned)).assignee, null, "whoever has left is given nothing");
      const late = await api.refuse("task.complete", as(slug, techId, begun));
      assert.deepEqual(said(late), [409, "INVALID_STATE_TRANSITION"]);
    });

  test("at the very moment at which the broker gives them tasks keeps none", async () => {
    for (let n = 0; n < 10; n++) {
      const techId = await add(api, `Hasty ${n}`, `haste-${n}`);
      await Promise.all([1, 2, 3].map(() => addTask(api, { scope: `haste-${n}` })));
      await Promise.all([worker.wake(), leave["is signed off"](techId)]);
      await worker.wake();
      const { rows } = await api.owner.query("SELECT status FROM tasks WHERE scope = $1", [`haste-${n}`]);
      assert.deepEqual(
        rows,
        Array.from({ length: 3 }, () => ({ status: "pending" })),
      );
    }
  });

  test("is stopped until they are back", async () => {
    const techId = await add(api, "Well Again", "resting");
    await leave["is signed off"](techId);
    const ill = await workerOf(api, "well-again");
    assert.deepEqual([ill.status, ill.drained], ["stopped", true]);
    await api.run("roster.undrain", { technician: techId, body: {} });
    assert.equal((await workerOf(api, "well-again")).status, "ready");
  });
});

describe("a technician at work on a task", async () => {
  const api = await startTestApi({ env: { DISPATCH_AUTH_JWT_SECRET: tokenSecret } });
  const sam = await add(api, "Sam Lee", "sorting");
  const kim = await add(api, "Kim Lee", "sorting");
  const taskOf = async (slug: string) => (await addTask(api, { scope: "sorting", assignee: slug })).id;

  test("says how far it is and that it is done, and of nobody else's task anything", async () => {
    const task = await taskOf("sam-lee");
    for (const tool of ["task.progress", "task.complete", "task.fail"] as const) {
      const body = tool === "task.fail" ? { error: "Mine" } : {};
      assert.deepEqual(said(await api.refuse(tool, as("kim-lee", kim, task, body))), [403, "NOT_ASSIGNEE"]);
    }
    await api.run("task.progress", as("sam-lee", sam, task, { percent: 40 }));
    const done = await api.run("task.complete", as("sam-lee", sam, task, { summary: "Sorted" }));
    assert.deepEqual([done.status, done.result_summary], ["completed", "Sorted"]);
    const failed = await taskOf("kim-lee");
    const again = await api.run("task.fail", as("kim-lee", kim, failed, { error: "No", retry: false }));
    assert.equal(again.status, "failed");
  });

  test("is who their token's tech_id says, by sub or by slug, and nobody else", async () => {
    const task = await taskOf("sam-lee");
    const call = (id: string, techId: string, sub = "sam@firm.example") =>
      api.send(
        "POST",
        `/api/v1/tasks/${task}/progress`,
        {
          ...speaking(api, { sub, role: "tech", tech_id: techId }),
          "x-agent-id": id,
          "content-type": "application/json",
        },
        "{}",
      );
    const codeOf = (text: string): unknown => JSON.parse(text).error.code;
    const foreign = await call("sam-lee", kim);
    assert.deepEqual([foreign.status, codeOf(foreign.text)], [401, "AGENT_ID_MISMATCH"]);
    // Whose token names another technician is that one, whatever it is called.
    const named = await call("sam-lee", kim, "sam-lee");
    assert.deepEqual([named.status, codeOf(named.text)], [403, "NOT_ASSIGNEE"]);
    assert.equal((await call("sam-lee", sam)).status, 200);
    assert.equal((await call("sam@firm.example", sam)).status, 200);
    const actors = (await api.read("task.events", { task })).map(({ actor }) => actor);
    assert.deepEqual(actors.slice(1), ["sam-lee", "sam-lee"]);
    const beat = await heartbeat(api, "sam-lee");
    assert.equal(beat.status, 404, "a technician has no process that could live");
  });

  test("finds their tasks, and hears of them alone", async () => {
    const [own, other] = [await taskOf("sam-lee"), await taskOf("kim-lee")];
    const reader = { as: "tech", actor: "sam-lee", headers: { "x-tech-id": sam } };
    const found = await api.read("task.list", { ...reader, query: "assignee=sam-lee&status=assigned" });
    assert.deepEqual(
      found.map(({ id }) => id),
      [own],
    );
    assert.equal((await api.read("task.check", { ...reader, task: own })).assignee, "sam-lee");
    const scoped = speaking(api, {
      sub: "sam",
      role: "tech",
      tech_id: sam,
      scope: { account_ids: [ana], site_ids: "*" },
    });
    const response = await fetch(`${api.url}/api/v1/events?after=0.0&subject=swarm.task.%3E`, {
      headers: { ...scoped, "x-agent-id": "sam-lee" },
      signal: AbortSignal.timeout(60_000),
    });
    assert.equal(response.status, 200);
    assert.ok(response.body);
    let told = "";
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      told += chunk;
      if (told.includes(`event: swarm.task.${own}.assigned`)) break;
    }
    assert.ok(told.includes("completed"), "what is over is told as well");
    assert.ok(!told.includes(other), "another's task is none of theirs");
  });
});
