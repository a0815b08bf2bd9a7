// The alarm list. The server gives the order (ISA-18.2); the console only keeps it still while a hand is on it.
import type { Alarm } from "./types";

export const PRIORITIES = [1, 2, 3] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Return how many alarms of each priority nobody has acknowledged. */
export function unacknowledged(alarms: readonly Alarm[]): Record<Priority, number> {
  const counts: Record<Priority, number> = { 1: 0, 2: 0, 3: 0 };
  for (const alarm of alarms) if (alarm.acknowledged_by === null) counts[alarm.priority] += 1;
  return counts;
}

/**
 * Return the ids in the order to show them. While the list is `held` nothing moves: alarms keep their places, closed
 * ones vanish, and new ones wait at the end.
 */
export function settle(shown: readonly string[], alarms: readonly Pick<Alarm, "id">[], held: boolean): string[] {
  const server = alarms.map((alarm) => alarm.id);
  if (!held) return server;
  const staying = shown.filter((id) => server.includes(id));
  return [...staying, ...server.filter((id) => !staying.includes(id))];
}

/** Return how many alarms stand lower on the held list than the server would put them, above everything shown. */
export function waitingAbove(shown: readonly string[], alarms: readonly Pick<Alarm, "id">[], before: ReadonlySet<string>) {
  const firstKnown = alarms.findIndex((alarm) => before.has(alarm.id));
  const above = alarms.slice(0, firstKnown < 0 ? alarms.length : firstKnown);
  return above.filter((alarm) => shown.includes(alarm.id) && !before.has(alarm.id)).length;
}

/** Return the alarm that stands open: the one the guard chose while it lasts, else the top one. */
export function openAlarm(alarms: readonly Alarm[], shown: readonly string[], chosen: string | null): Alarm | null {
  const byId = new Map(alarms.map((alarm) => [alarm.id, alarm]));
  return byId.get(chosen ?? "") ?? byId.get(shown[0] ?? "") ?? null;
}

/** Return the alarms that were not there before, for the announcement. */
export function fresh(before: ReadonlySet<string>, alarms: readonly Alarm[]): Alarm[] {
  return alarms.filter((alarm) => !before.has(alarm.id) && alarm.acknowledged_by === null);
}
