import i18next, { type Resource } from "i18next";
import { initReactI18next } from "react-i18next";
import { type Language, preferredLanguage, rememberLanguage } from "./language.ts";

/** The words of one app in each language, loaded when they are wanted. */
export type Words = Readonly<Record<Language, () => Promise<Readonly<Record<string, unknown>>>>>;

let words: Words | undefined;

/** Starts with the language of the browser, or the one chosen before. */
export async function startI18n(ofApp: Words): Promise<void> {
  words = ofApp;
  const language = preferredLanguage();
  const resources = { [language]: { translation: await ofApp[language]() } } as Resource;
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources,
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  document.documentElement.lang = language;
}

export async function changeLanguage(language: Language): Promise<void> {
  if (words === undefined) return;
  if (!i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", await words[language]());
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  rememberLanguage(language);
}
