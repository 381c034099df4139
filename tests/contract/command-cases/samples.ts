// What several commands' cases send.

export const t = "/tickets/{ticketId}";
export const uuid = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
export const window = { start: "2026-05-01T10:00:00Z", end: "2026-05-01T12:00:00Z" };
export const backwards = { start: window.end, end: window.start };
