// Sentences that find, offer, settle and book a time, and send a technician.

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
import { remember, type Memory, type Window } from "./memory.ts";
import { stretchIn, windowsIn } from "./times.ts";
import type { Exchange } from "./tool-result.ts";
import { eitherOf } from "./patterns.ts";

const ordinals: readonly RegExp[] = [/\b(?:first|1st)\b/i, /\b(?:second|2nd)\b/i, /\b(?:third|3rd)\b/i];

export const scheduleIntents: readonly Intent[] = [
  {
    example: "when can someone go?",
    tool: "schedule_slots",
    pattern: eitherOf(
      /^when (?:can|could|is|would)/,
      /^(?:what|which) times/,
      /^(?:(?:show|find)(?: me)? )?(?:the )?(?:free )?(?:slots|times)\b/,
      /^who is free\b/,
    ),
    reads: true,
    step: onTicket("schedule_slots", ({ sentence, place }) => ({ ...bounds(stretchIn(sentence, place)), limit: 5 })),
  },
  {
    example: "book it for tomorrow morning",
    tool: "schedule_book",
    pattern: /^(?:book|schedule)\b/i,
    step: onTicket("schedule_book", ({ sentence, place }) => {
      const technician = /\bwith ([\p{L}][\p{L}'-]*(?: \p{Lu}[\p{L}'-]*)?)/u.exec(sentence)?.[1];
      const isHasty = /\b(?:as soon as possible|asap|soonest|earliest|first free)\b/i.test(sentence);
      return {
        ...bounds(stretchIn(sentence, place)),
        ...(technician !== undefined && { tech_id: technician }),
        ...(isHasty && { strategy: "earliest" }),
      };
    }),
  },
  {
    example: "offer Tuesday 9 to 11 or 13 to 15",
    tool: "schedule_propose",
    pattern: /^(?:offer|propose)\b/i,
    step: onTicket("schedule_propose", ({ sentence, memory, place }) => {
      const said = windowsIn(sentence, place);
      const options = said.length > 0 ? said : chosen(sentence, memory.slots);
      return options.length > 0
        ? { options }
        : 'Which times? Say "offer Tuesday 9 to 11 or 13 to 15", or ask "when can someone go?" and then "offer them".';
    }),
  },
  {
    example: "confirm the first one",
    tool: "schedule_confirm",
    pattern: /^(?:confirm|(?:the customer|they) (?:takes?|chose|choose|wants?|confirmed))\b/i,
    step: onTicket("schedule_confirm", ({ sentence, memory, place }) => {
      const [said] = windowsIn(sentence, place);
      const [window] = said ? [said] : chosen(sentence, memory.offered);
      return window
        ? { start: window.start, end: window.end }
        : 'Which time? None was offered in this conversation: say "confirm Tuesday 9 to 11".';
    }),
  },
  {
    example: "who should go?",
    tool: "assignment_recommend",
    pattern: /^(?:whom? (?:should|could|can|would)\b|who is (?:best|next)\b|recommend\b)/i,
    step: onTicket("assignment_recommend", ({ memory }) => recommending(memory)),
  },
  {
    example: "send Ben instead because Ana is ill",
    tool: "assignment_override",
    pattern: /^(?:send|put|take) ([\p{L}][\p{L}' -]*?)(?: on it)? instead\b/iu,
    endsInFreeWords: true,
    step: onTicket("assignment_override", ({ sentence, match, memory }) => {
      const note = reasonIn(sentence);
      if (note === null) return 'Why? The reason goes on record: say "send Ben instead because …".';
      return {
        override_type: "reassign_tech",
        reason_code: "other",
        tech_id: technicianNamed(match[1] ?? "", memory),
        note,
      };
    }),
  },
  {
    example: "dispatch the first",
    tool: "assignment_dispatch",
    pattern: /^(?:send|dispatch)\b(?!.*\b(?:now|at once|immediately)\b) *([\p{L}][\p{L}' -]*)?[.!]*$/iu,
    step: dispatch,
  },
  {
    example: "send Ana right now, it is an emergency",
    tool: "assignment_dispatch",
    pattern:
      /^(?:send|dispatch) (?!it\b|the (?:first|best)\b)([\p{L}][\p{L}' -]*?)(?: to it)?,? (?:right )?(?:now|at once|immediately)\b/iu,
    endsInFreeWords: true,
    step: onTicket("assignment_dispatch", ({ sentence, match, memory }) => ({
      tech_id: technicianNamed(match[1] ?? "", memory),
      dispatch_mode: "EMERGENCY_BYPASS",
      dispatch_rationale: sentence.slice(0, 2_000),
      // The person's own sentence confirms it; whether it may be done is then asked on a card.
      dispatch_confirmation: true,
    })),
  },
];

/** Sends whom the sentence names, or the first of the ranking; the snapshot goes along where it names the same. */
function dispatch(speaking: Speaking, done: readonly Exchange[]): Step | null {
  const ticketId = ticketMeant(speaking);
  if (ticketId === null) return whichTicket;
  const memory = done.reduce(remember, speaking.memory);
  const wish = (speaking.match[1] ?? "").trim();
  const isOpen =
    wish === "" || /^(?:it|her|him|them|someone|somebody|the (?:first|best|top)(?: one)?|number one)$/i.test(wish);
  const ranked = memory.recommendation?.ranked[0];
  const [last] = done.slice(-1);
  if (last && (last.call.name === "assignment_dispatch" || last.result?.outcome !== "DONE")) return null;
  const booked = wish === "it" || wish === "" ? speaking.memory.bookedTechId : null;
  if (isOpen && booked === null && !memory.recommendation) {
    return call({ name: "assignment_recommend", args: { ticket_id: ticketId, ...recommending(memory) } });
  }
  if (isOpen && booked === null && !ranked) return say("Nobody can be recommended for it, so nobody was sent.");
  const techId = isOpen ? (booked ?? ranked?.techId ?? "") : technicianNamed(wish, memory);
  const snapshotId = ranked?.techId === techId ? memory.recommendation?.snapshotId : undefined;
  return call({
    name: "assignment_dispatch",
    args: {
      ticket_id: ticketId,
      tech_id: techId,
      ...(snapshotId !== undefined && { recommendation_snapshot_id: snapshotId }),
    },
  });
}

const recommending = ({ incidentType }: Memory) => ({ service_type: incidentType ?? "DEFAULT" });

/** One of several by "the first", the first few by "the first two", or all of them. */
function chosen(sentence: string, windows: readonly Window[]): readonly Window[] {
  if (/\bfirst two\b/i.test(sentence)) return windows.slice(0, 2);
  if (/\bfirst three\b/i.test(sentence)) return windows.slice(0, 3);
  const nth = ordinals.findIndex((word) => word.test(sentence));
  return nth === -1 ? windows.slice(0, 3) : windows.slice(nth, nth + 1);
}

const bounds = (stretch: Window | null) => (stretch ? { earliest: stretch.start, latest: stretch.end } : {});
