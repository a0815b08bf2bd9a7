// The course of each alarm, as the fetched records tell it.
import type { Alarm, LoggedEvent } from "./types";

export interface Course {
  readonly id: string;
  readonly raised: LoggedEvent;
  /** Everything the log says of it, the first record first. */
  readonly course: readonly LoggedEvent[];
}

/** Return the alarms whose beginning was fetched, the newest first. */
export function history(events: readonly LoggedEvent[]): Course[] {
  const of = new Map<string, LoggedEvent[]>();
  for (const event of events) if (event.alarm !== null) of.set(event.alarm, [event, ...(of.get(event.alarm) ?? [])]);
  return events.flatMap((event) =>
    event.kind === "alarm_raised" && event.alarm !== null ? [{ id: event.alarm, raised: event, course: of.get(event.alarm) ?? [] }] : [],
  );
}

/** Return how an alarm stands; one that is no longer among the open ones was closed. */
export function stateOf(one: Pick<Course, "id">, open: readonly Alarm[]): "open" | "acknowledged" | "shelved" | "closed" {
  const alarm = open.find(({ id }) => id === one.id);
  if (!alarm) return "closed";
  if (alarm.shelf !== null) return "shelved";
  return alarm.acknowledged_by === null ? "open" : "acknowledged";
}
