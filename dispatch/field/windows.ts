// Time windows in one form: ISO 8601 in UTC, so that equal instants are equal texts.

import type { Window } from "../ticket/ticket-row.ts";

export const utc = (time: string): string => new Date(time).toISOString();

export const utcWindow = ({ start, end }: Window): Window => ({ start: utc(start), end: utc(end) });
