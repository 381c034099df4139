// Sentences that change what was settled: another time, somebody else, a call-out that came to nothing.

import {
  call,
  onTicket,
  reasonIn,
  say,
  technicianNamed,
  ticketMeant,
  whichTicket,
  type Intent,
  type Speaking,
  type Step,
} from "./intent.ts";
import { stretchIn, windowsIn } from "./times.ts";
import { forms, matchesIn, matchIn, type Exchange } from "./tool-result.ts";
import { eitherOf } from "./patterns.ts";

const name = String.raw`(\p{L}[\p{L}'-]*(?: (?!(?:because|since|as|now|please)\b)\p{L}[\p{L}'-]*)?)`;
/** By name, or whoever is free. */
const somebody = String.raw`(somebody|someone|a helper|another person|a second (?:person|pair of hands)|${name})`;
/** Why, in the words before the wish: "the customer called, move it to Thursday". */
const called = String.raw`(?:(?:the )?(?:customer|caller|tenant|shop)\b[^,;:]*[,;:]\s*(?:and )?)`;

/** The reason the sentence gives, or else all that was said. */
const whyIn = (sentence: string): string =>
  (/\b(?:because|since)\b/i.test(sentence) ? reasonIn(sentence) : null) ?? sentence.replace(/[.!]+$/, "");

const underWay: readonly string[] = ["ON_SITE", "IN_PROGRESS", "ON_HOLD"];

export const changeIntents: readonly Intent[] = [
  {
    example: "the customer called, move it to Thursday",
    tool: "schedule_move",
    pattern: new RegExp(String.raw`^${called}?(?:move|reschedule|shift|put) (?:it|the visit|this)\b(?! back\b)`, "i"),
    endsInFreeWords: true,
    step: move,
  },
  {
    example: "give Ben's job to Ana",
    tool: "assignment_transfer",
    pattern: new RegExp(String.raw`^(?:give|hand) ${name}['’]s? (?:job|work|visit|ticket) (?:over )?to ${name}`, "iu"),
    endsInFreeWords: true,
    step: giveJobOf,
  },
  {
    example: "hand it over to Ana because Ben has to leave",
    tool: "assignment_transfer",
    pattern: new RegExp(
      String.raw`^(?:hand|give|pass) it (?:over |on )?to ${name}|^${name} takes (?:it )?over\b`,
      "iu",
    ),
    endsInFreeWords: true,
    step: onTicket("assignment_transfer", ({ sentence, match, memory }) => ({
      tech_id: technicianNamed(match[1] ?? match[2] ?? "", memory),
      reason: whyIn(sentence),
    })),
  },
  {
    example: "send Ben along",
    tool: "assignment_crew",
    pattern: new RegExp(
      String.raw`^(?:send|put|add|take) ${somebody} (?:along|with (?:him|her|them)|to the crew|as (?:a )?helper)\b|` +
        String.raw`^${name} (?:goes|comes) along\b`,
      "iu",
    ),
    endsInFreeWords: true,
    step: sendAlong,
  },
  {
    example: "take Ben off the crew",
    tool: "assignment_crew",
    pattern: new RegExp(
      String.raw`^take ${name} off the crew\b|^${name} (?:does not|doesn't) (?:go|come) along\b`,
      "iu",
    ),
    endsInFreeWords: true,
    step: onTicket("assignment_crew", ({ sentence, match, memory }) => ({
      remove: [technicianNamed(match[1] ?? match[2] ?? "", memory)],
      reason: whyIn(sentence),
    })),
  },
  {
    example: "nobody was home",
    tool: "closeout_no_work",
    pattern: eitherOf(
      /^(?:nobody|no one|no-one) (?:was|is) (?:home|there|in|at home)\b/,
      /^(?:they|the customer) sent (?:us|him|her|them|me) away\b/,
      /^(?:it|the visit|the call) was not needed\b/,
      /^(?:it|the site) was not safe\b|^(?:it|the site) was unsafe\b/,
    ),
    endsInFreeWords: true,
    step: onTicket("closeout_no_work", ({ sentence }) => ({ reason_code: nothingToDo(sentence), note: sentence })),
  },
];

