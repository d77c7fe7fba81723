import type { RouteContract } from "@stipend/platform/http/contract";
import { pathSegments } from "./path.ts";

type Method = RouteContract["method"];

interface Node<T> {
  readonly fixed: Map<string, Node<T>>;
  parameter: { readonly name: string; readonly node: Node<T> } | undefined;
  readonly methods: Map<Method, T>;
}

export type RouteMatch<T> =
  | { readonly kind: "found"; readonly route: T; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: "wrong_method"; readonly allow: readonly string[] }
  | { readonly kind: "unknown_path" };

/**
 * What the gateway lets through; all else does not exist. Paths are compared segment by segment and byte for byte
 * (no case folding, no trailing slash); a fixed segment goes before a parameter.
 */
export class RouteTable<T> {
  readonly #root: Node<T> = emptyNode();

  /**
   * @param pattern "/api/things/:thingId/parts"; segments are fixed or one whole parameter.
   * @throws Error for a pattern that can't be routed or a route that stands there already.
   */
  add(method: Method, pattern: string, route: T): void {
    let node = this.#root;
    for (const segment of patternSegments(pattern)) node = descend(node, segment, pattern);
    if (node.methods.has(method)) throw new Error(`two routes for ${method} ${pattern}`);
    node.methods.set(method, route);
  }

  match(method: string, pathname: string): RouteMatch<T> {
    const segments = pathSegments(pathname);
    if (segments === undefined) return { kind: "unknown_path" };
    const candidates: Found<T>[] = [];
    collect(this.#root, segments, 0, {}, candidates);
    const wanted = method === "HEAD" ? "GET" : method;
    for (const { node, params } of candidates) {
      const route = node.methods.get(wanted as Method);
      if (route !== undefined) return { kind: "found", route, params };
    }
    if (candidates.length === 0) return { kind: "unknown_path" };
    return { kind: "wrong_method", allow: allowed(candidates) };
  }
}

interface Found<T> {
  readonly node: Node<T>;
  readonly params: Readonly<Record<string, string>>;
}

function emptyNode<T>(): Node<T> {
  return { fixed: new Map(), parameter: undefined, methods: new Map() };
}

function patternSegments(pattern: string): readonly string[] {
  const segments = pathSegments(pattern);
  const plain = segments?.every((segment) => /^:[A-Za-z]\w*$|^[\w.~-]+$/.test(segment)) ?? false;
  if (segments === undefined || !plain) throw new Error(`not a path pattern the gateway can route: ${pattern}`);
  return segments;
}

function descend<T>(node: Node<T>, segment: string, pattern: string): Node<T> {
  if (!segment.startsWith(":")) {
    const next = node.fixed.get(segment) ?? emptyNode<T>();
    node.fixed.set(segment, next);
    return next;
  }
  const name = segment.slice(1);
  node.parameter ??= { name, node: emptyNode<T>() };
  // Two names for one place would make the parameters depend on which contract came first.
  if (node.parameter.name !== name) throw new Error(`${pattern}: elsewhere :${name} is called :${node.parameter.name}`);
  return node.parameter.node;
}

/** Every node with methods that the path leads to, the most specific first. At most 2^parameters, in practice one or two. */
function collect<T>(
  node: Node<T>,
  segments: readonly string[],
  at: number,
  params: Readonly<Record<string, string>>,
  found: Found<T>[],
): void {
  const segment = segments[at];
  if (segment === undefined) {
    if (node.methods.size > 0) found.push({ node, params });
    return;
  }
  const fixed = node.fixed.get(segment);
  if (fixed !== undefined) collect(fixed, segments, at + 1, params, found);
  if (node.parameter !== undefined) {
    const { name, node: next } = node.parameter;
    collect(next, segments, at + 1, { ...params, [name]: segment }, found);
  }
}

function allowed<T>(candidates: readonly Found<T>[]): readonly string[] {
  const methods = new Set<string>(candidates.flatMap(({ node }) => [...node.methods.keys()]));
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods].sort();
}
