import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, test } from "node:test";
import { clockOf, dateOf, direction, language, LANGUAGES, stampOf, OWN_NAME, plural, speak, steps, t, word, type Language } from "../src/i18n/text.ts";

type Texts = Readonly<Record<string, string>>;

const MOST_COUNTED = 1_000; // the plural forms a language needs are those of the numbers up to here
const PLURAL = /^(.+)_(zero|one|two|few|many|other)$/;

const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(`../src/i18n/${name}`, import.meta.url), "utf8")) as T;
const textsOf = (name: Language) => read<Texts>(`${name}.json`);
const english = textsOf("en");
const others = LANGUAGES.filter((one) => one !== "en");

/** The texts that are counted: those of which English has a singular beside the plural. */
const counted = (key: string): string | null => {
  const base = PLURAL.exec(key)?.[1] ?? null;
  return base !== null && `${base}_one` in english && `${base}_other` in english ? base : null;
};
const singles = (texts: Texts) => Object.keys(texts).filter((key) => counted(key) === null);
const bases = (texts: Texts) => [...new Set(Object.keys(texts).map(counted).filter((base) => base !== null))];
const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string).sort();

/** The plural forms a language needs. */
function forms(name: string): readonly string[] {
  const rules = new Intl.PluralRules(name);
  return [...new Set(Array.from({ length: MOST_COUNTED + 1 }, (_, n) => rules.select(n)))].sort();
}

afterEach(() => speak("en"));

for (const name of others) {
  const texts = textsOf(name);

  test(`${OWN_NAME[name]} has every text, and no other`, () => {
    assert.deepEqual(singles(texts).sort(), singles(english).sort());
    assert.deepEqual(bases(texts).sort(), bases(english).sort());
  });

  test(`${OWN_NAME[name]} fills the same places`, () => {
    for (const key of singles(english)) assert.deepEqual(places(texts[key] ?? ""), places(english[key] ?? ""), key);
  });

  test(`${OWN_NAME[name]} has every form its numbers need, and of those that count no other`, () => {
    for (const base of bases(english)) {
      const own = Object.keys(texts).filter((key) => counted(key) === base).map((key) => PLURAL.exec(key)?.[2] ?? "").sort();
      assert.deepEqual(own, forms(name), base);
      assert.deepEqual(places(texts[`${base}_other`] ?? ""), places(english[`${base}_other`] ?? ""), base);
      for (const form of own) {
        const extra = places(texts[`${base}_${form}`] ?? "").filter((place) => !places(english[`${base}_other`] ?? "").includes(place));
        assert.deepEqual(extra, [], `${base}_${form}`);
      }
    }
  });

  test(`${OWN_NAME[name]} leaves nothing blank, and has every procedure step by step`, () => {
    for (const [key, text] of Object.entries(texts)) assert.notEqual(text.trim(), "", key);
    const [own, source] = [read<Record<string, string[]>>(`steps.${name}.json`), read<Record<string, string[]>>("steps.en.json")];
    assert.deepEqual(Object.keys(own).sort(), Object.keys(source).sort());
    for (const [kind, rows] of Object.entries(source)) assert.equal(own[kind]?.length, rows.length, kind);
  });
}

test("a number takes the form of its language", async () => {
  const said = async (name: Language, n: number) => (await speak(name), plural("alarms.count", n));
  assert.equal(await said("en", 0), "0 alarms");
  assert.equal(await said("fr", 0), "0 alarme");
  assert.equal(await said("es", 1), "1 alarma");
  assert.deepEqual(
    await Promise.all([0, 1, 2, 3, 11, 100].map((n) => said("ar", n))).then((all) => all.map((text) => text.replace(/[\u2068\u2069]/g, ""))),
    ["لا إنذارات", "إنذار واحد", "إنذاران", "3 إنذارات", "11 إنذارًا", "100 إنذار"],
  );
});

test("Arabic is written from the right, with the digits that stand on the doors, and keeps a name apart", async () => {
  await speak("ar");
  assert.equal(direction(), "rtl");
  assert.equal(language(), "ar");
  assert.equal(clockOf("Europe/Paris")("2026-03-29T01:00:00Z"), "03:00:00");
  assert.match(stampOf("Europe/Paris")("2026-03-29T01:00:00Z"), /29.*2026.*03:00/);
  assert.equal(t("account.remove_named", { name: "Ada" }), "إزالة \u2068Ada\u2069");
  assert.equal(word("alarm", "fire"), "حريق");
  assert.equal(steps("fire").length, 4);
});

test("a day is the site's, not Greenwich's", () => {
  assert.equal(dateOf("Asia/Tokyo")("2026-11-22T20:00:00Z"), "23 Nov 2026");
  assert.equal(stampOf("Asia/Tokyo")("2026-11-22T20:00:00Z"), "23 Nov 2026, 05:00:00");
});
