import assert from "node:assert/strict";
import { test } from "node:test";
import { floorOf, floorsOf } from "../src/model/floors.ts";
import { history, stateOf } from "../src/model/history.ts";
import type { Alarm, LoggedEvent, Site } from "../src/model/types.ts";
import { codecOf } from "../src/net/mse.ts";

const event = (seq: number, kind: LoggedEvent["kind"], alarm: string | null) => ({ seq, kind, alarm }) as LoggedEvent;

test("each alarm has its course, the first record first, and another's is not in it", () => {
  const events = [event(5, "alarm_closed", "a1"), event(4, "alarm_raised", "a2"), event(3, "access_granted", null), event(2, "alarm_acknowledged", "a1"), event(1, "alarm_raised", "a1")];
  const courses = history(events).map(({ id, raised, course }) => [id, raised.seq, course.map(({ seq }) => seq)]);
  assert.deepEqual(courses, [["a2", 4, [4]], ["a1", 1, [1, 2, 5]]]);
});

test("an alarm whose beginning was not fetched has no course yet", () => {
  assert.deepEqual(history([event(2, "alarm_acknowledged", "a1")]), []);
});

test("an alarm that is not among the open ones was closed", () => {
  const open = (has: Partial<Alarm>) => [{ id: "a1", shelf: null, acknowledged_by: null, ...has } as Alarm];
  assert.equal(stateOf({ id: "a1" }, []), "closed");
  assert.equal(stateOf({ id: "a1" }, open({})), "open");
  assert.equal(stateOf({ id: "a1" }, open({ acknowledged_by: "gil" })), "acknowledged");
  assert.equal(stateOf({ id: "a1" }, open({ shelf: { operator: "sue", reason: "x", until: "" } })), "shelved");
});

test("a stream's head names its codec: profile, constraints and level as they stand in it", () => {
  const head = Uint8Array.from([0, 0, 0, 9, ...[..."avcC"].map((letter) => letter.charCodeAt(0)), 1, 0x64, 0x00, 0x1f, 0xff]);
  assert.equal(codecOf(head), "avc1.64001f");
  assert.equal(codecOf(Uint8Array.from([..."hvcC"].map((letter) => letter.charCodeAt(0)))), "hvc1.1.6.L120.90");
  assert.equal(codecOf(Uint8Array.from([1, 2, 3])), null);
});

const ROOM = [{ x: 0, y: 0 }];
const zone = (id: string, floor: string, shape = ROOM) => ({ id, floor, shape }) as Site["zones"][number];
const BUILDING = {
  zones: [zone("outside", "", []), zone("lobby", "Ground floor"), zone("attic", "First floor"), zone("hall", "Ground floor")],
  doors: [{ id: "stairs", zones: ["lobby", "attic"] }, { id: "front", zones: ["outside", "hall"] }] as unknown as Site["doors"],
};

test("floors stand in the order in which they are named, and outside is none", () => {
  assert.deepEqual(floorsOf(BUILDING), ["Ground floor", "First floor"]);
});

test("an alarm is on its zone's floor, else on one of its door's", () => {
  assert.equal(floorOf(BUILDING, { zone: "attic", door: "stairs" }), "First floor");
  assert.equal(floorOf(BUILDING, { zone: "attic", door: null }), "First floor");
  assert.equal(floorOf(BUILDING, { zone: "outside", door: "front" }), "Ground floor");
  assert.equal(floorOf(BUILDING, { zone: null, door: null }), null);
});
