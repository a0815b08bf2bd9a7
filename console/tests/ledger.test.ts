import assert from "node:assert/strict";
import { test } from "node:test";
import { check, parseNote } from "../src/model/ledger.ts";

// A tree of seven entries, the bytes 0 to 6, and its signed note, made by the box's own Python.
const NOTE =
  "ostiary/log/test\n7\nNWAZGAMChESyMgGKwEf9tWHAnCOnpodsheCLXk1I6fM=\n\n" +
  "— ostiary/log/test r6nvWrTLUwPZC++Z8Q3woCMlZWdTU7i/YFSWrtaAeeXyOadkNajR5Ki/ZvyNqeCeGtNwis4az+y+RbCQkm/Msh6tpw8=\n";
const KEY = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";
const PATHS: Readonly<Record<number, readonly string[]>> = {
  0: ["tBP0fRPuL+bIRbLuFBr4HehY307FSaWLeXC7lmRbyNI=", "UsVrRz5SRpM+eFKYnNn+ujs48Hh0K5Ov/x5l7UZ5eCU=", "ickpg07RRZsH9lteGiFDqM9djv3zD0n//6Moux2RM7s="],
  4: ["nxr6TcEky6cxNOgv9Q8XyPcWQlfHn+2aE/WUOmrLjj0=", "QNiBJ9TTGjiR9BWY7u1BF05byJseubvWaoy/wJlWo/0=", "m81RJAr0AFFo8DMSG6hb5abtTw5qX6wmIGZym4+/3ss="],
  6: ["S4wSntFMziwIz8Z2bbf4zbEztfaYuN49WJDqf/fwqNE=", "m81RJAr0AFFo8DMSG6hb5abtTw5qX6wmIGZym4+/3ss="],
};

function proof(index: number) {
  return { entry: btoa(String.fromCharCode(index)), index, size: 7, path: PATHS[index] ?? [], note: NOTE, public: KEY };
}

for (const index of [0, 4, 6]) {
  test(`entry ${index} leads to the signed root`, async () => {
    const found = await check(proof(index));
    assert.deepEqual([found.included, found.signed], [true, true]);
  });
}

test("other bytes, another place, a shorter path and a longer one lead elsewhere", async () => {
  const whole = proof(4);
  const others = [
    { ...whole, entry: btoa("x") },
    { ...whole, index: 5 },
    { ...whole, index: 7 },
    { ...whole, path: whole.path.slice(1) },
    { ...whole, path: [...whole.path, ...whole.path] },
    { ...whole, size: 8 },
  ];
  for (const other of others) assert.equal((await check(other)).included, false);
});

test("a root that somebody else wrote into the note is signed by nobody", async () => {
  const forged = NOTE.replace("\n7\n", "\n8\n");
  assert.equal((await check({ ...proof(4), note: forged })).signed, false);
  assert.equal((await check({ ...proof(4), note: NOTE.replace("— ostiary/log/test", "— somebody") })).signed, false);
  assert.equal((await check({ ...proof(4), public: btoa("\x01".repeat(32)) })).signed, false);
});

test("a witness's copy is read, and what is none is not", () => {
  assert.deepEqual(parseNote(NOTE), { origin: "ostiary/log/test", size: 7, root: "NWAZGAMChESyMgGKwEf9tWHAnCOnpodsheCLXk1I6fM=", signers: ["ostiary/log/test"] });
  for (const none of ["", "hello", "a\nb\nc\n\n", NOTE.replace("\n\n", "\n")]) assert.equal(parseNote(none), null);
});
