import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { steps } from "../src/i18n/text.ts";
import { orderableModes, outstanding, seenReleased } from "../src/model/doors.ts";
import { delayLeft, outputOrdered, pointMark, pressing, secondsLeft } from "../src/model/guarding.ts";
import { roll } from "../src/model/muster.ts";
import { sentence, tone } from "../src/model/sentences.ts";
import { momentOf, nextAt, wallOf } from "../src/model/times.ts";
import type { Mustered, Site, Waiting } from "../src/model/types.ts";
import { visitState } from "../src/model/visits.ts";
import { wantingGuard } from "../src/model/waiting.ts";

const VIENNA = "Europe/Vienna";
const at = (iso: string) => Date.parse(iso);
const iso = (moment: number) => new Date(moment).toISOString().slice(0, 16);

test("a time is that of the wall on site, today or else tomorrow", () => {
  const noon = at("2026-11-21T11:00:00Z");
  assert.deepEqual(wallOf(VIENNA, noon), { day: "2026-11-21", time: "12:00" });
  assert.equal(iso(nextAt(VIENNA, "12:01", noon)), "2026-11-21T11:01");
  assert.equal(iso(nextAt(VIENNA, "12:00", noon)), "2026-11-22T11:00");
  assert.ok(Number.isNaN(nextAt(VIENNA, "", noon)));
});

test("a change of clocks moves a time no further than it must", () => {
  assert.equal(iso(momentOf(VIENNA, "2026-03-29", "01:30")), "2026-03-29T00:30");
  assert.equal(iso(momentOf(VIENNA, "2026-03-29", "02:30")), "2026-03-29T01:30");  // skipped: the wall shows 03:30
  assert.equal(iso(momentOf(VIENNA, "2026-03-29", "04:00")), "2026-03-29T02:00");
  assert.equal(iso(momentOf(VIENNA, "2026-10-25", "02:30")), "2026-10-25T00:30");  // comes twice: the first
  assert.equal(iso(nextAt(VIENNA, "00:10", at("2026-10-24T22:15:00Z"))), "2026-10-25T23:10");  // a day of 25 hours
});

test("an order counts as outstanding until the door itself says otherwise", () => {
  const door = { ordered: null, mode: "secured", lock: "locked", position: "closed" } as const;
  assert.equal(outstanding(door), null);
  assert.equal(outstanding({ ...door, ordered: "unlocked" }), "unlocked");
  assert.equal(outstanding({ ...door, mode: "unlocked" }), "unlocked");
  assert.equal(outstanding({ ...door, mode: "fire_release", lock: "unlocked" }), null);
  assert.equal(seenReleased({ lock: "locked", position: "open" }), true);
});

test("a guard keeps no door unlocked, whoever stands above does", () => {
  assert.deepEqual(orderableModes("guard"), ["secured", "blocked"]);
  assert.equal(orderableModes("supervisor").includes("unlocked"), true);
});

test("a detector is marked where it alarms, is broken or silent, not where it merely moves", () => {
  const point = { id: "pir", condition: "active" } as const;
  assert.equal(pointMark(point, []), null);
  assert.equal(pointMark(point, [{ point: "pir" }]), "alarm");
  assert.equal(pointMark({ ...point, condition: "shorted" }, [{ point: "pir" }]), "fault");
  assert.equal(pointMark({ ...point, condition: "unknown" }, []), "unknown");
});

test("delays count down to nothing, and no further", () => {
  const until = "2026-11-21T11:00:30Z";
  assert.equal(delayLeft({ mode: "exit_delay", until }, at("2026-11-21T11:00:00.5Z")), 30);
  assert.equal(delayLeft({ mode: "armed", until }, at("2026-11-21T11:00:00Z")), null);
  assert.equal(secondsLeft(until, at("2026-11-21T12:00:00Z")), 0);
  assert.deepEqual([pressing("entry_delay"), pressing("alarm"), pressing("armed")], [true, true, false]);
});

test("what an output was told is not what it does", () => {
  assert.equal(outputOrdered({ on: null, ordered: true }), "on");
  assert.equal(outputOrdered({ on: true, ordered: true }), null);
  assert.equal(outputOrdered({ on: true, ordered: false }), "off");
});

test("the muster goes by zone in the plan's order, whose zone nobody knows last", () => {
  const zones = [{ id: "hall" }, { id: "vault" }] as unknown as Site["zones"];
  const one = (id: string, zone: string | null, whereabouts: Mustered["whereabouts"] = "inside") =>
    ({ who: { id, name: id }, zone, whereabouts, seen: null }) as Mustered;
  const people = [one("Zoe", "hall"), one("Ada", null), one("Bob", "vault"), one("Amy", "hall"), one("Eve", "hall", "unknown")];
  assert.deepEqual(
    roll(people, "inside", zones).map((group) => [group.zone, group.people.map((each) => each.who.name)]),
    [["hall", ["Amy", "Zoe"]], ["vault", ["Bob"]], [null, ["Ada"]]],
  );
});

test("a visit is in one state, and a badge that went along is not forgotten", () => {
  const visit = { approved: false, signed_in: false, overdue: false, credential: null };
  assert.equal(visitState(visit), "unapproved");
  assert.equal(visitState({ ...visit, approved: true }), "expected");
  assert.equal(visitState({ ...visit, approved: true, signed_in: true, credential: "v-1" }), "here");
  assert.equal(visitState({ ...visit, signed_in: true, overdue: true, credential: "v-1" }), "overdue");
  assert.equal(visitState({ ...visit, credential: "v-1" }), "left");
});

test("only who needs a guard waits for one", () => {
  const waiting = [{ wanted: ["pin"] }, { wanted: ["guard"] }, { wanted: ["face", "guard"] }] as unknown as Waiting[];
  assert.deepEqual(wantingGuard(waiting), waiting.slice(1));
});

test("orders about modes are told with their mode, an escalation as an alarm", () => {
  const said = { kind: "door_mode_ordered", reasons: [], detail: { mode: "blocked" } } as const;
  assert.equal(sentence({ ...said, reasons: [] }), "Ordered to be kept: Blocked");
  assert.equal(tone({ kind: "alarm_escalated", reasons: [], detail: {} }), "alarm");
});

test("every kind of alarm has steps, and a silent one sends nobody to the radio", () => {
  const schema = JSON.parse(readFileSync(new URL("../openapi.json", import.meta.url), "utf8"));
  for (const kind of schema.components.schemas.AlarmKind.enum) assert.ok(steps(kind).length >= 2, kind);
  assert.match(steps("panic", true)[0] ?? "", /Do not call/);
  assert.notDeepEqual(steps("panic", true), steps("panic"));
  assert.deepEqual(steps("duress", true), steps("duress"));
});
