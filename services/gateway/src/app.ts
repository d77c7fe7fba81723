import { isRole } from "@stipend/platform/auth/actor";
import { InternalTokenSigner } from "@stipend/platform/auth/internal";
import { DevClock } from "@stipend/platform/clock/clock";
import { DEV_CLOCK_KEY } from "@stipend/platform/clock/dev-clock-door";
import { MetricsServer } from "@stipend/platform/http/metrics";
import { HttpServer } from "@stipend/platform/http/server";
import { EventSpool } from "@stipend/platform/kafka/spool";
import type { Part } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import { createRedis, redisPart, redisReady } from "@stipend/platform/redis/redis";
import { gauge } from "@stipend/platform/telemetry/metrics";
import { publicRoutes, type RouteOwner } from "@stipend/proto/http/catalogue";
import { gatewayProblems } from "@stipend/proto/http/gateway-problems";
import type { Redis } from "ioredis";
import { KeyStore } from "./auth/key-store.ts";
import { Revocations } from "./auth/revocations.ts";
import { TokenVerifier } from "./auth/token-verifier.ts";
import { ClockMover } from "./clock/clock-mover.ts";
import { clockRoutes } from "./clock/clock-routes.ts";
import type { GatewayConfig } from "./config.ts";
import { Docs } from "./docs/docs-routes.ts";
import { eventsRoute } from "./events/events-route.ts";
import { LiveHub } from "./events/live-hub.ts";
import { staffEventsRoute } from "./events/staff-events-route.ts";
import { StaffHub } from "./events/staff-hub.ts";
import { FeatureBook } from "./features/feature-book.ts";
import { FeatureMetrics } from "./features/feature-metrics.ts";
import { routeOfFeature } from "./features/feature-route.ts";
import { Ledger } from "./features/ledger.ts";
import { Settler } from "./features/settler.ts";
import { Forwarder } from "./forward/forwarder.ts";
import { JsonClient } from "./forward/json-client.ts";
import { Upstreams } from "./forward/upstreams.ts";
import type { Route } from "./http/context.ts";
import { Door } from "./http/door.ts";
import { withoutQuery } from "./http/no-query.ts";
import { isStream, publicDoor } from "./http/public-door.ts";
import { RoutesInForce } from "./http/routes-in-force.ts";
import { connectKafka } from "./kafka.ts";
import { Limits } from "./limits/limits.ts";
import { FairShare } from "./limits/share.ts";
import { RefusalLog } from "./security/refusal-log.ts";
import { StaffLog } from "./security/staff-log.ts";
import { DevIssuer } from "./sign-in/dev-issuer.ts";
import { signInRoutes } from "./sign-in/sign-in-routes.ts";
import { UsersSeen } from "./users/users-seen.ts";
import { loadWeb } from "./web/load-web.ts";
import type { WebApp, WebSettings } from "./web/web-app.ts";

/** The demo users of the development sign-in, where there is one. */
const DEV_USERS = "/api/dev/users";

type Service = Exclude<RouteOwner, "gateway">;

export interface App {
  /** In the order in which they start; they end in reverse. */
  readonly parts: readonly Part[];
  readonly http: HttpServer;
}

