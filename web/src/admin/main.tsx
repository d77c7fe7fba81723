import { boot } from "../shell/boot.tsx";
import { AdminApp } from "./admin-app.tsx";

await boot({
  app: <AdminApp />,
  words: {
    en: async () => (await import("../i18n/en/admin-app.ts")).words,
    "zh-CN": async () => (await import("../i18n/zh-cn/admin-app.ts")).words,
  },
});
