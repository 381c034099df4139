// How Postgres runs a statement: the nodes of its plan, and how many rows each read.

import assert from "node:assert/strict";
import type pg from "pg";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";

function* nodesOf(plan: unknown): Generator<JsonObject> {
  assert.ok(isObject(plan));
  yield plan;
  const below: unknown = plan["Plans"] ?? [];
  assert.ok(Array.isArray(below));
  for (const one of below) yield* nodesOf(one);
}

const literalOf = (client: pg.Client, value: unknown): string => {
  if (value === null) return "NULL";
  return client.escapeLiteral(Array.isArray(value) ? `{${value.join(",")}}` : String(value));
};

/**
 * Runs a statement and gives the nodes that read a table.
 * @param kind made for these values, or fit for any
 */
export async function readsOf(
  client: pg.Client,
  table: string,
  { text, values, kind = "custom" }: { text: string; values: readonly unknown[]; kind?: "custom" | "generic" },
): Promise<JsonObject[]> {
  await client.query(`SET plan_cache_mode = force_${kind}_plan`);
  try {
    await client.query(`PREPARE asked AS ${text}`);
    const given = values.length === 0 ? "" : `(${values.map((value) => literalOf(client, value)).join(", ")})`;
    const explained = await client.query<{ "QUERY PLAN": unknown }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked ${given}`,
    );
    const plans = explained.rows[0]?.["QUERY PLAN"];
    assert.ok(Array.isArray(plans) && isObject(plans[0]));
    return [...nodesOf(plans[0]["Plan"])].filter((node) => node["Relation Name"] === table);
  } finally {
    await client.query("DEALLOCATE ALL");
    await client.query("RESET plan_cache_mode");
  }
}

/** How many rows a node read, those it passed over included. */
export const rowsRead = (node: JsonObject): number =>
  Number(node["Actual Rows"] ?? 0) + Number(node["Rows Removed by Filter"] ?? 0);
