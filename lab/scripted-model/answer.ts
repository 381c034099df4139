// What the results of tools come to, in a few plain sentences for the person: what changed and its receipt, or why it was
// refused and what would help. Nothing is said that a result does not say. Pure.

import { intents } from "./intents.ts";
import { describeReading, plain } from "./answer-reading.ts";
import { spokenWindow, type Place } from "./times.ts";
import { forms, matchesIn, matchIn, unquoted, type Exchange, type ToolResult } from "./tool-result.ts";

/** What is read only for the sake of the call after it. */
const lookedUpFor: Readonly<Record<string, string>> = {
  tech_complete: "tech_job_packet",
  task_progress: "task_check",
  schedule_move: "schedule_slots",
  assignment_transfer: "dispatcher_cockpit",
  assignment_override: "dispatcher_cockpit",
  roster_upsert: "roster_list",
};

/** The answer to all calls of a turn; what was only looked up on the way to another goes without saying. */
export function answerFrom(exchanges: readonly Exchange[], place: Place): string {
  const isOnTheWay = ({ call, result }: Exchange, next: Exchange | undefined): boolean =>
    result?.outcome === "READ" &&
    (call.name === "directory_search" || lookedUpFor[next?.call.name ?? ""] === call.name);
  return exchanges
    .filter((exchange, at) => !isOnTheWay(exchange, exchanges[at + 1]))
    .map((exchange, at, told) => describe(exchange, place, at === told.length - 1))
    .join("\n\n");
}

function describe({ call, result }: Exchange, place: Place, isLast: boolean): string {
  if (!result) return `No answer came back for ${words(call.name)}, so it is not known whether it happened.`;
  switch (result.outcome) {
    case "DONE":
      return `${done(call.name, result, place)}${isLast ? suggestion(call.name, result) : ""}`;
    case "READ":
      return describeReading(call.name, result, place);
    case "REFUSED":
      return refused(result);
    case "QUESTION":
      return question(result);
    case "UNKNOWN":
      return (
        `It is not known whether that happened: ${plain(result.lines[0] ?? "no answer came back.")} Say ` +
        `"try again": the same request goes out once more, and it cannot happen twice.`
      );
    case "FAILED":
      return (
        `That did not happen: ${plain(result.lines[0] ?? "the desk could not be reached.")} Ask for the ` +
        `"status" to see what is wrong.`
      );
    case "OTHER":
      return /^Denied by user\b/.test(result.first)
        ? "It was denied, and so it was not done."
        : `The gateway did not run that: ${plain(result.first.slice(0, 300))}`;
  }
}

const verbs: Readonly<Record<string, string>> = {
  ticket_create: "The ticket is open",
  ticket_triage: "Triaged",
  ticket_cancel: "Cancelled",
  ticket_close: "Closed",
  ticket_update: "Put right",
  ticket_add_note: "Noted",
  ticket_follow_up: "The follow-up is open",
  schedule_book: "Booked",
  schedule_move: "Moved",
  schedule_propose: "Offered",
  schedule_confirm: "Confirmed",
  assignment_recommend: "Ranked",
  assignment_dispatch: "Dispatched",
  assignment_override: "Changed",
  assignment_transfer: "Handed over",
  assignment_crew: "The crew is changed",
  tech_check_in: "Checked in",
  tech_complete: "Completed",
  closeout_add_evidence: "Recorded",
  closeout_no_work: "Ended without work",
  qa_verify: "Verified",
  qa_reopen: "Taken back",
  billing_request_limit: "Asked for",
  billing_generate_invoice: "Invoiced",
  ops_autonomy_pause: "Paused",
  ops_autonomy_rollback: "Resumed",
  task_create: "Handed out",
  task_update: "Changed",
  task_progress: "Begun",
  task_complete: "Done",
  task_dispatch: "Handed to the room",
  control_open: "Your control room is open",
  room_create: "The room is there",
  room_reset: "The room begins anew",
  room_push: "Told",
  event_ack: "Marked as read",
  worker_drain: "Nothing new for them",
  worker_undrain: "They take new work again",
};

function done(tool: string, result: ToolResult, place: Place): string {
  const [, ticketId = "", state, before, rest = ""] = matchIn(result, forms.ticket) ?? [];
  const receipt = matchIn(result, forms.receipt)?.[1];
  const verb = verbs[tool] ?? `Done: ${words(tool)}`;
  const [, , task, taskRest = ""] = matchIn(result, forms.task) ?? [];
  const number = /\bnumber (T-\d+)/.exec(rest)?.[1] ?? ticketId;
  const what =
    tool === "ticket_create" || tool === "ticket_follow_up"
      ? `${verb}: ${number}, ${state}`
      : state === undefined
        ? task === undefined
          ? verb
          : `${verb}: the task is ${task.replaceAll("_", " ")}${withWhom(taskRest)}`
        : before === undefined
          ? `${verb}; the ticket is ${state}`
          : `${verb}: the ticket is now ${state} (was ${before})`;
  const facts = [...factsOf(result, rest, place), receipt !== undefined && `receipt …${receipt.slice(-12)}`].filter(
    Boolean,
  );
  const again = result.first.includes("repeats an earlier call")
    ? " This had been done before; nothing new happened."
    : "";
  return `${[what, ...facts].join(", ")}.${again}${ranking(result)}`;
}

