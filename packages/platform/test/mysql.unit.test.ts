import { describe, expect, it } from "vitest";
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
