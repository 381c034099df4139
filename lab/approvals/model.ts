// What a desk may have done with calls that a person must allow, as a model: the trail, in the order of its commits, beside what was
// asked, said and signed; whatever no correct desk can have done is named. It knows nothing of how the desk does it.

/** One audit event, in the order of commits. */
export type TrailEvent = {
  /** Also the receipt's. */
  readonly event: string;
  readonly aggregate: string;
  /** What it is about: the id of a ticket, an account or a site, or a request's. */
  readonly id: string;
  /** Equal for what was committed together. */
  readonly commit: string;
  readonly tool: string;
  readonly actor: string;
  readonly after: string | null;
  readonly via: string | null;
  readonly approvedBy: string | null;
  readonly number: string | null;
  readonly outcome: string | null;
};

export type RequestAtEnd = {
  /** A-000123 */
  readonly number: string;
  readonly status: string;
  readonly tool: string;
  readonly target: string;
  /** Who asked, and by which key. */
  readonly by: string;
  readonly key: string;
  readonly decidedBy: string | null;
  readonly receipt: string | null;
  readonly error: string | null;
  readonly askedAgain: string | null;
  readonly asksAgainFor: string | null;
  readonly differs: readonly string[];
};

/** A call that a model sent. */
export type Ask = { readonly tool: string; readonly target: string; readonly by: string; readonly key: string };

/** What a person said of a request, and the desk took. */
export type Word = {
  readonly number: string;
  readonly outcome: "approved" | "denied" | "withdrawn";
  readonly by: string;
};

export type Evidence = {
  /** All of the requests, and of what they are about. */
  readonly trail: readonly TrailEvent[];
  readonly requests: readonly RequestAtEnd[];
  /** Whatever was sent, answered or not. */
  readonly sent: readonly Ask[];
  /** Which of them were told a number. */
  readonly told: readonly (Ask & { readonly number: string })[];
  readonly words: readonly Word[];
  /** Cards that a person signed, by the key of the call. */
  readonly cards: readonly { readonly key: string; readonly by: string }[];
  /** The commands that a model may not do alone. */
  readonly reserved: ReadonlySet<string>;
};

export type Verdict = {
  readonly violations: readonly string[];
  /** How many requests ended how. */
  readonly ends: Readonly<Record<string, number>>;
  /** How many commands were done on a person's word. */
  readonly done: number;
  /** How many were not, since what they were about had changed. */
  readonly outdated: number;
  /** The same of each reserved command, those that nobody asked for among them. */
  readonly kinds: Readonly<Record<string, KindTold>>;
};

/** What came of the calls of one command. */
export type KindTold = {
  /** How often it was sent. */
  readonly asked: number;
  /** How many requests keep it, those that ask anew among them. */
  readonly kept: number;
  readonly done: number;
  readonly outdated: number;
  readonly ends: Readonly<Record<string, number>>;
};

type Placed = TrailEvent & { readonly at: number };

export function judge(evidence: Evidence): Verdict {
  const trail = inOrder(evidence.trail);
  const acts = trail.filter(({ tool, via }) => via === "chat" && evidence.reserved.has(tool));
  const byNumber = new Map(evidence.requests.map((request) => [request.number, request]));
  const history = Map.groupBy(trail, ({ aggregate, id }) => (aggregate === "approval_request" ? id.toUpperCase() : id));
  const known = { evidence, acts, byNumber, history };
  return {
    violations: [
      ...lost(known),
      ...unheard(known),
      ...acts.flatMap((act) => [...faultsOfAct(act, known)]),
      ...doubled(acts),
      ...evidence.requests.flatMap((request) => [...faultsAtEnd(request, known)]),
    ],
    ends: countBy(evidence.requests, ({ status }) => status),
    done: acts.length,
    outdated: evidence.requests.filter(isOutdated).length,
    kinds: Object.fromEntries([...evidence.reserved].map((tool) => [tool, kindTold(tool, evidence, acts)])),
  };
}

