// Who waits for a guard's look.
import type { Waiting } from "./types";

/** Milliseconds that somebody must have been on the screen before a key lets them in: nobody takes another's keystroke. */
export const SETTLED_AFTER = 1_000;

/** Return those who wait for a guard, the oldest first as the server says. */
export function wantingGuard(waiting: readonly Waiting[]): Waiting[] {
  return waiting.filter((one) => one.wanted.includes("guard"));
}
