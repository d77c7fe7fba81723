import { eventually } from "@stipend/testing/eventually";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { newMember, useBench } from "./support/bench.ts";
import type { Site } from "./support/site.ts";
import { type Member, Tab } from "./support/tab.ts";

const bench = useBench();

/** Puts the other origin's page into a frame, and signs in there. */
async function embed(page: Page, partner: Site, member: Member, allowedOrigins: readonly string[]): Promise<Tab> {
  await page.evaluate(
    (url) =>
      new Promise((resolve) => {
        const { document } = globalThis as unknown as { document: FrameMaker };
        const frame = document.createElement("iframe");
        frame.onload = resolve;
        frame.src = url;
        document.body.append(frame);
      }),
    `${partner.origin}/`,
  );
  const frame = page.frames().find((one) => one.url().startsWith(partner.origin));
  if (frame === undefined) throw new Error("there is no frame");
  const tab = new Tab(frame);
  await tab.start(member, { allowedOrigins });
  return tab;
}

/** The little of a document that these tests need. */
interface FrameMaker {
  createElement(name: "iframe"): { onload: unknown; src: string };
  readonly body: { append(child: unknown): void };
}

test("an embedded frame and its embedder tell each other by postMessage, and the embedder's other windows hear it", async () => {
  const { context, site, partner } = bench;
  // No stream: what shows has come from window to window.
  for (const one of [site, partner]) one.refuse("/api/events");
  const lea = await newMember("lea", 50);
  const embedder = await Tab.open(context, site, lea, { allowedOrigins: [partner.origin] });
  const sibling = await Tab.open(context, site, lea);
  const frame = await embed(embedder.frame.page(), partner, lea, [site.origin]);
  for (const tab of [embedder, sibling, frame]) await tab.untilSpendable(50);
  expect(await frame.consume(5)).toBe("spent");
  for (const tab of [embedder, sibling, frame]) await tab.untilSpendable(45);
  expect(await sibling.consume(5)).toBe("spent");
  for (const tab of [embedder, sibling, frame]) await tab.untilSpendable(40);
  await sibling.signOut();
  for (const tab of [embedder, sibling, frame]) await tab.until(({ status }) => status === "signed_out");
  expect(await frame.stored()).not.toContain(lea.name);
});

test("an opener and the window it opened tell each other, a sign-out too", async () => {
  const { context, site, partner } = bench;
  for (const one of [site, partner]) one.refuse("/api/events");
  const max = await newMember("max", 50);
  const opener = await Tab.open(context, site, max, { allowedOrigins: [partner.origin] });
  const opening = context.waitForEvent("page");
  await opener.frame.evaluate((url) => {
    (globalThis as unknown as { open(url: string): unknown }).open(url);
  }, `${partner.origin}/`);
  const page = await opening;
  await page.waitForLoadState();
  const opened = new Tab(page.mainFrame());
  await opened.start(max, { allowedOrigins: [site.origin] });
  for (const tab of [opener, opened]) await tab.untilSpendable(50);
  expect(await opened.consume(5)).toBe("spent");
  await opener.untilSpendable(45);
  expect(await opener.consume(5)).toBe("spent");
  await opened.untilSpendable(40);
  await opened.signOut();
  await opener.until(({ status }) => status === "signed_out");
});

test("an origin that is not allowed hears nothing and can do nothing", async () => {
  const { context, site, partner } = bench;
  for (const one of [site, partner]) one.refuse("/api/events");
  const ned = await newMember("ned", 50);
  const embedder = await Tab.open(context, site, ned);
  const stranger = await embed(embedder.frame.page(), partner, ned, [site.origin]);
  for (const tab of [embedder, stranger]) await tab.untilSpendable(50);
  expect(await embedder.consume(5)).toBe("spent");
  expect(await stranger.consume(1)).toBe("spent");
  await stranger.signOut();
  // Whatever was sent has arrived by now, if it could: an allowed frame's answer to the same greeting takes less.
  await eventually(async () => expect(await stranger.snapshot()).toMatchObject({ status: "signed_out" }));
  expect(await embedder.snapshot()).toMatchObject({ status: "ready", spendable: 45 });
});
