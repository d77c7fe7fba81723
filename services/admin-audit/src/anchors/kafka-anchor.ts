import { fromBinary } from "@bufbuild/protobuf";
import type { createKafka } from "@stipend/platform/kafka/client";
import { headerText } from "@stipend/platform/kafka/decode";
import { HEADERS } from "@stipend/platform/kafka/events";
import { readTail, type TailMessage } from "@stipend/platform/kafka/tail";
import { type ChainHead, furthest } from "@stipend/proto/audit/chain";
import { ChainHeadAnchoredSchema } from "@stipend/proto/events/audit/v1/events";
import type { HeadAnchor } from "../usecases/verify-log.ts";

/** More than one: a relay may publish the newest again, and somebody may have written nonsense behind it. */
const PER_PARTITION = 200;
const TIMEOUT_MS = 8_000;

type Kafka = ReturnType<typeof createKafka>;

/** The topic that the outbox publishes each new head to. Nothing that a database can do changes what stands there. */
export class KafkaAnchor implements HeadAnchor {
  readonly source: string;
  readonly #kafka: Kafka;
  readonly #topic: string;

  constructor(kafka: Kafka, topic: string) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.source = `the Kafka topic ${topic}`;
  }

  async latest(): Promise<ChainHead | null> {
    const options = { kafka: this.#kafka, topic: this.#topic, perPartition: PER_PARTITION, timeoutMs: TIMEOUT_MS };
    return furthest((await readTail(options)).map(headOf));
  }
}

function headOf({ raw }: TailMessage): ChainHead | null {
  if (raw.value === null || headerText(raw.headers, HEADERS.type) !== ChainHeadAnchoredSchema.typeName) return null;
  try {
    const { seq, hash } = fromBinary(ChainHeadAnchoredSchema, raw.value);
    return /^[0-9a-f]{64}$/.test(hash) ? { seq: Number(seq), hash } : null;
  } catch {
    return null;
  }
}
