import { createElement as h } from "react";
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import {
  CreditsBadge,
  CreditsMeter,
  CreditsProvider,
  createCreditsStore,
  en,
  fill,
  MembershipInfo,
  TopUpPrompt,
  TransactionList,
} from "../src/index.ts";
import { zhCN } from "../src/react/zh-cn.ts";

const session = { userId: "alice", getToken: () => "token" };
const ALL = [CreditsBadge, CreditsMeter, MembershipInfo, TransactionList, TopUpPrompt].map((component) =>
  h(component, { key: component.name }),
);

test("a server renders everything as loading, and asks nobody for anything", () => {
  let asked = 0;
  const store = createCreditsStore({ session, environment: { fetch: async () => Response.json({ asked: ++asked }) } });
  const html = renderToString(h(CreditsProvider, { store, locale: "en" }, ALL));
  expect(html).toContain("Loading …");
  expect(html).not.toContain("stipend-top-up");
  expect(asked).toBe(0);
});

test("single texts can be replaced", () => {
  const props = { session, locale: "en", texts: { loading: "Counting" } };
  expect(renderToString(h(CreditsProvider, props, h(CreditsBadge)))).toContain("Counting");
});

test("outside of a provider a hook says what is missing", () => {
  expect(() => renderToString(h(CreditsBadge))).toThrow(/CreditsProvider/);
});

test("both languages have every text, with the same blanks", () => {
  const blanks = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([blank]) => blank).sort();
  for (const name of Object.keys(en) as (keyof typeof en)[]) {
    expect(zhCN[name], name).not.toBe("");
    expect(blanks(zhCN[name]), name).toEqual(blanks(en[name]));
  }
  expect(fill("{a} of {b}, {c}", { a: 1, b: "x" })).toBe("1 of x, {c}");
});
