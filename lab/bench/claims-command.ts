// `pnpm dispatch:bench:claims`: what holding a reply to its turn's receipts costs a turn. It says what it measured, not whether that
// is good.

import { checkClaims } from "../../plugin/src/claims/check-claims.ts";
import { evidenceOf, learn, type Call, type Labels, type Turn } from "../../plugin/src/claims/evidence.ts";
import { runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";

const technicians = ["Ana Ruiz", "Ben Okafor", "Carla Diaz", "Dev Patel", "Eva Lind"];
const day = Date.parse("2026-12-01T17:00:00Z");

export const benchClaimsCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:bench:claims",
      about:
        "Measures what it costs a turn of the chat to hold a reply of 4 KB to 20 receipts: the keeping of the receipts, and the check. " +
        "The first reply of a process is told by itself.",
      options: { turns: { type: "string" } },
      meanings: { turns: "measured turns (default 2000)" },
    },
    async ({ turns: given }) => {
      const turns = Math.max(10, wholeNumber("turns", given, 2_000));
      const calls = Array.from({ length: 20 }, (_, nth) => callOf(nth));
      const reply = replyOf(4_096);
      const firstAt = performance.now();
      const { claims, findings } = checkClaims(turnOf(calls), reply);
      const first = performance.now() - firstAt;
      const all = { keeping: new Float64Array(turns), check: new Float64Array(turns), both: new Float64Array(turns) };
      const cpuBefore = process.cpuUsage();
      for (let nth = 0; nth < turns; nth++) {
        const began = performance.now();
        const turn = turnOf(calls);
        const kept = performance.now();
        checkClaims(turn, reply);
        const ended = performance.now();
        all.keeping[nth] = kept - began;
        all.check[nth] = ended - kept;
        all.both[nth] = ended - began;
      }
      console.log(
        `a reply of ${Buffer.byteLength(reply)} bytes, ${claims} claims, ${findings.length} not shown; ${calls.length} receipts`,
      );
      console.log(`the first reply of a process: ${first.toFixed(1)} ms`);
      const { user, system } = process.cpuUsage(cpuBefore);
      console.log(`CPU of a turn: ${((user + system) / 1_000 / turns).toFixed(2)} ms`);
      for (const [what, measured] of Object.entries(all)) {
        const sorted = measured.toSorted();
        const at = (share: number) => (sorted[Math.floor(share * (turns - 1))] ?? NaN).toFixed(2);
        console.log(`${what.padEnd(8)} median ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms, ${turns} turns`);
      }
      return 0;
    },
  );

const ticketOf = (nth: number): string => `T-${String(nth + 1).padStart(6, "0")}`;
const idOf = (kind: number, nth: number): string => `01a1f8e9-0000-700${kind}-8000-${String(nth).padStart(12, "0")}`;

function callOf(nth: number): Call {
  const [start, end] = [day + nth * 3_600_000, day + (nth + 2) * 3_600_000];
  const local = (moment: number) => `${new Date(moment - 28_800_000).toISOString().slice(0, 19)}-08:00`;
  const times = {
    start: new Date(start).toISOString(),
    end: new Date(end).toISOString(),
    start_local: local(start),
    end_local: local(end),
  };
  const ticket = {
    id: idOf(1, nth),
    number: ticketOf(nth),
    site_id: idOf(2, nth),
    state: "SCHEDULED",
    summary: "The front door does not latch, and the closer leaks",
    description: "It hangs in the upper hinge. ".repeat(20),
    nte_cents: 50_000,
    scheduled_start: times.start,
    scheduled_end: times.end,
    assigned_tech_id: idOf(3, nth % technicians.length),
  };
  return {
    tool: "schedule.book",
    outcome: "done",
    args: { ticket_id: ticket.number },
    body: {
      ticket,
      booking: { id: idOf(4, nth), technician_id: ticket.assigned_tech_id, ticket_id: ticket.id, ...times },
      receipt: {
        receipt_id: idOf(5, nth),
        ticket_id: ticket.id,
        before_state: "READY_TO_SCHEDULE",
        after_state: "SCHEDULED",
      },
    },
  };
}

function turnOf(calls: readonly Call[]): Turn {
  const labels: Labels = new Map();
  learn(labels, { technicians: technicians.map((name, nth) => ({ id: idOf(3, nth), name })) });
  for (const { body } of calls) learn(labels, body);
  return {
    calls: calls.map((call) => evidenceOf(call, labels)),
    earlier: [],
    technicians: new Set(technicians.map((name) => name.toLowerCase())),
    at: day,
    otherTools: false,
  };
}

/** Prose, a list and a table, true and false by turns. */
function replyOf(bytes: number): string {
  const pieces = ["Here is what was done today.\n\n"];
  for (let nth = 0; pieces.join("").length < bytes - 400; nth++)
    pieces.push(
      nth % 3 === 0
        ? `I booked ${ticketOf(nth % 22)} with ${technicians[nth % 5] ?? ""}. Shall I tell the customer, or should it be moved first?\n`
        : nth % 3 === 1
          ? `- ${ticketOf(nth % 22)}: booked with ${technicians[(nth + 1) % 5] ?? ""}, not dispatched yet\n`
          : `If the parts come in time, the next visit is scheduled for Thursday at 9:00 as well.\n`,
    );
  pieces.push("\n| Ticket | Status |\n|---|---|\n");
  for (let nth = 0; nth < 6; nth++) pieces.push(`| ${ticketOf(nth)} | booked |\n`);
  return pieces.join("");
}
