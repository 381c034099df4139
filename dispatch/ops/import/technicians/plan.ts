// What a table of technicians comes to on a desk: who is new, who changes and in what, who stays, and what cannot be used. Pure.

import type { InputOf } from "../../../contract/index.ts";
import type { TechnicianBody } from "../../../contract/roster-responses.ts";
import { canonicalJson, canonicalSha256 } from "../../../policy/canonical-json.ts";
import type { Problem, TechnicianDraft } from "./drafts.ts";
import { eachOnce } from "../../../workforce/zones-of-technician.ts";
import { judgeName, judgeZone, type Judged, type KnownNames } from "./known-names.ts";

export type Shifts = InputOf<"roster.set_shifts">["shifts"];

export type Step = {
  readonly row: number;
  readonly id: string;
  readonly name: string;
  readonly outcome: "created" | "changed" | "unchanged";
  /** What roster.upsert is sent beside the id; null where nothing of it differs. */
  readonly fields: Readonly<Record<string, unknown>> | null;
  /** What roster.set_shifts is sent; null where the hours stay. */
  readonly shifts: Shifts | null;
};

export type TechnicianTwin = { readonly row: number; readonly name: string; readonly id: string };

export type TechnicianPlan = {
  readonly steps: readonly Step[];
  readonly refused: readonly Problem[];
  readonly notes: readonly Problem[];
  readonly twins: readonly TechnicianTwin[];
};

export type PlanOptions = {
  readonly source: string;
  readonly roster: readonly TechnicianBody[];
  readonly known: KnownNames;
  readonly asWritten: boolean;
};

export function planTechnicians(drafts: readonly TechnicianDraft[], options: PlanOptions): TechnicianPlan {
  const planner = new Planner(drafts, options);
  for (const draft of drafts) planner.add(draft);
  return planner;
}

const nameKey = (name: string): string => name.normalize("NFKC").toLowerCase().replaceAll(/\s+/g, " ").trim();

/** The same from one run to the next: the id that whoever the row means gets when they are new. */
function derivedId(key: readonly string[]): string {
  const hash = canonicalSha256(["technician", ...key]);
  // Version 8 of RFC 9562 is for what is made of one's own hash.
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join("-");
}

class Planner implements TechnicianPlan {
  readonly steps: Step[] = [];
  readonly refused: Problem[] = [];
  readonly notes: Problem[] = [];
  readonly twins: TechnicianTwin[] = [];
  readonly #options: PlanOptions;
  readonly #byId: ReadonlyMap<string, TechnicianBody>;
  readonly #byName: ReadonlyMap<string, readonly TechnicianBody[]>;
  readonly #zones: readonly string[];
  readonly #rowOf = new Map<string, number>();
  readonly #told = new Set<string>();

