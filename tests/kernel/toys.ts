// An aggregate that only tests know: toys, called by names, that are new, painted or broken. It shows that another wing needs
// its aggregate, its contract entries, its handlers and one migration, and nothing else of the house.

import { defineCommands, defineQueries } from "../../dispatch/contract/entry.ts";
import { line, Type } from "../../dispatch/contract/fields.ts";
import type { Contract } from "../../dispatch/contract/index.ts";
import type { Aggregate, KnownHead, Place } from "../../dispatch/kernel/aggregate.ts";
import type { Query, RowQuery } from "../../dispatch/kernel/answer-query.ts";
import type { Command, CreationCommand, RowCommand } from "../../dispatch/kernel/command.ts";
import { Refusal } from "../../dispatch/kernel/refusal.ts";
import { testStatement } from "../support/statement.ts";

export const toyTables = `
  CREATE TABLE toys (
    name text COLLATE "C" PRIMARY KEY, state text NOT NULL, colour text, account_id uuid NOT NULL, site_id uuid NOT NULL,
    seq integer NOT NULL, hash text NOT NULL, at timestamptz NOT NULL);
  GRANT SELECT, INSERT, UPDATE ON toys TO dispatch_app;
  INSERT INTO machine_edges (aggregate, from_state, to_state)
  VALUES ('toy', '@new', 'NEW'), ('toy', 'NEW', 'PAINTED'), ('toy', 'PAINTED', 'PAINTED'),
         ('toy', 'NEW', 'BROKEN'), ('toy', 'PAINTED', 'BROKEN');
`;

type Toy = Place & {
  readonly name: string;
  readonly state: string;
  readonly colour: string | null;
  readonly seq: number;
  readonly hash: string;
  readonly at: string;
};
type ToyBody = Pick<Toy, "name" | "state" | "colour">;

const columns = "name, state, colour, account_id, site_id, seq, hash, at";
const insertToy = testStatement("toy_insert", `INSERT INTO toys (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`);
const updateToy = testStatement(
  "toy_update",
  `UPDATE toys SET state = $2, colour = $3, account_id = $4, site_id = $5, seq = $6, hash = $7, at = $8 WHERE name = $1`,
);
const lockFreeToys = testStatement<Toy>(
  "toy_lock_free",
  `SELECT ${columns} FROM toys WHERE name = ANY ($1) FOR NO KEY UPDATE SKIP LOCKED`,
);
const values = (toy: Toy) => [toy.name, toy.state, toy.colour, toy.account_id, toy.site_id, toy.seq, toy.hash, toy.at];

export const toyAggregate: Aggregate<Toy, Partial<Pick<Toy, "colour">>, Place, ToyBody> = {
  name: "toy",
  idIn: "toyName",
  edges: new Map([
    ["@new", ["NEW"]],
    ["NEW", ["PAINTED", "BROKEN"]],
    ["PAINTED", ["PAINTED", "BROKEN"]],
  ]),
  lock: testStatement<Toy>("toy_lock", `SELECT ${columns} FROM toys WHERE name = $1 FOR NO KEY UPDATE`),
  lockFree: (tx, names) => tx.rows(lockFreeToys, [names]),
  select: testStatement<Toy>("toy_select", `SELECT ${columns} FROM toys WHERE name = $1`),
  selectMany: testStatement<Toy>("toy_select_many", `SELECT ${columns} FROM toys WHERE name = ANY ($1)`),
  covers: { version: 1, values: ({ name, colour, account_id, site_id }) => [name, colour, account_id, site_id] },
  heads: testStatement<KnownHead>(
    "toy_heads",
    `SELECT name AS id, seq, hash, state FROM toys WHERE name > coalesce($1, '') ORDER BY name LIMIT $2`,
  ),
  races: ["toys_pkey"],
  notFound: () => new Refusal("NOT_FOUND"),
  idOf: ({ name }) => name,
  stateOf: ({ state }) => state,
  placeOf: ({ account_id, site_id }) => ({ account_id, site_id }),
  headOf: ({ seq, hash, at }) => ({ seq, hash, at }),
  guard: () => undefined,
  created: (_desk, { id, fields, state, at }) => ({ ...fields, name: id, state, colour: null, seq: 0, hash: "", at }),
  changed: (_desk, toy, change, path) => ({ ...toy, ...change, state: path.at(-1) ?? toy.state }),
  withHead: (toy, head) => ({ ...toy, ...head }),
  insert: (tx, toys) => toys.map((toy) => tx.row(insertToy, values(toy))),
  update: (tx, toys) => toys.map((toy) => tx.row(updateToy, values(toy))),
  advanceHead: (tx, toys) => toys.map((toy) => tx.row(updateToy, values(toy))),
  body: ({ name, state, colour }) => ({ name, state, colour }),
  subject: (name, event) => `toys.${name}.${event}`,
};

