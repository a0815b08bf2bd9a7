// Sentences that the box wrote down in English: what an alarm tells beside its kind, why a reader was not replaced. They
// are made of closed patterns (told.json holds each as the box writes it; tests/controller/test_told.py holds it true),
// so that they are known again and said in the language that is spoken. What people typed fits none, and stays as it is.
import { t, type Key } from "./text.ts";
import patterns from "./told.json" with { type: "json" };

type Code = keyof typeof patterns;

/** What may stand in a place of a pattern, where that is not anything. */
const SHAPES: Readonly<Record<string, string>> = {
  n: "[\\d.,]+", free: "[\\d.,]+", low: "[\\d.,]+", size: "\\d+", before: "\\d+",
  address: "[\\da-fA-F.:]+", date: "\\d{4}-\\d\\d-\\d\\d", error: "\\w+", operator: "\\S+",
};
const SEVERAL = "; ";

const known: readonly (readonly [Code, RegExp])[] = (Object.keys(patterns) as Code[]).map((code) => [code, matcher(patterns[code])]);

/** Return a sentence of the box in the language that is spoken, or as it is where it is none of those. */
export function told(text: string): string {
  for (const [code, pattern] of known) {
    const found = pattern.exec(text);
    if (found) return t(`told.${code}` satisfies Key, spoken(found.groups ?? {}));
  }
  return text.includes(SEVERAL) ? text.split(SEVERAL).map(told).join(SEVERAL) : text;
}

/** A reason within a sentence is a sentence of its own. */
function spoken(places: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(places).map(([name, value]) => [name, name === "why" ? told(value) : value]));
}

function matcher(pattern: string): RegExp {
  const parts = pattern.split(/\{(\w+)\}/);  // text, place, text, place, ... text
  const source = parts.map((part, at) => (at % 2 ? `(?<${part}>${SHAPES[part] ?? ".+"})` : part.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&")));
  return new RegExp(`^${source.join("")}$`, "s");
}
