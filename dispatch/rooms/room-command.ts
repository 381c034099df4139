// How commands on rooms and pushes are declared, and the rows beside their own that they lock.

import type { BodyOf, IdsOf, InputOf, PipelineName } from "../contract/index.ts";
import type { PushId, ReceiptId, RoomId } from "../contract/ids.ts";
import type { PushBody, RoomBody } from "../contract/room-responses.ts";
import type { PushState } from "../contract/room-states.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { newId } from "../kernel/clock.ts";
import type { Call, RowCall, RowCommand, RowDecision } from "../kernel/command.ts";
import type { JsonObject } from "../kernel/json.ts";
import type { Told } from "../kernel/outbox.ts";
import type { RelatedChange } from "../kernel/related-change.ts";
import { pushAggregate, pushColumns, type PushChange, type PushRow } from "./push-row.ts";
import { roomAggregate, roomColumns, type RoomChange, type RoomRow } from "./room-row.ts";

type AnswerOf<N extends PipelineName> = BodyOf<N> & object;

export const roomCommand = <N extends PipelineName, Loaded = undefined>(command: {
  readonly name: N;
  readonly alone?: boolean;
  load?(tx: Session, call: Call<InputOf<N>, IdsOf<N>, RoomId>): Promise<Loaded>;
  decide(
    call: RowCall<InputOf<N>, IdsOf<N>, RoomRow, RoomId>,
    loaded: Loaded,
  ): RowDecision<RoomChange, RoomBody, AnswerOf<N>>;
}): RowCommand<InputOf<N>, IdsOf<N>, RoomRow, RoomChange, RoomBody, AnswerOf<N>, Loaded, undefined, RoomId> => ({
  ...command,
  on: "row",
  aggregate: roomAggregate,
});

/** Of one push: a transaction of its own, since its room and those that went out with it are locked beside it. */
export const pushCommand = <N extends PipelineName, Loaded = undefined>(command: {
  readonly name: N;
  load?(tx: Session, call: Call<InputOf<N>, IdsOf<N>, PushId>): Promise<Loaded>;
  decide(
    call: RowCall<InputOf<N>, IdsOf<N>, PushRow, PushId>,
    loaded: Loaded,
  ): RowDecision<PushChange, PushBody, AnswerOf<N>, PushState>;
}): RowCommand<InputOf<N>, IdsOf<N>, PushRow, PushChange, PushBody, AnswerOf<N>, Loaded, undefined, PushId> => ({
  ...command,
  on: "row",
  aggregate: pushAggregate,
  alone: true,
});

/** The room of a push ($1), locked. */
export const lockRoomOfPush = statement<RoomRow>(
  "room_lock_of_push",
  `SELECT ${roomColumns} FROM rooms WHERE id = (SELECT room_id FROM pushes WHERE id = $1) FOR NO KEY UPDATE`,
);
/** What goes out with a push ($1), locked. */
export const lockMembers = statement<PushRow>(
  "pushes_lock_members",
  `SELECT ${pushColumns} FROM pushes WHERE lead_id = $1 AND status IN ('queued', 'sent') ORDER BY id FOR NO KEY UPDATE`,
);

/** What becomes of a room beside the command's own row. */
export const ofRoom = (
  row: RoomRow,
  change: RoomChange,
  told: readonly Told[],
  payload: JsonObject = {},
): RelatedChange => {
  const related: RelatedChange<RoomRow, RoomChange> = {
    aggregate: roomAggregate,
    row,
    eventId: newId<ReceiptId>(),
    path: [],
    change,
    payload,
    told,
  };
  return related as RelatedChange;
};

/** What becomes of a push beside the command's own row; it is told of with that. */
export const ofPush = (row: PushRow, path: readonly PushState[], change: PushChange): RelatedChange => {
  const related: RelatedChange<PushRow, PushChange> = {
    aggregate: pushAggregate,
    row,
    eventId: newId<ReceiptId>(),
    path,
    change,
    payload: { lead_id: row.lead_id, ...change },
    told: [],
  };
  return related as RelatedChange;
};