const toy = Type.Object({
  name: Type.String(),
  state: Type.String(),
  colour: Type.Union([Type.String(), Type.Null()]),
});
const named = { aggregate: "toy", roles: ["dispatcher"], ids: { toyName: "slug" }, output: toy } as const;

export const toyContract = {
  commands: defineCommands({
    "toy.make": {
      ...named,
      path: "/toys",
      effect: "creates",
      from: [],
      to: ["NEW"],
      status: 201,
      summary: "Make a toy of a name.",
      next: ["toy.paint"],
      input: Type.Object({ name: line(63), account_id: Type.String(), site_id: Type.String() }),
      example: { name: "red-train", account_id: "a", site_id: "s" },
    },
    "toy.paint": {
      ...named,
      method: "PATCH",
      path: "/toys/{toyName}",
      effect: "changes",
      from: ["NEW", "PAINTED"],
      to: ["PAINTED"],
      status: 200,
      summary: "Paint a toy.",
      next: ["toy.break"],
      input: Type.Object({ colour: line(20) }),
      example: { colour: "red" },
    },
    "toy.inspect": {
      ...named,
      method: "PUT",
      path: "/toys/{toyName}/parts/{partId}",
      effect: "touches",
      from: ["NEW", "PAINTED"],
      to: [],
      status: 202,
      summary: "Note that a part was looked at.",
      next: [],
      input: Type.Object({ context: Type.Unknown() }),
      output: Type.Object({ toy, part: Type.String(), task: Type.Unknown() }),
      example: { context: null },
    },
    "toy.break": {
      ...named,
      method: "DELETE",
      path: "/toys/{toyName}",
      effect: "changes",
      from: ["NEW", "PAINTED"],
      to: ["BROKEN"],
      status: 204,
      summary: "Break a toy.",
      next: [],
      input: Type.Object({}),
      example: {},
    },
  }),
  internalCommands: {},
  queries: defineQueries({
    "toy.get": {
      path: "/toys/{toyName}",
      ids: { toyName: "slug" },
      roles: ["dispatcher"],
      summary: "Read a toy.",
      next: ["toy.paint"],
      input: Type.Object({}),
      output: toy,
      example: {},
    },
  }),
} satisfies Contract;

type Ids = { readonly toyName: string; readonly partId: string };
type On<Input, Answer = ToyBody> = RowCommand<Input, Ids, Toy, Partial<Pick<Toy, "colour">>, ToyBody, Answer & object>;

const make: CreationCommand<Place & { name: string }, Ids, Place, ToyBody, ToyBody> = {
  name: "toy.make",
  on: "creation",
  aggregate: toyAggregate,
  decide: ({ input: { name, account_id, site_id } }) => ({
    id: name,
    state: "NEW",
    create: { account_id, site_id },
    payload: { name },
    body: (made) => made,
  }),
};
const paint: On<{ colour: string }> = {
  name: "toy.paint",
  on: "row",
  aggregate: toyAggregate,
  decide: ({ input: { colour } }) => ({
    path: ["PAINTED"],
    change: { colour },
    payload: { colour },
    body: (painted) => painted,
  }),
};
const inspect: On<{ context: unknown }, object> = {
  name: "toy.inspect",
  on: "row",
  aggregate: toyAggregate,
  decide: ({ ids, input }) => ({
    payload: { part: ids.partId },
    body: (seen) => ({ toy: seen, part: ids.partId, task: { context: input.context } }),
  }),
};
const smash: On<object> = {
  name: "toy.break",
  on: "row",
  aggregate: toyAggregate,
  decide: () => ({ path: ["BROKEN"], payload: {}, body: (broken) => broken }),
};
const get: RowQuery<object, Ids, Toy, ToyBody> = {
  name: "toy.get",
  on: "row",
  aggregate: toyAggregate,
  read: async ({ row, actor }) => toyAggregate.body(row, actor),
};

export const toyCommands: Readonly<Record<string, Command>> = {
  "toy.make": make,
  "toy.paint": paint,
  "toy.inspect": inspect,
  "toy.break": smash,
};
export const toyQueries: Readonly<Record<string, Query>> = { "toy.get": get };
