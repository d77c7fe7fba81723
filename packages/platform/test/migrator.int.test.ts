import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FreshDatabase, freshSchema } from "@stipend/testing/fresh-database";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../src/log/log.ts";
import { Database } from "../src/mysql/database.ts";
import { checkSchema, migrate } from "../src/mysql/migrator.ts";
import { deprovision, provision } from "../src/mysql/provision.ts";
import { dumpSchema } from "../src/mysql/snapshot.ts";
import { parseMysqlUrl } from "../src/mysql/url.ts";
import { engines } from "./support/engines.ts";

let schema: FreshDatabase;
let dir: string;
let owner: Database;
let service: Database;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "stipend-sql-"));
  schema = await freshSchema(engines().mysqlAdminUrl, "migrator", []);
  owner = new Database({ url: schema.ownerUrl, log: silentLog(), poolSize: 2 });
  service = new Database({ url: schema.url, log: silentLog(), poolSize: 2 });
});

afterEach(async () => {
  await owner.stop();
  await service.stop();
  await schema.drop();
  await rm(dir, { recursive: true });
});

const sources = () => [{ name: "test", dir }];

function run() {
  return migrate({
    ownerUrl: schema.ownerUrl,
    sources: sources(),
    serviceUser: parseMysqlUrl(schema.url).user,
    log: silentLog(),
  });
}

async function file(path: string, text: string): Promise<void> {
  await mkdir(join(dir, path, ".."), { recursive: true });
  await writeFile(join(dir, path), text);
}

const TABLE = "CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(20));\nINSERT INTO a VALUES (1, 'x;y'); -- one; two\n";
const READ_A = "CREATE PROCEDURE ReadA() READS SQL DATA SELECT t FROM a ORDER BY id";

describe("migrations", () => {
  it("applies them in order, once, and then has nothing to do", async () => {
    await file("migrations/0001_a.sql", TABLE);
    await file("migrations/0002_b.sql", "INSERT INTO a VALUES (2, 'z');");
    expect((await run()).migrations).toEqual(["test/0001_a", "test/0002_b"]);
    expect(await run()).toMatchObject({ migrations: [], routines: [], dropped: [] });
    expect(await owner.query("SELECT t FROM a ORDER BY id")).toEqual([{ t: "x;y" }, { t: "z" }]);
  });

  it("refuses a landed one that was edited", async () => {
    await file("migrations/0001_a.sql", TABLE);
    await run();
    await file("migrations/0001_a.sql", `${TABLE}INSERT INTO a VALUES (3, 'new');`);
    await expect(run()).rejects.toThrow(/test\/0001_a has landed and was edited/);
  });

  it("refuses to run when the schema knows a migration that the program does not", async () => {
    await file("migrations/0001_a.sql", TABLE);
    await run();
    await rm(join(dir, "migrations/0001_a.sql"));
    await expect(run()).rejects.toThrow(/does not know: test\/0001_a/);
  });

  it("goes on where it broke off, after the failing statement was corrected", async () => {
    await file("migrations/0001_a.sql", `${TABLE}INSERT INTO nowhere VALUES (1);\nINSERT INTO a VALUES (9, 'end');`);
    await expect(run()).rejects.toThrow(/statement 3 failed/);
    await file("migrations/0001_a.sql", `${TABLE}INSERT INTO a VALUES (8, 'mid');\nINSERT INTO a VALUES (9, 'end');`);
    await run();
    expect(await owner.query("SELECT id FROM a ORDER BY id")).toEqual([{ id: 1 }, { id: 8 }, { id: 9 }]);
  });

  it("refuses to go on when what had already run was edited", async () => {
    await file("migrations/0001_a.sql", `${TABLE}INSERT INTO nowhere VALUES (1);`);
    await expect(run()).rejects.toThrow(/statement 3 failed/);
    await file("migrations/0001_a.sql", `CREATE TABLE a (id BIGINT);INSERT INTO a VALUES (1);SELECT 1;`);
    await expect(run()).rejects.toThrow(/broke off after 2 statement/);
  });

  it("refuses gaps and wrong names", async () => {
    await file("migrations/0002_b.sql", "SELECT 1;");
    await expect(run()).rejects.toThrow(/expected 1/);
    await rm(join(dir, "migrations/0002_b.sql"));
    await file("migrations/first.sql", "SELECT 1;");
    await expect(run()).rejects.toThrow(/0001_what_it_does/);
  });

  it("lets several processes migrate at once", async () => {
    await file("migrations/0001_a.sql", TABLE);
    await file("procedures/ReadA.sql", READ_A);
    const reports = await Promise.all([run(), run(), run()]);
    expect(reports.flatMap((report) => report.migrations)).toEqual(["test/0001_a"]);
    expect(reports.flatMap((report) => report.routines)).toEqual(["procedure test/ReadA"]);
  });
});

