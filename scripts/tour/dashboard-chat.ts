// The chat of OpenClaw's dashboard in a browser, as a person uses it: write a message, wait for the answer, decide on a
// card, look. It waits on what the page shows and never for a time.

import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Locator, Page } from "playwright-core";

export type Decision = "Allow once" | "Deny";

/** A message as the page shows it. */
type Shown = { readonly id: string; readonly text: string; readonly isPersons: boolean };

/** A turn of the agent takes a second or two; on a machine with much else to do, many times that. */
const answerWithinMs = 180_000;
const pollMs = 100;
/** The page shows a message at once; one that it has not shown for so long is lost. */
const lostAfterMs = 20_000;
const busy = ".chat-send-btn--stop, .chat-working-indicator";
const card = "[data-approval-id]";

export class DashboardChat {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  /** Opens the dashboard at its address with the token, logged in, with as much room for the chat as there is. */
  static async open(page: Page, dashboardUrl: string): Promise<DashboardChat> {
    page.setDefaultTimeout(answerWithinMs);
    await page.goto(dashboardUrl);
    await page.getByRole("button", { name: "Collapse sidebar" }).click();
    // The thread stands empty, or with a placeholder, until the history has come.
    await page.locator(".chat-thread").waitFor();
    await page.getByPlaceholder(/^Message/).waitFor();
    return new DashboardChat(page);
  }

  /** Writes a message and waits for the whole answer. @throws {Error} when none comes within three minutes */
  say(text: string): Promise<string> {
    return this.#exchange(text, `an answer to "${text}"`, async (before) => (await this.#isBusy() ? null : answerAfter(before, await this.#shown())));
  }

  /** Writes a message that a person will have to allow, waits for the card, and gives what it says. */
  ask(text: string): Promise<string> {
    const shown = this.#page.locator(card).last();
    return this.#exchange(text, `a card for "${text}"`, async () => ((await shown.isVisible()) ? shown.innerText() : null));
  }

  /** Presses a button of the card that is shown, and waits for what the agent makes of it. */
  async decide(decision: Decision): Promise<string> {
    const before = await this.#shown();
    const shown = this.#page.locator(card).last();
    await this.#press(shown.getByRole("button", { name: decision }));
    await shown.waitFor({ state: "detached" });
    return until(`an answer to "${decision}"`, async () => {
      const last = (await this.#isBusy()) ? undefined : (await this.#shown()).at(-1);
      return last && !last.isPersons && last.id !== before.at(-1)?.id ? last.text : null;
    });
  }

  /** Saves what is seen, as WebP: a third of the PNG's size, and as legible. */
  async picture(path: string): Promise<void> {
    const devtools = await this.#page.context().newCDPSession(this.#page);
    const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: 80 });
    await devtools.detach();
    await writeFile(path, Buffer.from(data, "base64"));
  }

  /** Leaves the button again: one under the mouse shows its tip, over whatever a picture is to show. */
  async #press(button: Locator): Promise<void> {
    await button.click({ timeout: 5_000 });
    await this.#page.mouse.move(2, 300);
  }

  /**
   * Writes a message until it leads to something. A message written just after a turn's end was seen to vanish: the page
   * took it, and the conversation never had it. Then, and only then, it is written again.
   */
  async #exchange(text: string, what: string, found: (before: readonly Shown[]) => Promise<string | null>): Promise<string> {
    for (let times = 1; ; times++) {
      const before = await this.#send(text);
      let missingSince: number | null = null;
      const result = await until(what, async () => {
        const answer = await found(before);
        if (answer !== null) return { answer };
        const isMissing = !(await this.#isBusy()) && lastOfPerson(await this.#shown())?.id === lastOfPerson(before)?.id;
        missingSince = isMissing ? (missingSince ?? performance.now()) : null;
        return missingSince !== null && performance.now() - missingSince > lostAfterMs && times < 3 ? "lost" : null;
      });
      if (result !== "lost") return result.answer;
    }
  }

  /** Gives the messages shown before this one. */
  async #send(text: string): Promise<readonly Shown[]> {
    const composer = this.#page.getByPlaceholder(/^Message/);
    const send = this.#page.getByRole("button", { name: "Send message" });
    await this.#page.locator(busy).first().waitFor({ state: "detached" });
    const before = await this.#shown();
    await composer.fill(text);
    // A click is lost while the page still settles the turn before; an empty composer shows that it was taken.
    await until(`"${text}" to be sent`, async () => {
      if ((await composer.inputValue()) === "") return true;
      if (await send.isVisible()) await this.#press(send).catch(() => undefined);
      return (await composer.inputValue()) === "" || null;
    });
    return before;
  }

  async #isBusy(): Promise<boolean> {
    return (await this.#page.locator(busy).count()) > 0;
  }

  /** The messages in sight and a little above; the page keeps no more of them. */
  #shown(): Promise<Shown[]> {
    return this.#page.locator(".chat-group [data-message-id][data-message-text]").evaluateAll((bubbles) =>
      bubbles.map((bubble) => ({
        id: bubble.getAttribute("data-message-id") ?? "",
        text: bubble.getAttribute("data-message-text") ?? "",
        isPersons: bubble.closest(".chat-group.user") !== null,
      })),
    );
  }
}

const lastOfPerson = (shown: readonly Shown[]): Shown | undefined => shown.findLast(({ isPersons }) => isPersons);

/** What was answered to a message that was not there before; null while nothing was. */
function answerAfter(before: readonly Shown[], shown: readonly Shown[]): string | null {
  const last = shown.at(-1);
  return last && !last.isPersons && last.id !== before.at(-1)?.id && lastOfPerson(shown)?.id !== lastOfPerson(before)?.id ? last.text : null;
}

/** Asks until there is something. @throws {Error} naming what there was not */
async function until<T>(what: string, ask: () => Promise<T | null>): Promise<T> {
  const givenUpAt = performance.now() + answerWithinMs;
  for (;;) {
    const found = await ask();
    if (found !== null) return found;
    if (performance.now() > givenUpAt) throw new Error(`The dashboard did not come to ${what} within ${answerWithinMs / 1000} s.`);
    await delay(pollMs);
  }
}
