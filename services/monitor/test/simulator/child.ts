// A monitor that a test may kill: feeds the simulation to the database of the URL and says before which batch it stands.
import { readRuleBook } from "../../src/rules/all.ts";
import { simulate } from "./run.ts";
import { openStores } from "./stores.ts";

const [url = "", options = "{}"] = process.argv.slice(2);
const { stores, db } = openStores(url);
await simulate(() => stores, readRuleBook(undefined).book, {
  ...(JSON.parse(options) as Parameters<typeof simulate>[2]),
  beforeBatch: (batch) => console.log(batch),
});
await db.stop();
