// What is put away, what is joined, and what may be read of it afterwards.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";
import { beforeCommit, holdLock } from "../resilience/gate.ts";
import { refusalOf, startTestApi } from "../support/api.ts";
import { acme, ana, ben, borealis } from "../support/directory.ts";
import { addAllEvidence, completion, freeWindow, ticketIn } from "../support/ticket-builder.ts";

describe("archive, merge and get", async () => {
  const api = await startTestApi();
  const codeOf = async (...call: Parameters<typeof api.refuse>) => (await api.refuse(...call)).error.code;
  const made = async (name: string) => {
    const { account } = await api.run("account.upsert", { body: { name } });
    const { site } = await api.run("site.upsert", {
      body: { account_id: account.id, name: `${name} Pier`, region: "CA" },
    });
    const { asset } = await api.run("asset.upsert", { body: { site_id: site.id, name: `${name} gate`, kind: "gate" } });
    const person = { account_id: account.id, site_id: site.id, name: `${name} Kim`, phone: "510 555 0142" };
    const { contact } = await api.run("contact.upsert", { body: person });
    return { account: account.id, site: site.id, asset: asset.id, contact: contact.id };
  };
  const create = (of: { account: string; site: string }, more: object = {}) => ({
    body: { account_id: of.account, site_id: of.site, summary: "Gate is stuck", ...more },
  });
  const placeOf = ({ account, site, asset, contact }: Awaited<ReturnType<typeof made>>) => ({
    account_id: account,
    site_id: site,
    asset_id: asset,
    contact_id: contact,
  });
  const found = async (q: string) =>
    (await api.read("directory.search", { query: `q=${encodeURIComponent(q)}` })).results.map(
      ({ kind, id }) => `${kind} ${id}`,
    );

  test("archive waits for open work, then takes the place out of search and new tickets; restore brings it back", async () => {
    const of = await made("Harbour");
    const { id, number } = await api.run("ticket.create", create(of, { asset_id: of.asset }));
    for (const tool of ["account.archive", "site.archive", "asset.archive"] as const) {
      const { status, error } = await api.refuse(tool, { ...of, body: { reason: "closed" } });
      assert.deepEqual([status, error.code], [409, "STILL_IN_USE"], tool);
      assert.deepEqual(error["tickets"], [{ ticket_id: id, number, state: "NEW" }]);
    }
    await api.run("ticket.cancel", { ticket: id, body: { reason: "closed" } });
    assert.equal((await found("Harbour")).length, 4);
    const { site } = await api.run("site.archive", { site: of.site, body: { reason: "closed for good" } });
    assert.ok(site.archived_at);
    assert.deepEqual((await found("Harbour Pier")).length, 0);
    const { status, error } = await api.refuse("ticket.create", create(of));
    assert.deepEqual([status, error.code, error["kind"], error["id"]], [409, "ARCHIVED", "site", of.site]);
    assert.equal(await codeOf("site.upsert", { body: { site_id: of.site, name: "Again" } }), "ARCHIVED");
    assert.equal(await codeOf("asset.upsert", { body: { site_id: of.site, name: "New gate" } }), "ARCHIVED");
    const back = await api.run("site.upsert", { body: { site_id: of.site, restore: true } });
    assert.deepEqual([back.changed, back.site.archived_at], [["archived_at"], null]);
    await api.run("ticket.create", create(of));
  });

  test("an archived account takes its places out of search, and none of its new tickets", async () => {
    const of = await made("Lagoon");
    await api.run("account.archive", { account: of.account, body: { reason: "contract ended" } });
    assert.deepEqual(await found("Lagoon"), []);
    assert.equal(await codeOf("ticket.create", create(of)), "ARCHIVED");
    assert.equal(await codeOf("ticket.create", create({ account: acme.id, site: of.site })), "SITE_NOT_FOUND");
  });

  test("an archived asset or contact is refused where it is newly named", async () => {
    const of = await made("Quay");
    await api.run("asset.archive", { asset: of.asset, body: { reason: "replaced" } });
    assert.equal(await codeOf("ticket.create", create(of, { asset_id: of.asset })), "ARCHIVED");
    const { id } = await api.run("ticket.create", create(of));
    await api.run("contact.archive", { contact: of.contact, body: { reason: "left" } });
    for (const body of [{ asset_id: of.asset }, { contact_id: of.contact }])
      assert.equal(await codeOf("ticket.update", { ticket: id, body }), "ARCHIVED");
  });

  test("of what lies elsewhere nobody is told that it was archived or merged", async () => {
    const [of, twin] = [await made("Elsewhere"), await made("Elsewhere's twin")];
    await api.run("asset.archive", { asset: of.asset, body: { reason: "replaced" } });
    await api.run("contact.archive", { contact: of.contact, body: { reason: "left" } });
    const headers = { "x-account-scope": acme.id };
    const here = { account: acme.id, site: acme.oakland };
    const { id } = await api.run("ticket.create", create(here));
    const told = async (body: object) => [
      await codeOf("ticket.create", { ...create(here, body), headers }),
      await codeOf("ticket.update", { ticket: id, body, headers }),
    ];
    assert.deepEqual(await told({ asset_id: of.asset }), ["ASSET_NOT_FOUND", "ASSET_NOT_FOUND"]);
    const asked = { ticket: id, body: { contact_id: of.contact }, headers };
    assert.equal(await codeOf("ticket.update", asked), "INVALID_REQUEST");
    await api.run("site.archive", { site: of.site, body: { reason: "closed" } });
    assert.deepEqual(await told({ site_id: of.site }), ["SITE_NOT_FOUND", "SITE_NOT_FOUND"]);
    await api.run("account.merge", { account: twin.account, body: { into: of.account, reason: "same firm" } });
    const { site } = await api.run("site.upsert", { body: { account_id: of.account, name: "Kept" } });
    await api.run("site.merge", { site: twin.site, body: { into: site.id, reason: "same place" } });
    const contact = { account_id: acme.id, site_id: twin.site, name: "Kim" };
    assert.equal(await codeOf("contact.upsert", { body: contact }), "MERGED");
    assert.equal(await codeOf("contact.upsert", { body: contact, headers }), "SITE_NOT_FOUND");
  });

  for (const tool of [
    "site.archive",
    "account.archive",
    "contact.archive",
    "asset.archive",
    "site.merge",
    "account.merge",
  ] as const)
    for (const way of ["ticket.create", "ticket.follow_up", "ticket.update"] as const)
      // A correction names no account, and a new ticket no contact.
      if (way === "ticket.follow_up" || !tool.startsWith(way === "ticket.update" ? "account." : "contact."))
        test(`${tool} lets no ${way} come to what goes`, async (t) => {
          const [of, other] = [await made("Mole"), await made("Pier")];
          const { site: twin } = await api.run("site.upsert", { body: { account_id: of.account, name: "Twin" } });
          const { account_id, ...place } = placeOf(of);
          const coming = await {
            "ticket.create": async () => create(of, place),
            "ticket.follow_up": async () => {
              const { id } = await ticketIn(api, "CLOSED");
              return { ticket: id, body: { kind: "callback", account_id, ...place } };
            },
            "ticket.update": async () => {
              const { id } = await api.run("ticket.create", create({ account: of.account, site: twin.id }));
              return { ticket: id, body: place };
            },
          }[way]();
          const isMerge = tool.endsWith(".merge");
          const into = tool === "site.merge" ? twin.id : other.account;
          const gate = await holdLock(t, api.databaseUrl, beforeCommit);
          const going = api.call(tool, { ...of, body: { reason: "no longer ours", ...(isMerge && { into }) } });
          await gate.crowd(1);
          const refused = api.call(way, coming);
          await gate.crowd(2);
          await gate.open();
          assert.equal((await going).status, 200);
          assert.equal(refusalOf(await refused).error.code, isMerge ? "MERGED" : "ARCHIVED");
        });

  test("what is archived while a ticket comes to it waits, and then has open work", async (t) => {
    const of = await made("Jetty");
    const gate = await holdLock(t, api.databaseUrl, beforeCommit);
    const coming = api.call("ticket.create", create(of));
    await gate.crowd(1);
    const away = api.call("site.archive", { ...of, body: { reason: "closed" } });
    await gate.crowd(2);
    await gate.open();
    assert.equal((await coming).status, 201);
    assert.equal(refusalOf(await away).error.code, "STILL_IN_USE");
  });

  test("follow-up work goes to no place that is archived, and names nothing else that is", async () => {
    const of = await made("Basin");
    const kept = await made("Dock");
    const follow = { kind: "callback" };
    const closed = async (place: typeof of) => {
      const { id } = await api.run("ticket.create", create(place, { asset_id: place.asset }));
      await api.run("ticket.update", { ticket: id, body: { contact_id: place.contact } });
      await ticketIn(api, "CLOSED", { ticketId: id });
      return id;
    };
    const [gone, old] = [await closed(of), await closed(kept)];
    await api.run("site.archive", { ...of, body: { reason: "closed" } });
    assert.equal(await codeOf("ticket.follow_up", { ticket: gone, body: follow }), "ARCHIVED");
    await api.run("asset.archive", { ...kept, body: { reason: "replaced" } });
    const follower = await api.run("ticket.follow_up", { ticket: old, body: follow });
    assert.deepEqual([follower.asset_id, follower.contact_id], [null, kept.contact]);
  });

  test("a merged site gives all that hangs on it, and its id says where that went", async () => {
    const of = await made("Wharf");
    const { site: twin } = await api.run("site.upsert", {
      body: { account_id: of.account, name: "Wharf Pier (new)", region: "CA" },
    });
    const { id } = await api.run("ticket.create", create(of, { asset_id: of.asset }));
    const merged = await api.run("site.merge", { site: of.site, body: { into: twin.id, reason: "entered twice" } });
    assert.deepEqual([merged.site.id, merged.moved], [twin.id, { sites: 0, contacts: 1, assets: 1, tickets: 1 }]);
    const ticket = await api.read("ticket.get", { ticket: id });
    assert.deepEqual([ticket.site_id, ticket.asset_id, ticket.version], [twin.id, of.asset, 1]);
    const { site, contacts, assets, open_tickets, last_tickets } = await api.read("site.get", { site: twin.id });
    assert.equal(site.version, merged.site.version);
    assert.deepEqual(
      [contacts, assets, open_tickets, last_tickets].map((one) => one.map((row) => row.id)),
      [[of.contact], [of.asset], [id], [id]],
    );
    assert.ok(
      (await api.read("ticket.search", { query: `q=${encodeURIComponent('"Pier (new)"')}` })).tickets.some(
        (one) => one.id === id,
      ),
    );
    const calls = [
      ["site.get", { site: of.site }],
      ["site.upsert", { body: { site_id: of.site, name: "?" } }],
      ["site.archive", { site: of.site, body: { reason: "?" } }],
      ["ticket.create", create(of)],
      ["ticket.update", { ticket: id, body: { site_id: of.site } }],
      ["contact.upsert", { body: { account_id: of.account, site_id: of.site, name: "?" } }],
      ["asset.upsert", { body: { site_id: of.site, name: "?" } }],
    ] as const;
    for (const [tool, call] of calls) {
      const { status, error } = await api.refuse(tool, call);
      assert.deepEqual([status, error.code, error["into"]], [410, "MERGED", twin.id], tool);
    }
    // Whoever is kept to the site that is gone is not told of the other.
    const kept = { headers: { "x-account-scope": of.account, "x-site-scope": of.site } };
    for (const [tool, call] of calls.filter(([name]) => name !== "ticket.update")) {
      const { status, error } = await api.refuse(tool, { ...call, ...kept });
      assert.deepEqual([status, error.code, error["into"]], [410, "MERGED", null], tool);
      assert.ok(!JSON.stringify(error).includes(twin.id), tool);
    }
    assert.equal(
      await codeOf("site.merge", { site: twin.id, body: { into: acme.oakland, reason: "?" } }),
      "INVALID_REQUEST",
    );
    assert.equal(
      await codeOf("site.merge", { site: twin.id, body: { into: twin.id, reason: "?" } }),
      "INVALID_REQUEST",
    );
  });

  test("a merged account gives sites, contacts, assets and tickets, and pointers lead to the last one", async () => {
    const [first, second, third] = [await made("Fern"), await made("Fernn"), await made("Fern Ltd")];
    const { id } = await ticketIn(api, "SCHEDULED", { accountId: first.account, siteId: first.site });
    const { moved } = await api.run("account.merge", {
      account: first.account,
      body: { into: second.account, reason: "typing error" },
    });
    assert.deepEqual(moved, { sites: 1, contacts: 1, assets: 1, tickets: 1 });
    await api.run("account.merge", { account: second.account, body: { into: third.account, reason: "same firm" } });
    for (const account of [first.account, second.account])
      assert.equal((await api.refuse("account.get", { account })).error["into"], third.account);
    const read = await api.read("account.get", { account: third.account });
    assert.deepEqual(read.sites.map((one) => one.id).toSorted(), [first.site, second.site, third.site].toSorted());
    const { account_id, state } = await api.read("ticket.get", { ticket: id });
    assert.deepEqual([account_id, state], [third.account, "SCHEDULED"]);
    assert.equal(await codeOf("ticket.create", create(first)), "MERGED");
    for (const [scope, told] of [
      [first.account, null],
      [`${first.account},${third.account}`, third.account],
    ] as const) {
      const headers = { "x-account-scope": scope };
      assert.equal((await api.refuse("account.get", { account: first.account, headers })).error["into"], told);
      assert.equal((await api.refuse("ticket.create", { ...create(first), headers })).error["into"], told);
    }
    const events = (await api.read("ticket.timeline", { ticket: id })).events.filter(
      (one) => one.tool_name === "account.merge",
    );
    assert.equal(events.length, 2);
    const scoped = { "x-account-scope": `${first.account},${borealis.id}` };
    const refused = await api.refuse("account.merge", {
      account: borealis.id,
      headers: scoped,
      body: { into: third.account, reason: "?" },
    });
    assert.equal(refused.error.code, "FORBIDDEN_SCOPE");
  });

  test("an asset tells what happened to it, and a technician reads only places of their work", async () => {
    const at = { account_id: acme.id, site_id: acme.oakland, asset_id: acme.door };
    const { id: ticketId } = await api.run("ticket.create", { body: { ...at, summary: "It drags" } });
    const { id } = await ticketIn(api, "COMPLETED_PENDING_VERIFICATION", { ticketId, techId: ana });
    const { visits } = await api.read("asset.get", { asset: acme.door });
    const [visit] = visits;
    assert.deepEqual(
      [visit?.ticket_id, visit?.technician?.id, visit?.state],
      [id, ana, "COMPLETED_PENDING_VERIFICATION"],
    );
    assert.ok(visit?.completed_at);
    await api.run("qa.verify", { ticket: id, body: { timestamp: api.clock.iso, result: "PASS" }, as: "qa" });
    const again = { reasons: ["It slams"], workflow_outcome: "READY_TO_SCHEDULE" };
    await api.run("qa.reopen", { ticket: id, body: again, as: "qa" });
    api.clock.advance(60);
    const window = freeWindow(api);
    await api.run("schedule.propose", { ticket: id, body: { options: [window] } });
    await api.run("schedule.confirm", { ticket: id, body: window });
    await api.run("assignment.dispatch", { ticket: id, body: { tech_id: ben, dispatch_mode: "STANDARD" } });
    await api.run("tech.check_in", { ticket: id, body: { timestamp: api.clock.iso }, as: "tech" });
    await addAllEvidence(api, id);
    await api.run("tech.complete", { ticket: id, body: completion, as: "tech" });
    const both = (await api.read("asset.get", { asset: acme.door })).visits;
    assert.deepEqual(
      both.map(({ technician }) => technician?.id),
      [ben, ana],
    );
    assert.deepEqual(both[1], { ...visit, state: "COMPLETED_PENDING_VERIFICATION" });
    assert.ok(String(both[0]?.arrived_at) > String(visit.completed_at));
    const by = (tech: string) => ({ as: "tech", headers: { "x-tech-id": tech } });
    const { site_id } = await api.read("ticket.get", { ticket: id });
    assert.equal((await api.read("site.get", { ...by(ana), site: site_id })).site.id, site_id);
    assert.equal(await codeOf("site.get", { ...by(ben), site: borealis.albany }), "NOT_ASSIGNED_TECH");
    assert.equal(await codeOf("asset.get", { ...by(ana), asset: borealis.oven }), "NOT_ASSIGNED_TECH");
    assert.equal(await codeOf("account.get", { account: "acme" }), "ACCOUNT_NOT_FOUND");
  });

  test("of an account a technician reads the places of their own work, and nothing of the bill", async () => {
    await ticketIn(api, "DISPATCHED", { accountId: borealis.id, siteId: borealis.albany, techId: ben });
    const billing = { billing: { email: "pay@borealis.example" }, tax_id: "12-3456789", notes: "Pays late." };
    await api.run("account.upsert", { body: { account_id: borealis.id, ...billing } });
    const place = { account_id: borealis.id, name: "Borealis Troy", region: "NY", access_instructions: "Code 4711" };
    const { site } = await api.run("site.upsert", { body: place });
    const all = await api.read("account.get", { account: borealis.id });
    assert.deepEqual(all.sites.map((one) => one.id).toSorted(), [borealis.albany, site.id].toSorted());
    assert.partialDeepStrictEqual(all.account, billing);
    const { account, sites } = await api.read("account.get", {
      as: "tech",
      headers: { "x-tech-id": ben },
      account: borealis.id,
    });
    assert.deepEqual(
      sites.map((one) => one.id),
      [borealis.albany],
    );
    assert.deepEqual(Object.keys(account), "id name external_ref archived_at version created_at updated_at".split(" "));
    const nobody = await api.read("account.get", { as: "tech", account: borealis.id });
    assert.deepEqual([nobody.account.billing, nobody.account.tax_id], [undefined, undefined]);
  });

  test("all of it leaves an audit trail that holds", async () => {
    const { faults } = await verifyAudit(api.desk.db, aggregates);
    assert.deepEqual(faults, []);
  });
});
