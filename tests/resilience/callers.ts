// Who calls the API in these tests, and how: real HTTP, a key per intent, everything of the answer that a client may
// rely on.
import type { Role } from "../../dispatch/contract/roles.ts";

export type Caller = { id: string; role: Role };

export const dispatcher: Caller = { id: "dora", role: "dispatcher" };
export const technician: Caller = { id: "tom", role: "tech" };
export const approver: Caller = { id: "ann", role: "approver" };
export const inspector: Caller = { id: "quinn", role: "qa" };
export const accountant: Caller = { id: "fay", role: "finance" };

/** A command as its caller means it. */
export type Command = { by: Caller; path: string; body: object };

export type Receipt = {
  receipt_id: string;
  tool_name: string;
  ticket_id: string | null;
  before_state: string | null;
  after_state: string | null;
  occurred_at: string;
  hash: string;
};

/** The fields these tests look at, of whichever answer. */
export type AnswerBody = {
  id?: string;
  state?: string;
  ticket?: { id: string; state: string };
  pending_approval_id?: string | null;
  hold_id?: string;
  approval?: { id: string };
  receipt?: Receipt;
  error?: { code: string; message: string; dependency?: string };
};

export type Reply = {
  status: number;
  /** As it came. */
  text: string;
  body: AnswerBody;
  replayed: boolean;
  retryAfter: string | null;
};

/** @throws {TypeError} when the connection is lost before the whole answer is there */
export async function post(api: { url: string }, { by, path, body }: Command, key: string): Promise<Reply> {
  const response = await fetch(api.url + path, {
    method: "POST",
    headers: { ...headersOf(by), "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify(body),
  });
  return await replyOf(response);
}

/** @throws {TypeError} when the connection is lost before the whole answer is there */
export async function get(api: { url: string }, path: string, by: Caller = dispatcher): Promise<Reply> {
  return await replyOf(await fetch(api.url + path, { headers: headersOf(by) }));
}

export const headersOf = ({ id, role }: Caller): Record<string, string> => ({ "x-actor-id": id, "x-actor-role": role });

async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text();
  return {
    status: response.status,
    text,
    body: JSON.parse(text),
    replayed: response.headers.get("idempotency-replayed") === "true",
    retryAfter: response.headers.get("retry-after"),
  };
}
