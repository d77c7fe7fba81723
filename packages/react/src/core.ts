/** The store without React. */
export { CreditsError } from "./core/errors.ts";
export { createCreditsStore } from "./core/store.ts";
export type * from "./core/types.ts";
