// The alarm list. The server gives the order (ISA-18.2); the console only keeps it still while a hand is on it.
import type { Alarm } from "./types";

export const PRIORITIES = [1, 2, 3] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Return the alarms that nobody put aside. */
export function standing(alarms: readonly Alarm[]): Alarm[] {
  return alarms.filter((alarm) => alarm.shelf === null);
}

/** The alarms that sound: nobody acknowledged them, and they come of nobody's work on that place. */
export function ringing(alarms: readonly Alarm[]): Alarm[] {
  return standing(alarms).filter((alarm) => alarm.acknowledged_by === null && !alarm.maintenance);
}

export interface Group {
  readonly zone: string | null;
  readonly alarms: readonly Alarm[];
}

/**
 * Return the alarms of a flood: those that are never grouped away, then the others by their zone, the zone with the most
 * urgent one first. Within each, the order stays.
 */
export function grouped(alarms: readonly Alarm[]): { alone: Alarm[]; groups: Group[] } {
  const groups = new Map<string | null, Alarm[]>();
  for (const alarm of alarms) if (alarm.shelvable) groups.set(alarm.zone, [...(groups.get(alarm.zone) ?? []), alarm]);
  return { alone: alarms.filter((alarm) => !alarm.shelvable), groups: [...groups].map(([zone, of]) => ({ zone, alarms: of })) };
}

/** Return how many alarms of each priority nobody has acknowledged. */
export function unacknowledged(alarms: readonly Alarm[]): Record<Priority, number> {
  const counts: Record<Priority, number> = { 1: 0, 2: 0, 3: 0 };
  for (const alarm of standing(alarms)) if (alarm.acknowledged_by === null) counts[alarm.priority] += 1;
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
  const top = byId.get(shown[0] ?? "");
  return byId.get(chosen ?? "") ?? (top?.shelf === null ? top : null);
}

/** Return the alarms that were not there before, for the announcement. */
export function fresh(before: ReadonlySet<string>, alarms: readonly Alarm[]): Alarm[] {
  return alarms.filter((alarm) => !before.has(alarm.id) && alarm.acknowledged_by === null && alarm.shelf === null && !alarm.maintenance);
}
