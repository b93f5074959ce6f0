/**
 * Calls to another agent, through the gateway it stands beside, over mTLS.
 * @module
 */
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { CATALOG_SERVER_NAME, JOIN_SERVER_NAME } from "../../model/server-names.ts";
import { readBody } from "../http/read-body.ts";

/** A gateway that cannot even shake hands in this time is asked again later. */
const CONNECT_TIMEOUT_MS = 5_000;

/** A gateway's agent that has not answered a request completely in this time, in milliseconds, is given up. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Largest answer to a single request, in bytes. */
const LARGEST_ANSWER = 1024 * 1024;

/** Who calls, and whom it expects to find. */
export interface PeerCredentials {
  /** This gateway's certificate and key, PEM; absent for one that has none yet and comes with a token. */
  readonly own?: { readonly certificate: string; readonly key: string };
  /** Authorities that vouch for the peer, PEM, and the identity its gateways have. */
  readonly peerBundle: string;
  readonly peerIdentity: string;
}

/** Opens an mTLS connection to a gateway's agent; rejects when the other side is not exactly who it should be. */
export function connectToPeer(
  target: { readonly address: string; readonly port: number },
  credentials: PeerCredentials,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: target.address,
      port: target.port,
      servername: credentials.own === undefined ? JOIN_SERVER_NAME : CATALOG_SERVER_NAME,
      ...(credentials.own === undefined ? {} : { cert: credentials.own.certificate, key: credentials.own.key }),
      ca: credentials.peerBundle,
      minVersion: "TLSv1.3",
      ALPNProtocols: ["http/1.1"],
      checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
        wrongIdentity(certificate, credentials.peerIdentity),
    });
    socket.setTimeout(CONNECT_TIMEOUT_MS, () =>
      socket.destroy(
        new Error(`no TLS handshake with ${target.address}:${target.port} within ${CONNECT_TIMEOUT_MS} ms`),
      ),
    );
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      socket.setTimeout(0);
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

/** Exactly one URI, and the right one: a member cannot pose as another. */
function wrongIdentity(certificate: PeerCertificate, identity: string): Error | undefined {
  const names = (certificate.subjectaltname ?? "").split(", ");
  return names.length === 1 && names[0] === `URI:${identity}`
    ? undefined
    : new Error(`the gateway's certificate is for ${names.join(", ") || "nobody"}, not for ${identity}`);
}

/** A request to a gateway's agent. */
export interface PeerCall {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
}

/** A whole answer of a gateway's agent. */
export interface PeerAnswer {
  readonly status: number;
  readonly body: string;
}

/** Asks a gateway's agent once, over a connection of its own, which is closed whatever comes of it. */
export async function askPeer(
  target: { readonly address: string; readonly port: number },
  credentials: PeerCredentials,
  call: PeerCall,
): Promise<PeerAnswer> {
  return askOver(await connectToPeer(target, credentials), call);
}

/** Sends one request over a connection and closes it; rejects when the answer is too large, or not complete in time. */
export async function askOver(socket: TLSSocket, call: PeerCall): Promise<PeerAnswer> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no complete answer to ${call.path} within ${ANSWER_TIMEOUT_MS} ms`)),
    ANSWER_TIMEOUT_MS,
  );
  const answer = async (): Promise<PeerAnswer> => {
    const { response } = await callPeer(socket, call);
    return { status: response.statusCode ?? 0, body: await readBody(response, LARGEST_ANSWER) };
  };
  try {
    return await Promise.race([answer(), late.promise]);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** Sends one request over a connection and gives the answer once its head is there. */
export function callPeer(
  socket: TLSSocket,
  call: PeerCall,
): Promise<{ readonly response: IncomingMessage; readonly call: ClientRequest }> {
  return new Promise((resolve, reject) => {
    const headers = {
      host: "agent",
      ...(call.body === undefined
        ? {}
        : { "content-type": "application/json", "content-length": Buffer.byteLength(call.body) }),
    };
    const sent = request({ createConnection: () => socket, method: call.method, path: call.path, headers });
    sent.once("response", (response) => resolve({ response, call: sent }));
    sent.once("error", reject);
    sent.end(call.body);
  });
}
