/** A chat model over a client that does what the test says. */

import { ChatModel } from "../../static/chat_model.js";
import type { Conversation } from "../../static/conversation.js";
import { type Natter, NatterError } from "../../static/natter.js";
import { Storage } from "../../static/storage.js";

interface Sent {
  readonly body: string;
  readonly target: { readonly room?: string; readonly to?: string; readonly ref: string };
  readonly resolve: (ack: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Stands for the client: tells what the test says, and keeps what it is asked. */
export class FakeClient extends EventTarget {
  username = "Ann";
  state = "open";
  transport = "websocket";
  unsent: unknown[] = [];
  readonly sent: Sent[] = [];
  readonly joins: string[] = [];
  readonly left: string[] = [];
  readonly questions: Record<string, unknown>[] = [];
  history_: { resolve: (page: unknown) => void; reject: (error: unknown) => void } | undefined;

  tell(type: string, detail: Record<string, unknown>): void {
    this.dispatchEvent(new CustomEvent(type, { detail: { type, ...detail } }));
  }

  send(body: string, target: Sent["target"]): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.sent.push({ body, target, resolve, reject });
    return promise;
  }

  history(question: Record<string, unknown>): Promise<unknown> {
    this.questions.push(question);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.history_ = { resolve, reject };
    return promise;
  }

  join(room: string): Promise<unknown> {
    this.joins.push(room);
    if (room !== "closed") return Promise.resolve();
    const joined = Promise.reject(new NatterError("forbidden", "not for you"));
    joined.catch(({ code, message }) => this.tell("error", { code, message, room }));
    return joined;
  }

  leave(room: string): void {
    this.left.push(room);
  }

  users(): { users: string[]; userCount: number } {
    return { users: ["Ann", "Ben"], userCount: 2 };
  }

  typing(): void {}
}

/** A browser that remembers nothing: Deno's own memory would outlive the tests. */
export function createStore(): Storage {
  localStorage.clear();
  sessionStorage.clear();
  return new Storage(new URL("http://natter.example/"));
}

/** A model over a fake client, with what it told. */
export function setScene(store = createStore(), username = "Ann") {
  const client = new FakeClient();
  client.username = username;
  const arrived: string[] = [];
  const failed: string[] = [];
  const scene = {
    now: 1_000_000,
    seen: undefined as Conversation | undefined,
    changed: () => {},
  };
  const model = new ChatModel({
    client: client as unknown as Natter,
    store,
    changed: () => scene.changed(),
    arrived: (_conversation, item, isCall) => arrived.push(`${item.body}${isCall ? "!" : ""}`),
    isSeen: (conversation) => conversation === scene.seen,
    failed: (code, message, room) => failed.push(`${code} ${message} ${room}`),
    now: () => scene.now,
  }, "lobby");
  const joined = { epoch: "e", offset: 0, head: 0, recovered: false };
  client.tell("joined", { ...joined, room: `@${username}` });
  client.tell("joined", { ...joined, room: "lobby", users: ["Ann"], userCount: 1 });
  client.tell("state", { state: "open" });
  return { client, model, store, arrived, failed, scene };
}

/** The newest offset that there has been. */
export let offsets = 0;

/** An offset that nothing has had. */
export function nextOffset(): number {
  return ++offsets;
}

export function message(
  body: string,
  parts: Record<string, unknown> = {},
): Record<string, unknown> {
  const offset = nextOffset();
  return { room: "lobby", offset, id: `id-${offset}`, sender: "Ben", body, at: offset, ...parts };
}

export function bodies({ items }: Conversation): string[] {
  return items.map((item) => item.kind === "message" ? `${item.body} ${item.delivery}` : item.kind);
}

export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await undefined;
}
