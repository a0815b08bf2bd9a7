// The muster as it is read out: by what is known of people, then by zone.
import type { Mustered, Site, Whereabouts } from "./types";

/** Who is on the list, in the order in which they are looked for. */
export const WHEREABOUTS = ["inside", "possibly_inside", "unknown"] as const satisfies readonly Whereabouts[];

export interface SafeRoll {
  readonly point: string | null;
  readonly people: readonly Mustered[];
}

/** Return who was counted, by safe point, in the site's order; who was counted elsewhere comes last. */
export function safe(people: readonly Mustered[], points: Site["safe_points"]): SafeRoll[] {
  const counted = people.filter((one) => one.safe != null);
  const known = points.map((point) => ({ point: point.id, people: counted.filter((one) => one.safe?.point === point.id).sort(byName) }));
  const rest = counted.filter((one) => !points.some((point) => point.id === one.safe?.point)).sort(byName);
  return [...known, { point: null, people: rest }].filter((group) => group.people.length > 0);
}

/** Return who is still looked for in an evacuation: not counted, and not seen to leave. */
export function missing(people: readonly Mustered[]): readonly Mustered[] {
  return people.filter((one) => one.safe == null && one.whereabouts !== "outside");
}

export interface ZoneRoll {
  readonly zone: string | null;
  readonly people: readonly Mustered[];
}

/** Return the people of one whereabouts by zone, in the plan's order; whose zone is not known come last. */
export function roll(people: readonly Mustered[], whereabouts: Whereabouts, zones: Site["zones"]): ZoneRoll[] {
  const those = people.filter((one) => one.whereabouts === whereabouts);
  const known = zones.map((zone) => ({ zone: zone.id, people: those.filter((one) => one.zone === zone.id).sort(byName) }));
  const rest = those.filter((one) => !zones.some((zone) => zone.id === one.zone)).sort(byName);
  return [...known, { zone: null, people: rest }].filter((group) => group.people.length > 0);
}

function byName(a: Mustered, b: Mustered): number {
  return (a.who.name ?? a.who.id).localeCompare(b.who.name ?? b.who.id);
}
