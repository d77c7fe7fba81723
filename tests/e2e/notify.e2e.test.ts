/** `stipend notify test`, as a person types it: each kind of channel against a receiver that judges what it gets. */
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { npm } from "../support/npm.ts";
import { Receivers } from "../support/receivers.ts";
import { running } from "../support/running.ts";

const { baseUrl, home } = running();
const receivers = new Receivers();

const notify = (channel: string) =>
  npm(["run", "-s", "stipend", "--", "notify", "test", channel, "--url", baseUrl], {
    ...process.env,
    STIPEND_HOME: home,
  });

describe("stipend notify test", () => {
  test("says so when nobody takes the message", async () => {
    const ended = await notify("slack");
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/slack/) });
  });

  describe("with somebody at the other end", () => {
    beforeAll(() => receivers.start(inject("channelPorts")));
    afterAll(() => receivers.stop());

    test.each(["hook", "mail", "slack", "feishu", "dingtalk", "wecom"])("%s", async (channel) => {
      receivers.taken.length = 0;
      const ended = await notify(channel);
      expect(ended).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(new RegExp(`^${channel}: sent as [0-9a-f-]{36}`)),
      });
      const id = /sent as (\S+)/.exec(ended.stdout)?.[1] ?? "";
      expect(receivers.taken).toHaveLength(1);
      expect(receivers.taken[0]?.by).toBe(channel);
      expect(receivers.taken[0]?.text).toMatch(/test/i);
      // Those that have one know the delivery by its id, and so a repetition.
      if (channel === "hook") expect(receivers.taken[0]?.id).toBe(id);
      if (channel === "mail") expect(receivers.taken[0]?.id).toBe(`${id}@stipend`);
    });

    test("ends with 2 for a channel that nobody has set up", async () => {
      expect((await notify("pigeon")).code).toBe(2);
      expect(receivers.taken.filter(({ by }) => by === "pigeon")).toEqual([]);
    });
  });
});
