// Is the link alive? The server beats each second; two seconds of silence mean that the picture is old.

/** Milliseconds of silence after which the link counts as lost. */
export const LOST_AFTER = 2_000;
/** Milliseconds of silence after which a connection that looks open is given up and opened anew. */
export const REOPEN_AFTER = 6_000;

export type LinkState = "connecting" | "live" | "lost";

/** Return the state of the link; `heard` is when the server last said anything, null before the first word. */
export function linkState(heard: number | null, now: number): LinkState {
  if (heard === null) return "connecting";
  return now - heard > LOST_AFTER ? "lost" : "live";
}

/** Tell whether a silent connection should be opened anew; `opened` is when it was last tried. */
export function shouldReopen(heard: number | null, opened: number, now: number): boolean {
  return now - Math.max(heard ?? 0, opened) > REOPEN_AFTER;
}
