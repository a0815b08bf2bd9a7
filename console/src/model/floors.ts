// The floors of a building: each has a plan of its own.
import type { Alarm, Site } from "./types";

type Plan = Pick<Site, "zones" | "doors">;

/** Return the floors in the order in which the site file names them; one without a name where there is one plan. */
export function floorsOf({ zones }: Pick<Site, "zones">): string[] {
  return [...new Set(zones.filter((zone) => zone.shape.length).map((zone) => zone.floor))];
}

/** Return the floor on which an alarm is: its zone's, else one of its door's; null where it is nowhere in particular. */
export function floorOf({ zones, doors }: Plan, alarm: Pick<Alarm, "zone" | "door">): string | null {
  const near = [alarm.zone, ...(doors.find((door) => door.id === alarm.door)?.zones ?? [])];
  const drawn = near.flatMap((id) => zones.find((zone) => zone.id === id && zone.shape.length) ?? []);
  return drawn[0]?.floor ?? null;
}
