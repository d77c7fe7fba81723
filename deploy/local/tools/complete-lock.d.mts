export interface PlatformEntry {
  version: string;
  cpu: string[];
  dev?: true;
  libc?: string[];
  optional: true;
  os: string[];
}

export function missingEntries(lock: object): Record<string, PlatformEntry>;
