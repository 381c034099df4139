// `pnpm dispatch:token`: makes a token for a person at a shell, and says what one claims.

import { text } from "node:stream/consumers";
import { userInfo } from "node:os";
import { actorTypes, roleFrom, roles } from "../../contract/roles.ts";
import { CommandFailure, runCommand } from "../../process/command-line.ts";
import { configurationFrom, readSettings, type Settings } from "../../process/settings.ts";
import { deskSecret, type DeskSecret } from "./desk-secret.ts";
import { explainToken, makeToken, whyRefused } from "./token.ts";

const usualTtl = "15m";
const longestDays = 30;
const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

export const tokenCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:token",
      configuration: () => configurationFrom(),
      about:
        "Makes a bearer token for dispatch-api and says what it claims. It is signed with DISPATCH_AUTH_JWT_SECRET, else with " +
        "the secret that a stack keeps in the data folder. Whoever has a token is whom it names, until it ends. For curl:\n\n" +
        '  curl -H "$(pnpm -s dispatch:token --header)" http://127.0.0.1:8080/roster',
      options: {
        header: { type: "boolean" },
        actor: { type: "string" },
        role: { type: "string" },
        type: { type: "string" },
        ttl: { type: "string" },
        accounts: { type: "string" },
        sites: { type: "string" },
        tech: { type: "string" },
        explain: { type: "string" },
      },
      meanings: {
        header: "print the line Authorization: Bearer … alone, for curl -H",
        actor: "who speaks, as the audit will name them; your login name",
        role: `${roles.join(", ")}; dispatcher`,
        type: `${actorTypes.join(", ")}; HUMAN`,
        ttl: `how long it lives, such as 90s, 15m, 8h or 2d, at most ${longestDays}d; ${usualTtl}`,
        accounts: "ids of the accounts they reach, separated by commas, or * for all; *",
        sites: "ids of the sites they reach, likewise; *",
        tech: "id of the technician they are, for the role tech",
        explain: "make none, and say what this one claims and whether this desk believes it; - reads it from stdin",
      },
    },
    async ({ header = false, explain, ...wanted }) => {
      const settings = readSettings();
      const key = await deskSecret(settings);
      if (explain !== undefined) return tellOf(explain === "-" ? await text(process.stdin) : explain, key, settings);
      if (key === null) throw new CommandFailure(noSecret(settings));
      const { actor = loginName(), type = "HUMAN", accounts = "*", sites = "*", tech = null } = wanted;
      const role = roleFrom(wanted.role ?? "dispatcher");
      if (role === null)
        throw new CommandFailure(`--role must be one of ${roles.join(", ")}, not ${wanted.role ?? ""}`);
      const seconds = secondsIn(wanted.ttl ?? usualTtl);
      const token = await makeToken(
        { actor, role, type, techId: tech, accounts, sites, seconds },
        key.secret,
        settings,
      );
      // The API's own rules for what a claim may hold.
      const wrong = await whyRefused(token, [key.secret], { ...settings, jwks: null });
      if (wrong !== null) throw new CommandFailure(`The API would refuse this token: ${wrong}`);
      if (header) console.log(`Authorization: Bearer ${token}`);
      else {
        console.error(`${explainToken(token) ?? ""}\nkey       ${key.from}`);
        console.log(token);
      }
      return 0;
    },
  );

async function tellOf(given: string, key: DeskSecret | null, settings: Settings): Promise<number> {
  const token = given.trim().replace(/^(?:authorization:\s*)?(?:bearer\s+)?/i, "");
  const claims = explainToken(token);
  if (claims === null)
    throw new CommandFailure("That is no token: one has three parts in base64url with a dot between them.");
  const secrets = [key?.secret, settings.jwtSecretOld].filter((one) => typeof one === "string");
  const wrong = await whyRefused(token, secrets, settings);
  console.log(`${claims}\n${wrong === null ? "believed  yes" : `believed  no, ${wrong}`}`);
  return wrong === null ? 0 : 1;
}

const noSecret = ({ jwks, dataDir }: Settings): string =>
  jwks === null
    ? `No secret to sign with: DISPATCH_AUTH_JWT_SECRET is not set, and no stack has kept one in ${dataDir}. Where it runs from ` +
      "another folder, set DISPATCH_DATA_DIR."
    : "This desk verifies by DISPATCH_AUTH_JWKS alone: whoever has the private key signs its tokens.";

function secondsIn(ttl: string): number {
  const [, count = "", unit = ""] = /^(\d{1,7})([smhd])$/.exec(ttl) ?? [];
  const seconds = Number(count) * (secondsOf[unit] ?? Number.NaN);
  if (seconds >= 1 && seconds <= longestDays * 86_400) return seconds;
  throw new CommandFailure(`--ttl must be a number with s, m, h or d, from 1s to ${longestDays}d, not ${ttl}`);
}

/** A container's user may have none. */
function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return "operator";
  }
}
