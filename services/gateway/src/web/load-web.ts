import type { Log } from "@stipend/platform/log/log";
import { WebApp, type WebSettings } from "./web-app.ts";
import { readWebFiles } from "./web-files.ts";

/**
 * The web apps, where there is a build of them. Without one the API works as ever, and the log says why there are no
 * pages.
 */
export function loadWeb(dir: string | undefined, settings: () => WebSettings, log: Log): WebApp | undefined {
  if (dir === undefined) return undefined;
  try {
    return new WebApp(readWebFiles(dir), settings);
  } catch (error) {
    log.warn({ err: error, dir }, "no web apps are served: STIPEND_WEB_DIR holds no build of them");
    return undefined;
  }
}
