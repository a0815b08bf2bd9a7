// The live stream. EventSource reconnects by itself after a cut, but not after a refusal, and it does not notice a
// connection that went dead: both are handled here.
import type { LoggedEvent, View } from "../model/types";
import { shouldReopen } from "../model/link.ts";

export interface StreamHandlers {
  /** Subscribed: from here on nothing is missed, so fetch what came before. Also after every reconnect. */
  hello(): void;
  view(view: View): void;
  event(event: LoggedEvent): void;
  /** Any word from the server, with its clock in milliseconds where it told it. */
  heard(serverTime: number | null): void;
  /** The stream was refused or ended for good: ask who is signed in. */
  refused(): void;
}

const CHECK_EVERY = 500;

/** Open the stream and keep it open; return a function that ends it. */
export function openStream(handlers: StreamHandlers): () => void {
  let source: EventSource;
  let heard: number | null = null;
  let opened = 0;
  let ended = false;

  function listen<T>(name: string, handle: (message: T) => void): void {
    source.addEventListener(name, (message: MessageEvent<string>) => {
      const value = JSON.parse(message.data) as T & { time?: string };
      heard = performance.now();
      handlers.heard(name !== "event" && value.time ? Date.parse(value.time) : null);
      handle(value);
    });
  }

  function open(): void {
    opened = performance.now();
    source = new EventSource("/api/stream");
    listen<unknown>("hello", () => handlers.hello());
    listen<View>("view", handlers.view);
    listen<LoggedEvent>("event", handlers.event);
    listen<unknown>("resync", () => handlers.hello());
    listen<unknown>("beat", () => undefined);
    listen<unknown>("signed_out", () => {
      source.close();
      handlers.refused();
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED && !ended) handlers.refused();
    });
  }

  const watchdog = setInterval(() => {
    if (!shouldReopen(heard, opened, performance.now())) return;
    source.close();
    open();
  }, CHECK_EVERY);

  open();
  return () => {
    ended = true;
    clearInterval(watchdog);
    source.close();
  };
}
