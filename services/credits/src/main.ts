import { Lifecycle } from "@stipend/platform/lifecycle/lifecycle";
import { createLog } from "@stipend/platform/log/log";
import { createApp } from "./app.ts";
import { loadConfig } from "./config.ts";

const config = loadConfig(process.env);
const log = createLog({ service: "credits", level: config.STIPEND_LOG_LEVEL });
const app = createApp(config, { log });
const lifecycle = new Lifecycle({ log });
for (const part of app.parts) lifecycle.add(part);
await lifecycle.run();
