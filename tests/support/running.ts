import { tokenMaker } from "@stipend/testing/token";
import { inject } from "vitest";
import { People } from "./people.ts";

/** The system the e2e project runs against, and the people in it. */
export function running() {
  const { baseUrl, home, ...urls } = inject("running");
  const token = tokenMaker(home);
  return { baseUrl, home, ...urls, token, people: new People(baseUrl, token) };
}
