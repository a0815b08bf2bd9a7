// Where things go on the floor plan, in pixels. Pure: the plan is drawn in true pixels so that symbols and letters
// keep their size whatever the building's.

export interface XY {
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

export interface Fit {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

/** Return the transform that shows all points as large as a box allows, centred, with a margin around them. */
export function fit(points: readonly XY[], box: Box, margin: number): Fit {
  if (!points.length) return { scale: 1, left: 0, top: 0 };
  const { low, high } = bounds(points);
  const plan = { width: Math.max(1, high.x - low.x), height: Math.max(1, high.y - low.y) };
  const scale = Math.max(0, Math.min((box.width - 2 * margin) / plan.width, (box.height - 2 * margin) / plan.height));
  return {
    scale,
    left: (box.width - plan.width * scale) / 2 - low.x * scale,
    top: (box.height - plan.height * scale) / 2 - low.y * scale,
  };
}

/** Return a point of the plan in pixels. */
export function place(at: XY, { scale, left, top }: Fit): XY {
  return { x: left + at.x * scale, y: top + at.y * scale };
}

/** Return the angle in degrees of the wall a point lies on, and the point moved onto it: the nearest polygon edge. */
export function wallAt(polygons: readonly (readonly XY[])[], at: XY): { angle: number; on: XY } {
  let best = { distance: Infinity, angle: 0, on: at };
  for (const [from, to] of polygons.flatMap(edges)) {
    const on = closest(from, to, at);
    const distance = Math.hypot(on.x - at.x, on.y - at.y);
    if (distance < best.distance) {
      best = { distance, angle: (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI, on };
    }
  }
  return { angle: ((best.angle % 180) + 180) % 180, on: best.on };
}

/** Tell whether a point lies inside a polygon. */
export function inside(at: XY, polygon: readonly XY[]): boolean {
  return edges(polygon).filter(([a, b]) => a.y > at.y !== b.y > at.y && at.x < crossing(a, b, at.y)).length % 2 === 1;
}

/** Return the area of a polygon. */
export function area(polygon: readonly XY[]): number {
  return Math.abs(edges(polygon).reduce((sum, [a, b]) => sum + a.x * b.y - b.x * a.y, 0)) / 2;
}

const GRID = 24;

/**
 * Return where to write a label of this size in a polygon: the roomiest place that keeps off its walls, off the
 * smaller polygons that lie within it, and off the obstacles. Null where it fits nowhere.
 */
export function labelPlace(
  polygon: readonly XY[], others: readonly (readonly XY[])[], obstacles: readonly XY[], size: Box,
): XY | null {
  const holes = others.filter((other) => other !== polygon && area(other) < area(polygon));
  const centre = middle(polygon);
  let best: { at: XY; score: number } | null = null;
  for (const at of grid(polygon)) {
    const corners = box(at, size);
    if (!corners.every((corner) => inside(corner, polygon))) continue;
    if (holes.some((hole) => corners.some((corner) => inside(corner, hole)))) continue;
    const score = Math.min(clearance(at, obstacles, size), 24) - Math.hypot(at.x - centre.x, at.y - centre.y) / 40;
    if (!best || score > best.score) best = { at, score };
  }
  return best?.at ?? null;
}

const RINGS = 8;
const RING = 6;
const SPOKES = 16;

/**
 * Return the place nearest to `at` that keeps `distance` pixels from every obstacle and stays in its room (a polygon;
 * empty for the open air); `at` itself where there is none near by.
 */
export function stepAside(at: XY, obstacles: readonly XY[], distance: number, room: readonly XY[]): XY {
  const around = Array.from({ length: RINGS * SPOKES }, (_, i) => {
    const [radius, turn] = [(Math.floor(i / SPOKES) + 1) * RING, ((i % SPOKES) / SPOKES) * 2 * Math.PI];
    return { x: at.x + radius * Math.cos(turn), y: at.y + radius * Math.sin(turn) };
  });
  const within = (one: XY) => !room.length || inside(one, room);
  const free = (one: XY) => within(one) && obstacles.every((obstacle) => Math.hypot(obstacle.x - one.x, obstacle.y - one.y) >= distance);
  return [at, ...around].find(free) ?? at;
}

const BESIDE = [0, 14, -14, 28, -28];
const MARK = 12;

/**
 * Return where the words of a door's state have their middle: below its mark, else above; a little aside where another
 * mark is in the way; never beyond the edges of the plan.
 */
export function wordsPlace(at: XY, marks: readonly XY[], words: Box, plan: Box): XY {
  const away = MARK + words.height / 2;
  const within = (x: number) => Math.max(words.width / 2, Math.min(plan.width - words.width / 2, x));
  const places = [away, -away].flatMap((dy) => BESIDE.map((dx) => ({ x: within(at.x + dx), y: at.y + dy })));
  return places.find((one) => clearance(one, marks, words) >= MARK) ?? places[0] ?? at;
}

/** Return a name as lines no wider than `width` pixels where it can be broken at its spaces. */
export function lines(name: string, width: number, perLetter: number): string[] {
  const wrapped: string[] = [];
  for (const part of name.split(" ")) {
    const last = wrapped.at(-1);
    if (last !== undefined && (last.length + 1 + part.length) * perLetter <= width) wrapped[wrapped.length - 1] = `${last} ${part}`;
    else wrapped.push(part);
  }
  return wrapped;
}

function edges(polygon: readonly XY[]): [XY, XY][] {
  return polygon.map((point, i) => [point, polygon[(i + 1) % polygon.length] ?? point]);
}

function closest(a: XY, b: XY, at: XY): XY {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.max(0, Math.min(1, ((at.x - a.x) * dx + (at.y - a.y) * dy) / length));
  return { x: a.x + along * dx, y: a.y + along * dy };
}

function crossing(a: XY, b: XY, y: number): number {
  return a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x);
}

function bounds(polygon: readonly XY[]): { low: XY; high: XY } {
  const [xs, ys] = [polygon.map((p) => p.x), polygon.map((p) => p.y)];
  return { low: { x: Math.min(...xs), y: Math.min(...ys) }, high: { x: Math.max(...xs), y: Math.max(...ys) } };
}

/** Return the middle of a polygon's bounds. */
export function middle(polygon: readonly XY[]): XY {
  const { low, high } = bounds(polygon);
  return { x: (low.x + high.x) / 2, y: (low.y + high.y) / 2 };
}

function grid(polygon: readonly XY[]): XY[] {
  const { low, high } = bounds(polygon);
  const step = (i: number, from: number, to: number) => from + ((i + 0.5) / GRID) * (to - from);
  return Array.from({ length: GRID * GRID }, (_, i) => ({
    x: step(i % GRID, low.x, high.x),
    y: step(Math.floor(i / GRID), low.y, high.y),
  }));
}

function box(at: XY, size: Box): XY[] {
  return [-0.5, 0.5].flatMap((x) => [-0.5, 0.5].map((y) => ({ x: at.x + x * size.width, y: at.y + y * size.height })));
}

function clearance(at: XY, obstacles: readonly XY[], size: Box): number {
  const gap = ({ x, y }: XY) => Math.max(Math.abs(x - at.x) - size.width / 2, Math.abs(y - at.y) - size.height / 2);
  return obstacles.reduce((least, obstacle) => Math.min(least, gap(obstacle)), Infinity);
}
