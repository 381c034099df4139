// Every query × every role: answered to those the table names, refused to all others; and the spellings a role may have.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { refusalOf, startTestApi } from "../support/api.ts";
import { acme } from "../support/directory.ts";
import { invoicedTicket } from "../support/invoices.ts";
import { anyProposal } from "../support/plan-day.ts";
import { requestOf } from "../support/request-builder.ts";
import { roomOf } from "../support/room-builder.ts";
import { taskIn } from "../support/task-builder.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { parseBody } from "../support/response-schemas.ts";
import { tracesLeft } from "../support/traces-left.ts";
import { queryTable } from "./query-cases.ts";
import { allRoles } from "./roles-and-states.ts";

describe("the queries", async () => {
  const api = await startTestApi();
  const { id } = await ticketIn(api, "COMPLETED_PENDING_VERIFICATION");
  const { receipt, id: evidence } = await api.run("closeout.add_evidence", {
    ticket: id,
    body: { kind: "NOTE", uri: "s3://phone/note" },
  });

  const { id: plan } = await anyProposal(api);
  const { invoiceId: invoice } = await invoicedTicket(api);
  const { id: task } = await taskIn(api, "assigned");
  const { name: room } = await roomOf(api);
  const approvalRequest = await requestOf(api);
  const { contact } = await api.run("contact.upsert", { body: { account_id: acme.id, name: "Kim Lee" } });

  for (const { tool, roles, asked } of queryTable) {
    test(`${tool} is for ${roles.join(", ")}`, async () => {
      const before = await tracesLeft(api.owner);
      for (const role of allRoles) {
        const reply = await api.call(tool, {
          ...asked,
          as: role,
          ticket: id,
          receipt: receipt.receipt_id,
          plan,
          evidence,
          invoice,
          account: acme.id,
          site: acme.oakland,
          contact: contact.id,
          asset: acme.door,
          task,
          room,
          approvalRequest,
        });
        if (roles.includes(role)) {
          assert.equal(reply.status, 200, `${role}: ${reply.text}`);
          parseBody(tool, JSON.parse(reply.text));
          continue;
        }
        const { status, error } = refusalOf(reply);
        const { code, actor_role, allowed_roles, policy_error, request_id } = error;
        assert.deepEqual(
          { status, code, actor_role, allowed_roles, policy_error, request_id },
          {
            status: 403,
            code: "FORBIDDEN",
            actor_role: role,
            allowed_roles: roles,
            policy_error: { dimension: "role" },
            request_id: null,
          },
        );
      }
      assert.deepEqual(await tracesLeft(api.owner), before, "reading writes nothing");
    });
  }

  test("and the commands know other spellings of a role, and no other role", async () => {
    const create = (as: string) =>
      api.call("ticket.create", { as, body: { account_id: acme.id, site_id: acme.oakland, summary: "Door" } });
    for (const as of ["dispatcher", "assistant", "bot", "agent", "Dispatcher"])
      assert.equal((await create(as)).status, 201, as);
    for (const as of ["technician", "tech"]) {
      const { error } = refusalOf(await create(as));
      assert.deepEqual([error.code, error["actor_role"]], ["FORBIDDEN", "tech"]);
    }
    for (const as of ["administrator", "root", "dispatcher,agent", "system"]) {
      const { status, error } = refusalOf(await create(as));
      assert.deepEqual([status, error.code, error["actor_role"]], [403, "FORBIDDEN", as]);
      assert.equal((await api.refuse("ticket.get", { as, ticket: id })).error.code, "FORBIDDEN");
    }
  });
});