const isOutdated = ({ error }: RequestAtEnd): boolean => error === "APPROVAL_OUTDATED";

function kindTold(name: string, { sent, requests }: Evidence, acts: readonly Placed[]): KindTold {
  const isOfIt = ({ tool }: { readonly tool: string }): boolean => tool === name;
  const kept = requests.filter(isOfIt);
  return {
    asked: sent.filter(isOfIt).length,
    kept: kept.length,
    done: acts.filter(isOfIt).length,
    outdated: kept.filter(isOutdated).length,
    ends: countBy(kept, ({ status }) => status),
  };
}

/** From so many kills on a run has to have met each kind; a shorter one looks whether all still goes. */
const provingKills = 50;

/** What a run does not prove, in sentences: a kind of call that never came, or never came to be done. */
export const unproven = ({ kinds }: Pick<Verdict, "kinds">, kills: number): string[] =>
  kills < provingKills
    ? []
    : Object.entries(kinds).flatMap(([tool, { asked, done }]) => {
        if (asked === 0) return `${tool} was never asked for: the run proves nothing of it.`;
        return done === 0
          ? `${tool} was asked for ${asked} times and never done: the run does not prove that it is done once.`
          : [];
      });

type Known = {
  readonly evidence: Evidence;
  readonly acts: readonly Placed[];
  readonly byNumber: ReadonlyMap<string, RequestAtEnd>;
  /** By a request's number, or the id of what is asked about. */
  readonly history: ReadonlyMap<string, readonly Placed[]>;
};

/** Each event with the place of its commit. */
function inOrder(trail: readonly TrailEvent[]): Placed[] {
  let [at, last] = [0, ""];
  return trail.map((event) => {
    if (event.commit !== last) at++;
    last = event.commit;
    return { ...event, at };
  });
}

function* lost({ evidence, byNumber }: Known): Generator<string> {
  for (const { number, tool, target, by, key } of evidence.told) {
    const kept = byNumber.get(number);
    if (!kept) yield `LOST ${number} was told to ${by}, and is not there`;
    else if (kept.tool !== tool || kept.target !== target || kept.by !== by || kept.key !== key)
      yield `LOST ${number} keeps another call than ${by} sent`;
  }
}

/** What a person said and the desk took is in the trail, in their name. */
function* unheard({ evidence, history }: Known): Generator<string> {
  for (const { number, outcome, by } of evidence.words) {
    const said = (history.get(number) ?? []).some(
      ({ tool, actor, ...event }) =>
        actor === by &&
        (outcome === "withdrawn"
          ? tool === "approval_request.withdraw"
          : tool === "approval_request.decide" && event.outcome === outcome),
    );
    if (!said) yield `LOST ${by} was told that ${number} is ${outcome}, and its trail does not say so`;
  }
}

const openedAt = (history: readonly Placed[] | undefined): number | null =>
  history?.find(({ tool }) => tool === "approval_request.open")?.at ?? null;

/** What is told of a ticket, and changes nothing of it: a ranking, and where somebody is to look. */
const leavesAlone: ReadonlySet<string> = new Set(["assignment.recommend", "attention.begin"]);

function* faultsOfAct(act: Placed, { evidence, byNumber, history }: Known): Generator<string> {
  const where = `${act.tool} of ${act.id}`;
  const request = byNumber.get(act.number ?? "");
  if (!request) return yield `UNAPPROVED ${where} names ${act.number ?? "no request"}`;
  const { number, by, key, target, tool } = request;
  if (act.actor !== by || act.id !== target || act.tool !== tool)
    yield `UNAPPROVED ${where} by ${act.actor} is not what ${number} keeps`;
  const own = history.get(number);
  const answered = own?.some(
    ({ tool: name, outcome, actor, at }) =>
      name === "approval_request.decide" && outcome === "approved" && actor === act.approvedBy && at < act.at,
  );
  const signed = evidence.cards.some((card) => card.key === key && card.by === act.approvedBy);
  if (!answered && !signed) yield `UNAPPROVED ${where} names ${act.approvedBy}, who did not allow ${number} before`;
  const opened = openedAt(own) ?? act.at;
  const between = history
    .get(target)
    ?.find((one) => one.at > opened && one.at < act.at && one.event !== act.event && !leavesAlone.has(one.tool));
  if (between) yield `OLD YES ${where} on ${number}, and ${between.tool} changed it since`;
}

