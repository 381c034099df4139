// Every aggregate of the house, with the rows that belong to it: whoever walks all audit chains reads this list.

import { requestAggregate } from "./approval-requests/request-row.ts";
import { accountAggregate } from "./directory/account-row.ts";
import { assetAggregate } from "./directory/asset-row.ts";
import { contactAggregate } from "./directory/contact-row.ts";
import { siteAggregate } from "./directory/site-row.ts";
import { approvalParts } from "./field/approvals.ts";
import { completionParts } from "./field/completions.ts";
import { evidenceParts } from "./field/evidence-rows.ts";
import { invoiceParts } from "./field/invoices.ts";
import { holdParts } from "./field/schedule-holds.ts";
import type { Aggregate } from "./kernel/aggregate.ts";
import { deskAggregate } from "./kernel/desk-chain.ts";
import { pushAggregate } from "./rooms/push-row.ts";
import { roomAggregate } from "./rooms/room-row.ts";
import { ticketAggregate } from "./ticket/ticket-aggregate.ts";
import { agentAggregate } from "./tasks/agent-row.ts";
import { taskAggregate } from "./tasks/task-aggregate.ts";
import { bookingParts } from "./workforce/bookings.ts";

const ticketParts = [bookingParts, holdParts, approvalParts, evidenceParts, completionParts, invoiceParts];

export const aggregates: readonly Aggregate[] = [
  { ...ticketAggregate, parts: ticketParts },
  deskAggregate,
  accountAggregate,
  siteAggregate,
  contactAggregate,
  assetAggregate,
  taskAggregate,
  agentAggregate,
  roomAggregate,
  pushAggregate,
  requestAggregate,
];
