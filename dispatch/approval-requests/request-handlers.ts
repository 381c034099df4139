// The handlers of everything about approval requests, by name.

import {
  requestDecide,
  requestExpire,
  requestFinish,
  requestOpen,
  requestRemind,
  requestWithdraw,
} from "./request-commands.ts";
import { requestGet, requestList } from "./request-queries.ts";

export const approvalRequestCommands = {
  "approval_request.open": requestOpen,
  "approval_request.decide": requestDecide,
  "approval_request.withdraw": requestWithdraw,
  "approval_request.expire": requestExpire,
  "approval_request.remind": requestRemind,
  "approval_request.finish": requestFinish,
};

export const approvalRequestQueries = { "approval_request.list": requestList, "approval_request.get": requestGet };