function* doubled(acts: readonly Placed[]): Generator<string> {
  for (const [number, all] of Map.groupBy(acts, (act) => act.number))
    if (all.length > 1) yield `DOUBLED ${number} was done ${all.length} times`;
  for (const [id, all] of Map.groupBy(acts, (act) => `${act.tool} of ${act.id}`))
    if (all.length > 1) yield `DOUBLED ${id} ${all.length} times`;
}

const outdatedBy: ReadonlySet<string | null> = new Set(["APPROVAL_OUTDATED", "INVALID_STATE_TRANSITION", "ARCHIVED"]);

function* faultsAtEnd(request: RequestAtEnd, known: Known): Generator<string> {
  const { number, status, decidedBy, receipt, error, asksAgainFor, key } = request;
  const own = known.history.get(number) ?? [];
  const says = own.findLast(({ after }) => after !== null)?.after ?? "nothing";
  if (says !== status) yield `LOST ${number} is ${status}, and its trail says ${says}`;
  if (own.filter(({ tool }) => tool === "approval_request.open").length !== 1)
    yield `LOST ${number} was not opened once`;
  if (asksAgainFor === null && !known.evidence.sent.some((ask) => ask.key === key))
    yield `UNAPPROVED ${number} was asked by nobody`;
  const done = known.acts.filter((act) => act.number === number);
  if (status === "approved") yield `LOST ${number} was allowed, and is neither done nor given up`;
  if (status === "executed") {
    if (done.length === 0) yield `LOST ${number} counts as done, and nothing did it`;
    else if (receipt !== done[0]?.event) yield `LOST ${number} names another receipt than that of what it did`;
    else if (decidedBy !== done[0]?.approvedBy)
      yield `UNAPPROVED ${number} was allowed by ${decidedBy}, and done on the word of ${done[0]?.approvedBy}`;
  } else if (done.length > 0) yield `UNAPPROVED ${number} is ${status}, and was done`;
  if (status === "failed") yield* faultsOfFailure(request, error, own, known);
}

function* faultsOfFailure(
  { number, target, by, tool, askedAgain }: RequestAtEnd,
  error: string | null,
  own: readonly Placed[],
  { history, byNumber, evidence }: Known,
): Generator<string> {
  if (!outdatedBy.has(error)) yield `LOST ${number} failed with ${error}`;
  // One that asks anew was looked at before it was opened: what came between is a change as well.
  const [opened, before] = [openedAt(own) ?? 0, byNumber.get(number)?.asksAgainFor ?? null];
  const since = before === null ? opened : (openedAt(history.get(before)) ?? opened);
  if (!history.get(target)?.some(({ at }) => at > since)) yield `LOST ${number} failed, and nothing had changed`;
  if (error !== "APPROVAL_OUTDATED") return;
  const anew = evidence.requests.filter(({ asksAgainFor }) => asksAgainFor === number);
  const [one] = anew;
  if (anew.length !== 1 || !one || askedAgain !== one.number)
    yield `LOST ${number} was outdated, and is asked anew ${anew.length} times (it names ${askedAgain})`;
  else if (one.differs.length === 0 || one.by !== by || one.target !== target || one.tool !== tool)
    yield `LOST ${one.number} asks anew for something else than ${number}, or does not say what differs`;
}

const countBy = <T>(things: readonly T[], of: (thing: T) => string): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(things, of)].map(([key, all]) => [key, all.length]));
