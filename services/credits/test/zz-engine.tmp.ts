import { startEngines } from "@stipend/testing/engines/start-engines";
const e = await startEngines({ mysql: true } as never);
console.log(JSON.stringify(e, (k, v) => (typeof v === "function" ? undefined : v)));
process.on("SIGTERM", () => { void (e as unknown as { stop(): Promise<void> }).stop().then(() => process.exit(0)); });
setInterval(() => undefined, 1000);
