// The handlers of everything about rooms, by name.

import { controlBrief } from "./control-brief.ts";
import { eventAck } from "./event-ack.ts";
import { eventReport } from "./event-report.ts";
import { pushAccepted, pushAck, pushQueue, pushSend } from "./push-delivery.ts";
import { pushFailed, pushSkip, pushTrim } from "./push-unheard.ts";
import { controlOpen, roomCreate } from "./room-create.ts";
import { controlTell, roomHeard } from "./room-heard.ts";
import { roomPush } from "./room-push.ts";
import { eventList, roomBoard, roomHistory, roomList, roomStatus } from "./room-queries.ts";
import { roomReset } from "./room-reset.ts";
import { taskDispatch } from "./task-dispatch.ts";

export const roomCommands = {
  "control.open": controlOpen,
  "room.create": roomCreate,
  "room.reset": roomReset,
  "room.push": roomPush,
  "task.dispatch": taskDispatch,
  "event.report": eventReport,
  "event.ack": eventAck,
  "push.queue": pushQueue,
  "push.send": pushSend,
  "push.accepted": pushAccepted,
  "push.ack": pushAck,
  "push.failed": pushFailed,
  "push.skip": pushSkip,
  "push.trim": pushTrim,
  "room.heard": roomHeard,
  "control.tell": controlTell,
};

export const roomQueries = {
  "control.brief": controlBrief,
  "room.list": roomList,
  "room.board": roomBoard,
  "room.status": roomStatus,
  "room.history": roomHistory,
  "event.list": eventList,
};
