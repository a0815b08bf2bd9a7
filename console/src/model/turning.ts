// A camera turns while something is held. An order turns it for HOLDS only, and is renewed meanwhile: where the
// console, its link or the guard is lost, the camera stops by itself.
export const HOLDS = 2;
const RENEWED_EVERY = 1_000;

/** -1 to 1 of top speed: to the right, up, and towards tele. */
export type Way = Readonly<{ pan: number; tilt: number; zoom: number }>;

type Orders = Readonly<{ turn: (way: Way, seconds: number) => Promise<boolean>; stop: () => Promise<unknown> }>;

const SPEED = 0.5;
const KEYS: Readonly<Record<string, Way>> = {
  ArrowLeft: { pan: -SPEED, tilt: 0, zoom: 0 },
  ArrowRight: { pan: SPEED, tilt: 0, zoom: 0 },
  ArrowUp: { pan: 0, tilt: SPEED, zoom: 0 },
  ArrowDown: { pan: 0, tilt: -SPEED, zoom: 0 },
  "+": { pan: 0, tilt: 0, zoom: SPEED },
  "-": { pan: 0, tilt: 0, zoom: -SPEED },
};

/** Which way a key turns a camera; null: that key turns none. */
export const wayOf = (key: string): Way | null => (Object.hasOwn(KEYS, key) ? (KEYS[key] ?? null) : null);

/** What is held, and what is ordered for it: one order after the other, so that a stop is never overtaken. */
export class Turning {
  private held: Way | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private last: Promise<unknown> = Promise.resolve();

  private readonly orders: Orders;

  constructor(orders: Orders) {
    this.orders = orders;
  }

  hold(way: Way): void {
    if (this.held === way) return;
    clearInterval(this.timer);
    this.held = way;
    this.renew();
    this.timer = setInterval(() => this.renew(), RENEWED_EVERY);
  }

  /** Nothing is held any more. */
  release(): void {
    if (this.held === null) return;
    this.held = null;
    clearInterval(this.timer);
    this.then(this.orders.stop);
  }

  private renew(): void {
    const way = this.held;
    if (way === null) return;
    this.then(async () => {
      // Who let go meanwhile wants no further turn; a refused one is not asked for again and again.
      if (this.held === way && !(await this.orders.turn(way, HOLDS)) && this.held === way) {
        this.held = null;
        clearInterval(this.timer);
      }
    });
  }

  private then(next: () => Promise<unknown>): void {
    this.last = this.last.then(next, next);
  }
}
