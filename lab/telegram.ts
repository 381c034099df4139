// Telegram's Bot API as far as OpenClaw's channel needs it to poll, answer and show buttons, on 127.0.0.1, with the people
// who write to the bot. A method it does not know answers 404 and is remembered.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { isObject, type JsonObject } from "../dispatch/kernel/json.ts";

/** What the bot sent to one chat. */
export type Sent = {
  readonly chat: number;
  readonly messageId: number;
  readonly text: string;
  readonly buttons: readonly Button[];
};
export type Button = { readonly text: string; readonly data: string };

export type Telegram = {
  /** For channels.telegram.apiRoot. */
  readonly url: string;
  /** A person writes to the bot directly. */
  write(sender: number, text: string): void;
  /** A person presses a button of a message the bot sent them. */
  press(sender: number, sent: Sent, button: Button): void;
  /** What the bot sent to a person, edits included, oldest first. */
  sentTo(sender: number): readonly Sent[];
  /** Waits for the bot to send a person something; null when it does not in time. */
  heard(sender: number, is: (sent: Sent) => boolean, withinMs: number): Promise<Sent | null>;
  /** The same, where it must. @throws Error naming `what` when it does not in time */
  received(sender: number, what: string, is: (sent: Sent) => boolean, withinMs?: number): Promise<Sent>;
  /** Whether the bot polls. */
  readonly polled: boolean;
  /** Methods asked for that this does not know. */
  readonly unknownMethods: ReadonlySet<string>;
  stop(): Promise<void>;
};

/** The channel's part of openclaw.json; it lets these in, whether the desk knows them or not. */
export const telegramChannel = ({ url }: Telegram, senders: readonly number[]): JsonObject => ({
  enabled: true,
  botToken: token,
  apiRoot: url,
  dmPolicy: "allowlist",
  allowFrom: senders.map(String),
  groupPolicy: "open",
  groups: { "*": { requireMention: false } },
  // Otherwise one answer is sent as many edits of one message.
  streaming: { mode: "off" },
});

const token = "4242:an-invented-token-of-the-tests-alone";
const bot = {
  id: 4242,
  is_bot: true,
  first_name: "Desk",
  username: "desk_of_tests_bot",
  can_join_groups: false,
  can_read_all_group_messages: false,
  supports_inline_queries: false,
};
/** A poll is answered after this long even when nothing happened, however long the bot would wait. */
const longestPollMs = 5_000;

type Update = JsonObject & { readonly update_id: number };
type State = {
  updates: Update[];
  sent: Sent[];
  polled: boolean;
  nextId: number;
  woken: PromiseWithResolvers<void>;
  /** Who waits for what is sent, told of each. */
  readonly listeners: Set<() => void>;
  readonly unknownMethods: Set<string>;
};

