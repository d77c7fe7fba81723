import "@stipend/react/styles.css";
import { boot } from "../shell/boot.tsx";
import { MemberApp, OwnCredits } from "./member-app.tsx";

await boot({
  app: <MemberApp />,
  around: OwnCredits,
  words: {
    en: async () => (await import("../i18n/en/member-app.ts")).words,
    "zh-CN": async () => (await import("../i18n/zh-cn/member-app.ts")).words,
  },
});
