// What this browser remembers: the theme, and whether single letters are shortcuts (WCAG 2.1.4). Nothing personal.

export type Theme = "dark" | "light";

const THEME = "ostiary.theme";
const LETTERS = "ostiary.letters";

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
