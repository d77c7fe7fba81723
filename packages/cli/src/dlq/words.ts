import { createRegistry, fromBinary, toJson } from "@bufbuild/protobuf";
import { headerText } from "@stipend/platform/kafka/decode";
import type { Letter } from "@stipend/platform/kafka/letter";
import { file_stipend_admin_v1_events } from "@stipend/proto/events/admin/v1/events";
import { file_stipend_alerts_v1_events } from "@stipend/proto/events/alerts/v1/events";
import { file_stipend_audit_v1_events } from "@stipend/proto/events/audit/v1/events";
import { file_stipend_credits_v1_events } from "@stipend/proto/events/credits/v1/events";
import { file_stipend_membership_v1_events } from "@stipend/proto/events/membership/v1/events";
import { file_stipend_security_v1_events } from "@stipend/proto/events/security/v1/events";
import { file_stipend_usage_v1_events } from "@stipend/proto/events/usage/v1/events";
import { placeOf } from "./place.ts";

const EVENTS = createRegistry(
  file_stipend_admin_v1_events,
  file_stipend_alerts_v1_events,
  file_stipend_audit_v1_events,
  file_stipend_credits_v1_events,
  file_stipend_membership_v1_events,
  file_stipend_security_v1_events,
  file_stipend_usage_v1_events,
);

/** A letter as JSON: everything but the bytes of the message. */
export function summaryOf(letter: Letter, prefix: string) {
  const { reason, error, attempts, group, type, eventId, topic, origin, replayed } = letter;
  return {
    letter: placeOf(letter, prefix),
    time: letter.time.toISOString(),
    reason,
    error,
    type: type ?? null,
    key: letter.key?.toString("utf8") ?? null,
    eventId: eventId ?? null,
    group,
    attempts,
    from: `${topic}/${origin.partition}/${origin.offset}`,
    replayed: replayed === undefined ? null : { time: replayed.time.toISOString(), by: replayed.by },
  };
}

/** The same with the message itself: its headers, its bytes, and what they say where they can be read. */
export function contentOf(letter: Letter, prefix: string) {
  const names = Object.keys(letter.headers).sort();
  return {
    ...summaryOf(letter, prefix),
    headers: Object.fromEntries(names.map((name) => [name, headerText(letter.headers, name)])),
    valueBase64: letter.value?.toString("base64") ?? null,
    ...decoded(letter),
  };
}

function decoded({ type, value }: Letter): { readonly event: unknown } | { readonly unreadable: string } {
  const schema = type === undefined ? undefined : EVENTS.getMessage(type);
  if (schema === undefined) return { unreadable: `this version knows no type ${type ?? "(none)"}` };
  if (value === null) return { unreadable: "there is no value" };
  try {
    return { event: toJson(schema, fromBinary(schema, value), { registry: EVENTS }) };
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
}

/** A line for people. What came from outside is kept to one line and to plain characters. */
export function lineOf(letter: Letter, prefix: string): string {
  const { time, reason, error, type, key, group, replayed } = summaryOf(letter, prefix);
  const state = replayed === null ? "open    " : "replayed";
  const about = [reason, type?.split(".").at(-1) ?? "(no type)", key ?? "(no key)", group].map(plain).join("  ");
  return `${placeOf(letter, prefix).padEnd(24)} ${time}  ${state}  ${about}  ${plain(error).slice(0, 120)}`;
}

function plain(text: string): string {
  return text.replace(/\p{C}+/gu, " ");
}