export async function startTelegram(): Promise<Telegram> {
  const state: State = {
    updates: [],
    sent: [],
    polled: false,
    nextId: 1,
    woken: Promise.withResolvers(),
    listeners: new Set(),
    unknownMethods: new Set(),
  };
  const server = http.createServer((request, response) => {
    answer(state, request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  assert.ok(address && typeof address === "object");
  const push = (update: JsonObject) => {
    state.updates.push({ update_id: state.nextId++, ...update });
    state.woken.resolve();
    state.woken = Promise.withResolvers();
  };
  const sentTo = (sender: number) => state.sent.filter(({ chat }) => chat === sender);
  const heard: Telegram["heard"] = (sender, is, withinMs) =>
    new Promise((resolve) => {
      const end = (found: Sent | null): void => {
        clearTimeout(timer);
        state.listeners.delete(look);
        resolve(found);
      };
      const look = (): void => {
        const found = sentTo(sender).find(is);
        if (found) end(found);
      };
      const timer = setTimeout(() => end(null), withinMs);
      state.listeners.add(look);
      look();
    });
  return {
    url: `http://127.0.0.1:${address.port}`,
    write: (sender, text) => push({ message: messageFrom(state, sender, text) }),
    press: (sender, { messageId, text }, { data }) =>
      push({
        callback_query: {
          id: String(state.nextId++),
          from: person(sender),
          chat_instance: "1",
          data,
          message: messageTo(messageId, sender, text),
        },
      }),
    sentTo,
    heard,
    received: async (sender, what, is, withinMs = 120_000) => {
      const found = await heard(sender, is, withinMs);
      if (found) return found;
      const all = sentTo(sender).map(({ text }) => text.slice(0, 300));
      throw new Error(`not within ${withinMs} ms: ${sender} receives ${what}; received: ${JSON.stringify(all)}`);
    },
    get polled() {
      return state.polled;
    },
    unknownMethods: state.unknownMethods,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

const person = (id: number) => ({
  id,
  is_bot: false,
  first_name: `Person ${id}`,
  username: `person_${id}`,
  language_code: "en",
});
const chatWith = (id: number) => ({ id, type: "private", first_name: `Person ${id}`, username: `person_${id}` });
const now = () => Math.floor(Date.now() / 1_000);

function messageFrom(state: State, sender: number, text: string): JsonObject {
  const command = /^\/\w+/.exec(text)?.[0];
  return {
    message_id: state.nextId++,
    date: now(),
    chat: chatWith(sender),
    from: person(sender),
    text,
    ...(command !== undefined && { entities: [{ type: "bot_command", offset: 0, length: command.length }] }),
  };
}

const messageTo = (id: number, chat: number, text: string) => ({
  message_id: id,
  date: now(),
  chat: chatWith(chat),
  from: bot,
  text,
});

async function answer(state: State, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const [, sentToken, method = ""] = /^\/bot([^/]+)\/(\w+)/.exec(request.url ?? "") ?? [];
  const reply = (status: number, body: object) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const fields = await fieldsOf(request);
  if (sentToken !== token) return reply(401, { ok: false, error_code: 401, description: "Unauthorized" });
  const result = method === "getUpdates" ? await poll(state, fields) : resultOf(state, method, fields);
  if (result !== null) return reply(200, { ok: true, result });
  state.unknownMethods.add(method);
  reply(404, { ok: false, error_code: 404, description: `Not Found: ${method}` });
}

/** Updates below the offset are confirmed and gone, as with Telegram. */
async function poll(state: State, fields: JsonObject): Promise<readonly Update[]> {
  const offset = Number(fields["offset"] ?? 0);
  const waitMs = Math.min(Number(fields["timeout"] ?? 0) * 1_000, longestPollMs);
  state.polled ||= waitMs > 0;
  state.updates = state.updates.filter(({ update_id: id }) => id >= offset);
  if (state.updates.length === 0 && waitMs > 0) {
    const end = Promise.withResolvers<void>();
    const timer = setTimeout(end.resolve, waitMs);
    await Promise.race([state.woken.promise, end.promise]);
    clearTimeout(timer);
  }
  return state.updates.filter(({ update_id: id }) => id >= offset);
}

function resultOf(state: State, method: string, fields: JsonObject): unknown {
  const chat = Number(fields["chat_id"]);
  switch (method) {
    case "getMe":
      return bot;
    case "getWebhookInfo":
      return { url: "", has_custom_certificate: false, pending_update_count: 0 };
    case "getChat":
      return chatWith(chat);
    case "sendMessage":
      return keep(state, chat, state.nextId++, fields);
    case "editMessageText":
      return keep(state, chat, Number(fields["message_id"]), fields);
    case "deleteWebhook":
    case "setMyCommands":
    case "deleteMyCommands":
    case "sendChatAction":
    case "answerCallbackQuery":
    case "setMessageReaction":
    case "editMessageReplyMarkup":
    case "deleteMessage":
      return true;
    default:
      return null;
  }
}

function keep(state: State, chat: number, messageId: number, fields: JsonObject): object {
  const written = String(fields["text"] ?? "");
  const text = fields["parse_mode"] === "HTML" ? plain(written) : written;
  state.sent.push({ chat, messageId, text, buttons: buttonsOf(fields["reply_markup"]) });
  for (const look of state.listeners) look();
  return messageTo(messageId, chat, text);
}

/** What a person sees of Telegram's HTML. */
const plain = (html: string): string =>
  html
    .replaceAll(/<[^>]+>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");

function buttonsOf(markup: unknown): Button[] {
  const value: unknown = typeof markup === "string" ? JSON.parse(markup) : markup;
  const rows = isObject(value) && Array.isArray(value["inline_keyboard"]) ? value["inline_keyboard"] : [];
  return rows
    .flat()
    .filter(isObject)
    .map(({ text, callback_data: data }) => ({ text: String(text), data: String(data) }));
}

/** Bodies come as JSON; a form comes only with files, of which there are none here. */
async function fieldsOf(request: http.IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  if (text === "") return Object.fromEntries(new URL(request.url ?? "/", "http://localhost").searchParams);
  const value: unknown = JSON.parse(text);
  return isObject(value) ? value : {};
}
