import { admin, codes } from "./admin.ts";
import { common } from "./common.ts";
import { problems } from "./problems.ts";

export const words = { ...common, ...codes, problems, admin };
