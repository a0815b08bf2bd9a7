import assert from "node:assert/strict";
import { test } from "node:test";
import { age, clockOf, plural, steps, t, word } from "../src/i18n/text.ts";
import { cameraFor, STATUSES, tally, unusual } from "../src/model/doors.ts";
import { merge } from "../src/model/events.ts";
import { linkState, LOST_AFTER, REOPEN_AFTER, shouldReopen } from "../src/model/link.ts";
import { isBookkeeping, sentence, tone } from "../src/model/sentences.ts";
import type { Door, DoorStatus, Site } from "../src/model/types.ts";

test("two seconds of silence lose the link, one millisecond less does not", () => {
  assert.equal(linkState(null, 99), "connecting");
  assert.equal(linkState(1000, 1000 + LOST_AFTER), "live");
  assert.equal(linkState(1000, 1001 + LOST_AFTER), "lost");
});

test("a silent connection is opened anew, but not one that was only just opened", () => {
  assert.equal(shouldReopen(0, 0, REOPEN_AFTER + 1), true);
  assert.equal(shouldReopen(0, REOPEN_AFTER, REOPEN_AFTER + 1), false);
  assert.equal(shouldReopen(null, 0, REOPEN_AFTER), false);
});

test("events come newest first, each once, and no more than are kept", () => {
  const merged = merge([{ seq: 3 }, { seq: 2 }], [{ seq: 4 }, { seq: 3 }, { seq: 1 }], 3);
  assert.deepEqual(merged.map((event) => event.seq), [4, 3, 2]);
});

test("an event is told in a sentence, with its reasons", () => {
  const denied = { kind: "access_denied", reasons: ["credential_expired", "holiday"], detail: {} } as const;
  assert.equal(sentence({ ...denied, reasons: [...denied.reasons] }), "Denied: badge expired, holiday");
  assert.equal(tone({ ...denied, reasons: [] }), "refused");
  assert.equal(sentence({ kind: "position_observed", reasons: [], detail: { position: "open" } }), "Door opened");
  assert.equal(sentence({ kind: "tamper_observed", reasons: [], detail: { active: false } }), "Tamper switch normal again");
  assert.equal(sentence({ kind: "alarm_raised", reasons: [], detail: { kind: "held_open" } }), "Alarm: Door held open");
  assert.equal(sentence({ kind: "box_started", reasons: [], detail: {} }), "Controller started");
});

test("bookkeeping stays out of the guard's list, everything else is in it", () => {
  assert.equal(isBookkeeping({ kind: "message_taken" }), true);
  assert.equal(isBookkeeping({ kind: "access_denied" }), false);
});

test("words fill their places, count their plurals, and survive a word nobody translated", () => {
  assert.equal(t("plan.door", { name: "Gate", status: "Open" }), "Door Gate: Open");
  assert.equal(plural("bar.inside", 1), "1 person inside");
  assert.equal(plural("bar.inside", 0), "0 people inside");
  assert.equal(word("reason", "never_heard_of"), "never heard of");
  assert.equal(age(59.9) + age(60) + age(3600), "59 s1 min1 h");
  assert.ok(steps("forced_open").length > 2);
  assert.equal(clockOf("Europe/Vienna")("2026-11-21T12:00:05Z"), "13:00:05");
});

const door = (id: string, status: DoorStatus): Door => ({
  id, status, position: "closed", lock: "locked", ordered: null, mode: "secured", block: null, alarm: null, modes: [], loop: null, key_turned: false,
});

test("doors are counted in every state, and the worst unusual one comes first", () => {
  const doors = [door("a", "open"), door("b", "secured"), door("c", "forced_open"), door("d", "lockdown")];
  assert.equal(tally(doors).secured + tally(doors).open, 2);
  assert.equal(Object.keys(tally([])).length, STATUSES.length);
  assert.deepEqual(unusual(doors).map((one) => one.id), ["c", "a"]);
});

test("an alarm is looked at through its own camera, else the nearest to its door, else its zone's", () => {
  const camera = (id: string, zone: string, x: number) => ({ id, name: id, zone, position: { x, y: 0 }, purpose: "" });
  const site = {
    cameras: [camera("far", "hall", 90), camera("near", "yard", 12)],
    doors: [{ id: "gate", name: "Gate", zones: ["a", "b"], position: { x: 10, y: 0 } }],
  } as unknown as Site;
  assert.equal(cameraFor(site, { camera: "far", door: "gate", zone: null })?.id, "far");
  assert.equal(cameraFor(site, { camera: null, door: "gate", zone: "hall" })?.id, "near");
  assert.equal(cameraFor(site, { camera: null, door: null, zone: "hall" })?.id, "far");
  assert.equal(cameraFor(site, { camera: null, door: null, zone: null }), null);
});
