import { admin } from "./admin.ts";
import { codes } from "./codes.ts";
import { common } from "./common.ts";
import { problems } from "./problems.ts";

export const words = { ...common, ...codes, problems, admin };
