// The API's own paths in the OpenAPI document: what has no entry in the contract's registry.

type Json = Record<string, unknown>;

const json = (description: string): Json => ({
  description,
  content: { "application/json": { schema: { type: "object" } } },
});
const error = (status: number): Json => ({ $ref: `#/components/responses/Error${status}` });
const open = { tags: ["service"], security: [] };

/** Path items by path. */
export function ownOperations(): Record<string, Json> {
  return {
    "/health": {
      get: {
        ...open,
        operationId: "health",
        summary: "Whether Postgres and the object store can be reached.",
        responses: { "200": json("Both can"), "503": json("checks says which cannot") },
      },
    },
    "/metrics": {
      get: {
        ...open,
        operationId: "metrics",
        summary: "Counters as JSON; everything as Prometheus text when Accept prefers text/plain or openmetrics.",
        responses: {
          "200": {
            description: "The metrics of this process",
            content: {
              "application/json": { schema: { type: "object" } },
              "text/plain": { schema: { type: "string" } },
            },
          },
        },
      },
    },
    "/ops/alerts": {
      get: {
        ...open,
        operationId: "ops_alerts",
        summary: "What an operator should look at, over all processes and the last hour.",
        responses: { "200": json("Thresholds, signals, firing alerts and their runbooks"), "503": error(503) },
      },
    },
    "/claims": {
      post: {
        tags: ["service"],
        operationId: "claims",
        summary:
          "Tells how many claims of a reply were held to receipts, and which none showed; any role. Those are told as the event " +
          "claim.unproven, without a word of the chat.",
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: {
                type: "object",
                required: ["checked", "unproven"],
                properties: {
                  checked: { type: "integer", minimum: 0, maximum: 10_000 },
                  unproven: {
                    type: "array",
                    maxItems: 50,
                    items: {
                      type: "object",
                      required: ["lack", "effect", "tickets", "tools"],
                      properties: {
                        lack: { type: "string" },
                        effect: { type: "string" },
                        tickets: { type: "array", items: { type: "string" } },
                        tools: { type: "array", items: { type: "string" } },
                      },
                    },
                  },
                },
              },
            },
          },
        },
        responses: {
          "200": json("kept: how many events were written"),
          ...Object.fromEntries([400, 401, 403, 413, 429, 500, 503].map((status) => [String(status), error(status)])),
        },
      },
    },
    "/contract": {
      get: {
        tags: ["service"],
        operationId: "contract",
        summary:
          "Which contract and policy profile are served, who the caller is taken for, and which calls of a " +
          "model a person must allow; any role.",
        responses: {
          "200": json(
            "service, version, contract_hash, tool_names, actor, profile, policy_version (null while none was activated), " +
              "policy_unreadable [{version, newest, open_tickets, why}] (null while Postgres does not say), " +
              "currency (of all tickets; null where versions of the policy differ in it), " +
              "incident_types [{incident_type, title, words}], development_headers (off, loopback or anywhere), now and " +
              "human_approval {required, rules}",
          ),
          ...Object.fromEntries([400, 401, 403, 500, 503].map((status) => [String(status), error(status)])),
        },
      },
    },
    "/events": {
      get: {
        tags: ["service"],
        operationId: "events",
        summary:
          "What happens on the desk, as Server-Sent Events in order; roles dispatcher, agent, qa, approver, finance.",
        parameters: [
          {
            name: "subject",
            in: "query",
            description: "Repeatable; tokens between dots, * for one token, > at the end for all that follow",
            style: "form",
            explode: true,
            schema: { type: "array", items: { type: "string", maxLength: 200 }, maxItems: 20 },
          },
          { name: "after", in: "query", description: "Resume behind this event id", schema: { type: "string" } },
          {
            name: "Last-Event-ID",
            in: "header",
            description: "As after; browsers send it by themselves",
            schema: { type: "string" },
          },
        ],
        responses: {
          "200": {
            description:
              "The stream; it ends after 15 minutes at most, and after 10 to 15 s in which its source says nothing. A last event " +
              "named end, with code and message, says that the token is over. Come back with the id of the last event; where that " +
              "answers 503, again after Retry-After",
            content: { "text/event-stream": { schema: { type: "string" } } },
          },
          ...Object.fromEntries([400, 401, 403, 429, 503].map((status) => [String(status), error(status)])),
        },
      },
    },
  };
}
