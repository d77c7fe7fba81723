/** One line of a rule's table of settings. */
export type Setting =
  | {
      readonly kind: "whole";
      readonly default: number;
      readonly min: number;
      readonly max: number;
      readonly about: string;
    }
  | { readonly kind: "texts"; readonly default: readonly string[]; readonly about: string }
  | { readonly kind: "switch"; readonly default: boolean; readonly about: string };

export type SettingsTable = Readonly<Record<string, Setting>>;

/** The values of such a table. */
export type SettingsOf<T extends SettingsTable> = {
  readonly [K in keyof T]: T[K]["kind"] extends "whole"
    ? number
    : T[K]["kind"] extends "texts"
      ? readonly string[]
      : boolean;
};

/** A whole number within bounds, both inclusive. */
export function whole(value: number, min: number, max: number, about: string) {
  return { kind: "whole", default: value, min, max, about } as const;
}

/** A list of texts. */
export function texts(value: readonly string[], about: string) {
  return { kind: "texts", default: value, about } as const;
}

/** true or false. */
export function toggle(value: boolean, about: string) {
  return { kind: "switch", default: value, about } as const;
}

export interface SettingsReading<T extends SettingsTable> {
  readonly values: SettingsOf<T>;
  /** Every mistake, each with its path; the values are the defaults where there is one. */
  readonly mistakes: readonly string[];
}

/**
 * @param given what the file says for this table; undefined: nothing.
 * @param path how messages name it: "rules.large_change".
 */
export function readSettings<T extends SettingsTable>(table: T, given: unknown, path: string): SettingsReading<T> {
  const mistakes: string[] = [];
  const from = isRecord(given) ? given : {};
  if (given !== undefined && given !== null && !isRecord(given)) mistakes.push(`${path} must be a map of settings`);
  for (const name of Object.keys(from)) {
    if (!Object.hasOwn(table, name)) {
      mistakes.push(`${path}.${name} is not known; there are ${Object.keys(table).join(", ")}`);
    }
  }
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) {
    const value = Object.hasOwn(from, name) ? from[name] : undefined;
    const wrong = value === undefined ? null : wrongAbout(setting, value);
    if (wrong !== null) mistakes.push(`${path}.${name} ${wrong}`);
    values[name] = value === undefined || wrong !== null ? setting.default : value;
  }
  return { values: values as SettingsOf<T>, mistakes };
}

function wrongAbout(setting: Setting, value: unknown): string | null {
  switch (setting.kind) {
    case "whole": {
      const fits =
        typeof value === "number" && Number.isSafeInteger(value) && value >= setting.min && value <= setting.max;
      return fits ? null : `must be a whole number between ${setting.min} and ${setting.max}`;
    }
    case "texts": {
      const fits = Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "");
      return fits ? null : "must be a list of texts";
    }
    case "switch":
      return typeof value === "boolean" ? null : "must be true or false";
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
