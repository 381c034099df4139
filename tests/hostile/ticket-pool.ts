// The tickets and tasks an attack plays with: some in every state, kept track of by the answers, topped up when a state runs dry.

import { requestOf } from "../support/request-builder.ts";
import type { CommandEntry } from "../../dispatch/contract/index.ts";
import { isTicketState, ticketStates, type TicketState } from "../../dispatch/contract/states.ts";
import { taskStates, type TaskState } from "../../dispatch/contract/task-states.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import type { TestApi } from "../support/api.ts";
import { firstEvidenceOf } from "../support/evidence.ts";
import { newestInvoice } from "../support/invoices.ts";
import { sleepingWorker, taskIn } from "../support/task-builder.ts";
import { addAllEvidence, ticketIn, type BuiltTicket, type Plan } from "../support/ticket-builder.ts";
import { resumeAll } from "./attacked-api.ts";

export type PooledTicket = {
  readonly id: string;
  state: TicketState;
  approvalId: string | null;
  holdId: string | null;
  /** Some piece of its evidence. */
  evidenceId: string | null;
  /** Of what is billed. */
  invoiceId: string | null;
  window: Window;
};

type Window = { readonly start: string; readonly end: string };

/** Who has the pool's tasks, by the name of one of those who attack. */
export const pooledWorker = "agent-one";
/** Where they sit, and where somebody else does: what the attack hands out there is not theirs. */
export const pooledRoom = "agents-room";
export const otherRooms = ["day-room", "night-room"] as const;
const otherWorker = "day-clerk";
/** What a clock alone brings about needs none in stock. */
const stockedTasks = taskStates.filter((state) => state !== "timed_out");

const enough = 2;
const keptReceipts = 200;
const keptPlans = 3;
const activeWork: ReadonlySet<TicketState> = new Set(["DISPATCHED", "ON_SITE", "IN_PROGRESS", "ON_HOLD"]);

export class TicketPool {
  readonly #api: TestApi;
  readonly #tickets: PooledTicket[] = [];
  readonly #byId = new Map<string, PooledTicket>();
  readonly #tasks = new Map<string, TaskState>();
  readonly #receipts: string[] = [];
  readonly #plans: string[] = [];
  #requests: string[] = [];
  readonly #events: string[] = [];
  #filling: Promise<void> = Promise.resolve();
  #wanted = 0;

  constructor(api: TestApi) {
    this.#api = api;
  }

  get ids(): readonly string[] {
    return this.#tickets.map(({ id }) => id);
  }

