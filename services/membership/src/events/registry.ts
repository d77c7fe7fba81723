import { createRegistry } from "@bufbuild/protobuf";
import { file_stipend_admin_v1_events } from "@stipend/proto/events/admin/v1/events";
import { file_stipend_membership_v1_events } from "@stipend/proto/events/membership/v1/events";

/** Every message that the procedures of this schema write to the outbox. */
export const outboxRegistry = createRegistry(file_stipend_membership_v1_events, file_stipend_admin_v1_events);
