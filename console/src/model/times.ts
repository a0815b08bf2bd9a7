// Times that a guard gives by the clock on the site's wall, whatever this computer's own zone is.

/** A time as the clock on the wall shows it, for a field's `pattern`: the browser's own field follows its own language. */
export const CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Return day (`YYYY-MM-DD`) and time (`HH:MM`) that the wall shows at a moment. */
export function wallOf(timeZone: string, moment: number): { day: string; time: string } {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  const parts = Object.fromEntries(format.formatToParts(moment).map((part) => [part.type, part.value]));
  return { day: `${parts.year}-${parts.month}-${parts.day}`, time: `${parts.hour}:${parts.minute}` };
}

/**
 * Return the moment at which the wall shows a day and a time. A time that a change of clocks skips is the one as much
 * later; of one that comes twice the first counts. NaN for what is no time.
 */
export function momentOf(timeZone: string, day: string, time: string): number {
  const asked = Date.parse(`${day}T${time}:00Z`);
  if (Number.isNaN(asked)) return NaN;
  const offset = (moment: number) => {
    const wall = wallOf(timeZone, moment);
    return Date.parse(`${wall.day}T${wall.time}:00Z`) - Math.floor(moment / MINUTE) * MINUTE;
  };
  const [before, after] = [asked - offset(asked - DAY), asked - offset(asked + DAY)];
  const first = Math.min(before, after);
  return offset(first) === asked - first ? first : Math.max(before, after);
}

/** Return the next moment at which the wall shows a time: today, else tomorrow. NaN for what is no time. */
export function nextAt(timeZone: string, time: string, now: number): number {
  const { day } = wallOf(timeZone, now);
  const today = momentOf(timeZone, day, time);
  return today > now ? today : momentOf(timeZone, dayAfter(day), time);
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY).toISOString().slice(0, 10);
}
