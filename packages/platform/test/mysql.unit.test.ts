import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { createServer } from "mysql2";
import { describe, expect, it } from "vitest";
import { silentLog } from "../src/log/log.ts";
import { Database } from "../src/mysql/database.ts";
import { classify, DatabaseUnavailable, isTransient } from "../src/mysql/errors.ts";
import { splitStatements, stripLeadingComments } from "../src/mysql/statements.ts";
import { resultSets, rowsOf } from "../src/mysql/tx.ts";
import { parseMysqlUrl, quoteName } from "../src/mysql/url.ts";
import { parseJson, toSqlValue } from "../src/mysql/values.ts";

describe("splitStatements", () => {
  it("splits at semicolons outside quotes and comments", () => {
    const text = [
      "-- first; comment",
      "CREATE TABLE a (t VARCHAR(9) DEFAULT ';') COMMENT 'it''s; fine'; # rest; of line",
      '/* block; */ INSERT INTO a VALUES ("x;\\";y", `b;c`); SELECT 1 -- last; without end',
    ].join("\n");
    expect(splitStatements(text)).toEqual([
      "CREATE TABLE a (t VARCHAR(9) DEFAULT ';') COMMENT 'it''s; fine'",
      'INSERT INTO a VALUES ("x;\\";y", `b;c`)',
      "SELECT 1 -- last; without end",
    ]);
  });

  it("takes -- without a blank for a minus twice, as MySQL does", () => {
    expect(splitStatements("SELECT 5--1; SELECT 2")).toEqual(["SELECT 5--1", "SELECT 2"]);
  });

  it("finds nothing in comments alone", () => {
    expect(splitStatements("-- a\n/* b; */\n;;\n")).toEqual([]);
  });

  it("refuses a quote without end", () => {
    expect(() => splitStatements("SELECT 'a")).toThrow(/not closed/);
  });
});

describe("stripLeadingComments", () => {
  it("keeps everything from the first word on", () => {
    expect(stripLeadingComments("-- NAME\n-- it's\n\n  CREATE PROCEDURE a() -- b")).toBe("CREATE PROCEDURE a() -- b");
  });
});

describe("toSqlValue", () => {
  it("turns what SQL does not know into what it does", () => {
    expect(toSqlValue(undefined)).toBeNull();
    expect(toSqlValue([1, { a: 2n }])).toBe('[1,{"a":"2"}]');
    expect(toSqlValue(5n)).toBe(5n);
    const date = new Date();
    expect(toSqlValue(date)).toBe(date);
  });

  it("refuses what would arrive as something else", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, new Date("x"), Symbol("s"), () => 1]) {
      expect(() => toSqlValue(value)).toThrow(RangeError);
    }
  });
});

describe("parseJson", () => {
  it("reads text, buffers and what is parsed already", () => {
    expect(parseJson('{"a":1}')).toEqual({ a: 1 });
    expect(parseJson(Buffer.from("[1]"))).toEqual([1]);
    expect(parseJson({ a: 1 })).toEqual({ a: 1 });
    expect(parseJson(null)).toBeNull();
  });
});

describe("classify", () => {
  const cases: [unknown, string][] = [
    [{ errno: 1213, code: "ER_LOCK_DEADLOCK" }, "retry"],
    [{ errno: 1205, code: "ER_LOCK_WAIT_TIMEOUT" }, "retry"],
    [{ errno: 1062, code: "ER_DUP_ENTRY" }, "statement"],
    [{ errno: 1644, code: "ER_SIGNAL_EXCEPTION" }, "statement"],
    [{ errno: 1040, code: "ER_CON_COUNT_ERROR" }, "connection"],
    [{ errno: 1114, code: "ER_RECORD_FILE_FULL" }, "statement"],
    ...[1021, 1024, 1026, 1030, 1037, 1038, 1041, 1135, 1180, 1206].map((errno): [unknown, string] => [
      { errno, code: "ER_OUT_OF_SOMETHING" },
      "connection",
    ]),
    [{ errno: -111, code: "ECONNREFUSED", fatal: true }, "connection"],
    [{ code: "PROTOCOL_CONNECTION_LOST", fatal: true }, "connection"],
    [{ code: "ETIMEDOUT" }, "connection"],
    [new Error("plain"), "statement"],
    ["text", "statement"],
  ];

  it.each(cases)("%o is %s", (error, expected) => {
    expect(classify(error)).toBe(expected);
  });

  it("knows what may succeed later", () => {
    expect(isTransient(new DatabaseUnavailable("away"))).toBe(true);
    expect(isTransient({ errno: 1213 })).toBe(true);
    expect(isTransient(new Error("bug"))).toBe(false);
  });
});

describe("a server that fails in the middle of COMMIT", () => {
  it("leaves the outcome unknown", async () => {
    // Speaks the protocol only as far as needed: no real server can be made to answer 1180.
    const server = createServer((connection) => {
      // The driver's server leaves the numbering of packets, which begins anew with each command, to its user.
      const numbered = connection as unknown as { sequenceId: number };
      const answer = (write: () => void) => {
        numbered.sequenceId = 1;
        write();
        numbered.sequenceId = 0;
      };
      connection.on("error", () => undefined);
      // The driver's server reports SET as this.
      connection.on("stmt_prepare", () => answer(() => connection.writeOk()));
      connection.on("query", (sql: string) => {
        if (sql === "COMMIT")
          answer(() => connection.writeError({ code: 1180, message: "Got error 28 during COMMIT" }));
        else answer(() => connection.writeOk());
      });
      connection.serverHandshake({
        protocolVersion: 10,
        serverVersion: "10.11.0-test",
        connectionId: 1,
        statusFlags: 2,
        characterSet: 45,
        capabilityFlags: 0xff_f7_df,
        authCallback: (_who: unknown, accept: (error: null) => void) => {
          accept(null);
          numbered.sequenceId = 0;
        },
      });
    });
    server.listen(0);
    // The driver's server does not tell its port.
    const { _server: listener } = server as unknown as { readonly _server: Server };
    await once(listener, "listening");
    const { port } = listener.address() as AddressInfo;
    const db = new Database({ url: `mysql://u:p@127.0.0.1:${port}/s`, log: silentLog(), poolSize: 1 });
    try {
      await expect(db.transaction(async () => undefined)).rejects.toMatchObject({ code: "outcome_unknown" });
    } finally {
      await db.stop();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  });
});

describe("results of the driver", () => {
  it("drops the header behind the result sets of a CALL", () => {
    expect(resultSets([[{ a: 1 }], [], { affectedRows: 0 }])).toEqual([[{ a: 1 }], []]);
    expect(resultSets({ affectedRows: 1 })).toEqual([]);
    expect(rowsOf({ affectedRows: 1 })).toEqual([]);
    expect(rowsOf([{ a: 1 }])).toEqual([{ a: 1 }]);
  });
});

describe("URLs and names", () => {
  it("decodes what the URL encodes", () => {
    expect(parseMysqlUrl("mysql://u%40x:p%2F%3A@[::1]:3307/my_schema")).toEqual({
      host: "::1",
      port: 3307,
      user: "u@x",
      password: "p/:",
      schema: "my_schema",
    });
  });

  it("quotes only what needs no escaping", () => {
    expect(quoteName("ConsumeCredits")).toBe("`ConsumeCredits`");
    for (const name of ["", "a`b", "a.b", "a b", "x".repeat(65)]) expect(() => quoteName(name)).toThrow(RangeError);
  });
});
