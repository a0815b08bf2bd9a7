// The list of events, newest first, each once: what was fetched and what came live are merged by sequence number.

export const KEPT = 300;

interface Numbered {
  readonly seq: number;
}

/** Return both lists as one, newest first, without doubles, at most `kept` long. */
export function merge<E extends Numbered>(known: readonly E[], incoming: readonly E[], kept = KEPT): E[] {
  const bySeq = new Map([...known, ...incoming].map((event) => [event.seq, event]));
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, kept);
}
