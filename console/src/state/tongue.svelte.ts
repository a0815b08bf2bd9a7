// The language the page speaks now. Whatever is on the screen is drawn anew when it changes (see App.svelte).
import { direction, language, speak, type Language } from "../i18n/text.ts";
import { savedLanguage, saveLanguage } from "./preferences.ts";

let now: Language = $state("en");

export const tongue = {
  get now(): Language {
    return now;
  },
};

/** Speak what was chosen before: by this operator, or by whoever chose last at this browser; else go on as until now. */
export async function speakSaved(operator?: string): Promise<void> {
  await turnTo(savedLanguage(operator)).catch(() => undefined); // the words do not come: no reason to show no alarms
}

/** Speak another language from now on, and whenever this operator signs in here. */
export async function choose(chosen: Language, operator?: string): Promise<void> {
  saveLanguage(chosen, operator);
  await turnTo(chosen);
}

async function turnTo(chosen: Language): Promise<void> {
  await speak(chosen);
  document.documentElement.lang = language();
  document.documentElement.dir = direction();
  now = chosen;
}
