// What a claim in a reply may lack, as the chat's plugin tells the desk of it.

export const claimLacks = [
  "no receipt",
  "refused",
  "other ticket",
  "technician",
  "time",
  "amount",
  "old",
  "fewer",
  "not read",
  "document",
] as const;
export type ClaimLack = (typeof claimLacks)[number];
