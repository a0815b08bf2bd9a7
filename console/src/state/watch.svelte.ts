// Everything the Watch screen shows: the site as built, the newest view, the events, and how old all that is.
import { plural, t, word } from "../i18n/text.ts";
import { fresh, ringing, standing } from "../model/alarms.ts";
import { merge } from "../model/events.ts";
import { linkState } from "../model/link.ts";
import { wantingGuard } from "../model/waiting.ts";
import type { LoggedEvent, Me, Muster, OrderWord, Site, View, Waiting } from "../model/types";
import * as net from "../net/client.ts";
import { openLive, type LivePictures } from "../net/live.ts";
import { openStream } from "../net/stream.ts";
import { Sound } from "./sound.svelte.ts";

const PAGE = 100;
const TICK = 250;
const NOTICE_LASTS = 6_000;
const MUSTER_AGAIN = 10_000;  // milliseconds: so old at most is the list that is left when the link is lost

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly bad: boolean;
}

/** What fills the screen beside the alarms. */
export type Screen = "watch" | "alarms" | "doors" | "cameras" | "people" | "muster" | "visitors" | "operators" | "reports" | "audit" | "policy" | "devices" | "settings";

export class Watch {
  view: View | null = $state.raw(null);
  events: readonly LoggedEvent[] = $state.raw([]);
  reachedStart = $state(false);
  notices: readonly Notice[] = $state.raw([]);
  announcement = $state("");
  camera: string | null = $state(null);
  alarm: string | null = $state(null);
  door: string | null = $state(null);
  record: number | null = $state(null);
  screen: Screen = $state("watch");
  /** The alarm that is about to be put aside. */
  shelving: string | null = $state(null);
  /** The floor whose plan is shown; null: the first one. */
  floor: string | null = $state(null);
  /** The camera that fills the Cameras screen. */
  magnified: string | null = $state(null);
  readonly sound = new Sound();
  /** The last muster that came: it stays, whatever becomes of the link. */
  muster: Muster | null = $state.raw(null);
  /** The intrusion area that is looked at; "" for what belongs to none. */
  area: string | null = $state(null);

  readonly me: Me;
  /** The building as it is planned; another one once another policy is in force. */
  site: Site;
  readonly doorNames: ReadonlyMap<string, string> = $derived.by(() => new Map(this.site.doors.map((door) => [door.id, door.name])));
  readonly wall: LivePictures;

  private now = $state(performance.now());
  private heard: number | null = $state(null);
  private serverAhead = $state(0);
  private stops: (() => void)[] = [];
  private known: ReadonlySet<string> | null = null;
  private asked: ReadonlySet<string> = new Set();
  private noticed = 0;
  private readonly ended: () => void;

  constructor(me: Me, site: Site, ended: () => void) {
    this.me = me;
    this.site = $state.raw(site);
    this.ended = ended;
    this.wall = openLive();
  }

  readonly link = $derived.by(() => linkState(this.heard, this.now));
  /** Seconds since the server last said anything. */
  readonly dataAge = $derived.by(() => (this.heard === null ? 0 : (this.now - this.heard) / 1000));
  /** The server's clock in milliseconds, as far as known. */
  readonly serverNow = $derived.by(() => performance.timeOrigin + this.now + this.serverAhead);

  start(): void {
    this.stops.push(openStream({
      hello: () => void Promise.all([this.catchUp(), this.rebuilt()]),
      view: (view) => this.see(view),
      event: (event) => this.happened(event),
      heard: (serverTime) => this.hear(serverTime),
      refused: () => void this.askWho(),
    }));
    const ticking = setInterval(() => (this.now = performance.now()), TICK);
    this.stops.push(() => clearInterval(ticking));
    this.stops.push(this.sound.start(() => ringing(this.view?.alarms ?? [])));
    void this.readMuster();
    const mustering = setInterval(() => void this.readMuster(), MUSTER_AGAIN);
    this.stops.push(() => clearInterval(mustering));
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
    this.wall.close();
  }

  may(order: OrderWord): boolean {
    return this.me.may_order.includes(order);
  }

  /** Carry out an order and tell the guard where it was refused; returns whether it was accepted. */
  async order<T>(ordered: Promise<net.Answer<T>>, done?: string): Promise<boolean> {
    const answered = await ordered;
    if (answered.ok) {
      if (done) this.notify(done, false);
      return true;
    }
    if (answered.status === 401) void this.askWho();
    this.notify(net.refusalText(answered), true);
    return false;
  }

  /** Ask for the muster; tell whether it came. The one before stays where it did not. */
  async readMuster(): Promise<boolean> {
    const answered = await net.muster();
    if (answered.ok) this.muster = answered.value;
    return answered.ok;
  }

  async older(): Promise<void> {
    const last = this.events.at(-1);
    if (!last) return;
    const page = await net.events(last.seq, PAGE);
    if (!page.ok) return;
    this.reachedStart = page.value.length < PAGE;
    this.events = merge(this.events, page.value, this.events.length + page.value.length);
  }

  /** Tell the operator something that went well. */
  say(text: string): void {
    this.notify(text, false);
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
  }

  private notify(text: string, bad: boolean): void {
    const notice = { id: ++this.noticed, text, bad };
    this.notices = [...this.notices.slice(-2), notice];
    setTimeout(() => this.dismiss(notice.id), NOTICE_LASTS);
  }

  private happened(event: LoggedEvent): void {
    this.events = merge(this.events, [event]);
    if (event.kind === "site_activated") void this.rebuilt();
  }

  private async rebuilt(): Promise<void> {
    const site = await net.site();
    if (site.ok) this.site = site.value;
  }

  private async catchUp(): Promise<void> {
    const page = await net.events(null, PAGE);
    if (!page.ok) return;
    this.reachedStart = this.reachedStart || page.value.length < PAGE;
    this.events = merge(this.events, page.value);
  }

  private see(view: View): void {
    const arrived = this.known ? fresh(this.known, view.alarms) : [];
    const waiting = wantingGuard(view.waiting).filter((one) => !this.asked.has(one.request));
    const said = [...arrived.map(announce), ...waiting.map((one) => this.announceWaiting(one))];
    if (said.length) this.announcement = said.join(". ");
    this.asked = new Set(view.waiting.map((one) => one.request));
    this.known = new Set(standing(view.alarms).filter((alarm) => !alarm.maintenance).map((alarm) => alarm.id));
    this.view = view;
  }

  private announceWaiting(one: Waiting): string {
    const reader = this.site.readers.find(({ id }) => id === one.reader)?.name ?? one.reader;
    return t("waiting.announce", { name: one.who.name ?? t("events.erased"), reader });
  }

  private hear(serverTime: number | null): void {
    if (this.link === "lost") this.announcement = t("link.back");
    this.heard = this.now = performance.now();
    if (serverTime !== null) this.serverAhead = serverTime - (performance.timeOrigin + this.heard);
  }

  private async askWho(): Promise<void> {
    const who = await net.me();
    if (!who.ok && who.status === 401) this.ended();
  }
}

function announce(alarm: View["alarms"][number]): string {
  const title = t("alarms.title_at", { kind: word("alarm", alarm.kind), name: alarm.name });
  return t("alarms.announce", { priority: word("priority", String(alarm.priority)), title });
}

export const insideText = (n: number): string => plural("bar.inside", n);
