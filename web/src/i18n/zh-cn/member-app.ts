import { common } from "./common.ts";
import { member } from "./member.ts";
import { problems } from "./problems.ts";

export const words = { ...common, problems, member };
