/**
 * Splits a migration file into statements at semicolons that stand outside quotes and comments. Comments between
 * statements are dropped, those inside stay. Compound statements (procedures, triggers) have files of their own.
 */
export function splitStatements(text: string): string[] {
  const statements: string[] = [];
  let start = 0;
  let at = 0;
  const cut = (end: number) => {
    const statement = stripLeadingComments(text.slice(start, end)).trim();
    if (statement !== "") statements.push(statement);
  };
  while (at < text.length) {
    const next = skipToken(text, at);
    if (next !== at) {
      at = next;
    } else if (text[at] === ";") {
      cut(at);
      at += 1;
      start = at;
    } else {
      at += 1;
    }
  }
  cut(text.length);
  return statements;
}

/** The position behind the quote or comment that begins at `at`; `at` itself when none does. */
function skipToken(text: string, at: number): number {
  const char = text[at];
  if (char === "'" || char === '"' || char === "`") return skipQuoted(text, at, char);
  if (char === "#" || (text.startsWith("--", at) && /^(--)(\s|$)/.test(text.slice(at, at + 3)))) {
    return endOf(text, "\n", at);
  }
  if (text.startsWith("/*", at)) return endOf(text, "*/", at + 2);
  return at;
}

function skipQuoted(text: string, from: number, quote: string): number {
  let at = from + 1;
  while (at < text.length) {
    if (text[at] === "\\" && quote !== "`") at += 2;
    else if (text[at] !== quote) at += 1;
    else if (text[at + 1] === quote) at += 2;
    else return at + 1;
  }
  throw new Error(`a ${quote} is not closed: ${text.slice(from, from + 60)}`);
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found + mark.length;
}

/** A file's text from its first word that is not comment. */
export function stripLeadingComments(text: string): string {
  let at = 0;
  while (at < text.length) {
    const char = text[at] ?? "";
    const isQuote = char === "'" || char === '"' || char === "`";
    const next = isQuote ? at : skipToken(text, at);
    if (next !== at) at = next;
    else if (/\s/.test(char)) at += 1;
    else break;
  }
  return text.slice(at);
}
