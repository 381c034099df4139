// What a conversation has come to so far, gathered from the results of its tools and from nothing else. Pure.

import { forms, matchesIn, matchIn, unquoted, type Exchange } from "./tool-result.ts";

export type Window = { readonly start: string; readonly end: string };
export type Ranked = { readonly techId: string; readonly name: string };

export type Memory = {
  /** The ticket "it" means: the one a result spoke of last. */
  readonly ticketId: string | null;
  /** The desk task "that task" means: the one a result spoke of last. */
  readonly taskId: string | null;
  readonly incidentType: string | null;
  /** Times found free for it. */
  readonly slots: readonly Window[];
  /** Times offered to its customer. */
  readonly offered: readonly Window[];
  /** Who is booked for it. */
  readonly bookedTechId: string | null;
  readonly recommendation: { readonly snapshotId: string; readonly ranked: readonly Ranked[] } | null;
  readonly receiptId: string | null;
  /** What workers said and was read last. */
  readonly eventIds: readonly string[];
};

export const nothingYet: Memory = {
  ticketId: null,
  taskId: null,
  incidentType: null,
  slots: [],
  offered: [],
  bookedTechId: null,
  recommendation: null,
  receiptId: null,
  eventIds: [],
};

/** Memory with one more call and its result. */
export function remember(memory: Memory, { call, result }: Exchange): Memory {
  if (!result || (result.outcome !== "DONE" && result.outcome !== "READ")) return memory;
  const ticket = matchIn(result, forms.ticket);
  const receipt = matchIn(result, forms.receipt);
  const told = ticket && aboutTicket(memory, ticket[1] ?? "", ticket[4] ?? "");
  const task = matchIn(result, forms.task);
  const known: Memory = {
    ...(told ?? memory),
    ...(task?.[1] && { taskId: task[1] }),
    ...(receipt?.[1] && { receiptId: receipt[1] }),
  };
  switch (call.name) {
    case "schedule_slots":
      return { ...known, slots: matchesIn(result, forms.slot).map(([, start = "", end = ""]) => ({ start, end })) };
    case "event_list":
      return { ...known, eventIds: matchesIn(result, forms.event).map(([, id = ""]) => id) };
    case "schedule_propose":
      return { ...known, offered: windowsOf(call.args["options"]) };
    case "schedule_book":
      return { ...known, bookedTechId: matchIn(result, forms.booking)?.[1] ?? null };
    case "assignment_recommend": {
      const snapshotId = matchIn(result, forms.snapshot)?.[1];
      if (snapshotId === undefined) return known;
      return {
        ...known,
        recommendation: {
          snapshotId,
          ranked: matchesIn(result, forms.ranked).map(([, techId = "", name = ""]) => ({
            techId,
            name: unquoted(name),
          })),
        },
      };
    }
    default:
      return known;
  }
}

/** What is known of a ticket does not hold for another. */
function aboutTicket(memory: Memory, ticketId: string, rest: string): Memory {
  const kept =
    memory.ticketId === ticketId
      ? memory
      : { ...nothingYet, taskId: memory.taskId, receiptId: memory.receiptId, eventIds: memory.eventIds };
  const incidentType = rest.split(/[ "]/).find((word) => incidentTypes.has(word));
  return { ...kept, ticketId, ...(incidentType !== undefined && { incidentType }) };
}

function windowsOf(options: unknown): Window[] {
  if (!Array.isArray(options)) return [];
  return options.flatMap((one: unknown) => {
    if (typeof one !== "object" || one === null || !("start" in one) || !("end" in one)) return [];
    return typeof one.start === "string" && typeof one.end === "string" ? [{ start: one.start, end: one.end }] : [];
  });
}

export const incidentTypes: ReadonlySet<string> = new Set([
  "DOOR_WONT_LATCH",
  "CLOSER_LEAKING_OR_SLAMMING",
  "AUTO_OPERATOR_FAULT",
  "CANNOT_SECURE_ENTRY",
  "HARDWARE_REPLACEMENT",
  "FRAME_OR_GLASS_DAMAGE",
]);
