import { hash } from "node:crypto";
import { create, createRegistry, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { ResourceSchema } from "../../gen/envoy/service/discovery/v3/discovery_pb.js";
import { envoyFiles } from "../../gen/registry.js";
import { XDS_MESSAGE, type XdsResource, type XdsType } from "../../model/xds-resource.ts";

const registry = createRegistry(...envoyFiles);

/** A resource as it goes over the wire. */
export interface EncodedResource {
  readonly type: XdsType;
  readonly name: string;
  /** {@link versionOf} the resource: the same after a restart, so that an Envoy that has it is sent nothing. */
  readonly version: string;
  /** The bytes of an `envoy.service.discovery.v3.Resource`. */
  readonly wire: Uint8Array;
}

/** Versions go back and forth for every resource when a stream opens: short, and still never the same for two contents. */
const VERSION_LENGTH = 11;

/** Changes exactly when the content does. */
export function versionOf(resource: XdsResource): string {
  return hash("sha256", JSON.stringify(resource.body), "base64url").slice(0, VERSION_LENGTH);
}

/**
 * Encodes a resource.
 * @param version its {@link versionOf}
 * @throws when the body is not valid for its message; that is a defect of the translation, not of a user's input
 */
export function encodeResource(resource: XdsResource, version = versionOf(resource)): EncodedResource {
  const schema = registry.getMessage(XDS_MESSAGE[resource.type]);
  if (schema === undefined) throw new Error(`no generated message ${XDS_MESSAGE[resource.type]}`);
  const message = fromJson(schema, resource.body as JsonValue, { registry });
  const packed = anyPack(schema, message);
  const wire = toBinary(ResourceSchema, create(ResourceSchema, { name: resource.name, version, resource: packed }));
  return { type: resource.type, name: resource.name, version, wire };
}
