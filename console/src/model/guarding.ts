// Points and intrusion areas as a guard reads them.
import type { Alarm, Area, AreaMode, GuardedPoint, Output } from "./types";

export type PointMark = "alarm" | "fault" | "unknown";

/** Return how a point stands out; null for one that is as it should be. A detector that merely moves is no news. */
export function pointMark(point: Pick<GuardedPoint, "id" | "condition">, alarms: readonly Pick<Alarm, "point">[]): PointMark | null {
  if (point.condition === "open_loop" || point.condition === "shorted") return "fault";
  if (alarms.some((alarm) => alarm.point === point.id)) return "alarm";
  return point.condition === "unknown" ? "unknown" : null;
}

/** Return the seconds an area's delay still runs, null where none does. */
export function delayLeft(area: Pick<Area, "mode" | "until">, now: number): number | null {
  const runs = area.mode === "exit_delay" || area.mode === "entry_delay";
  return runs && area.until !== null ? secondsLeft(area.until, now) : null;
}

/** Return the whole seconds until a moment; never less than none. */
export function secondsLeft(until: string, now: number): number {
  return Math.max(0, Math.ceil((Date.parse(until) - now) / 1000));
}

/** Tell whether an area asks for a look: it is about to sound, or sounds. */
export function pressing(mode: AreaMode): boolean {
  return mode === "entry_delay" || mode === "alarm";
}

/** Return what an output was told and has not said it does; null where word and deed agree. */
export function outputOrdered(output: Pick<Output, "on" | "ordered">): "on" | "off" | null {
  if (output.ordered === (output.on ?? false)) return null;
  return output.ordered ? "on" : "off";
}
