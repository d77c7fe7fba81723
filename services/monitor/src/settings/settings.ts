import { readSettings, type SettingsOf, whole } from "../domain/settings.ts";
import { type RuleBook, readRuleBook } from "../rules/all.ts";
import { type Links, readLinks } from "./links.ts";
import { type NotificationSettings, readNotifications, type Secrets } from "./notifications.ts";

/** The rolling proof of consistency. */
const consistencySettings = {
  pageSize: whole(500, 1, 500, "accounts compared in one step"),
  everyMilliseconds: whole(1_000, 100, 3_600_000, "pause between steps of a pass"),
  minutesBetweenPasses: whole(1, 0, 10_080, "pause between two passes over all accounts"),
};

export interface MonitorSettings {
  readonly rules: RuleBook;
  readonly consistency: SettingsOf<typeof consistencySettings>;
  readonly notifications: NotificationSettings;
  readonly links: Links;
}

/** Lists every mistake of the file, each with its path. */
export class SettingsError extends Error {
  readonly code = "settings_invalid";
  readonly mistakes: readonly string[];

  constructor(file: string, mistakes: readonly string[]) {
    super(`${file} has ${mistakes.length} mistake(s):\n${mistakes.map((mistake) => `  - ${mistake}`).join("\n")}`);
    this.name = "SettingsError";
    this.mistakes = mistakes;
  }
}

export interface SettingsSurroundings {
  /** How messages name the file. */
  readonly file: string;
  readonly secrets: Secrets;
  /** The business time zone. */
  readonly timeZone: string;
}

/**
 * @param parsed the file's content; null: an empty file, everything has its default.
 * @throws SettingsError.
 */
export function toSettings(parsed: unknown, { file, secrets, timeZone }: SettingsSurroundings): MonitorSettings {
  const sections = "rules, consistency, notifications and links";
  if (parsed !== null && (typeof parsed !== "object" || Array.isArray(parsed))) {
    throw new SettingsError(file, [`the file must be a map with the keys ${sections}`]);
  }
  const { rules, consistency, notifications, links, ...rest } = (parsed ?? {}) as Record<string, unknown>;
  const unknown = Object.keys(rest).map((key) => `${key} is not known; there are ${sections}`);
  const book = readRuleBook(rules);
  const checks = readSettings(consistencySettings, consistency, "consistency");
  const notices = readNotifications(notifications, secrets, timeZone);
  const places = readLinks(links);
  const mistakes = [...unknown, ...book.mistakes, ...checks.mistakes, ...notices.mistakes, ...places.mistakes];
  if (mistakes.length > 0) throw new SettingsError(file, mistakes);
  return { rules: book.book, consistency: checks.values, notifications: notices.settings, links: places.links };
}
