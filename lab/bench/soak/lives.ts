// The tickets' lives in the soak: the benchmark's own, and now and then a long one, in which a worker sends the
// technician, the visit moves, somebody helps and a colleague takes over, files are uploaded and the ticket is closed with its packet.

import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { knownId, type TechnicianId } from "../../../dispatch/contract/ids.ts";
import { CommandFailure } from "../../../dispatch/process/command-line.ts";
import { fullChecklist } from "../../full-checklist.ts";
import { lifecycle } from "../lifecycle.ts";
import { Refused, textAt, type SoakClient } from "./client.ts";
import type { SoakPlace } from "./place.ts";

/** One ticket from call to invoice. */
export async function liveShort(client: SoakClient): Promise<void> {
  let ticketId = "";
  for (const { name, role, input } of lifecycle) {
    const answer = await client.command(name, role, ticketId, input);
    if (ticketId === "") ticketId = textAt(answer, "id");
  }
}

const incident = "DOOR_WONT_LATCH";
const photos = ["photo_before_door_edge_and_strike", "photo_after_latched_alignment"];
const note = "note_adjustments_and_test_cycles";

/** One ticket from call to packet, with a worker's help. */
export async function liveLong(client: SoakClient, place: SoakPlace): Promise<void> {
  const window = place.nextWindow();
  const created = await client.command("ticket.create", "dispatcher", "", {
    account_id: place.accountId,
    site_id: place.siteId,
    summary: "Door does not latch",
  });
  const id = textAt(created, "id");
  await client.command("ticket.triage", "dispatcher", id, {
    priority: "URGENT",
    incident_type: incident,
    ready_to_schedule: true,
  });
  await client.command("schedule.propose", "dispatcher", id, { options: [window] });
  await client.command("schedule.confirm", "dispatcher", id, window);
  const later = { ...place.nextWindow(), reason: "another day" };
  if (await unlessTaken(client.command("schedule.move", "dispatcher", id, later))) client.met.moved++;
  await untilSent(client, id);
  await client.command("tech.check_in", "tech", id, { timestamp: window.start });
  const helper = place.nextTechnician();
  if (await unlessTaken(client.command("assignment.crew", "dispatcher", id, { add: [helper] }))) {
    await client.command("tech.check_in", "dispatcher", id, { timestamp: window.start, tech_id: helper });
    client.met.helped++;
  }
  const successor = { tech_id: place.nextTechnician(), reason: "the shift is over", work: { labor_minutes: 20 } };
  if (await unlessTaken(client.command("assignment.transfer", "dispatcher", id, successor))) client.met.handed_over++;
  for (const key of photos) {
    const uri = await upload(client, id, pictureOf(`${key} of ${id}`), { kind: "PHOTO", content_type: "image/jpeg" });
    await client.command("closeout.add_evidence", "tech", id, { kind: "PHOTO", uri, evidence_key: key });
  }
  const uri = await upload(client, id, Buffer.from(`Adjusted the strike of ${id}, 20 cycles`), {
    kind: "NOTE",
    content_type: "text/plain",
  });
  await client.command("closeout.add_evidence", "tech", id, { kind: "NOTE", uri, evidence_key: note });
  await client.command("tech.complete", "tech", id, {
    checklist_status: fullChecklist,
    no_signature_reason: "Nobody was there to sign",
    work: { labor_minutes: 45 },
  });
  await client.command("qa.verify", "qa", id, { timestamp: window.end, result: "PASS" });
  await client.command("billing.generate_invoice", "finance", id, {});
  await client.command("ticket.close", "dispatcher", id, {});
}

const askEveryMs = 100;
/** The claim of a worker that was killed lapses after a minute; the dispatcher does not wait for that. */
const patienceMs = 3_000;
/** A worker, or another ticket, came first. */
const overtaken = new Set(["INVALID_STATE_TRANSITION", "TECH_UNAVAILABLE", "SLOT_TAKEN"]);
/** Whoever is named has the work already, or too few are free then. */
const taken = new Set([...overtaken, "INVALID_REQUEST", "NO_FEASIBLE_SLOT"]);

/** @returns whether it was done, and not refused because somebody is taken */
async function unlessTaken(command: Promise<unknown>): Promise<boolean> {
  try {
    await command;
    return true;
  } catch (error) {
    if (!(error instanceof Refused) || !taken.has(error.code)) throw error;
    return false;
  }
}

/** Waits until a worker has sent somebody; where none does for a while, sends the first recommendation. */
async function untilSent(client: SoakClient, ticketId: string): Promise<void> {
  const begun = performance.now();
  while ((await client.stateOf(ticketId)) !== "DISPATCHED") {
    await delay(askEveryMs, undefined, { signal: client.signal });
    if (performance.now() - begun < patienceMs) continue;
    try {
      const recommended = await client.command("assignment.recommend", "dispatcher", ticketId, {
        service_type: incident,
      });
      await client.command("assignment.dispatch", "dispatcher", ticketId, {
        tech_id: knownId<TechnicianId>(textAt(recommended, "recommendations", "0", "tech_id")),
      });
      client.met.sent_by_hand++;
      return;
    } catch (error) {
      if (!(error instanceof Refused) || !overtaken.has(error.code)) throw error;
    }
  }
  client.met.sent_by_workers++;
}

/** As little of a JPEG as has a size: a comment, a frame of 640 by 480, the start of a scan (ITU-T T.81, annex B). */
function pictureOf(comment: string): Buffer<ArrayBuffer> {
  const text = Buffer.from(comment);
  const frame = Buffer.of(0xff, 0xc0, 0, 11, 8, 1, 0xe0, 2, 0x80, 1, 1, 0x11, 0);
  const scan = Buffer.of(0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0xff, 0xd9);
  return Buffer.concat([Buffer.of(0xff, 0xd8, 0xff, 0xfe, 0, text.length + 2), text, frame, scan]);
}
const maxUploads = 20;

/** Announces a file and sends it; where the API dies over it, announces it again. @returns its URI */
async function upload(
  client: SoakClient,
  ticketId: string,
  bytes: Buffer<ArrayBuffer>,
  file: { kind: "PHOTO" | "NOTE"; content_type: string },
): Promise<string> {
  const announced = { ...file, size_bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  for (let tries = 0; tries < maxUploads; tries++) {
    const ticket = await client.command("closeout.request_upload", "tech", ticketId, announced);
    const status = await send(textAt(ticket, "url"), bytes, file.content_type, client.signal);
    if (status === 201) return textAt(ticket, "uri");
    if (status !== null && status < 500) throw new CommandFailure(`an upload was answered with ${status}`);
    client.met.uploads_repeated++;
    await delay(askEveryMs, undefined, { signal: client.signal });
  }
  throw new CommandFailure(`a file could not be sent in ${maxUploads} tries`);
}

/** @returns the status; null when the connection was lost */
async function send(
  url: string,
  body: Buffer<ArrayBuffer>,
  contentType: string,
  signal: AbortSignal,
): Promise<number | null> {
  try {
    const response = await fetch(url, { method: "PUT", headers: { "Content-Type": contentType }, body, signal });
    await response.arrayBuffer();
    return response.status;
  } catch (error) {
    // What fetch says of a connection that is refused, reset, or ends too early.
    if (error instanceof TypeError) return null;
    throw error;
  }
}
