// The words of the console. Every text is looked up here by a typed key: a missing key is a compile error, in English
// as in the other languages. A language is one more pair of files like en.json and steps.en.json, and a line in each
// table below. One language is spoken at a time; English is in the page, the others are fetched when they are chosen.
import en from "./en.json" with { type: "json" };
import enSteps from "./steps.en.json" with { type: "json" };

export type Key = keyof typeof en;
export type PluralBase = { [K in Key]: K extends `${infer Base}_other` ? Base : never }[Key];
export type Parameters = Readonly<Record<string, string | number>>;
type AlarmKind = keyof typeof enSteps;
type Catalogue = Readonly<Record<Key, string>>;
type Procedures = Readonly<Record<AlarmKind, readonly string[]>>;
type Words = readonly [Catalogue, Procedures];

export const LANGUAGES = ["en", "fr", "es", "ar"] as const;
export type Language = (typeof LANGUAGES)[number];

/** What each language calls itself: it is found by those who read no other. */
export const OWN_NAME: Readonly<Record<Language, string>> = { en: "English", fr: "Français", es: "Español", ar: "العربية" };

/** Digits are the same in every language: a door's number is read over the radio as it stands on the door. */
const LOCALE: Readonly<Record<Language, string>> = { en: "en-GB", fr: "fr-FR", es: "es-ES", ar: "ar-u-nu-latn" };

const WORDS: Readonly<Record<Language, () => Promise<Words>>> = {
  en: async () => [en, enSteps],
  fr: () => both(import("./fr.json", { with: { type: "json" } }), import("./steps.fr.json", { with: { type: "json" } })),
  es: () => both(import("./es.json", { with: { type: "json" } }), import("./steps.es.json", { with: { type: "json" } })),
  ar: () => both(import("./ar.json", { with: { type: "json" } }), import("./steps.ar.json", { with: { type: "json" } })),
};

let spoken: Language = "en";
let catalogue: Catalogue = en;
let procedures: Procedures = enSteps;
let plurals = new Intl.PluralRules(LOCALE.en);
let counts = new Intl.NumberFormat(LOCALE.en);

/** Speak a language from now on, once its words are here. */
export async function speak(language: Language): Promise<void> {
  [catalogue, procedures] = await WORDS[language]();
  spoken = language;
  plurals = new Intl.PluralRules(LOCALE[language]);
  counts = new Intl.NumberFormat(LOCALE[language]);
}

/** Return the language that is spoken. */
export function language(): Language {
  return spoken;
}

/** Return the direction in which the spoken language is written. */
export function direction(): "ltr" | "rtl" {
  return spoken === "ar" ? "rtl" : "ltr";
}

/** Tell whether this is a language the console speaks. */
export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some((one) => one === value);
}

/** Return the text of a key with `{name}` places filled in. */
export function t(key: Key, parameters: Parameters = {}): string {
  return catalogue[key].replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = parameters[name];
    return value === undefined ? place : apart(value);
  });
}

/** Return the form of a text that fits the number `n`, which also fills `{n}`. */
export function plural(base: PluralBase, n: number, parameters: Parameters = {}): string {
  const exact = `${base}_${plurals.select(n)}`;
  return t((Object.hasOwn(catalogue, exact) ? exact : `${base}_other`) as Key, { n: counts.format(n), ...parameters });
}

/** Return the suggested steps for a kind of alarm; one that is silent may take other ones. */
export function steps(kind: AlarmKind, silent = false): readonly string[] {
  const quietly = `${kind}_silent`;
  return silent && quietly in procedures ? procedures[quietly as AlarmKind] : procedures[kind];
}

/** Return the text of a word the server sent, or the word itself where the catalogue does not know it. */
export function word(group: string, value: string): string {
  const key = `${group}.${value}`;
  return isKey(key) ? t(key) : value.replaceAll("_", " ");
}

/** Tell whether the catalogue has this key. */
export function isKey(key: string): key is Key {
  return Object.hasOwn(en, key);
}

/** Return an age in seconds in few words. */
export function age(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return t("age.seconds", { n: whole });
  if (whole < 3600) return t("age.minutes", { n: Math.floor(whole / 60) });
  return t("age.hours", { n: Math.floor(whole / 3600) });
}

/** Return a function that writes a moment as the clock on the site's wall shows it. */
export function clockOf(timeZone: string): (moment: string | number) => string {
  return written({ timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

/** Return a function that writes a moment's day in the site's zone. */
export function dateOf(timeZone: string): (moment: string | number) => string {
  return written({ timeZone, dateStyle: "medium" });
}

/** Return a function that writes a moment's day and time in the site's zone. */
export function stampOf(timeZone: string): (moment: string | number) => string {
  return written({
    timeZone, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });
}

/** Both are fetched at the same time. */
async function both(texts: Promise<{ default: Catalogue }>, courses: Promise<{ default: Procedures }>): Promise<Words> {
  const [words, procedures] = await Promise.all([texts, courses]);
  return [words.default, procedures.default];
}

function written(options: Intl.DateTimeFormatOptions): (moment: string | number) => string {
  const format = new Intl.DateTimeFormat(LOCALE[spoken], options);
  return (moment) => format.format(new Date(moment));
}

/** A name inside a text of the other direction keeps its own order, and does not pull the words beside it along. */
function apart(value: string | number): string {
  return direction() === "rtl" && typeof value === "string" ? `\u2068${value}\u2069` : String(value);
}
