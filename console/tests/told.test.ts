import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, test } from "node:test";
import { LANGUAGES, speak, t, type Key } from "../src/i18n/text.ts";
import { told } from "../src/i18n/told.ts";

const patterns = JSON.parse(readFileSync(new URL("../src/i18n/told.json", import.meta.url), "utf8")) as Record<string, string>;
const FILLED: Readonly<Record<string, string>> = { n: "5", free: "1,024", low: "2,048", size: "12", before: "9", address: "192.0.2.7", date: "2026-11-22", error: "OSError", operator: "gil" };

/** A sentence as the box writes it, with something in every place. */
const filled = (text: string) => text.replace(/\{(\w+)\}/g, (_, name: string) => FILLED[name] ?? `<${name}>`);
const plain = (text: string) => text.replace(/[\u2068\u2069]/g, "");

afterEach(() => speak("en"));

for (const language of LANGUAGES) {
  test(`every sentence of the box is said in ${language}`, async () => {
    await speak(language);
    for (const [code, pattern] of Object.entries(patterns)) {
      const said = plain(told(filled(pattern)));
      assert.equal(said, filled(plain(t(`told.${code}` as Key))), code);
    }
  });
}

test("a reason within a sentence is said as well", async () => {
  await speak("fr");
  assert.equal(told("no broker: the broker did not answer within 5 s"), "pas de courtier MQTT : le courtier n’a pas répondu en 5 s");
  assert.equal(told("contact is cut or shorted, bolt is cut or shorted"), "contact coupé ou en court-circuit ; bolt coupé ou en court-circuit");
});

test("several at once are said one by one", async () => {
  await speak("es");
  assert.equal(
    told("a reader that hangs on it is not connected; its key was set where others could listen: rotate it on a bench line"),
    "un lector que cuelga de él no está conectado; su clave se puso donde otros podían escuchar: cámbiela en un banco",
  );
});

test("what people typed stays as it was typed", async () => {
  for (const language of LANGUAGES) {
    await speak(language);
    for (const text of ["", "the courier waits in the lobby", "from the ambassador", "Registry; Vault", "a.b (c) [d] {e} $&"]) assert.equal(told(text), text);
  }
});
