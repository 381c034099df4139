// What a query's result says, in a few lines for the person. Names and other words of people are shown as plain text. Pure.

import { spoken, spokenWindow, type Place } from "./times.ts";
import { forms, matchesIn, matchIn, unquoted, type ToolResult } from "./tool-result.ts";

const shownRows = 5;

/** Text without the signs a dashboard would make links, pictures or headings of. */
export const plain = (text: string): string =>
  text.replaceAll(/[\\`*[\]<>|~#]/g, "\\$&").replaceAll("://", ":\u200b//");

export function describeReading(tool: string, result: ToolResult, place: Place): string {
  return (readings[tool] ?? rows)(result, place);
}

type Describe = (result: ToolResult, place: Place) => string;

const readings: Readonly<Record<string, Describe>> = {
  dispatcher_cockpit: (result) => {
    const queue = matchesIn(result, forms.queued);
    if (queue.length === 0) return result.lines[0] === "no ticket in the queue" ? "Nothing is open." : rows(result);
    const late = queue.filter(([, , , , , , , sla]) => sla === "breach").length;
    const shown = queue.slice(0, shownRows).map((row, at) => `\n${at + 1}. ${queuedLine(row)}`);
    const more = result.lines.some((line) => line.startsWith("more: "));
    const past = late === 0 ? "none past its deadline" : `${late} past the deadline`;
    return `${queue.length}${more ? "+" : ""} open, ${past}. Worst first:${shown.join("")}`;
  },
  schedule_slots: (result, place) => {
    const slots = matchesIn(result, forms.slot).slice(0, shownRows);
    if (slots.length === 0) return `Nobody is free then.${leftOut(result)}`;
    const shown = slots.map(
      ([, start = "", end = "", , name = ""], at) =>
        `\n${at + 1}. ${spokenWindow({ start, end }, place)}, ${plain(unquoted(name))}`,
    );
    return `Free, earliest first:${shown.join("")}`;
  },
  ticket_timeline: (result, place) => {
    const events = matchesIn(
      result,
      /^(\d+)\. (\S+) (\S+) by "((?:[^"\\]|\\.)*)" as (\S+) (\S+) -> (\S+) receipt (\S+)$/,
    );
    const shown = events
      .slice(-10)
      .map(
        ([, seq, at = "", tool, actor = "", role, before, after, receipt = ""]) =>
          `\n${seq}. ${spoken(at, place)}: ${tool} by ${plain(unquoted(actor))} as ${role}, ` +
          `${before === after ? after : `${before} -> ${after}`}, receipt …${receipt.slice(-12)}`,
      );
    return `${events.length} events${shown.length < events.length ? `, the last ${shown.length}` : ""}:${shown.join("")}`;
  },
  task_check: (result) => {
    const [, , state = "", rest = ""] = matchIn(result, forms.task) ?? [];
    if (state === "") return rows(result);
    const [, title = ""] = /; "((?:[^"\\]|\\.)*)"/.exec(rest) ?? [];
    const assignee = /; assignee "?([a-z][a-z0-9-]*)/.exec(rest)?.[1];
    const cameTo = matchIn(result, /^came to: "((?:[^"\\]|\\.)*)"$/)?.[1];
    const whose = assignee === undefined ? "Nobody has it" : `It is with ${assignee}`;
    const outcome = cameTo === undefined ? "" : ` ${plain(unquoted(cameTo))}.`;
    return `"${plain(unquoted(title))}" is ${state.replaceAll("_", " ")}. ${whose}.${outcome}`;
  },
  receipt_get: (result) => {
    const [, id = "", what] = matchIn(result, /^receipt (\S+) is genuine: (.*)$/) ?? [];
    if (id === "") return rows(result);
    const [, before, after] = matchIn(result, /^ticket \S+ (\S+) -> (\S+), hash/) ?? [];
    return `Yes. Receipt ${id} is on record: ${plain(what ?? "")}${after === undefined ? "" : `, ${before} -> ${after}`}.`;
  },
  tech_job_packet: (result) => {
    const gate = matchIn(result, /^closeout gate (.*)$/)?.[1] ?? "unknown";
    const missing = matchesIn(result, /^missing (evidence|checklist): (.*)$/).map(
      ([, kind, keys = ""]) => `\n- missing ${kind}: ${plain(keys.replaceAll('"', ""))}`,
    );
    return missing.length === 0
      ? `Nothing is missing; the closeout gate is ${plain(gate)}.`
      : `The closeout gate is ${plain(gate)}.${missing.join("")}`;
  },
};

function queuedLine(row: RegExpExecArray): string {
  const [, , state, priority, incident = "", number, , sla, left = "", attention, , , , site = "", rest = ""] = row;
  return [
    `${priority}, ${state}, ${incident === "" ? "not classified" : plain(unquoted(incident))} at ${plain(unquoted(site))}`,
    sla === "breach" ? `late by ${left.replace("-", "")}` : `${left} left`,
    rest.includes("nobody assigned") && "nobody assigned",
    `${attention === undefined ? "" : `${attention} `}(${number})`,
  ]
    .filter((part) => part !== false)
    .join(", ")
    .replace(/, \(/, " (");
}

function leftOut(result: ToolResult): string {
  return matchesIn(result, /^left out, (.+)$/)
    .map(([, line = ""]) => `\n- left out, ${plain(line)}`)
    .join("");
}

/** Whatever else was read: its lines as they stand, the first few. */
function rows({ lines }: ToolResult): string {
  const facts = lines.filter((line) => !forms.next.test(line));
  const shown = facts
    .slice(0, 8)
    .map((line) => (facts.length === 1 ? plain(line.slice(0, 400)) : `- ${plain(line.slice(0, 400))}`));
  return shown.length === 0
    ? "Nothing was found."
    : `${shown.join("\n")}${facts.length > shown.length ? `\n- and ${facts.length - shown.length} lines more` : ""}`;
}
