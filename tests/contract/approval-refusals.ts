// For the error codes' test: each code that calls which wait for a person earn.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { canonicalSha256 } from "../../dispatch/policy/canonical-json.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { requestOf } from "../support/request-builder.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { speaking, tokenSecret } from "../support/token.ts";
import type { Produce } from "./request-refusals.ts";

export function approvalRefusals(pilot: TestApi) {
  const note = { text: "a note", visibility: "internal" };
  return {
    APPROVAL_REQUEST_NOT_FOUND: () => pilot.refuse("approval_request.get", { approvalRequest: "a-999999" }),
    HUMAN_REQUIRED: async () =>
      pilot.refuse("approval_request.decide", {
        approvalRequest: await requestOf(pilot),
        body: { outcome: "approved" },
        headers: { "x-actor-type": "SERVICE" },
      }),
    APPROVAL_NOT_NEEDED: async () => {
      const { id: ticket } = await ticketIn(pilot, "NEW");
      return pilot.refuse("ticket.add_note", { ticket, body: note, headers: { "dispatch-ask": "approval" } });
    },
    APPROVAL_OUTDATED: async (t) => {
      const api = await startTestApi({ t, beside: pilot, env: { DISPATCH_AUTH_JWT_SECRET: tokenSecret } });
      const [{ id: ticket }, key] = [await ticketIn(api, "NEW"), randomUUID()];
      const body = { reason: "called off" };
      const chat = { via: "chat", actor_type: "AGENT" };
      const { error } = await api.refuse("ticket.cancel", { ticket, key, body, headers: speaking(api, chat) });
      assert.equal(error.code, "HUMAN_APPROVAL_REQUIRED");
      await api.run("ticket.update", { ticket, body: { summary: "They want us to come after all" } });
      const human_approval = {
        tool: "ticket.cancel",
        target: { aggregate: "ticket", id: ticket },
        arguments_hash: canonicalSha256(body),
        request_id: key,
        approved_by: "olga",
        at: api.clock.iso,
      };
      return api.refuse("ticket.cancel", { ticket, key, body, headers: speaking(api, { ...chat, human_approval }) });
    },
  } satisfies Record<string, Produce>;
}
