// Doors as a guard counts them, and the camera to look through.
import type { Alarm, CameraPlan, Door, DoorStatus, OrderedMode, Point, Role, Site } from "./types";

/** Every state a door's symbol can have, in the order of the legend. */
export const STATUSES = [
  "secured", "unlocked", "open", "held_open", "forced_open", "offline", "lockdown", "blocked", "unknown",
] as const satisfies readonly DoorStatus[];

export type Shape = "square" | "circle" | "triangle" | "diamond" | "dashed" | "inverted";

/** The shape of each state: colour only repeats it. */
export const SHAPES: Readonly<Record<DoorStatus, Shape>> = {
  secured: "square",
  unlocked: "circle",
  open: "circle",
  held_open: "triangle",
  forced_open: "diamond",
  offline: "dashed",
  lockdown: "inverted",
  blocked: "inverted",
  unknown: "dashed",
};

/** Return how many doors are in each state. */
export function tally(doors: readonly Door[]): Record<DoorStatus, number> {
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<DoorStatus, number>;
  for (const door of doors) counts[door.status] += 1;
  return counts;
}

const WORST_FIRST: readonly DoorStatus[] = ["forced_open", "held_open", "offline", "unknown", "open", "unlocked", "blocked"];

/** Return the doors that are not as usual, the worst first. */
export function unusual(doors: readonly Door[]): Door[] {
  const rank = (door: Door) => WORST_FIRST.indexOf(door.status);
  return doors.filter((door) => rank(door) >= 0).sort((a, b) => rank(a) - rank(b));
}

/** Tell whether a door is seen released: nobody has to be believed, its bolt or its leaf says so. */
export function seenReleased(door: Pick<Door, "lock" | "position">): boolean {
  return door.lock === "unlocked" || door.position === "open";
}

/** Return what a door's bolt was told and has not been seen to do; null where nothing is outstanding. */
export function outstanding(door: Pick<Door, "ordered" | "mode" | "lock" | "position">): "locked" | "unlocked" | null {
  if (door.ordered === "locked" || door.ordered === "unlocked") return door.ordered;
  const held = door.mode === "unlocked" || door.mode === "fire_release";
  return held && !seenReleased(door) ? "unlocked" : null;
}

/** Return the modes that an operator of this role keeps a door in: only above the post is anything relaxed. */
export function orderableModes(role: Role): readonly OrderedMode[] {
  return role === "guard" ? ["secured", "blocked"] : ["unlocked", "secured", "blocked"];
}

/** Return the camera that looks at an alarm: its own, else the nearest to its door, in its zone if there is one. */
export function cameraFor(site: Site, alarm: Pick<Alarm, "camera" | "door" | "zone">): CameraPlan | null {
  const own = site.cameras.find((camera) => camera.id === alarm.camera);
  if (own) return own;
  const door = site.doors.find((one) => one.id === alarm.door);
  if (door) return nearest(site.cameras, door.position);
  return site.cameras.find((camera) => camera.zone === alarm.zone) ?? null;
}

function nearest(cameras: readonly CameraPlan[], to: Point): CameraPlan | null {
  const distance = ({ position }: CameraPlan) => Math.hypot(position.x - to.x, position.y - to.y);
  return cameras.reduce<CameraPlan | null>((best, one) => (best && distance(best) <= distance(one) ? best : one), null);
}
