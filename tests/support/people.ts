import { randomUUID } from "node:crypto";
import { Account, Movement } from "@stipend/proto/http/credits";
import type { System } from "@stipend/testing/system";
import type { z } from "zod";
import { Client, expectBody } from "./client.ts";

export interface Person {
  readonly name: string;
  readonly client: Client;
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
    return { name, client: await this.withRoles(name, ["user"]) };
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

export async function accountOf(person: Person): Promise<z.output<typeof Account>> {
  return expectBody(await person.client.get("/api/credits"), Account);
}

/** Gives a newcomer something to spend. */
export async function giveCredits(admin: Client, person: Person, amount: number): Promise<void> {
  const body = { amount, kind: "bonus", reason: "for a test" };
  expectBody(await admin.post(`/api/admin/users/${person.name}/credits/grants`, body, { key: newKey() }), Movement);
}
