import { Movement } from "@stipend/proto/http/credits/movement";
import { newKey, type Person } from "./people.ts";

/** What a careful client saw of one operation. */
export interface Outcome {
  readonly key: string;
  readonly person: string;
  readonly transactionId: string;
  /** Every answer on the way: HTTP statuses, or the word of a broken connection. */
  readonly attempts: readonly (number | string)[];
}

/**
 * Clients that spend 1 credit again and again, each one call at a time, as a client should: an answer that says
 * "again later" and a broken connection are tried again with the same Idempotency-Key until they are answered.
 */
export class Traffic {
  readonly #people: readonly Person[];
  readonly #outcomes: Outcome[] = [];
  readonly #refusals: string[] = [];
  #stopped = false;
  #clients: Promise<void>[] = [];

  constructor(people: readonly Person[]) {
    this.#people = people;
  }

  /** @param clients how many work side by side, shared out over the people */
  start(clients: number): this {
    this.#clients = Array.from({ length: clients }, (_, index) => this.#client(index));
    return this;
  }

  get outcomes(): readonly Outcome[] {
    return this.#outcomes;
  }

  /** Answers that neither succeeded nor may be tried again: there must be none. */
  get refusals(): readonly string[] {
    return this.#refusals;
  }

  /** Lets every client finish the operation it is in. */
  async stop(): Promise<readonly Outcome[]> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    return this.#outcomes;
  }

  async #client(index: number): Promise<void> {
    const person = this.#people[index % this.#people.length];
    while (!this.#stopped && person !== undefined) await this.#spend(person);
  }

  async #spend(person: Person): Promise<void> {
    const key = newKey();
    const attempts: (number | string)[] = [];
    for (;;) {
      const answer = await person.client
        .post("/api/credits/consume", { amount: 1, reason: "traffic" }, { key })
        .catch((error: unknown) => String(error instanceof Error ? (error.cause ?? error.message) : error));
      attempts.push(typeof answer === "string" ? answer : answer.status);
      if (typeof answer === "string" || answer.status === 503) {
        await pause();
        continue;
      }
      if (answer.status !== 200) {
        this.#refusals.push(`${answer.status} ${JSON.stringify(answer.body)}`);
        return;
      }
      const { transactionId } = Movement.parse(answer.body);
      this.#outcomes.push({ key, person: person.name, transactionId, attempts });
      return;
    }
  }
}

/** A client that is told to come back does not come back at once. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
