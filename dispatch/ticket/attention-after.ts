// What a dispatcher was told to look at, after the ticket changed. Pure.

import type { AttentionCode } from "../contract/attention.ts";

type Told = { readonly attention_code: AttentionCode | null; readonly attention_since: string | null };
/** What attention is about: when one of these changes, it is over. */
type About = {
  readonly state: string;
  readonly scheduled_start: string | null;
  readonly scheduled_end: string | null;
  readonly arrival_end: string | null;
  readonly assigned_tech_id: string | null;
};

/**
 * What a change says, else what stood there while nothing changes that it was about.
 * @param said a code to look at from now on; null for nothing any more; undefined when the change says nothing
 */
export function attentionAfter(
  before: About & Told,
  after: About,
  said: AttentionCode | null | undefined,
  at: string,
): Told {
  if (said) return { attention_code: said, attention_since: at };
  const same =
    said === undefined &&
    before.state === after.state &&
    before.scheduled_start === after.scheduled_start &&
    before.scheduled_end === after.scheduled_end &&
    before.arrival_end === after.arrival_end &&
    before.assigned_tech_id === after.assigned_tech_id;
  return same
    ? { attention_code: before.attention_code, attention_since: before.attention_since }
    : { attention_code: null, attention_since: null };
}
