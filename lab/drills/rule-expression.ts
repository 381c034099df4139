// Whether a Prometheus rule's expression holds on one answer of /metrics: numbers, selectors, max, min, sum, count and absent,
// arithmetic, comparisons, `and`, `or`, and `on (instance)`, which changes nothing on one answer. What looks back in time (a range, a
// recorded ratio) is Prometheus' business.

type Sample = { readonly metric: string; readonly labels: ReadonlyMap<string, string>; readonly value: number };
/** What an expression comes to: the values of its series, whose labels no rule here needs; null for what is not understood. */
type Values = readonly number[];

const label = /([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g;

/** The samples of a Prometheus text. */
export function samplesOf(text: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const [, metric, braces = "", value] = /^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)/.exec(line) ?? [];
    if (metric === undefined) return [];
    const labels = new Map([...braces.matchAll(label)].map(([, name = "", , given = ""]) => [name, given]));
    return [{ metric, labels, value: Number(value) }];
  });
}

/** @returns null when the expression needs more than one moment's samples */
export function holds(expression: string, samples: readonly Sample[]): boolean | null {
  try {
    return new Reader(expression, samples).read().length > 0;
  } catch (error) {
    if (error instanceof NotUnderstood) return null;
    throw error;
  }
}

class NotUnderstood extends Error {}

const token = /\s*(\{[^}]*\}|>=|<=|==|!=|[-+*/()<>]|[a-zA-Z_:][\w:]*|\d+(?:\.\d+)?(?:e[-+]?\d+)?)/y;
const aggregates: Readonly<Record<string, (values: Values) => number>> = {
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
  sum: (values) => values.reduce((sum, one) => sum + one, 0),
  count: (values) => values.length,
};
const arithmetic: Readonly<Record<string, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
};
const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  ">": (left, right) => left > right,
  "<": (left, right) => left < right,
  ">=": (left, right) => left >= right,
  "<=": (left, right) => left <= right,
  "==": (left, right) => left === right,
  "!=": (left, right) => left !== right,
};

class Reader {
  readonly #tokens: readonly string[];
  readonly #samples: readonly Sample[];
  #at = 0;

  constructor(expression: string, samples: readonly Sample[]) {
    const tokens: string[] = [];
    token.lastIndex = 0;
    for (let at = 0; at < expression.trimEnd().length; at = token.lastIndex) {
      const [, text] = token.exec(expression) ?? [];
      if (text === undefined) throw new NotUnderstood();
      tokens.push(text);
    }
    this.#tokens = tokens;
    this.#samples = samples;
  }

  read(): Values {
    const values = this.#either();
    if (this.#at < this.#tokens.length) throw new NotUnderstood();
    return values;
  }

  #either(): Values {
    let values = this.#both();
    while (this.#takes("or")) {
      const other = this.#both();
      values = values.length > 0 ? values : other;
    }
    return values;
  }

  #both(): Values {
    let values = this.#compared();
    for (;;) {
      if (this.#takes("and")) {
        this.#passInstance();
        const other = this.#compared();
        values = other.length > 0 ? values : [];
      } else if (this.#takes("unless")) {
        const other = this.#compared();
        values = other.length > 0 ? [] : values;
      } else return values;
    }
  }

  /** One answer is of one instance. */
  #passInstance(): void {
    if (!this.#takes("on")) return;
    for (const text of ["(", "instance", ")"]) if (this.#next() !== text) throw new NotUnderstood();
  }

  #compared(): Values {
    const left = this.#reckoned(["+", "-"], () => this.#reckoned(["*", "/"], () => this.#one()));
    const compare = comparisons[this.#tokens[this.#at] ?? ""];
    if (compare === undefined) return left;
    this.#at++;
    const right = this.#reckoned(["+", "-"], () => this.#reckoned(["*", "/"], () => this.#one()));
    const [limit] = single(right);
    return limit === undefined ? [] : left.filter((value) => compare(value, limit));
  }

  #reckoned(signs: readonly string[], part: () => Values): Values {
    let values = part();
    for (;;) {
      const sign = this.#tokens[this.#at] ?? "";
      const reckon = signs.includes(sign) ? arithmetic[sign] : undefined;
      if (reckon === undefined) return values;
      this.#at++;
      const [right] = single(part());
      values = right === undefined ? [] : values.map((left) => reckon(left, right));
    }
  }

  #one(): Values {
    const text = this.#next();
    if (text === "(") {
      const values = this.#either();
      if (this.#next() !== ")") throw new NotUnderstood();
      return values;
    }
    if (/^\d/.test(text)) return [Number(text)];
    if (!/^[a-zA-Z_:]/.test(text)) throw new NotUnderstood();
    if (this.#tokens[this.#at] !== "(") return this.#selected(text);
    const values = this.#one();
    if (text === "absent") return values.length > 0 ? [] : [1];
    if (text === "vector") return values;
    const aggregate = aggregates[text];
    if (aggregate === undefined) throw new NotUnderstood();
    return values.length === 0 ? [] : [aggregate(values)];
  }

  #selected(metric: string): Values {
    const braces = this.#tokens[this.#at]?.startsWith("{") ? this.#next() : "";
    const matchers = [...braces.matchAll(label)].map(([, name = "", sign = "", value = ""]) => ({ name, sign, value }));
    return this.#samples
      .filter((one) => one.metric === metric && matchers.every((matcher) => matches(one, matcher)))
      .map(({ value }) => value);
  }

  #takes(word: string): boolean {
    if (this.#tokens[this.#at] !== word) return false;
    this.#at++;
    return true;
  }

  #next(): string {
    const text = this.#tokens[this.#at++];
    if (text === undefined) throw new NotUnderstood();
    return text;
  }
}

/** What stands on the right is one number, or there is none. */
function single(values: Values): Values {
  if (values.length > 1) throw new NotUnderstood();
  return values;
}

function matches({ labels }: Sample, { name, sign, value }: { name: string; sign: string; value: string }): boolean {
  const found = labels.get(name) ?? "";
  if (sign === "=") return found === value;
  if (sign === "!=") return found !== value;
  return new RegExp(`^(?:${value})$`).test(found) === (sign === "=~");
}
