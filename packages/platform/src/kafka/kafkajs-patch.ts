import { createRequire } from "node:module";
import kafkajs from "kafkajs";

const require = createRequire(import.meta.url);
const prototypeOf = <T>(path: string): T => (require(`kafkajs/src/${path}`) as { prototype: T }).prototype;

let patched = false;

/** What kafkajs 2.2.4 does wrong and cannot be told to do otherwise. */
export function patchKafkajs(): void {
  if (patched) return;
  patched = true;
  setTimersForWaitingRequestsOnly();
  leaveWhileJoining();
}

interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

const CHECK_INTERVAL_MS = 10;

/**
 * kafkajs sets a timer after every answer even when nothing waits, for `throttledUntil - now` with throttledUntil at
 * -1: a negative delay, which Node 24 warns of, and a wasted wake-up. Here the timer is set only when requests wait,
 * and never in the past.
 */
function setTimersForWaitingRequestsOnly(): void {
  prototypeOf<RequestQueue>("network/requestQueue/index.js").scheduleCheckPendingRequests = function () {
    if (this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return;
    const throttled = this.throttledUntil - Date.now();
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttled > 0 ? throttled : CHECK_INTERVAL_MS,
    );
  };
}

interface ProtocolRequest {
  readonly request: { readonly apiKey: number };
}

/** The two connections to one broker of one consumer: the second is for fetching. */
interface ConnectionPool {
  send(request: ProtocolRequest): Promise<unknown>;
  getConnectionByRequest(request: ProtocolRequest): Promise<unknown>;
  getConnection(index: number): Promise<unknown>;
}

interface Cluster {
  findGroupCoordinator(of: { groupId: string }): Promise<unknown>;
}

interface ConsumerGroup {
  readonly cluster: Cluster;
  readonly coordinator: { readonly connectionPool: ConnectionPool } | null;
  memberId: string | null;
  joinAndSync(): Promise<void>;
  leave(): Promise<void>;
}

interface Runner {
  readonly consumerGroup: ConsumerGroup;
  running: boolean;
  stop(): Promise<void>;
}

const LEAVE_GROUP = 13;
const FETCH_CONNECTION = 1;

/**
 * kafkajs leaves a group only as a whole member: who is stopped while it joins, for the first time or because the
 * others changed, drops the connection and stays a member in the broker's eyes until its session ends. All that time
 * the group waits for it or, worse, has given it partitions that nobody reads. Here it leaves at once. The broker
 * answers the requests of a connection in turn, and the joining is one that is not answered yet: so the leaving takes
 * the connection for fetching, which is idle then.
 */
function leaveWhileJoining(): void {
  /** Who is new gets its name in a refusal, with which it asks again: the group learns it when it is in. */
  const named = new WeakMap<ConnectionPool, string>();
  const left = new WeakSet<ConsumerGroup | ConnectionPool>();
  const joining = new WeakMap<ConsumerGroup, Promise<void>>();

  const pools = prototypeOf<ConnectionPool>("network/connectionPool.js");
  const { send, getConnectionByRequest } = pools;
  pools.send = async function (request) {
    try {
      return await send.call(this, request);
    } catch (error) {
      if (!isMemberIdRequired(error)) throw error;
      named.set(this, error.memberId);
      throw left.has(this) ? stopped() : error;
    }
  };
  pools.getConnectionByRequest = function (request) {
    if (request.request.apiKey === LEAVE_GROUP) return this.getConnection(FETCH_CONNECTION);
    return getConnectionByRequest.call(this, request);
  };

  // Each try of joining begins with this question.
  const clusters = prototypeOf<Cluster>("cluster/index.js");
  const { findGroupCoordinator } = clusters;
  const groups = prototypeOf<ConsumerGroup>("consumer/consumerGroup.js");
  const { joinAndSync } = groups;
  async function join(group: ConsumerGroup): Promise<void> {
    group.cluster.findGroupCoordinator = async function (of) {
      const coordinator = left.has(group) ? undefined : await findGroupCoordinator.call(this, of);
      if (left.has(group)) throw stopped();
      return coordinator;
    };
    try {
      await joinAndSync.call(group);
    } finally {
      joining.delete(group);
      // It may have come in after all.
      if (left.has(group)) await leave(group);
    }
    if (left.has(group)) throw stopped();
  }
  groups.joinAndSync = function () {
    const joined = join(this);
    joining.set(this, joined);
    return joined;
  };

  const runners = prototypeOf<Runner>("consumer/runner.js");
  const { stop } = runners;
  runners.stop = async function () {
    const group = this.consumerGroup;
    if (this.running && !joining.has(group)) return await stop.call(this);
    this.running = false;
    left.add(group);
    if (group.coordinator !== null) left.add(group.coordinator.connectionPool);
    await leave(group);
    // Nothing asks the broker any more when this has come back: the connections can be closed.
    await joining.get(group)?.catch(() => undefined);
  };

  /** The broker may be gone; then the end of the session has to do. */
  async function leave(group: ConsumerGroup): Promise<void> {
    if (group.coordinator === null) return;
    group.memberId ??= named.get(group.coordinator.connectionPool) ?? null;
    await group.leave().catch(() => undefined);
  }
}

const stopped = () => new kafkajs.KafkaJSNonRetriableError("stopped while joining the group");

function isMemberIdRequired(error: unknown): error is { readonly memberId: string } {
  return error instanceof Error && error.name === "KafkaJSMemberIdRequired";
}
