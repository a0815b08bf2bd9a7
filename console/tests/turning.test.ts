import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { HOLDS, Turning, wayOf, type Way } from "../src/model/turning.ts";

const LEFT = wayOf("ArrowLeft") as Way;
const UP = wayOf("ArrowUp") as Way;

/** What was ordered; each order takes until the next turn of the loop. */
function stage(accepted = true) {
  const tape: string[] = [];
  const turning = new Turning({
    turn: async (way, seconds) => (tape.push(`${way.pan} ${way.tilt} for ${seconds}`), accepted),
    stop: async () => tape.push("stop"),
  });
  return { tape, turning };
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

test("what is held is renewed before its time is over, and stopped once it is let go", async () => {
  mock.timers.enable({ apis: ["setInterval"] });
  const { tape, turning } = stage();
  turning.hold(LEFT);
  turning.hold(LEFT); // a key repeats itself
  await settled();
  assert.deepEqual(tape, [`-0.5 0 for ${HOLDS}`]);
  mock.timers.tick(1_000);
  await settled();
  assert.equal(tape.length, 2);
  assert.ok(HOLDS > 1);
  turning.release();
  turning.release();
  mock.timers.tick(5_000);
  await settled();
  assert.deepEqual(tape.slice(2), ["stop"]);
  mock.timers.reset();
});

test("another way takes the place of the one before, and the stop comes last", async () => {
  const { tape, turning } = stage();
  turning.hold(LEFT);
  await settled();
  turning.hold(UP);
  turning.release();
  await settled();
  assert.deepEqual(tape, [`-0.5 0 for ${HOLDS}`, "stop"], "who let go at once wants no turn");
});

test("what is refused is not asked for again while it is held", async () => {
  mock.timers.enable({ apis: ["setInterval"] });
  const { tape, turning } = stage(false);
  turning.hold(LEFT);
  await settled();
  mock.timers.tick(5_000);
  await settled();
  turning.release();
  await settled();
  assert.equal(tape.length, 1);
  mock.timers.reset();
});

test("only arrows, plus and minus turn a camera", () => {
  assert.deepEqual(["a", "Enter", "toString", "PageUp"].map(wayOf), [null, null, null, null]);
  assert.deepEqual(wayOf("+"), { pan: 0, tilt: 0, zoom: 0.5 });
});
