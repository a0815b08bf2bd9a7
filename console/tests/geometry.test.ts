import assert from "node:assert/strict";
import { test } from "node:test";
import { area, fit, inside, labelPlace, lines, place, stepAside, wallAt, wordsPlace } from "../src/plan/geometry.ts";

const rectangle = (x: number, y: number, width: number, height: number) => [
  { x, y }, { x: x + width, y }, { x: x + width, y: y + height }, { x, y: y + height },
];
const room = rectangle(0, 0, 200, 100);

test("a plan is centred as large as its margin allows, wherever it lies", () => {
  const at = fit(rectangle(50, 50, 100, 50), { width: 240, height: 240 }, 20);
  assert.equal(at.scale, 2);
  assert.deepEqual(place({ x: 50, y: 50 }, at), { x: 20, y: 70 });
  assert.deepEqual(place({ x: 150, y: 100 }, at), { x: 220, y: 170 });
});

test("a door lies on the nearest wall and takes its angle", () => {
  assert.deepEqual(wallAt([room], { x: 60, y: 97 }), { angle: 0, on: { x: 60, y: 100 } });
  assert.deepEqual(wallAt([room], { x: 199, y: 40 }), { angle: 90, on: { x: 200, y: 40 } });
});

test("inside is inside, also of a bent room", () => {
  const bent = [{ x: 0, y: 0 }, { x: 20, y: 0 }, { x: 20, y: 10 }, { x: 10, y: 10 }, { x: 10, y: 20 }, { x: 0, y: 20 }];
  assert.equal(inside({ x: 5, y: 15 }, bent), true);
  assert.equal(inside({ x: 15, y: 15 }, bent), false);
  assert.equal(area(bent), 300);
});

test("a label keeps inside its room, off the rooms within it, and off the doors", () => {
  const within = rectangle(0, 0, 100, 100);
  const at = labelPlace(room, [room, within], [{ x: 150, y: 50 }], { width: 40, height: 16 });
  assert.ok(at && at.x - 20 >= 100 && at.x + 20 <= 200);
  assert.ok(Math.abs(at.y - 50) > 16);
  assert.equal(labelPlace(room, [room], [], { width: 300, height: 16 }), null);
});

test("a camera steps aside from a door, no further than it must", () => {
  assert.deepEqual(stepAside({ x: 0, y: 0 }, [{ x: 50, y: 0 }], 30, []), { x: 0, y: 0 });
  const aside = stepAside({ x: 0, y: 0 }, [{ x: 4, y: 0 }], 30, []);
  assert.ok(Math.hypot(aside.x - 4, aside.y) >= 30 && Math.hypot(aside.x, aside.y) <= 30);
});

test("a camera never steps through a wall into another room", () => {
  const at = stepAside({ x: 100, y: 95 }, [{ x: 100, y: 90 }], 30, room);
  assert.ok(inside(at, room) && Math.hypot(at.x - 100, at.y - 90) >= 30);
});

test("a long name breaks at its spaces", () => {
  assert.deepEqual(lines("Communications room", 110, 7), ["Communications", "room"]);
  assert.deepEqual(lines("Communications room", Infinity, 7), ["Communications room"]);
});

test("a door's words stand below it, aside of other marks, and within the plan", () => {
  const words = { width: 60, height: 16 };
  const plan = { width: 200, height: 100 };
  assert.deepEqual(wordsPlace({ x: 100, y: 50 }, [], words, plan), { x: 100, y: 70 });
  assert.deepEqual(wordsPlace({ x: 195, y: 50 }, [], words, plan), { x: 170, y: 70 });
  assert.deepEqual(wordsPlace({ x: 100, y: 50 }, [{ x: 72, y: 74 }], words, plan), { x: 114, y: 70 });
  assert.deepEqual(wordsPlace({ x: 100, y: 50 }, [{ x: 100, y: 74 }], words, plan), { x: 100, y: 30 });
});
