import { hash } from "node:crypto";
import { create, createRegistry, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { ResourceSchema } from "../../gen/envoy/service/discovery/v3/discovery_pb.js";
import { envoyFiles } from "../../gen/registry.js";
import { encodeLoadAssignment } from "./encode-load-assignment.ts";
import { XDS_MESSAGE, type XdsResource, type XdsType } from "../../model/xds-resource.ts";

const registry = createRegistry(...envoyFiles);

/** A resource as it goes over the wire. */
export interface EncodedResource {
  readonly type: XdsType;
  readonly name: string;
  /** Changes exactly when the content does, and is the same after a restart, so that an Envoy that has it is sent nothing. */
  readonly version: string;
  /** The bytes of an `envoy.service.discovery.v3.Resource`. */
  readonly wire: Uint8Array;
}

/** Versions go back and forth for every resource when a stream opens: short, and still never the same for two contents. */
const VERSION_LENGTH = 11;

/**
 * Encodes a resource, unless `known` has the same content already: when an endpoint fails, one resource of several changes.
 * @returns `known` itself if it is the same
 * @throws when the body is not valid for its message; that is a defect of the translation, not of a user's input
 */
export function encodeResource(resource: XdsResource, known?: EncodedResource): EncodedResource {
  const { type, name } = resource;
  // Encoding a load assignment takes less than writing it as JSON; with all else it is the other way round.
  const quick = resource.type === "endpoints" ? encodeLoadAssignment(resource.body) : undefined;
  const version = hash("sha256", quick ?? JSON.stringify(resource.body), "base64url").slice(0, VERSION_LENGTH);
  if (known?.version === version) return known;
  const value = quick ?? encodeGenerically(resource);
  const packed = create(AnySchema, { typeUrl: `type.googleapis.com/${XDS_MESSAGE[type]}`, value });
  return {
    type,
    name,
    version,
    wire: toBinary(ResourceSchema, create(ResourceSchema, { name, version, resource: packed })),
  };
}

/** The bytes of a resource's message, by its description; exported for the test that holds the quick way to it. */
export function encodeGenerically({ type, body }: XdsResource): Uint8Array {
  const schema = registry.getMessage(XDS_MESSAGE[type]);
  if (schema === undefined) throw new Error(`no generated message ${XDS_MESSAGE[type]}`);
  return toBinary(schema, fromJson(schema, body as JsonValue, { registry }));
}
