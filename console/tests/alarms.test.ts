import assert from "node:assert/strict";
import { test } from "node:test";
import { fresh, grouped, openAlarm, ringing, settle, standing, unacknowledged, waitingAbove } from "../src/model/alarms.ts";
import type { Alarm } from "../src/model/types.ts";

function alarm(id: string, priority: 1 | 2 | 3 = 2, acknowledged_by: string | null = null): Alarm {
  return {
    id, priority, acknowledged_by, kind: "forced_open", name: id, door: null, reader: null, device: null, zone: null, point: null, area: null, escalated: false,
    camera: null, detail: "", raised_at: "2026-11-21T12:00:00Z", persists: true, silent: false, maintenance: false,
    steps: [], shelvable: priority !== 1, shelf: null,
  };
}

const ids = (text: string) => [...text].map((id) => alarm(id));

test("the server's order stands while no hand is on the list", () => {
  assert.deepEqual(settle(["b", "a"], ids("abc"), false), ["a", "b", "c"]);
});

test("under the finger nothing moves: what is there stays, what is new waits at the end, what is closed goes", () => {
  assert.deepEqual(settle(["b", "a", "x"], ids("nab"), true), ["b", "a", "n"]);
});

test("alarms that belong above a held list are counted", () => {
  const before = new Set(["b", "a"]);
  assert.equal(waitingAbove(["b", "a", "n", "m"], ids("nbam"), before), 1);
  assert.equal(waitingAbove(["b", "a"], ids("ba"), before), 0);
});

test("the chosen alarm stays open while it lasts, then the top one is", () => {
  assert.equal(openAlarm(ids("abc"), ["a", "b", "c"], "c")?.id, "c");
  assert.equal(openAlarm(ids("ab"), ["a", "b"], "c")?.id, "a");
  assert.equal(openAlarm([], [], "c"), null);
});

test("only unacknowledged alarms are counted, by priority", () => {
  const alarms = [alarm("a", 1), alarm("b", 1, "gil"), alarm("c", 3)];
  assert.deepEqual(unacknowledged(alarms), { 1: 1, 2: 0, 3: 1 });
});

test("only alarms that were not there before, and that nobody has seen, are announced", () => {
  const alarms = [alarm("a"), alarm("b"), alarm("c", 2, "gil")];
  assert.deepEqual(fresh(new Set(["a"]), alarms).map((one) => one.id), ["b"]);
});

const SHELF = { operator: "sue", reason: "a new one is on its way", until: "2026-11-21T13:00:00Z" };

test("what is put aside is counted with none, announced with none and stands open by itself never", () => {
  const aside: Alarm = { ...alarm("a"), shelf: SHELF };
  assert.deepEqual(standing([aside, alarm("b")]).map(({ id }) => id), ["b"]);
  assert.equal(unacknowledged([aside])[2], 0);
  assert.deepEqual(fresh(new Set(), [aside]), []);
  assert.equal(openAlarm([aside], ["a"], null), null);
  assert.equal(openAlarm([aside], ["a"], "a")?.id, "a");
});

test("what comes of somebody's work stands in the list, sounds nothing and is not announced", () => {
  const work: Alarm = { ...alarm("a"), maintenance: true };
  assert.deepEqual(standing([work]).length, 1);
  assert.deepEqual(ringing([work, alarm("b"), alarm("c", 2, "gil")]).map(({ id }) => id), ["b"]);
  assert.deepEqual(fresh(new Set(), [work]), []);
});

test("in a flood what is never grouped away stands alone, the others by their zone, each in its order", () => {
  const inZone = (id: string, zone: string | null): Alarm => ({ ...alarm(id), zone });
  const { alone, groups } = grouped([alarm("p", 1), inZone("a", "lobby"), inZone("b", null), inZone("c", "lobby"), alarm("q", 1)]);
  assert.deepEqual(alone.map(({ id }) => id), ["p", "q"]);
  assert.deepEqual(groups.map(({ zone, alarms }) => [zone, alarms.map(({ id }) => id)]), [["lobby", ["a", "c"]], [null, ["b"]]]);
});
