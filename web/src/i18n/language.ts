/** The languages of the apps. Chinese of any kind gets 简体中文, everything else English. */
export const LANGUAGES = [
  { code: "en", name: "English" },
  { code: "zh-CN", name: "简体中文" },
] as const;

export type Language = (typeof LANGUAGES)[number]["code"];

const KEY = "stipend:language";

/** What was chosen before in this browser, else the first of the browser's languages that we know. */
export function preferredLanguage(): Language {
  const chosen = stored();
  if (chosen !== undefined) return chosen;
  for (const tag of navigator.languages) {
    if (/^zh\b/i.test(tag)) return "zh-CN";
    if (/^en\b/i.test(tag)) return "en";
  }
  return "en";
}

export function rememberLanguage(language: Language): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Chosen for this window only.
  }
}

function stored(): Language | undefined {
  try {
    return LANGUAGES.find(({ code }) => code === localStorage.getItem(KEY))?.code;
  } catch {
    return undefined;
  }
}
