/**
 * What the protos shipped in `@grpc/grpc-js-xds` lack, applied to a temporary copy before code is generated.
 *
 * The shipped Envoy API is of about mid-2024. A field that Envoy gained later goes here: name the file, the message and
 * the field with the number that Envoy's own proto gives it. Take it from Envoy's source, never from memory: Envoy ignores
 * a number that it does not know in a dynamic resource without a word.
 * @module
 */

/**
 * @typedef {object} ProtoPatch
 * @property {string} file path below the proto root, such as `envoy/config/core/v3/health_check.proto`
 * @property {string} message the top-level message that gains the field
 * @property {string} field the declaration to insert, such as `bool enabled = 26;`
 * @property {string} [imports] a proto file that the field's type comes from and that `file` does not import yet
 * @property {string} reason why the generated code needs it
 */

const numericRules = [
  "FloatRules",
  "DoubleRules",
  "Int32Rules",
  "Int64Rules",
  "UInt32Rules",
  "UInt64Rules",
  "SInt32Rules",
  "SInt64Rules",
  "Fixed32Rules",
  "Fixed64Rules",
  "SFixed32Rules",
  "SFixed64Rules",
];

const validateFile = "validate/validate.proto";
const validateReason = "Envoy's protos use `ignore_empty`, the shipped validate.proto is older than it";

/**
 * Every patch, in the order in which it is applied.
 * @type {readonly ProtoPatch[]}
 */
export const protoPatches = [
  ...numericRules.map((message) => ({
    file: validateFile,
    message,
    field: "optional bool ignore_empty = 8;",
    reason: validateReason,
  })),
  { file: validateFile, message: "StringRules", field: "optional bool ignore_empty = 26;", reason: validateReason },
  { file: validateFile, message: "BytesRules", field: "optional bool ignore_empty = 14;", reason: validateReason },
  { file: validateFile, message: "RepeatedRules", field: "optional bool ignore_empty = 5;", reason: validateReason },
  {
    file: "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto",
    message: "TcpProxy",
    field: "config.core.v3.BackoffStrategy backoff_options = 18;",
    imports: "envoy/config/core/v3/backoff.proto",
    reason: "connect attempts to other hosts are spaced by milliseconds, not by the default",
  },
  { file: validateFile, message: "MapRules", field: "optional bool ignore_empty = 6;", reason: validateReason },
];

/**
 * Inserts the patch's field as the first line of its message.
 * @param {string} source text of the proto file
 * @param {ProtoPatch} patch what to insert
 * @returns {string} the patched text
 * @throws {Error} when the message is missing, or already has a field of that name: the patch is then out of date
 */
export function applyProtoPatch(source, patch) {
  const opening = new RegExp(`^message ${patch.message} \\{$`, "m");
  const match = opening.exec(source);
  if (match === null) {
    throw new Error(`proto patch: message ${patch.message} not found in ${patch.file}`);
  }
  const bodyStart = match.index + match[0].length;
  const bodyEnd = source.indexOf("\n}", bodyStart);
  const fieldName = /(\w+)\s*=\s*\d+/.exec(patch.field)?.[1];
  if (fieldName === undefined) {
    throw new Error(`proto patch: not a field declaration: ${patch.field}`);
  }
  if (new RegExp(`\\b${fieldName}\\s*=\\s*\\d+`).test(source.slice(bodyStart, bodyEnd))) {
    throw new Error(`proto patch: ${patch.message}.${fieldName} is in ${patch.file} by now: remove the patch`);
  }
  const patched = `${source.slice(0, bodyStart)}\n  // Patched in: ${patch.reason}.\n  ${patch.field}${source.slice(bodyStart)}`;
  return patch.imports === undefined ? patched : patched.replace(/^package .*;$/m, `$&\n\nimport "${patch.imports}";`);
}
