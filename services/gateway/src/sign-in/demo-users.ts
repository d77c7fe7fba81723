import type { DemoUser } from "@stipend/proto/http/sign-in";
import type { z } from "zod";

/** Who can sign in on a developer's machine: one of each kind of person that the web apps are made for. */
export const DEMO_USERS: readonly z.output<typeof DemoUser>[] = [
  {
    userId: "alice",
    name: "Alice Martin",
    email: "alice@example.com",
    roles: ["user"],
    about: { en: "A member, and whom the guide's examples use", "zh-CN": "会员，指南中的示例都用这个账户" },
  },
  {
    userId: "bob",
    name: "Bob Okafor",
    email: "bob@example.com",
    roles: ["user"],
    about: { en: "A second member, to see that accounts stay apart", "zh-CN": "另一位会员，用来验证账户互不影响" },
  },
  {
    userId: "lin",
    name: "林小雨",
    email: "lin@example.com",
    roles: ["user"],
    about: { en: "A newcomer without a membership", "zh-CN": "新用户，还没有会员资格" },
  },
  {
    userId: "root",
    name: "Ada Novak",
    email: "ada@example.com",
    roles: ["admin"],
    about: {
      en: "Admin: memberships, credits, tiers, packages, alerts",
      "zh-CN": "管理员：会员、积分、等级、积分包、告警",
    },
  },
  {
    userId: "sam",
    name: "Sam Silva",
    email: "sam@example.com",
    roles: ["support"],
    about: {
      en: "Support: sees everything about users, changes nothing",
      "zh-CN": "客服：可查看用户的一切，但不能修改",
    },
  },
  {
    userId: "olga",
    name: "Olga Weiss",
    email: "olga@example.com",
    roles: ["auditor"],
    about: { en: "Auditor: reads and verifies the audit log", "zh-CN": "审计员：查阅并验证审计日志" },
  },
];
