// The alarm's tone. A browser plays nothing before a hand touched the page: the first press plays the tone as its test,
// and the bar says that it was not tried until then. Muting lasts until the next alarm.
import type { Alarm } from "../model/types";

type Ringing = Pick<Alarm, "id" | "priority">;

/** How each priority sounds: pitch (Hz), how many beeps, and after how many seconds again. */
const TONES: Readonly<Record<1 | 2 | 3, { pitch: number; beeps: number; every: number }>> = {
  1: { pitch: 988, beeps: 3, every: 3 },
  2: { pitch: 740, beeps: 2, every: 10 },
  3: { pitch: 523, beeps: 1, every: 60 },
};
const BEEP = 0.14;
const PAUSE = 0.1;
const LOOK = 500;
const STARTS_WITHIN = 1_000;

export class Sound {
  state: "untried" | "on" | "muted" | "dead" = $state("untried");
  private player: AudioContext | null = null;
  private muted: ReadonlySet<string> = new Set();
  private rung = -Infinity;
  private ringing: () => readonly Ringing[] = () => [];

  get works(): boolean {
    return this.state === "on" || this.state === "muted";
  }

  /** Begin to listen for alarms that nobody acknowledged; return a function that ends it. */
  start(ringing: () => readonly Ringing[]): () => void {
    this.ringing = ringing;
    const looking = setInterval(() => this.look(), LOOK);
    return () => {
      clearInterval(looking);
      void this.player?.close();
    };
  }

  /** A hand presses the switch: try the sound, mute what sounds, or let it sound again. */
  press(): void {
    if (!this.works) void this.attempt();
    else if (this.state === "muted") this.state = "on";
    else {
      this.muted = new Set(this.ringing().map((alarm) => alarm.id));
      this.state = "muted";
    }
  }

  private async attempt(): Promise<void> {
    this.player ??= new AudioContext();
    await Promise.race([this.player.resume(), new Promise((done) => setTimeout(done, STARTS_WITHIN))]);
    this.state = this.player.state === "running" ? "on" : "dead";
    if (this.state === "on") this.play(1);
  }

  private look(): void {
    const alarms = this.ringing();
    if (this.state === "muted" && alarms.some((alarm) => !this.muted.has(alarm.id))) {
      this.state = "on";
      this.rung = -Infinity;
    }
    const [first] = alarms.map((alarm) => alarm.priority).sort();
    if (this.state !== "on" || first === undefined) return;
    const now = performance.now() / 1000;
    if (now - this.rung < TONES[first].every) return;
    this.rung = now;
    this.play(first);
  }

  private play(priority: 1 | 2 | 3): void {
    const player = this.player;
    if (player === null) return;
    const { pitch, beeps } = TONES[priority];
    for (let i = 0; i < beeps; i++) {
      const tone = new OscillatorNode(player, { frequency: pitch, type: "triangle" });
      const from = player.currentTime + i * (BEEP + PAUSE);
      tone.connect(player.destination);
      tone.start(from);
      tone.stop(from + BEEP);
    }
  }
}