  constructor(drafts: readonly TechnicianDraft[], options: PlanOptions) {
    const { roster, known } = options;
    this.#options = options;
    this.#byId = new Map(roster.map((one) => [one.id, one]));
    this.#byName = Map.groupBy(
      roster.filter(({ active }) => active),
      ({ name }) => nameKey(name),
    );
    const counts = Map.groupBy(
      drafts.flatMap((draft) => draft.zones ?? []),
      (zone) => zone,
    );
    // A zone that several rows name is meant, whatever the desk knows.
    const meant = [...counts].filter(([, rows]) => rows.length > 1).map(([zone]) => zone);
    this.#zones = [...known.zones, ...meant];
  }

  add(draft: TechnicianDraft): void {
    const refusedBefore = this.refused.length;
    const id = this.#idOf(draft);
    if (id === null) return;
    const before = this.#byId.get(id) ?? null;
    const earlier = this.#rowOf.get(id);
    if (earlier !== undefined)
      return void this.#refuse(
        draft,
        "name",
        "twice",
        `"${draft.name}" is whom row ${earlier} means; leave one of the two`,
      );
    this.#rowOf.set(id, draft.row);
    if (before && !before.active)
      return this.#note(draft, "name", "inactive", `"${before.name}" no longer works here; the row is left out`);
    const zones = this.#zonesOf(draft);
    const skills = this.#namesOf(draft, "skills");
    const tools = this.#namesOf(draft, "tools");
    if (this.refused.length > refusedBefore) return;
    const fields = changesOf(before, { ...draft, zones, skills, tools });
    const shifts = shiftsOf(before, draft.shifts);
    const outcome = before === null ? "created" : fields || shifts ? "changed" : "unchanged";
    if (before === null) this.#tellOfNew(draft, id);
    this.steps.push({ row: draft.row, id, name: draft.name, outcome, fields, shifts });
  }

  /** Null where it is refused. */
  #idOf(draft: TechnicianDraft): string | null {
    const { id, externalId, name } = draft;
    if (id !== null)
      return this.#byId.has(id) ? id : this.#refuse(draft, "id", "known", `nobody on the roster has the id ${id}`);
    if (externalId !== null) return derivedId([this.#options.source, externalId]);
    const derived = derivedId([nameKey(name)]);
    if (this.#byId.has(derived)) return derived;
    const alike = this.#byName.get(nameKey(name)) ?? [];
    if (alike.length > 1)
      return this.#refuse(
        draft,
        "name",
        "one",
        `${alike.length} on the roster are called "${name}"; add a column Dispatch technician ID ` +
          `(${alike.map((one) => one.id).join(", ")})`,
      );
    return alike[0]?.id ?? derived;
  }

  #zonesOf(draft: TechnicianDraft): string[] | undefined {
    const why = "nobody on the roster has it yet";
    const names = draft.zones?.flatMap((written) => {
      const judged = judgeZone(written, this.#zones, this.#options.asWritten);
      return this.#taken(draft, "zone", written, judged, this.#zones, why) ?? [];
    });
    return names && eachOnce(names);
  }

  #namesOf(draft: TechnicianDraft, field: "skills" | "tools"): string[] | undefined {
    const known = this.#options.known[field];
    const names = draft[field]?.flatMap(
      (written) =>
        this.#taken(
          draft,
          field,
          written,
          judgeName(written, known, this.#options.asWritten),
          known,
          "no kind of work asks for it",
        ) ?? [],
    );
    return names && [...new Set(names)];
  }

  #taken(
    draft: TechnicianDraft,
    field: "zone" | "skills" | "tools",
    written: string,
    judged: Judged,
    known: readonly string[],
    why: string,
  ): string | undefined {
    if (judged.is === "known") return judged.name;
    const others = known.length === 0 ? "" : `; known: ${known.slice(0, 12).join(", ")}`;
    if (judged.is === "misspelt") {
      const way = `Write that, or take names as they are written with --as-written${others}`;
      this.#refuse(draft, field, "known", `"${written}" is not known; perhaps ${judged.closest} is meant. ${way}`);
      return undefined;
    }
    const key = JSON.stringify([field, written]);
    if (known.length > 0 && !this.#told.has(key))
      this.#note(draft, field, "new", `"${written}" is new: ${why}${others}`);
    this.#told.add(key);
    return written;
  }

  #tellOfNew(draft: TechnicianDraft, id: string): void {
    for (const twin of this.#byName.get(nameKey(draft.name)) ?? [])
      if (twin.id !== id) this.twins.push({ row: draft.row, name: draft.name, id: twin.id });
    if (!draft.shifts)
      this.#note(draft, "hours", "absent", `"${draft.name}" has no working hours; strict rules book nobody without`);
    if (!draft.skills && !draft.tools)
      this.#note(
        draft,
        "skills",
        "absent",
        `"${draft.name}" has neither skills nor tools; strict rules send nobody of whom none are on record`,
      );
  }

  #refuse({ row }: TechnicianDraft, field: string, rule: string, message: string): null {
    this.refused.push({ row, field: `technician.${field}`, rule, message });
    return null;
  }

  #note({ row }: TechnicianDraft, field: string, rule: string, message: string): void {
    this.notes.push({ row, field: `technician.${field}`, rule, message });
  }
}

type Wanted = Pick<TechnicianDraft, "name" | "zones" | "skills" | "tools" | "home">;

/** What differs; of somebody new all that the row says. */
function changesOf(
  before: TechnicianBody | null,
  wanted: { readonly [K in keyof Wanted]: Wanted[K] | undefined },
): Step["fields"] {
  const { name, zones, skills, tools, home } = wanted;
  const renamed = before === null || nameKey(before.name) !== nameKey(name ?? "");
  const given = Object.entries({ name: renamed ? name : undefined, zones, skills, tools, home }).filter(
    ([, value]) => value !== undefined,
  );
  const has: Readonly<Record<string, unknown>> =
    before === null
      ? {}
      : {
          name: before.name,
          zones: before.zones.toSorted(),
          skills: before.abilities_on_record ? before.skills.toSorted() : null,
          tools: before.abilities_on_record ? before.tools.toSorted() : null,
          home: before.home_lat === null ? null : { lat: before.home_lat, lon: before.home_lon },
        };
  const sorted = (value: unknown): unknown => (Array.isArray(value) ? value.toSorted() : value);
  const changed = given.filter(
    ([field, value]) => canonicalJson(sorted(value) ?? null) !== canonicalJson(has[field] ?? null),
  );
  return changed.length === 0 ? null : Object.fromEntries(changed);
}

/** Shifts on call and those of certain dates are the desk's own, and stay beside what the table says. */
function shiftsOf(before: TechnicianBody | null, wanted: TechnicianDraft["shifts"]): Shifts | null {
  if (!wanted) return null;
  const isOwn = ({ on_call, valid_from, valid_to }: TechnicianBody["shifts"][number]): boolean =>
    on_call || valid_from !== null || valid_to !== null;
  const standing = before?.shifts ?? [];
  const weekly = standing.filter((shift) => !isOwn(shift));
  if (daysOf(weekly) === daysOf(wanted)) return null;
  return [...standing.filter(isOwn), ...wanted].map((shift) => ({
    ...shift,
    weekdays: [...shift.weekdays],
    breaks: [...shift.breaks],
  }));
}

type WeeklyShift = Pick<TechnicianBody["shifts"][number], "start_time" | "end_time" | "time_zone"> & {
  readonly weekdays: readonly number[];
  readonly breaks: readonly unknown[];
};

/** Day by day, since the desk tells days of the same hours as one. */
const daysOf = (shifts: readonly WeeklyShift[]): string =>
  JSON.stringify(
    shifts
      .flatMap(({ weekdays, start_time, end_time, time_zone, breaks }) =>
        weekdays.map((day) => canonicalJson([day, start_time, end_time, time_zone, breaks])),
      )
      .sort(),
  );
