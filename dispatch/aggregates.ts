// Every aggregate of the house: whoever walks all audit chains reads this list.

import type { Aggregate } from "./kernel/aggregate.ts";
import { deskAggregate } from "./kernel/desk-chain.ts";
import { ticketAggregate } from "./ticket/ticket-aggregate.ts";

export const aggregates: readonly Aggregate[] = [ticketAggregate, deskAggregate];
