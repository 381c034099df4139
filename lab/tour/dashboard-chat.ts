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
const pollMs = 250;
/** A queued message goes out within moments of the turn before it, or not at all. */
const leftAfterMs = 3_000;
/** A button that may be gone before it is pressed. */
const goneWithinMs = 5_000;
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
  async say(text: string): Promise<string> {
    const before = await this.#send(text);
    return until(`an answer to "${text}"`, async () => {
      if (await this.#isBusy()) return null;
      const shown = await this.#shown();
      const last = shown.at(-1);
      const isAnswer = last && !last.isPersons && last.id !== before.at(-1)?.id;
      return isAnswer && isWritten(text, before, shown) ? last.text : null;
    });
  }

  /** Waits until the last message shown is this one: what was corrected stands there as it was said for a moment. */
  async shows(text: string): Promise<void> {
    await until(`"${text}"`, async () => (await this.#shown()).at(-1)?.text === text || null);
  }

  /** Writes a message that a person will have to allow, waits for the card, and gives what it says. */
  async ask(text: string): Promise<string> {
    await this.#send(text);
    const shown = this.#page.locator(card).last();
    await shown.waitFor();
    return shown.innerText();
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
  async #press(button: Locator, withinMs = answerWithinMs): Promise<void> {
    await button.click({ timeout: withinMs });
    await this.#page.mouse.move(2, 300);
  }

  /**
   * Writes a message until it stands in the conversation, and gives the messages shown before it. One that is written in
   * the moment a turn ends is queued by the page for a next turn that never comes: it is taken out and written again.
   */
  async #send(text: string): Promise<readonly Shown[]> {
    const composer = this.#page.getByPlaceholder(/^Message/);
    const send = this.#page.getByRole("button", { name: "Send message" });
    const queued = this.#page.getByRole("button", { name: "Remove queued message" });
    await this.#page.locator(busy).first().waitFor({ state: "detached" });
    const before = await this.#shown();
    await composer.fill(text);
    let leftSince: number | null = null;
    return until(`"${text}" to be sent`, async () => {
      if (isWritten(text, before, await this.#shown())) return before;
      if (await this.#isBusy()) return null;
      // A click is lost while the page still settles the turn before.
      if ((await composer.inputValue()) !== "" && (await send.isVisible()))
        await this.#press(send, goneWithinMs).catch(() => undefined);
      leftSince = (await queued.isVisible()) ? (leftSince ?? performance.now()) : null;
      if (leftSince === null || performance.now() - leftSince < leftAfterMs) return null;
      // What goes out in the moment it is to be taken back is not written twice.
      const isOut = await this.#press(queued, goneWithinMs).then(
        () => true,
        () => false,
      );
      if (isOut) await composer.fill(text);
      return null;
    });
  }

  async #isBusy(): Promise<boolean> {
    return (await this.#page.locator(busy).count()) > 0;
  }

  /** The messages in sight and a little above; the page keeps no more of them. */
  #shown(): Promise<Shown[]> {
    return this.#page
      .locator(".chat-group [data-message-id][data-message-text]")
      .evaluateAll((bubbles) =>
        bubbles.map((bubble) => ({
          id: bubble.getAttribute("data-message-id") ?? "",
          text: bubble.getAttribute("data-message-text") ?? "",
          isPersons: bubble.closest(".chat-group.user") !== null,
        })),
      );
  }
}

/** Whether the person's last message is this text, and was not there before. */
function isWritten(text: string, before: readonly Shown[], shown: readonly Shown[]): boolean {
  const lastOfPerson = (messages: readonly Shown[]) => messages.findLast(({ isPersons }) => isPersons);
  const last = lastOfPerson(shown);
  return last?.text === text && last.id !== lastOfPerson(before)?.id;
}

/** Asks until there is something. @throws {Error} naming what there was not */
async function until<T>(what: string, ask: () => Promise<T | null>): Promise<T> {
  const givenUpAt = performance.now() + answerWithinMs;
  for (;;) {
    const found = await ask();
    if (found !== null) return found;
    if (performance.now() > givenUpAt)
      throw new Error(`The dashboard did not come to ${what} within ${answerWithinMs / 1000} s.`);
    await delay(pollMs);
  }
}