/** The whole gateway, wired but not started: the same for production and tests. */
export function createApp(config: GatewayConfig, log: Log): App {
  const redis = createRedis(config.STIPEND_REDIS_URL, { prefix: config.STIPEND_REDIS_PREFIX, log });
  const clock = config.STIPEND_DEV_CLOCK ? new DevClock() : undefined;
  const upstreams = new Upstreams(log);
  const messaging = connectKafka(config, log);
  const staffSpool = new EventSpool({
    name: "gateway staff events",
    publish: (events) => messaging.producer.publish(events),
    log,
  });
  const staff = new StaffLog({ spool: staffSpool, topic: messaging.topic("admin.v1") });
  const services = connectServices(config, upstreams, staff);
  const isHearing = (): boolean => live.ready();
  const hub = new LiveHub({
    perUser: config.STIPEND_EVENTS_PER_USER,
    total: config.STIPEND_EVENTS_TOTAL,
    isHearing,
  });
  const staffHub = new StaffHub({
    perUser: config.STIPEND_EVENTS_PER_USER,
    total: config.STIPEND_STAFF_EVENTS_TOTAL,
    isHearing,
  });
  const revocations = new Revocations({
    membership: services.client("membership"),
    log,
    onNews: () => {
      for (const each of [hub, staffHub]) each.closeWhere((token) => revocations.isRevoked(token));
    },
  });
  const metering = meterFeatures(services, upstreams, log);
  const docs = new Docs();
  const issuer = devIssuer(config);

  const live = messaging.consumer(hub, staffHub);
  const own: readonly Route[] = [
    ...forwardedRoutes(services),
    ...docs.routes(),
    withoutQuery(
      eventsRoute({
        hub,
        revocations,
        credits: services.client("credits"),
        membership: services.client("membership"),
      }),
    ),
    withoutQuery(staffEventsRoute({ hub: staffHub, revocations, monitor: services.client("monitor") })),
    ...(clock === undefined ? [] : clockRoutes(clock, clockMover(clock, redis, services)).map(withoutQuery)),
    ...(issuer === undefined ? [] : signInRoutes(issuer)),
  ];
  const routes = new RoutesInForce(
    own.map((route) => ({ ...route, limit: config.STIPEND_LIMIT_ROUTES.get(route.contract.id) })),
    (feature) => routeOfFeature(feature, metering.parts),
    (inForce) => docs.describe(inForce.map(({ contract }) => contract)),
  );
  const features = new FeatureBook({
    path: config.STIPEND_FEATURES_FILE,
    variables: config.upstreamVariables,
    log,
    use: (list) => routes.use(list),
  });
  const keys = new KeyStore({ url: config.STIPEND_JWKS_URL, log });
  const refusals = new RefusalLog({
    publish: (events) => messaging.producer.publish(events),
    topic: messaging.topic("security.v1"),
    log,
  });
  const seen = new UsersSeen({ membership: services.client("membership"), log });
  const door = new Door({
    routes: () => routes.table,
    verifier: tokenVerifier(config, keys),
    revocations,
    limits: limits(config, redis, log),
    share: new FairShare(config.STIPEND_MAX_IN_FLIGHT_PER_USER),
    isStream,
    refusals,
    onCaller: (principal) => seen.seen(principal),
    log,
  });
  const web = loadWeb(config.STIPEND_WEB_DIR, () => webSettings(config, routes), log);
  const http = httpDoor(
    config,
    log,
    { door, web },
    {
      tokenKeys: () => keys.ready(),
      revocations: () => revocations.ready(),
      redis: async () => ({ ok: await redisReady(redis), required: false }),
      events: () => ({ ok: live.ready(), required: false }),
      features: () => ({ ok: features.mistake === undefined, required: false }),
    },
  );
  const metrics = new MetricsServer({ host: config.STIPEND_HTTP_HOST, port: config.STIPEND_METRICS_PORT, log });
  return {
    parts: [
      redisPart(redis),
      upstreams,
      keys,
      revocations,
      ...(clock === undefined ? [] : [clockPart(clock, redis, log)]),
      ...(issuer === undefined ? [] : [issuer]),
      messaging.producer,
      refusals,
      staffSpool,
      metering.settler,
      seen,
      messaging.group,
      live,
      features,
      metrics,
      http,
      streamsPart(hub, staffHub),
    ],
    http,
  };
}

function connectServices(config: GatewayConfig, upstreams: Upstreams, staff: StaffLog) {
  const signer = new InternalTokenSigner({ keyFile: config.STIPEND_INTERNAL_KEY_FILE });
  const urls: Readonly<Record<Service, string>> = {
    credits: config.STIPEND_CREDITS_URL,
    membership: config.STIPEND_MEMBERSHIP_URL,
    "admin-audit": config.STIPEND_AUDIT_URL,
    monitor: config.STIPEND_MONITOR_URL,
  };
  const upstream = (service: Service) => upstreams.to(urls[service], service);
  return {
    signer,
    names: Object.keys(urls) as Service[],
    forwarder: (service: Service) => new Forwarder(upstream(service), service, signer, staff),
    client: (service: Service) => new JsonClient(upstream(service), service, signer),
  };
}

type Services = ReturnType<typeof connectServices>;

function forwardedRoutes(services: Services): readonly Route[] {
  const forwarders = new Map<RouteOwner, Forwarder>(services.names.map((name) => [name, services.forwarder(name)]));
  return publicRoutes().flatMap(({ owner, contract }) => {
    const forwarder = forwarders.get(owner);
    return forwarder === undefined ? [] : [{ contract, head: true, run: (context) => forwarder.forward(context) }];
  });
}

function meterFeatures(services: Services, upstreams: Upstreams, log: Log) {
  const ledger = new Ledger(services.client("credits"));
  const settler = new Settler(ledger, log);
  const parts = {
    ledger,
    settler,
    metrics: new FeatureMetrics(),
    log,
    upstreamFor: (origin: string) => upstreams.to(origin, new URL(origin).host),
    tokenFor: (audience: string) => services.signer.tokenFor(audience),
  };
  return { settler, parts };
}

