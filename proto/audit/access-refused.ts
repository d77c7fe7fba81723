import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AccessRefusedSchema } from "../gen/stipend/security/v1/events_pb.js";

export interface RefusedAccess {
  readonly id: string;
  /** Empty when nobody could be trusted to be somebody. */
  readonly subject: string;
  readonly roles: readonly string[];
  /** The problem's code. */
  readonly code: string;
  readonly method: string;
  /** The route's pattern, or the path. */
  readonly route: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly requestId: string;
  readonly at: Date;
}

/** Type and data of the event that tells of a refused attempt: the gateway's and each service's own. */
export function accessRefused({ at, roles, ...refused }: RefusedAccess): {
  readonly type: string;
  readonly data: Uint8Array;
} {
  const message = create(AccessRefusedSchema, { ...refused, roles: [...roles], occurredAt: timestampFromDate(at) });
  return { type: AccessRefusedSchema.typeName, data: toBinary(AccessRefusedSchema, message) };
}
