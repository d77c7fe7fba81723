import { randomUUID } from "node:crypto";
import { StipendClient } from "@stipend/client";
import type { Schemas } from "@stipend/client/types";
import { Movement } from "@stipend/proto/http/credits/movement";
import type { System } from "@stipend/testing/system";
import { Client, expectBody } from "./client.ts";

export interface Person {
  readonly name: string;
  /** Sends anything, and hands back whatever is answered. */
  readonly client: Client;
  /** For what has to go well: typed, and throws everything else. */
  readonly api: StipendClient;
}

/** Makes users, admins and other callers of one system. */
export class People {
  readonly #baseUrl: string;
  readonly #token: System["token"];

  constructor(baseUrl: string, token: System["token"]) {
    this.#baseUrl = baseUrl;
    this.#token = token;
  }

  /** Somebody nobody has seen before. */
  newcomer(name: string): Promise<Person> {
    return this.person(`${name}-${randomUUID().slice(0, 8)}`);
  }

  async person(name: string): Promise<Person> {
    const token = await this.#token(name, ["user"]);
    // What a test sees must have happened once: nothing is sent again behind its back.
    const api = new StipendClient({ baseUrl: this.#baseUrl, token, retries: { attempts: 1 } });
    return { name, client: new Client(this.#baseUrl, token), api };
  }

  async withRoles(name: string, roles: string[]): Promise<Client> {
    return new Client(this.#baseUrl, await this.tokenOf(name, roles));
  }

  tokenOf(name: string, roles: string[]): Promise<string> {
    return this.#token(name, roles);
  }

  admin(): Promise<Client> {
    return this.withRoles("ada-admin", ["admin"]);
  }

  service(): Promise<Client> {
    return this.withRoles("shop", ["service"]);
  }

  withToken(token: string): Client {
    return new Client(this.#baseUrl, token);
  }

  anonymous(): Client {
    return new Client(this.#baseUrl);
  }
}

export function newKey(): string {
  return `key-${randomUUID()}`;
}

export async function accountOf(person: Person): Promise<Schemas["CreditAccount"]> {
  return (await person.api.get("/api/credits")).data;
}

/** Gives a newcomer something to spend. */
export async function giveCredits(admin: Client, person: Person, amount: number): Promise<void> {
  const body = { amount, kind: "bonus", reason: "for a test" };
  expectBody(await admin.post(`/api/admin/users/${person.name}/credits/grants`, body, { key: newKey() }), Movement);
}
