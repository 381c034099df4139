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

export type AsAdmin = {
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
export const postAsAdmin = <Answer>(url: string, path: string, body: object, as: AsAdmin): Promise<Answer> =>
  askAsAdmin(url, path, as, { method: "POST", body: JSON.stringify(body) });

/** The headers by which a call is the admin's. */
export const adminHeaders = ({ admin }: Pick<AsAdmin, "admin">): Record<string, string> => ({
  "x-agent-id": "admin",
  ...(admin !== null && { authorization: `Bearer ${admin}` }),
});

/**
 * The same with any method; without one it reads.
 * @throws DeskRefused
 */
export async function askAsAdmin<Answer>(
  url: string,
  path: string,
  { admin, wayOut }: AsAdmin,
  request: { readonly method?: string; readonly body?: string } = {},
): Promise<Answer> {
  const response = await fetch(`${url}/api/v1${path}`, {
    ...request,
    redirect: "error",
    signal: AbortSignal.timeout(callMs),
    headers: { ...adminHeaders({ admin }), ...(request.body !== undefined && { "content-type": "application/json" }) },
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