/** Who has a task, or that nobody has it yet, as its line says. */
function withWhom(rest: string): string {
  const assignee = /; assignee "?([a-z][a-z0-9-]*)/.exec(rest)?.[1];
  return assignee === undefined ? ", nobody has it yet" : `, ${assignee} has it`;
}

function factsOf(result: ToolResult, rest: string, place: Place): string[] {
  const limit = /\bnte (\D{0,4}\d[\d,.]*\d)/.exec(rest)?.[1];
  const scheduled = /\bscheduled (\S+Z) to (\S+Z)/.exec(rest);
  const priority = /^ (EMERGENCY|URGENT|ROUTINE)\b/.exec(rest)?.[1];
  const invoice = matchIn(result, /^invoice (\S+) total ([^(]+?)(?: \(|$)/);
  const follows = matchIn(result, /^follows (T-\d+) as (\w+)/);
  const crew = matchIn(result, /^crew: (.*)$/)?.[1]?.replaceAll(/tech_id \S+ "((?:[^"\\]|\\.)*)"/g, "$1");
  const scope = matchIn(result, /^scope (\S+) (\S+) is (PAUSED|running)/);
  return [
    priority,
    limit !== undefined && `at most ${limit}`,
    scheduled && spokenWindow({ start: scheduled[1] ?? "", end: scheduled[2] ?? "" }, place),
    crew && `${plain(crew)}`,
    follows && `${follows[2]?.replace("_", " ")} of ${follows[1]}`,
    invoice && `${invoice[1]} over ${invoice[2]}`,
    scope && `scope ${scope[1]}${scope[2] === "-" ? "" : ` ${scope[2]}`} is ${scope[3]}`,
  ].filter((fact): fact is string => typeof fact === "string");
}

/** Who was ranked, the first five. */
function ranking(result: ToolResult): string {
  const ranked = matchesIn(result, forms.ranked).slice(0, 5);
  return ranked
    .map(([, , name = "", score, why], at) => `\n${at + 1}. ${plain(unquoted(name))}, score ${score} (${why})`)
    .join("");
}

/** What nobody does but for a reason of their own. */
const notSuggested: ReadonlySet<string> = new Set([
  "ticket_cancel",
  "ticket_update",
  "ticket_follow_up",
  "schedule_move",
  "assignment_override",
  "assignment_transfer",
  "assignment_crew",
  "closeout_no_work",
  "qa_reopen",
  "billing_request_limit",
]);

/** What may follow, in a sentence the stand-in understands. */
function suggestion(tool: string, result: ToolResult): string {
  const next = matchIn(result, forms.next)?.[1]?.split(/[, ]+/) ?? [];
  const isTriaged = matchIn(result, forms.ticket)?.[2] === "TRIAGED";
  const examples = next
    .filter((one) => one !== tool && !notSuggested.has(one))
    .flatMap((one) => {
      const fitting = intents.filter((intent) => intent.tool === one);
      // Before there is an appointment, the emergency's way is the only one to a technician.
      return (isTriaged ? fitting.at(-1) : fitting[0])?.example ?? [];
    });
  return examples[0] === undefined ? "" : `\n\nNext you could say: "${examples[0]}".`;
}

const helps: Readonly<Record<string, string>> = {
  CLOSEOUT_REQUIREMENTS_INCOMPLETE: 'The technician\'s app sends the files; "what is missing?" lists what remains.',
  APPROVAL_BY_PERSON_REQUIRED: "A person has to allow it on a card in the dashboard.",
};

function refused(result: ToolResult): string {
  const lines = result.lines.filter((line) => !forms.next.test(line));
  const [message = "", ...facts] = lines;
  const missing = facts
    .filter((line) => /^(?:missing_\w+|field |failures|allowed_from_states|from_state)/.test(line))
    .map((line) => `\n- ${plain(line.replace(/^missing_(\w+)_keys: /, "missing $1: "))}`);
  const help = helps[result.code ?? ""];
  return (
    `Refused, nothing changed: ${plain(message)} ` +
    `(${result.code ?? "no code"})${missing.join("")}${help === undefined ? "" : `\n\n${help}`}`
  );
}

function question(result: ToolResult): string {
  const candidates = result.lines.slice(1).map((line) => `\n- ${plain(line)}`);
  return `Nothing was done yet. ${plain(result.lines[0] ?? "Which one is meant?")}${candidates.join("")}`;
}

const words = (tool: string): string => tool.replaceAll("_", " ");
