/** The store without React. */
export type * from "./core/types.ts";
