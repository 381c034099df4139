// Who may speak: the closed list of roles, the spellings accepted for them, and the kinds of actor.

export const roles = [
  "dispatcher",
  "agent",
  "tech",
  "customer",
  "qa",
  "approver",
  "finance",
  "control",
  "admin",
] as const;
export type Role = (typeof roles)[number];

export const actorTypes = ["HUMAN", "AGENT", "SERVICE", "SYSTEM"] as const;
export type ActorType = (typeof actorTypes)[number];

const spellings = new Map<string, Role>([
  ...roles.map((role) => [role, role] as const),
  ["assistant", "dispatcher"],
  ["bot", "dispatcher"],
  ["technician", "tech"],
]);

/** The role a caller's spelling stands for, in any case; null when there is no such role. */
export function roleFrom(text: string): Role | null {
  return spellings.get(text.trim().toLowerCase()) ?? null;
}
