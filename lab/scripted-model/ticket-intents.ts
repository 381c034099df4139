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

/** Looks account and site up, then opens the ticket; asks where either could be more than one. */
function create({ match: [, account, site, problem = ""] }: Speaking, done: readonly Exchange[]): Step | null {
  const [accounts, sites, ...created] = done;
  if (created.length > 0) return null;
  if (site === undefined || problem === "")
    return say('Where, and what is wrong? Say "open a ticket for Demo Site North: the front door does not lock".');
  if (!accounts || !sites) {
    return call(
      {
        name: "directory_search",
        args: { kind: "account", ...(account !== undefined && { q: account.trim() }), limit: 5 },
      },
      { name: "directory_search", args: { kind: "site", q: site.trim(), limit: 5 } },
    );
  }
  if (accounts.result?.outcome !== "READ" || sites.result?.outcome !== "READ") return null;
  const oneAccount = theOne(accounts, "account", account);
  const oneSite = theOne(sites, "site", site);
  if ("why" in oneSite) return say(oneSite.why);
  if ("why" in oneAccount) return say(`${oneAccount.why} Say "open a ticket for ACCOUNT at SITE: what is wrong".`);
  const cents = centsIn(problem);
  const summary = problem.charAt(0).toUpperCase() + problem.slice(1);
  return call({
    name: "ticket_create",
    args: {
      account_id: oneAccount.id,
      site_id: oneSite.id,
      summary: summary.length <= maxSummary ? summary : `${summary.slice(0, maxSummary - 1)}…`,
      ...(summary.length > maxSummary && { description: summary }),
      ...(cents !== null && { nte_cents: cents }),
    },
  });
}

type One = { readonly id: string } | { readonly why: string };

function theOne({ result }: Exchange, kind: "account" | "site", name: string | undefined): One {
  const found = result
    ? matchesIn(result, forms.found(kind)).map(([, id = "", quoted = ""]) => ({ id, name: unquoted(quoted) }))
    : [];
  const exact = found.filter((one) => one.name.toLowerCase() === name?.trim().toLowerCase());
  const [first, ...others] = exact.length > 0 ? exact : found;
  const meant = name === undefined ? "" : ` called "${name.trim()}"`;
  if (!first) return { why: `There is no ${kind}${meant} here.` };
  return others.length === 0
    ? { id: first.id }
    : { why: `Which ${kind}? ${[first, ...others].map((one) => one.name).join(", ")} could be meant.` };
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