function clockMover(clock: DevClock, redis: Redis, services: Services): ClockMover {
  const moved = services.names.map((name) => ({ name, client: services.client(name) }));
  return new ClockMover({ clock, store: (key, value) => redis.set(key, value), key: DEV_CLOCK_KEY, services: moved });
}

function clockPart(clock: DevClock, redis: Redis, log: Log): Part {
  return {
    name: "development clock",
    async start() {
      const offset = await redis.get(DEV_CLOCK_KEY).catch(() => null);
      if (offset !== null && /^-?\d{1,15}$/.test(offset)) clock.setOffset(Number(offset));
      if (clock.offsetMs !== 0) log.warn({ now: clock.now() }, "the development clock is moved");
    },
  };
}

/** Only where it is asked for; config refuses it in production. */
function devIssuer(config: GatewayConfig): DevIssuer | undefined {
  const keyFile = config.STIPEND_DEV_ISSUER_KEY_FILE;
  if (!config.STIPEND_DEV_SIGN_IN || keyFile === undefined) return undefined;
  return new DevIssuer({
    keyFile,
    issuer: config.STIPEND_JWT_ISSUER,
    audience: config.STIPEND_JWT_AUDIENCE,
    rolesClaim: config.STIPEND_JWT_ROLES_CLAIM,
    emailClaim: config.STIPEND_JWT_EMAIL_CLAIM,
  });
}

function tokenVerifier(config: GatewayConfig, keys: KeyStore): TokenVerifier {
  return new TokenVerifier({
    keys,
    issuer: config.STIPEND_JWT_ISSUER,
    audience: config.STIPEND_JWT_AUDIENCE,
    algorithms: config.STIPEND_JWT_ALGORITHMS,
    skewSeconds: config.STIPEND_JWT_SKEW_SECONDS,
    claims: {
      rolesClaim: config.STIPEND_JWT_ROLES_CLAIM,
      emailClaim: config.STIPEND_JWT_EMAIL_CLAIM,
      defaultRoles: config.STIPEND_JWT_DEFAULT_ROLES.filter(isRole),
    },
  });
}

function limits(config: GatewayConfig, redis: Redis, log: Log): Limits | undefined {
  if (!config.STIPEND_LIMITS) return undefined;
  return new Limits({
    redis,
    log,
    windowSeconds: config.STIPEND_LIMIT_WINDOW_SECONDS,
    perUser: config.STIPEND_LIMIT_PER_USER,
    perService: config.STIPEND_LIMIT_PER_SERVICE,
    perIp: config.STIPEND_LIMIT_PER_IP,
    badTokensPerIp: config.STIPEND_LIMIT_BAD_TOKENS_PER_IP,
  });
}

function webSettings(config: GatewayConfig, routes: RoutesInForce): WebSettings {
  const { STIPEND_WEB_OIDC_ISSUER: issuer, STIPEND_WEB_OIDC_CLIENT_ID: clientId } = config;
  return {
    signIn:
      issuer === undefined || clientId === undefined
        ? { kind: "token", development: routes.table.match("GET", DEV_USERS).kind === "found" }
        : { kind: "oidc", issuer, clientId, scope: config.STIPEND_WEB_OIDC_SCOPE },
    ...(config.STIPEND_WEB_CHECKOUT_URL === undefined ? {} : { checkoutUrl: config.STIPEND_WEB_CHECKOUT_URL }),
  };
}

function httpDoor(
  config: GatewayConfig,
  log: Log,
  { door, web }: { readonly door: Door; readonly web: WebApp | undefined },
  readiness: NonNullable<ConstructorParameters<typeof HttpServer>[0]["readiness"]>,
): HttpServer {
  return new HttpServer({
    host: config.STIPEND_HTTP_HOST,
    port: config.STIPEND_HTTP_PORT,
    log,
    problems: [gatewayProblems],
    readiness,
    maxInFlight: config.STIPEND_MAX_IN_FLIGHT,
    isStream,
    fast: publicDoor({ door, web, trustedProxies: config.STIPEND_TRUSTED_PROXIES }),
  });
}

/** Added last, so that streams end first: they would never finish by themselves. */
function streamsPart(hub: LiveHub, staffHub: StaffHub): Part {
  const ends = [
    gauge("gateway_event_streams", "Open streams of server-sent events", () => hub.open),
    gauge("gateway_staff_event_streams", "Open streams of consoles", () => staffHub.open),
  ];
  return {
    name: "event streams",
    drain: async () => {
      for (const each of [hub, staffHub]) each.closeForGood();
    },
    stop: async () => {
      for (const end of ends) end();
    },
  };
}
