/** Who a user is, as far as anybody told us. */
export interface SeenUser {
  readonly userId: string;
  readonly email?: string;
  readonly name?: string;
}

/** A folded word by which the search finds a user. */
export interface SearchTerm {
  readonly source: "id" | "email" | "name";
  readonly term: string;
}

/** Longest term kept, in characters; a longer query finds by its beginning. */
export const MAX_TERM = 128;
/** Most words of a name that are searchable on their own. */
const MAX_WORDS = 8;

/** The form in which words are stored and asked for: case, width and accents make no difference. */
export function fold(text: string): string {
  return [...text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().trim()].slice(0, MAX_TERM).join("");
}

/** The id, the e-mail address and its domain's beginning, the whole name and each of its words. */
export function searchTerms(user: SeenUser): readonly SearchTerm[] {
  const terms = new Map<string, SearchTerm>();
  const add = (source: SearchTerm["source"], text: string) => {
    const term = fold(text);
    if (term !== "") terms.set(`${source} ${term}`, { source, term });
  };
  add("id", user.userId);
  if (user.email !== undefined) {
    add("email", user.email);
    add("email", user.email.slice(user.email.lastIndexOf("@") + 1));
  }
  if (user.name !== undefined) {
    add("name", user.name);
    for (const word of user.name.split(/\s+/u).slice(0, MAX_WORDS)) add("name", word);
  }
  return [...terms.values()];
}
