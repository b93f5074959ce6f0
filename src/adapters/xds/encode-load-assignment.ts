/**
 * Load assignments by hand: the generic way takes ten times as long, and this is what a failover waits for.
 * Field numbers are those of `envoy/config/endpoint/v3` and `envoy/config/core/v3`.
 * @module
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type {
  AssignedAddress,
  AssignedCheck,
  AssignedEndpoint,
  AssignedHealth,
  AssignedMetadata,
  LoadAssignment,
  PriorityEndpoints,
} from "../../model/load-assignment.ts";

/** `envoy.config.core.v3.HealthStatus`. */
const HEALTH_STATUS: Readonly<Record<AssignedHealth, number>> = { HEALTHY: 1, UNHEALTHY: 2, DEGRADED: 5 };

/** The bytes of an `envoy.config.endpoint.v3.ClusterLoadAssignment`: the same that the generic encoding gives. */
export function encodeLoadAssignment({ clusterName, endpoints, policy }: LoadAssignment): Uint8Array {
  const writer = new BinaryWriter();
  text(writer, 1, clusterName);
  for (const priority of endpoints) message(writer, 2, () => writePriority(writer, priority));
  // Policy.overprovisioning_factor is a google.protobuf.UInt32Value.
  message(writer, 4, () => message(writer, 3, () => number(writer, 1, policy.overprovisioningFactor)));
  return writer.finish();
}

function writePriority(writer: BinaryWriter, { priority, locality, lbEndpoints }: PriorityEndpoints): void {
  message(writer, 1, () => text(writer, 1, locality.region));
  for (const endpoint of lbEndpoints) message(writer, 2, () => writeEndpoint(writer, endpoint));
  number(writer, 5, priority);
}

function writeEndpoint(writer: BinaryWriter, { endpoint, healthStatus, metadata }: AssignedEndpoint): void {
  message(writer, 1, () => {
    message(writer, 1, () => writeAddress(writer, endpoint.address));
    const check = endpoint.healthCheckConfig;
    if (check !== undefined) message(writer, 2, () => writeCheck(writer, check));
  });
  number(writer, 2, HEALTH_STATUS[healthStatus]);
  if (metadata !== undefined) message(writer, 3, () => writeMetadata(writer, metadata));
}

function writeAddress(writer: BinaryWriter, address: AssignedAddress): void {
  if ("pipe" in address) {
    message(writer, 2, () => text(writer, 1, address.pipe.path));
    return;
  }
  message(writer, 1, () => {
    text(writer, 2, address.socketAddress.address);
    // Within a oneof, so that 0 would be written too.
    writer.tag(3, WireType.Varint).uint32(address.socketAddress.portValue);
  });
}

function writeCheck(writer: BinaryWriter, check: AssignedCheck): void {
  number(writer, 1, check.portValue ?? 0);
  text(writer, 2, check.hostname ?? "");
  if (check.disableActiveHealthCheck === true) writer.tag(4, WireType.Varint).bool(true);
}

function writeMetadata(writer: BinaryWriter, { filterMetadata }: AssignedMetadata): void {
  for (const [namespace, values] of Object.entries(filterMetadata)) {
    entry(writer, namespace, () => {
      for (const [key, value] of Object.entries(values)) {
        // google.protobuf.Value.string_value, within a oneof too.
        entry(writer, key, () => writer.tag(3, WireType.LengthDelimited).string(value));
      }
    });
  }
}

/** An entry of a map that is field 1 of its message, as those of Metadata and of google.protobuf.Struct are. */
function entry(writer: BinaryWriter, key: string, value: () => void): void {
  message(writer, 1, () => {
    writer.tag(1, WireType.LengthDelimited).string(key);
    message(writer, 2, value);
  });
}

function message(writer: BinaryWriter, field: number, content: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  content();
  writer.join();
}

/** Proto3 leaves out what has the default value. */
function text(writer: BinaryWriter, field: number, value: string): void {
  if (value !== "") writer.tag(field, WireType.LengthDelimited).string(value);
}

function number(writer: BinaryWriter, field: number, value: number): void {
  if (value !== 0) writer.tag(field, WireType.Varint).uint32(value);
}
