import { join } from "node:path";

/** Where a system keeps its things, below its home. */
export interface Paths {
  home: string;
  data: string;
  logs: string;
  keys: string;
  /** pid files */
  run: string;
  logFile(name: string): string;
}

export function pathsOf(home: string): Paths {
  return {
    home,
    data: join(home, "data"),
    logs: join(home, "logs"),
    keys: join(home, "keys"),
    run: join(home, "run"),
    logFile: (name) => join(home, "logs", `${name}.log`),
  };
}