describe("procedures, views and triggers", () => {
  beforeEach(async () => {
    await file("migrations/0001_a.sql", TABLE);
    await file("procedures/ReadA.sql", READ_A);
  });

  it("creates what has changed, keeps the service's rights, and leaves the rest alone", async () => {
    await file("procedures/Other.sql", "CREATE PROCEDURE Other() SELECT 2 AS two");
    await run();
    expect(await service.call("ReadA")).toEqual([{ t: "x;y" }]);
    await file("procedures/ReadA.sql", READ_A.replace("SELECT t", "SELECT UPPER(t) AS t"));
    expect((await run()).routines).toEqual(["procedure test/ReadA"]);
    expect(await service.call("ReadA")).toEqual([{ t: "X;Y" }]);
  });

  it("drops what has no file any more", async () => {
    await run();
    await rm(join(dir, "procedures/ReadA.sql"));
    expect((await run()).dropped).toEqual(["procedure test/ReadA"]);
    await expect(owner.query("SHOW CREATE PROCEDURE ReadA")).rejects.toMatchObject({ errno: 1305 });
  });

  it("creates again what somebody dropped by hand", async () => {
    await run();
    await owner.query("DROP PROCEDURE ReadA");
    expect((await run()).routines).toEqual(["procedure test/ReadA"]);
  });

  it("finds the order of views that build on each other, and lets the service read them", async () => {
    await file("views/a_first.sql", "CREATE VIEW a_first AS SELECT t FROM z_last");
    await file("views/z_last.sql", "-- a comment; with CREATE\nCREATE VIEW z_last AS SELECT t FROM a");
    await run();
    expect(await service.query("SELECT t FROM a_first")).toEqual([{ t: "x;y" }]);
    await expect(service.query("SELECT t FROM a")).rejects.toMatchObject({ errno: 1142 });
  });

  it("creates triggers", async () => {
    await file(
      "triggers/a_keep.sql",
      "CREATE TRIGGER a_keep BEFORE DELETE ON a FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'append only'",
    );
    await run();
    await expect(owner.query("DELETE FROM a")).rejects.toThrow(/append only/);
  });

  it("refuses a file whose name is not what it creates", async () => {
    await file("procedures/Wrong.sql", READ_A);
    await expect(run()).rejects.toThrow(/Wrong.sql: expected one statement CREATE PROCEDURE Wrong/);
  });
});

describe("checkSchema", () => {
  it("accepts a current schema and names what differs in any other", async () => {
    await file("migrations/0001_a.sql", TABLE);
    await file("procedures/ReadA.sql", READ_A);
    await expect(checkSchema(service, sources(), "npm run migrate")).rejects.toThrow(
      /missing: migration test\/0001_a, procedure test\/ReadA\. Run npm run migrate/,
    );
    await run();
    await checkSchema(service, sources());
    await file("procedures/ReadA.sql", `${READ_A} DESC`);
    await expect(checkSchema(service, sources())).rejects.toThrow(/different: procedure test\/ReadA/);
    await file("procedures/ReadA.sql", READ_A);
    await file("migrations/0002_b.sql", "INSERT INTO a VALUES (2, 'z');");
    await run();
    await rm(join(dir, "migrations/0002_b.sql"));
    await expect(checkSchema(service, sources())).rejects.toThrow(/newer than this program: test\/0002_b/);
  });

  it("says so when nothing was ever migrated", async () => {
    await owner.query("DROP VIEW schema_version");
    await expect(checkSchema(service, [])).rejects.toThrow(/has not been migrated/);
  });

  it("says so at once when the user has no right to the schema yet, or there is none", async () => {
    const names = { schema: `bare_${randomBytes(5).toString("hex")}`, ownerUser: "", serviceUser: "" };
    names.ownerUser = `${names.schema}_o`;
    names.serviceUser = `${names.schema}_s`;
    const admin = engines().mysqlAdminUrl;
    await provision(admin, { ...names, ownerPassword: "owner", servicePassword: "service" });
    const url = new URL(schema.url);
    Object.assign(url, { username: names.serviceUser, password: "service", pathname: `/${names.schema}` });
    const bare = new Database({ url: url.href, log: silentLog(), poolSize: 2 });
    const nowhere = new URL(admin);
    nowhere.pathname = "/never_made";
    const none = new Database({ url: nowhere.href, log: silentLog(), poolSize: 2 });
    try {
      for (const db of [bare, none]) {
        const started = performance.now();
        await expect(checkSchema(db, sources(), "npm run migrate")).rejects.toThrow(
          /has not been migrated\. Run npm run migrate/,
        );
        expect(performance.now() - started).toBeLessThan(5_000);
      }
    } finally {
      await bare.stop();
      await none.stop();
      await deprovision(admin, names);
    }
  });
});

describe("dumpSchema", () => {
  it("is the same for two schemas with the same structure, and differs when a column does", async () => {
    await file("migrations/0001_a.sql", TABLE);
    await file("procedures/ReadA.sql", READ_A);
    await file("views/va.sql", "CREATE VIEW va AS SELECT t FROM a");
    await run();
    const first = await dumpSchema(schema.ownerUrl);
    const other = await freshSchema(engines().mysqlAdminUrl, "snapshot", sources());
    try {
      expect(await dumpSchema(other.ownerUrl)).toBe(first);
    } finally {
      await other.drop();
    }
    expect(first).toMatch(/^-- Dumped from (MariaDB|MySQL)\./);
    expect(first).not.toContain(schema.schema);
    await owner.query("ALTER TABLE a MODIFY t VARCHAR(21)");
    expect(await dumpSchema(schema.ownerUrl)).not.toBe(first);
  });
});
