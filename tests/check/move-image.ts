/**
 * npm run proto:image
 *
 * Moves proto/image.binpb, which the breaking check compares with, to the schema as it is now. A change that readers
 * of old events would not survive is refused; `npm run proto:image -- --accept-breaking` moves it all the same, for a
 * message that nothing has ever published. Otherwise make a v2 beside the v1 (docs/adr/0004-outbox-json-to-protobuf.md).
 */

import { dirname } from "node:path";
import { runTool } from "./part.ts";
import { checkBreaking, IMAGE } from "./proto.ts";

const accepted = process.argv.includes("--accept-breaking");
const breaking = await checkBreaking();
if (!breaking.ok && !accepted) {
  console.error(breaking.output);
  console.error("Readers of events already in Kafka would break. Add a field or a v2 instead (see docs/adr).");
  process.exit(1);
}
const built = await runTool("buf", ["build", "-o", IMAGE], dirname(IMAGE));
console.log(built.ok ? "proto/image.binpb is the schema now: commit it together with the .proto files." : built.output);
process.exitCode = built.ok ? 0 : 1;
