// Of what is said in rooms, which is no account's, what may be shown to whoever is kept to some accounts or sites: SQL conditions on what
// it is about.

import { reachParameter, type Actor } from "../kernel/actor.ts";

export const reachesAll = ({ accounts, sites }: Pick<Actor, "accounts" | "sites">): boolean =>
  accounts === "*" && sites === "*";

/** What a caller reaches, for the two parameters of `inReach`. */
export const reachOf = ({ accounts, sites }: Actor) => [reachParameter(accounts), reachParameter(sites)] as const;

/** Whether a row that may be about a customer is about one whom the caller reaches. @param at the first of two parameters */
export function inReach(table: string, at: number): string {
  return ["account_id", "site_id"]
    .map((column, n) => {
      const reach = `$${at + n}::uuid[]`;
      return `(${reach} IS NULL OR ${table}.${column} IS NULL OR ${table}.${column} = ANY (${reach}))`;
    })
    .join(" AND ");
}

/** Of a row that may name a task. */
export function ofTaskIn(table: string, at: number): string {
  return `(${table}.task_id IS NULL OR EXISTS (SELECT FROM tasks WHERE tasks.id = ${table}.task_id AND ${inReach("tasks", at)}))`;
}

/** Of a row that may name a task or a ticket. */
export function aboutIn(table: string, at: number): string {
  const ofTicket = `EXISTS (SELECT FROM tickets WHERE tickets.id = ${table}.ticket_id AND ${inReach("tickets", at)})`;
  return `${ofTaskIn(table, at)} AND (${table}.ticket_id IS NULL OR ${ofTicket})`;
}