const nothingToDo = (sentence: string): string =>
  /\bsent\b/i.test(sentence)
    ? "cancelled_at_door"
    : /\bneeded\b/i.test(sentence)
      ? "not_needed"
      : /\bsafe\b/i.test(sentence)
        ? "unsafe"
        : "no_access";

/** To the hours the sentence says, or else to the first free ones of the day it names. */
function move(speaking: Speaking, done: readonly Exchange[]): Step | null {
  const { sentence, place } = speaking;
  const ticketId = ticketMeant(speaking);
  if (ticketId === null) return whichTicket;
  const [last] = done.slice(-1);
  if (last && last.call.name !== "schedule_slots") return null;
  const [said] = windowsIn(sentence, place);
  const stretch = stretchIn(sentence, place);
  if (!stretch) return say('To when? Say "move it to Thursday", or "move it to Thursday 9 to 11".');
  if (!said && !last) {
    const args = { ticket_id: ticketId, earliest: stretch.start, latest: stretch.end, limit: 1 };
    return call({ name: "schedule_slots", args });
  }
  if (last && last.result?.outcome !== "READ") return null;
  const [, start, end] = said ? ["", said.start, said.end] : ((last?.result && matchIn(last.result, forms.slot)) ?? []);
  if (start === undefined || end === undefined) return say("Nobody is free then, so nothing was moved.");
  const reason = whyIn(sentence);
  return call({ name: "schedule_move", args: { ticket_id: ticketId, start, end, reason } });
}

/** Whom the sentence names, or the best who is free beside the lead. */
function sendAlong(speaking: Speaking, done: readonly Exchange[]): Step | null {
  const { sentence, match, memory } = speaking;
  const ticketId = ticketMeant(speaking);
  if (ticketId === null) return whichTicket;
  const said = match[2] ?? match[3];
  const crew = (techId: string) =>
    call({ name: "assignment_crew", args: { ticket_id: ticketId, add: [techId], reason: whyIn(sentence) } });
  const [seen, ranked, ...sent] = done;
  if (said !== undefined) return seen ? null : crew(technicianNamed(said, memory));
  if (sent.length > 0) return null;
  if (!seen) {
    const service_type = memory.incidentType ?? "DEFAULT";
    return call(
      { name: "ticket_get", args: { ticket_id: ticketId } },
      { name: "assignment_recommend", args: { ticket_id: ticketId, service_type } },
    );
  }
  if (seen.result?.outcome !== "READ" || ranked?.result?.outcome !== "DONE") return null;
  const lead = /\btech_id (\S+)/.exec(matchIn(seen.result, forms.ticket)?.[4] ?? "")?.[1];
  const other = matchesIn(ranked.result, forms.ranked).find(([, techId]) => techId !== lead)?.[1];
  return other === undefined ? say("Nobody else is free for it, so nobody goes along.") : crew(other);
}

/** Work that is under way changes hands; before anybody has come, another is put on it. */
function giveJobOf({ sentence, match, memory }: Speaking, done: readonly Exchange[]): Step | null {
  const [, from = "", to = ""] = match;
  const [seen, ...given] = done;
  if (given.length > 0) return null;
  const wanted = { assigned_tech_id: technicianNamed(from, memory), limit: 5 };
  if (!seen) return call({ name: "dispatcher_cockpit", args: wanted });
  if (seen.result?.outcome !== "READ") return null;
  const jobs = matchesIn(seen.result, forms.queued);
  // Somebody's job is the one they are at; what they are booked or go along for comes later.
  const current = jobs.filter(([, , state = ""]) => underWay.includes(state));
  const [job, ...others] = current.length === 1 ? current : jobs;
  if (!job) return say(`${from} has no open job.`);
  if (others.length > 0) {
    const numbers = [job, ...others].map(([, , , , , number]) => number).join(", ");
    return say(`${from} has several: ${numbers}. Say "show ${job[5] ?? "T-000001"}" and then "hand it over to ${to}".`);
  }
  const [, ticketId = "", state = ""] = job;
  const [tech_id, why] = [technicianNamed(to, memory), whyIn(sentence)];
  return underWay.includes(state)
    ? call({ name: "assignment_transfer", args: { ticket_id: ticketId, tech_id, reason: why } })
    : call({
        name: "assignment_override",
        args: { ticket_id: ticketId, override_type: "reassign_tech", reason_code: "other", tech_id, note: why },
      });
}
