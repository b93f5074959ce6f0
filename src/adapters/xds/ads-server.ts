/**
 * Delta ADS on a Unix socket: the one stream over which an Envoy gets everything, secrets included.
 * @module
 */
import { chmod, rm } from "node:fs/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type handleBidiStreamingCall,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryRequest,
  DeltaDiscoveryResponseSchema,
} from "../../gen/envoy/service/discovery/v3/discovery_pb.js";
import { XDS_MESSAGE, type XdsType } from "../../model/xds-resource.ts";
import { TandemError } from "../../model/errors.ts";
import { DeltaStream, type DeltaResponse } from "./delta-stream.ts";
import type { ResourceCache } from "./resource-cache.ts";
import type { Rejection } from "./subscription.ts";

const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
const TYPE_URL_PREFIX = "type.googleapis.com/";

/** An Envoy that reconnects names every resource it has in one request: 51 bytes each, at 100,000 services still far below this. */
const LONGEST_REQUEST = 64 * 1024 * 1024;

/** What happens on the stream. */
export interface AdsEvents {
  connected(): void;
  disconnected(): void;
  rejected(rejection: Rejection): void;
  settled(): void;
  /** A response went out: its length in bytes and what it is about, e.g. `endpoints in/shop/web/80`. */
  sent(bytes: number, resources: readonly string[]): void;
}

/** A listening server. */
export interface AdsServer {
  close(): Promise<void>;
}

type Call = ServerDuplexStream<DeltaDiscoveryRequest, Buffer>;

/**
 * Serves `cache` on a Unix socket that only this user may open.
 * @throws TandemError AgentCannotStart when the socket cannot be bound
 */
export async function serveAds(path: string, cache: ResourceCache, events: AdsEvents): Promise<AdsServer> {
  // A socket that a killed agent left behind would refuse the bind.
  await rm(path, { force: true });
  const server = new Server({ "grpc.max_receive_message_length": LONGEST_REQUEST, "grpc.max_send_message_length": -1 });
  const handle: handleBidiStreamingCall<DeltaDiscoveryRequest, Buffer> = (call) => serveStream(call, cache, events);
  server.addService(definition(), { DeltaAggregatedResources: handle });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
      error === null
        ? resolve()
        : reject(
            new TandemError("AgentCannotStart", `${path} cannot be listened on: ${error.message}`, { cause: error }),
          ),
    );
  });
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.forceShutdown();
        resolve();
      }),
  };
}

function serveStream(call: Call, cache: ResourceCache, events: AdsEvents): void {
  const stream = new DeltaStream(cache, {
    rejected: (rejection) => events.rejected(rejection),
    settled: () => events.settled(),
    send: (response) => {
      const bytes = encodeResponse(response);
      const names = [...response.resources.map(({ name }) => name), ...response.removed];
      events.sent(
        bytes.length,
        names.map((name) => `${response.type} ${name}`),
      );
      call.write(bytes);
    },
  });
  events.connected();
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    stream.close();
    events.disconnected();
    call.end();
  };
  call.on("data", (request: DeltaDiscoveryRequest) => {
    const type = typeOf(request.typeUrl);
    // A type that Tandem does not serve stays unanswered, as the protocol wants.
    if (type === undefined) return;
    stream.request({
      type,
      subscribe: request.resourceNamesSubscribe,
      unsubscribe: request.resourceNamesUnsubscribe,
      initialVersions: request.initialResourceVersions,
      nonce: request.responseNonce,
      error: request.errorDetail === undefined ? undefined : request.errorDetail.message,
    });
  });
  call.on("end", close);
  call.on("error", close);
  call.on("cancelled", close);
}

const TYPE_OF = new Map(
  Object.entries(XDS_MESSAGE).map(([type, message]) => [TYPE_URL_PREFIX + message, type as XdsType]),
);

function typeOf(typeUrl: string): XdsType | undefined {
  return TYPE_OF.get(typeUrl);
}

/** The resources are encoded already: only the frame around them is built here, by joining bytes. */
function encodeResponse(response: DeltaResponse): Buffer {
  const frame = toBinary(
    DeltaDiscoveryResponseSchema,
    create(DeltaDiscoveryResponseSchema, {
      typeUrl: TYPE_URL_PREFIX + XDS_MESSAGE[response.type],
      nonce: response.nonce,
      removedResources: [...response.removed],
    }),
  );
  const parts: Uint8Array[] = [frame];
  for (const { wire } of response.resources) parts.push(fieldHeader(2, wire.length), wire);
  return Buffer.concat(parts);
}

/** Key and length of a length-delimited protobuf field. */
function fieldHeader(field: number, length: number): Uint8Array {
  const bytes = [(field << 3) | 2];
  let rest = length;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function definition(): ServiceDefinition {
  return {
    DeltaAggregatedResources: {
      path: METHOD,
      requestStream: true,
      responseStream: true,
      requestSerialize: (request: DeltaDiscoveryRequest) => Buffer.from(toBinary(DeltaDiscoveryRequestSchema, request)),
      requestDeserialize: (bytes: Buffer) => fromBinary(DeltaDiscoveryRequestSchema, bytes),
      responseSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
    },
  };
}
