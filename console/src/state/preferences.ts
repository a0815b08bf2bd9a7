// What this browser remembers: the theme, whether single letters are shortcuts (WCAG 2.1.4), and who reads which
// language. Nothing else personal.
import { isLanguage, LANGUAGES, type Language } from "../i18n/text.ts";

export type Theme = "dark" | "light";

const THEME = "ostiary.theme";
const LETTERS = "ostiary.letters";
const LANGUAGE = "ostiary.language";

export function savedTheme(): Theme {
  return localStorage.getItem(THEME) === "light" ? "light" : "dark";
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(THEME, theme);
}

export function lettersOn(): boolean {
  return localStorage.getItem(LETTERS) !== "off";
}

export function setLetters(on: boolean): void {
  localStorage.setItem(LETTERS, on ? "on" : "off");
}

/** Return the language this operator chose here, else the one last chosen here, else the browser's own. */
export function savedLanguage(operator?: string): Language {
  const own = operator === undefined ? null : localStorage.getItem(`${LANGUAGE}.${operator}`);
  const saved = own ?? localStorage.getItem(LANGUAGE);
  if (isLanguage(saved)) return saved;
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase());
  return LANGUAGES.find((one) => one === wanted.find(isLanguage)) ?? "en";
}

/** Remember the language for the sign-in, and for the operator who chose it. */
export function saveLanguage(language: Language, operator?: string): void {
  localStorage.setItem(LANGUAGE, language);
  if (operator !== undefined) localStorage.setItem(`${LANGUAGE}.${operator}`, language);
}
