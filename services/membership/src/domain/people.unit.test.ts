import { describe, expect, it } from "vitest";
import { fold, searchTerms } from "./people.ts";

describe("the words by which a user is found", () => {
  it("are folded: case, width and accents make no difference", () => {
    expect(fold("  Ünïcode ＡＢＣ ")).toBe("unicode abc");
    expect(fold("张伟")).toBe("张伟");
    expect([...fold("😀".repeat(200))]).toHaveLength(128);
  });

  it("come from id, e-mail with its domain, name and its words", () => {
    const terms = searchTerms({ userId: "Alice.1", email: "Alice@Example.com", name: "Alice Zoë" });
    expect(terms.map(({ source, term }) => `${source} ${term}`)).toEqual([
      "id alice.1",
      "email alice@example.com",
      "email example.com",
      "name alice zoe",
      "name alice",
      "name zoe",
    ]);
    expect(searchTerms({ userId: "bob" })).toEqual([{ source: "id", term: "bob" }]);
  });
});