  /** Brings every state up to a few tickets. */
  async stock(plan: Plan = {}): Promise<void> {
    for (const state of ticketStates) {
      for (let have = this.#count(state); have < enough; have++) {
        const built = await ticketIn(this.#api, state, plan);
        const isActive = activeWork.has(state);
        // Or hardly any work would ever be completed.
        if (isActive) await addAllEvidence(this.#api, built.id, plan.incidentType);
        const ticket = this.#add(state, built, isActive ? await firstEvidenceOf(this.#api, built.id) : null);
        if (state === "INVOICED" || state === "CLOSED") ticket.invoiceId = await newestInvoice(this.#api, built.id);
      }
    }
    for (const state of stockedTasks) {
      for (let have = this.#tasksIn([state]).length; have < enough; have++) {
        const [ticketId] = this.ids;
        const { id } = await taskIn(this.#api, state, { assignee: pooledWorker, ...(ticketId && { ticketId }) });
        this.#tasks.set(id, state);
      }
    }
    const { approval_requests: waiting } = await this.#api.read("approval_request.list");
    this.#requests = waiting.map(({ approval_request_id }) => approval_request_id);
    while (this.#requests.length < enough) this.#requests.push(await requestOf(this.#api));
    await this.#stockRoom(pooledRoom, pooledWorker);
    await this.#stockRoom(otherRooms[0], await sleepingWorker(this.#api, otherWorker));
  }

  async #stockRoom(name: string, worker_id: string): Promise<void> {
    const { status, text } = await this.#api.call("room.create", { body: { name, worker_id } });
    // The attack may have seated them elsewhere.
    if (status >= 300 && status !== 409) throw new Error(text);
  }

  /**
   * A ticket for a command: mostly one in a state it starts from, each such state alike often, since those that work ends in would
   * soon be nearly all; else any.
   * @param pick a random number; the same one gives the same choice from the same pool
   */
  for(entry: Pick<CommandEntry, "from"> | null, pick: number): PooledTicket {
    const from = entry?.from ?? [];
    const states = ticketStates.filter((state) => from.includes(state) && this.#count(state) > 0);
    const isAny = pick % 5 === 0 || states.length === 0;
    const rest = Math.floor(pick / 5);
    const among = isAny ? this.#tickets : this.#in(states[rest % states.length]);
    const ticket = among[Math.floor(rest / Math.max(states.length, 1)) % among.length];
    if (!ticket) throw new Error("the pool has not been filled");
    return ticket;
  }

  /** A task for a command, mostly in a state it starts from, or for a query; null when none is picked. */
  task(entry: Pick<CommandEntry, "from"> | null, pick: number | null): string | null {
    if (pick === null) return null;
    const fitting = pick % 5 === 0 ? [] : this.#tasksIn(taskStates.filter((state) => entry?.from.includes(state)));
    const among = fitting.length > 0 ? fitting : [...this.#tasks.keys()];
    return among[Math.floor(pick / 5) % among.length] ?? null;
  }

  /** What a model asked a person for, and waited lately; null when none is picked. */
  request(pick: number | null): string | null {
    return pick === null ? null : (this.#requests[pick % this.#requests.length] ?? null);
  }

  /** The receipt of some command that took effect; null when there is none yet, or none is picked. */
  receipt(pick: number | null): string | null {
    return pick === null ? null : (this.#receipts[pick % this.#receipts.length] ?? null);
  }

  /** An invoice of some ticket; null when there is none yet, or none is picked. */
  invoice(pick: number | null): string | null {
    const billed = this.#tickets.flatMap(({ invoiceId }) => invoiceId ?? []);
    return pick === null ? null : (billed[pick % billed.length] ?? null);
  }

  /** A plan that was made lately; null when there is none yet, or none is picked. */
  plan(pick: number | null): string | null {
    return pick === null ? null : (this.#plans[pick % this.#plans.length] ?? null);
  }

  /** What some worker said lately; null when nobody has said anything yet, or none is picked. */
  event(pick: number | null): string | null {
    return pick === null ? null : (this.#events[pick % this.#events.length] ?? null);
  }

  /** Takes note of what a command's answer says about its ticket. */
  learn(body: unknown): void {
    if (!isObject(body)) return;
    if (isObject(body["receipt"]) && this.#receipts.length < keptReceipts)
      this.#receipts.push(String(body["receipt"]["receipt_id"]));
    if (isObject(body["plan"]) && body["plan"]["status"] === "PROPOSED") {
      this.#plans.unshift(String(body["plan"]["id"]));
      this.#plans.length = Math.min(this.#plans.length, keptPlans);
    }
    if (isObject(body["event"])) {
      this.#events.unshift(String(body["event"]["event_id"]));
      this.#events.length = Math.min(this.#events.length, keptPlans);
    }
    const { ticket: inner, task = body, hold_id } = body;
    if (isObject(task) && typeof task["id"] === "string" && this.#tasks.has(task["id"])) {
      const status = taskStates.find((state) => state === task["status"]);
      if (status) this.#tasks.set(task["id"], status);
    }
    const ticket = isObject(inner) ? inner : body;
    const { id, state, pending_approval_id, scheduled_start, scheduled_end } = ticket;
    if (typeof id !== "string" || typeof state !== "string" || !isTicketState(state)) return;
    const known = this.#byId.get(id);
    if (!known) return;
    known.state = state;
    if (typeof pending_approval_id === "string") known.approvalId = pending_approval_id;
    if (isObject(body["invoice"])) known.invoiceId = String(body["invoice"]["id"]);
    if (typeof hold_id === "string") known.holdId = hold_id;
    if (typeof scheduled_start === "string" && typeof scheduled_end === "string")
      known.window = { start: scheduled_start, end: scheduled_end };
  }

  /**
   * Ends what the attack has paused for everybody, and tops up, in the background and one round at a time. The attack
   * may pause everything again meanwhile, and then no ticket can be completed: what is missing waits for the next round.
   */
  topUp(every: number): void {
    if (++this.#wanted % every !== 0) return;
    this.#filling = this.#filling.then(() => this.restock()).catch(() => undefined);
  }

  /** The same at once, to be waited for. */
  async restock(): Promise<void> {
    this.#api.clock.set(new Date().toISOString());
    await resumeAll(this.#api);
    await this.stock();
  }

  /** Waits for what is being made. */
  settled(): Promise<void> {
    return this.#filling;
  }

  #tasksIn(states: readonly TaskState[]): string[] {
    return [...this.#tasks].filter(([, state]) => states.includes(state)).map(([id]) => id);
  }

  #add(state: TicketState, { id, approvalId, holdId, window }: BuiltTicket, evidenceId: string | null): PooledTicket {
    const ticket: PooledTicket = { id, state, approvalId, holdId, evidenceId, invoiceId: null, window };
    this.#tickets.push(ticket);
    this.#byId.set(id, ticket);
    return ticket;
  }

  #in(state: TicketState | undefined): PooledTicket[] {
    return this.#tickets.filter((ticket) => ticket.state === state);
  }

  #count(state: TicketState): number {
    return this.#in(state).length;
  }
}
