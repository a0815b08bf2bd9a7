// Whether a hand is on the console: without one for a while it takes no orders, and says so; its alarms go on.
import type { Me } from "../model/types";
import * as net from "../net/client.ts";

const REPORT = 30_000;
const LOOK = 1_000;
const HANDS = ["pointerdown", "keydown"] as const;

export class Presence {
  locked = $state(false);
  /** What the operator is asked to say again, and who is told whether they did. */
  asked: { want: net.Want; settle: (proven: boolean) => void } | null = $state.raw(null);

  private touched = performance.now();
  private reported = performance.now();
  private stops: (() => void)[] = [];
  private readonly idle: number;

  constructor(me: Me) {
    this.locked = me.locked;
    this.idle = me.idle_seconds * 1000;
  }

  start(): void {
    const touch = (): void => this.touch();
    for (const hand of HANDS) window.addEventListener(hand, touch, { capture: true, passive: true });
    const looking = setInterval(() => this.look(), LOOK);
    net.whenAskedAgain((want) => this.ask(want));
    this.stops.push(() => {
      for (const hand of HANDS) window.removeEventListener(hand, touch, { capture: true });
      clearInterval(looking);
      net.whenAskedAgain(null);
    });
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
    this.asked?.settle(false);
  }

  async lock(): Promise<void> {
    const done = await net.lockConsole();
    if (done.ok) this.locked = true;
  }

  /** Ask the operator to say again who they are; answers whether they did. One question at a time. */
  ask(want: net.Want): Promise<boolean> {
    if (want === "unlock") this.locked = true;
    if (this.asked) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.asked = {
        want,
        settle: (proven) => {
          this.asked = null;
          if (proven) this.unlocked(want);
          resolve(proven);
        },
      };
    });
  }

  private unlocked(want: net.Want): void {
    if (want === "unlock") this.locked = false;
    this.touched = this.reported = performance.now();
  }

  private touch(): void {
    this.touched = performance.now();
    if (this.locked || this.touched - this.reported < REPORT) return;
    this.reported = this.touched;
    void net.reportActive();
  }

  private look(): void {
    if (!this.locked && performance.now() - this.touched >= this.idle) void this.lock();
  }
}
