/** Theme and language: read before the first paint, so they are kept outside the database. */
import type { Preferences } from "../state/view.ts";

const NAME = "deskhand.preferences";
const THEMES = ["system", "light", "dark"] as const;
const LANGUAGES = ["en", "zh", "ar"] as const;

export function readPreferences(): Preferences {
  try {
    const { theme, language } = JSON.parse(localStorage.getItem(NAME) ?? "{}") as Partial<Preferences>;
    return {
      theme: THEMES.find((one) => one === theme) ?? "system",
      language: LANGUAGES.find((one) => one === language) ?? null,
    };
  } catch {
    return { theme: "system", language: null };
  }
}

export function writePreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(NAME, JSON.stringify(preferences));
  } catch {
    // A private window keeps nothing; the choice holds until it closes.
  }
}
