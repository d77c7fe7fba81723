import type { PathsWithMethod, SuccessResponse } from "openapi-typescript-helpers";
import type { components, paths } from "../gen/api.ts";

/** Every named shape of the API: `Schemas["CreditAccount"]`. */
export type Schemas = components["schemas"];

export type Verb = "get" | "post" | "put" | "delete";

/** The paths of the OpenAPI document that take this method, as they stand there: "/api/credits/holds/{holdId}". */
export type PathOf<V extends Verb> = PathsWithMethod<paths, V>;

export type Operation<P extends keyof paths, V extends Verb> = NonNullable<paths[P][V]>;

/** Settings of one call besides what the operation itself takes. */
export interface CallOptions {
  /** Idempotency-Key. Left out: a new one is made for each call of an operation that takes one. */
  readonly key?: string;
  /** The version that was read; the write is refused when it has changed since. */
  readonly ifMatch?: number;
  readonly signal?: AbortSignal;
  /** For one attempt, its answer's body included. Default: that of the client. */
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

type Parameters<Op, Place extends "path" | "query"> = Op extends { parameters: infer P }
  ? Place extends keyof P
    ? Exclude<P[Place], undefined>
    : never
  : never;

type PathInput<Op> = [Parameters<Op, "path">] extends [never]
  ? { readonly path?: never }
  : { readonly path: Parameters<Op, "path"> };

type QueryInput<Op> = [Parameters<Op, "query">] extends [never]
  ? { readonly query?: never }
  : { readonly query?: Parameters<Op, "query"> };

type JsonBody<B> = B extends { content: { "application/json": infer J } } ? J : never;
type BodyInput<Op> = Op extends { requestBody: infer B }
  ? { readonly body: JsonBody<B> }
  : Op extends { requestBody?: infer B }
    ? { readonly body?: JsonBody<B> }
    : { readonly body?: never };

export type Call<Op> = PathInput<Op> & QueryInput<Op> & BodyInput<Op> & CallOptions;

/** The call may be left out where nothing in it is needed. */
export type CallArguments<Op> = Partial<Call<Op>> extends Call<Op> ? [call?: Call<Op>] : [call: Call<Op>];

/** The body of a good answer; a text where the operation answers something else than JSON. */
export type Data<Op> = Op extends { responses: infer R extends Record<string | number, unknown> }
  ? SuccessResponse<R>
  : never;

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: T;
  /** Of the request, given or made. */
  readonly key: string | undefined;
  /** The operation was done before, by a request with the same key; this is its answer again. */
  readonly replayed: boolean;
}

/** The GET paths that answer page by page. */
export type ListPath = {
  [P in PathOf<"get">]: Data<Operation<P, "get">> extends { data: unknown[]; nextCursor: string | null } ? P : never;
}[PathOf<"get">];

export type Item<P extends ListPath> =
  Data<Operation<P, "get">> extends { data: (infer T)[]; nextCursor: string | null } ? T : never;
