import type { Deps, UserCursor, UserQuery, UserStatus } from "./ports.ts";

/** A page of users; `next` is where the next page begins, if there is one. */
export async function listUsers(
  deps: Deps,
  query: UserQuery,
): Promise<{ readonly users: readonly UserStatus[]; readonly next?: UserCursor }> {
  const found = await deps.store.listUsers({ ...query, limit: query.limit + 1 });
  const users = found.slice(0, query.limit);
  const last = users.at(-1);
  if (found.length <= query.limit || last === undefined) return { users };
  return { users, next: { userNo: last.userNo, ...(last.term === undefined ? {} : { term: last.term }) } };
}
