// The words of the console. Every text is looked up here by a typed key: a missing key is a compile error, and a
// language is one more pair of files like en.json and steps.en.json.
import en from "./en.json" with { type: "json" };
import enSteps from "./steps.en.json" with { type: "json" };

export type Key = keyof typeof en;
export type PluralBase = { [K in Key]: K extends `${infer Base}_other` ? Base : never }[Key];
export type Parameters = Readonly<Record<string, string | number>>;
type AlarmKind = keyof typeof enSteps;

export const LANGUAGE = "en";
export const DIRECTION: "ltr" | "rtl" = "ltr";

const catalogue: Readonly<Record<Key, string>> = en;
const procedures: Readonly<Record<AlarmKind, readonly string[]>> = enSteps;
const plurals = new Intl.PluralRules(LANGUAGE);

/** Return the text of a key with `{name}` places filled in. */
export function t(key: Key, parameters: Parameters = {}): string {
  return catalogue[key].replace(/\{(\w+)\}/g, (place, name: string) => String(parameters[name] ?? place));
}

/** Return the form of a text that fits the number `n`, which also fills `{n}`. */
export function plural(base: PluralBase, n: number, parameters: Parameters = {}): string {
  const exact = `${base}_${plurals.select(n)}`;
  return t(isKey(exact) ? exact : `${base}_other`, { n, ...parameters });
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
  return Object.hasOwn(catalogue, key);
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
  const format = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return (moment) => format.format(new Date(moment));
}
