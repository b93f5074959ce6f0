import { describe, expect, test } from "vitest";
import { applyProtoPatch } from "./proto-patches.mjs";

const source = 'syntax = "proto3";\n\nmessage Other {\n  bool b = 1;\n}\n\nmessage Check {\n  string a = 1;\n}\n';
const patch = { file: "x.proto", message: "Check", field: "bool b = 2;", reason: "newer" };

describe("a patch of a proto", () => {
  test("adds its field to its message only", () => {
    expect(applyProtoPatch(source, patch)).toBe(
      source.replace("message Check {\n", "message Check {\n  // Patched in: newer.\n  bool b = 2;\n"),
    );
  });

  test("for a message that is gone is refused", () => {
    expect(() => applyProtoPatch(source, { ...patch, message: "Gone" })).toThrow("message Gone not found in x.proto");
  });

  test("for a field that the proto has by now is refused", () => {
    expect(() => applyProtoPatch(source, { ...patch, field: "string a = 7;" })).toThrow("remove the patch");
  });

  test("that declares no field is refused", () => {
    expect(() => applyProtoPatch(source, { ...patch, field: "reserved" })).toThrow("not a field declaration");
  });
});
