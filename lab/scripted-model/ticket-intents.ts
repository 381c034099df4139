// Sentences that open, triage, cancel and close a ticket.

import {
  call,
  centsIn,
  incidentIn,
  onTicket,
  priorityIn,
  reasonIn,
  say,
  type Intent,
  type Speaking,
  type Step,
} from "./intent.ts";
import { forms, matchesIn, unquoted, type Exchange } from "./tool-result.ts";

const maxSummary = 200;

/** Account, site and summary: "open a ticket for Acme at Main St: the door sticks". */
const openPattern = new RegExp(
  String.raw`^(?:open|create|make|log|start) (?:a |an )?(?:new )?ticket\b` +
    String.raw`(?: (?:for|at) (?:([^:,—]+?) at )?([^:,—]+?)\s*(?:[:,—]|$)\s*(.*))?$`,
  "is",
);

export const ticketIntents: readonly Intent[] = [
  {
    example: "open a ticket for Demo Site North: the front door does not lock",
    tool: "ticket_create",
    pattern: openPattern,
    endsInFreeWords: true,
    step: create,
  },
  {
    example: "triage it as an emergency, cannot secure entry, at most $880",
    tool: "ticket_triage",
    pattern: /^(?:triage|classify)\b/i,
    step: onTicket("ticket_triage", triage),
  },
  {
    example: "cancel it because the customer called it off",
    tool: "ticket_cancel",
    pattern: /^(?:cancel|call (?:it|the (?:work|ticket)) off)\b/i,
    endsInFreeWords: true,
    step: onTicket("ticket_cancel", ({ sentence }) => {
      const reason = reasonIn(sentence);
      return reason === null ? 'Why? The reason goes on record: say "cancel it because …".' : { reason };
    }),
  },
  {
    example: "close it",
    tool: "ticket_close",
    pattern: /^close (?:it|the ticket|this ticket|ticket\b)/i,
    step: onTicket("ticket_close"),
  },
];

/** Looks the site up, and the account where one is named; asks where either could be several. The ticket is the site's account's. */
function create({ match: [, account, site, problem = ""] }: Speaking, done: readonly Exchange[]): Step | null {
  if (site === undefined || problem === "")
    return say('Where, and what is wrong? Say "open a ticket for Demo Site North: the front door does not lock".');
  const search = (kind: string, name: string) => ({
    name: "directory_search",
    args: { kind, q: name.trim(), limit: 5 },
  });
  const searches = [search("site", site), ...(account === undefined ? [] : [search("account", account)])];
  if (done.length === 0) return call(...searches);
  if (done.length > searches.length || done.some(({ result }) => result?.outcome !== "READ")) return null;
  const [sites = [], accounts = []] = [foundIn(done[0], "site"), foundIn(done[1], "account")];
  const oneAccount = account === undefined ? null : theOne(accounts, "account", account);
  if (oneAccount && "why" in oneAccount)
    return say(`${oneAccount.why} Say "open a ticket for ACCOUNT at SITE: what is wrong".`);
  const oneSite = theOne(oneAccount ? sites.filter((one) => one.accountId === oneAccount.id) : sites, "site", site);
  if ("why" in oneSite) return say(oneSite.why);
  const cents = centsIn(problem);
  const summary = problem.charAt(0).toUpperCase() + problem.slice(1);
  return call({
    name: "ticket_create",
    args: {
      account_id: oneSite.accountId,
      site_id: oneSite.id,
      summary: summary.length <= maxSummary ? summary : `${summary.slice(0, maxSummary - 1)}…`,
      ...(summary.length > maxSummary && { description: summary }),
      ...(cents !== null && { nte_cents: cents }),
    },
  });
}

type Found = { readonly id: string; readonly name: string; readonly detail: string; readonly accountId: string };

function foundIn(exchange: Exchange | undefined, kind: "account" | "site"): Found[] {
  if (!exchange?.result) return [];
  return matchesIn(exchange.result, forms.found(kind)).map(([, id = "", name = "", detail = "", accountId = ""]) => ({
    id,
    name: unquoted(name),
    detail: unquoted(detail),
    accountId,
  }));
}

function theOne(found: readonly Found[], kind: "account" | "site", name: string): Found | { readonly why: string } {
  const exact = found.filter((one) => one.name.toLowerCase() === name.trim().toLowerCase());
  const [first, ...others] = exact.length > 0 ? exact : found;
  if (!first) return { why: `There is no ${kind} called "${name.trim()}" here.` };
  const named = [first, ...others].map((one) => (one.detail === "" ? one.name : `${one.name} (${one.detail})`));
  return others.length === 0 ? first : { why: `Which ${kind}? ${named.join(", ")} could be meant.` };
}

function triage({ sentence, memory }: Speaking) {
  const priority = priorityIn(sentence);
  const incidentType = incidentIn(sentence) ?? memory.incidentType;
  if (priority === null || incidentType === null) {
    return (
      "As what? Say how soon (emergency, urgent or routine) and what is wrong (cannot secure entry, " +
      "door won't latch, door closer, automatic operator, glass or frame, hardware)."
    );
  }
  const cents = centsIn(sentence);
  return {
    priority,
    incident_type: incidentType,
    ...(cents !== null && { nte_cents: cents }),
    ready_to_schedule: !/\bnot (?:yet )?ready\b|\bonly triage\b|\bno appointment\b/i.test(sentence),
  };
}
