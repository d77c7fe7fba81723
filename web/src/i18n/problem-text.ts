import { useTranslation } from "react-i18next";
import type { ApiProblem } from "../api/problem.ts";

export interface ProblemText {
  readonly title: string;
  readonly action: string | undefined;
}

/** Words for a problem, found by its code alone; a code without words says what the server said. */
export function useProblemText(): (problem: ApiProblem) => ProblemText {
  const { t, i18n } = useTranslation();
  return (problem) => {
    const key = `problems.${problem.code}`;
    if (!i18n.exists(key)) return { title: problem.message, action: undefined };
    const [title = problem.message, action] = t(key, valuesOf(problem)).split("|");
    return { title, action };
  };
}

/** Numbers and names a problem carries, to be filled into its words. */
function valuesOf({ details }: ApiProblem): Record<string, string | number> {
  const values = Object.entries(details).filter(
    (entry): entry is [string, string | number] => typeof entry[1] === "number" || typeof entry[1] === "string",
  );
  return Object.fromEntries(values);
}
