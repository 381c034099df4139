// Sentences about the visit, its evidence and its closeout.

import type { JsonObject } from "../../dispatch/kernel/json.ts";
import { call, onTicket, ticketMeant, whichTicket, type Intent, type Speaking, type Step } from "./intent.ts";
import { matchesIn, matchIn, type Exchange } from "./tool-result.ts";
import { eitherOf } from "./patterns.ts";

export const workIntents: readonly Intent[] = [
  {
    example: "check in",
    tool: "tech_check_in",
    pattern: /^check(?:ed)?(?: (?:me|her|him))?[ -]in\b/i,
    step: onTicket("tech_check_in", ({ place }) => ({ timestamp: place.now.toISOString() })),
  },
  {
    example: "what is missing?",
    tool: "tech_job_packet",
    pattern: eitherOf(
      /^what(?:'s| is) (?:still )?missing\b/,
      /^(?:show (?:me )?)?the job packet\b/,
      /^what does (?:it|the (?:work|job|ticket)) (?:still )?need\b/,
    ),
    reads: true,
    step: onTicket("tech_job_packet"),
  },
  {
    example: "complete it",
    tool: "tech_complete",
    pattern: /^(?:complete|finish)\b|^(?:it|the work|the job) is (?:done|finished|complete)\b/i,
    step: complete,
  },
  {
    example: "show the evidence",
    tool: "closeout_list_evidence",
    pattern: /^(?:show|list)(?: me)? the (?:evidence|photos|pictures)\b/i,
    reads: true,
    step: onTicket("closeout_list_evidence"),
  },
  {
    example: "show me the photo",
    tool: "closeout_get_evidence",
    pattern: /^(?:show|open)(?: me)? (?:the|that) (?:newest |last )?(?:photo|picture|file|note|signature)\b/i,
    reads: true,
    step: openNewest,
  },
  {
    example: "attach the photo s3://bucket/door.jpg as photo_before_security_risk",
    tool: "closeout_add_evidence",
    pattern:
      /^(?:attach|add|upload|record)\b.*\b(?:evidence|photos?|pictures?|images?|signature|notes?|video|document)\b/i,
    step: onTicket("closeout_add_evidence", evidence),
  },
  {
    example: "verify it",
    tool: "qa_verify",
    pattern: /^verify\b|^(?:the work|it) looks good\b/i,
    step: onTicket("qa_verify", ({ place }) => ({ timestamp: place.now.toISOString(), result: "PASS" })),
  },
  {
    example: "invoice it",
    tool: "billing_generate_invoice",
    pattern: /^(?:invoice|bill)\b/i,
    step: onTicket("billing_generate_invoice"),
  },
];

/** The evidence is listed first: which of it there is to open, only the desk knows. */
function openNewest(speaking: Speaking, done: readonly Exchange[]): Step | null {
  const ticketId = ticketMeant(speaking);
  if (ticketId === null) return whichTicket;
  const [last] = done.slice(-1);
  if (!last) return call({ name: "closeout_list_evidence", args: { ticket_id: ticketId } });
  if (last.call.name !== "closeout_list_evidence" || last.result?.outcome !== "READ") return null;
  const [, evidenceId] = matchesIn(last.result, /^evidence_id (\S+)/).at(-1) ?? [];
  return evidenceId === undefined
    ? null
    : call({ name: "closeout_get_evidence", args: { ticket_id: ticketId, evidence_id: evidenceId } });
}

/** Only what the person says is done counts as done. For "the whole checklist" its items must be known first. */
function complete(speaking: Speaking, done: readonly Exchange[]): Step | null {
  const ticketId = ticketMeant(speaking);
  if (ticketId === null) return whichTicket;
  const [last] = done.slice(-1);
  const isWhole =
    /\b(?:whole|full|entire|complete|everything on the) checklist\b|\bchecklist is (?:all )?(?:done|complete)\b/i.test(
      speaking.sentence,
    );
  if (last && last.call.name !== "tech_job_packet") return null;
  if (!last && isWhole) return call({ name: "tech_job_packet", args: { ticket_id: ticketId } });
  if (last && last.result?.outcome !== "READ") return null;
  const items = last?.result ? (matchIn(last.result, /^missing checklist: (.*)$/)?.[1]?.split(", ") ?? []) : [];
  return call({
    name: "tech_complete",
    args: {
      ticket_id: ticketId,
      checklist_status: Object.fromEntries(items.map((item) => [item, true])),
      ...saidAboutWork(speaking.sentence),
    },
  });
}

function saidAboutWork(sentence: string): JsonObject {
  const minutes = (of: string) => new RegExp(String.raw`(\d+) (?:min|minutes) (?:of )?${of}`, "i").exec(sentence)?.[1];
  const labor = minutes("(?:work|labou?r)");
  const travel = minutes("(?:travel|driving)");
  const unsigned = /\bno signature because ([^,;.!]+)/i.exec(sentence)?.[1];
  return {
    ...((labor !== undefined || travel !== undefined) && {
      work: {
        ...(labor !== undefined && { labor_minutes: Number(labor) }),
        ...(travel !== undefined && { travel_minutes: Number(travel) }),
      },
    }),
    ...(unsigned !== undefined && { no_signature_reason: unsigned }),
  };
}

const kinds = [
  ["PHOTO", /photo|picture|image/i],
  ["SIGNATURE", /signature/i],
  ["VIDEO", /video/i],
  ["NOTE", /note/i],
] as const;

function evidence({ sentence }: Speaking): JsonObject | string {
  const uri = /\b(?:s3|https?|gs):\/\/[^\s"'<>]+/i.exec(sentence)?.[0].replace(/[.,!?]+$/, "");
  if (uri === undefined) {
    return (
      "A chat cannot carry the file itself. The technician's app sends it: closeout_request_upload " +
      "gives a signed address for the bytes, closeout_add_evidence records them. A file that is stored " +
      'elsewhere can be named here: "attach the photo s3://bucket/door.jpg as ' +
      'photo_before_security_risk".'
    );
  }
  const words = sentence.replace(uri, "");
  const key = /\bas ([a-z0-9]+(?:_[a-z0-9]+)+)\b/.exec(words)?.[1];
  const kind = kinds.find(([, word]) => word.test(words.replace(key ?? "", "")))?.[0] ?? "DOCUMENT";
  return { kind, uri, ...(key !== undefined && { evidence_key: key }) };
}
