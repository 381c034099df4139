// Reads that are shared: who shares which, that nobody is shown what was read before they asked, and that nothing is kept.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { JoinedReads } from "../../dispatch/db/joined-reads.ts";

/** A source whose reads end when the test says so, and give the number of the read. */
function source() {
  const open: PromiseWithResolvers<number>[] = [];
  return {
    begin: () => {
      const read = Promise.withResolvers<number>();
      open.push(read);
      return read.promise;
    },
    get begun() {
      return open.length;
    },
    end: (number: number) => open[number - 1]?.resolve(number),
    fail: (number: number, error: Error) => open[number - 1]?.reject(error),
  };
}

/** Lets everything run that waits for nothing but its turn. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("reads of one question", () => {
  test("begin at once when none is running, and are not kept", async () => {
    const [reads, from] = [new JoinedReads<number>(), source()];
    for (const number of [1, 2, 3]) {
      const answer = reads.read("queue", from.begin);
      assert.equal(from.begun, number);
      from.end(number);
      assert.equal(await answer, number);
      assert.equal(reads.size, 0);
    }
  });

  test("are shared by all who come while another runs, and begin only when that has ended", async () => {
    const [reads, from] = [new JoinedReads<number>(), source()];
    const first = reads.read("queue", from.begin);
    const waiting = [1, 2, 3].map(() => reads.read("queue", from.begin));
    await settled();
    assert.equal(from.begun, 1);
    from.end(1);
    assert.equal(await first, 1);
    assert.equal(from.begun, 2);
    // Who comes now is too late for the second read: it may have looked already.
    const late = reads.read("queue", from.begin);
    from.end(2);
    assert.deepEqual(await Promise.all(waiting), [2, 2, 2]);
    assert.equal(from.begun, 3);
    from.end(3);
    assert.equal(await late, 3);
    assert.equal(reads.size, 0);
  });

  test("fail for all who share them, and for nobody else", async () => {
    const [reads, from] = [new JoinedReads<number>(), source()];
    const first = reads.read("queue", from.begin);
    const second = [1, 2].map(() => reads.read("queue", from.begin));
    from.fail(1, new Error("the first"));
    await assert.rejects(first, /the first/);
    const third = reads.read("queue", from.begin);
    from.fail(2, new Error("the second"));
    for (const answer of second) await assert.rejects(answer, /the second/);
    from.end(3);
    assert.equal(await third, 3);
    assert.equal(reads.size, 0);
  });

  test("that cannot even begin fail like others", async () => {
    const reads = new JoinedReads<number>();
    const broken = () => {
      throw new Error("no connection");
    };
    const answers = [reads.read("queue", broken), reads.read("queue", broken)];
    for (const answer of answers) await assert.rejects(answer, /no connection/);
    assert.equal(reads.size, 0);
  });

  test("never wait for another question", async () => {
    const [reads, from] = [new JoinedReads<number>(), source()];
    const answers = ["all", "account a", "account b"].map((question) => reads.read(question, from.begin));
    assert.equal(from.begun, 3);
    for (const number of [3, 1, 2]) from.end(number);
    assert.deepEqual(await Promise.all(answers), [1, 2, 3]);
  });
});

test("whatever the order of arrivals and ends, an answer was begun after its reader came", async () => {
  const step = fc.oneof(
    fc.constant("end" as const),
    fc.constant("fail" as const),
    fc.record({ question: fc.constantFrom("a", "b", "c") }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const reads = new JoinedReads<number>();
      /** Counts arrivals and beginnings alike. */
      let time = 0;
      const running: { question: string; begunAt: number; read: PromiseWithResolvers<number> }[] = [];
      const answers: Promise<void>[] = [];
      let unanswered = 0;
      const arrive = (question: string) => {
        const arrivedAt = ++time;
        unanswered++;
        const answer = reads.read(question, () => {
          const read = Promise.withResolvers<number>();
          assert.ok(!running.some((one) => one.question === question), `two reads of ${question} at once`);
          running.push({ question, begunAt: ++time, read });
          return read.promise;
        });
        const check = (begunAt: number) => assert.ok(begunAt > arrivedAt, `asked at ${arrivedAt}, read at ${begunAt}`);
        answers.push(
          answer
            .catch((error: unknown) => (error instanceof Failed ? error.begunAt : Promise.reject(error)))
            .then(check)
            .finally(() => unanswered--),
        );
      };
      const end = (how: "end" | "fail") => {
        const one = running.shift();
        if (how === "end") one?.read.resolve(one.begunAt);
        else one?.read.reject(new Failed(one.begunAt));
      };
      for (const one of steps) {
        if (typeof one === "object") arrive(one.question);
        else end(one);
        await settled();
        assert.ok(reads.size <= unanswered, `${reads.size} questions are held for ${unanswered} readers`);
      }
      while (running.length > 0) {
        end("end");
        await settled();
      }
      await Promise.all(answers);
      assert.deepEqual([reads.size, unanswered], [0, 0]);
    }),
  );
});

/** A read's failure that says when the read began. */
class Failed extends Error {
  readonly begunAt: number;
  constructor(begunAt: number) {
    super("failed");
    this.begunAt = begunAt;
  }
}
