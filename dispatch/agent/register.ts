// Puts an agent on the roster and makes it a token, where this process may do so; and asks other things as the desk's admin.

import { callMs, DeskRefused, reasonOf, refusedBy } from "./desk-client.ts";

type Wanted = { readonly slug: string } & { readonly [field: string]: string | number };

type Registering = {
  /** The admin token; null on a desk that believes names. */
  readonly admin: string | null;
  readonly say?: (line: string) => void;
};

/**
 * With the admin token, or on a desk that believes names; on one that does not, the agent's own token must be given.
 * @returns its token; null on a desk that needs none
 * @throws DeskRefused
 */
export async function register(url: string, wanted: Wanted, { admin, say }: Registering): Promise<string | null> {
  const post = (path: string, body: object) =>
    postAsAdmin<{ token?: string }>(url, path, body, {
      admin,
      wayOut: "Set DISPATCH_AGENT_TOKEN to this agent's token, or DISPATCH_ADMIN_TOKEN, with which one is made.",
    });
  await post("/agents", wanted);
  say?.("is on the roster");
  if (admin === null) return null;
  return (await post(`/agents/${wanted.slug}/token`, {})).token ?? null;
}

type AsAdmin = {
  /** The admin token; null on a desk that believes names. */
  readonly admin: string | null;
  /** What to do where there is no token, and the desk wants one. */
  readonly wayOut: string;
};

/**
 * Asks the desk as its admin.
 * @param path behind /api/v1
 * @throws DeskRefused
 */
export async function postAsAdmin<Answer>(
  url: string,
  path: string,
  body: object,
  { admin, wayOut }: AsAdmin,
): Promise<Answer> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: "POST",
    redirect: "error",
    signal: AbortSignal.timeout(callMs),
    headers: {
      "x-agent-id": "admin",
      "content-type": "application/json",
      ...(admin !== null && { authorization: `Bearer ${admin}` }),
    },
    body: JSON.stringify(body),
  }).catch((error: unknown) => {
    throw new DeskRefused(0, "UNREACHABLE", `${url} does not answer: ${reasonOf(error)}`);
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  const refused = refusedBy(response, text);
  const { status, code, message } = refused;
  throw admin === null && (status === 401 || status === 403)
    ? new DeskRefused(status, code, `${message} ${wayOut}`)
    : refused;
}
