/**
 * The interface for other agents: reached only through this gateway's Envoy, which has verified who asks and says so in a header.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { chmod, rm } from "node:fs/promises";
import { readBody } from "../../adapters/http/read-body.ts";
import { siteOfIdentity } from "../../model/identity.ts";
import { PEER_IDENTITY_HEADER } from "../../core/envoy/gateway-base.ts";
import { REDEEM_PATH } from "../../adapters/peers/redemption.ts";
import type { CatalogFeed } from "../../adapters/peers/catalog-feed.ts";
import type { Logger } from "../../ports/logger.ts";

/** Largest body of a request, in bytes: a certificate request or a token's redemption. */
const LARGEST_BODY = 64 * 1024;

/** Redeems a token, given the body of the request: gives the answer's status and body. */
export type Redeem = (body: string) => Promise<{ readonly status: number; readonly body: string }>;

/** What other agents can ask. */
export interface PeerApiHandlers {
  readonly site: string;
  readonly feed: CatalogFeed;
  /** Signs a certificate request of a gateway of the own site; undefined where the authority's key is not. */
  readonly sign: ((request: string) => Promise<string>) | undefined;
  /** How tokens are redeemed now; undefined while they are not. */
  readonly redeem: () => Redeem | undefined;
}

/** Serves the interface on a Unix socket that only this user may open. */
export async function servePeerApi(path: string, handlers: PeerApiHandlers, log: Logger): Promise<Server> {
  await rm(path, { force: true });
  const server = createServer((request, response) => {
    answer(request, response, handlers).catch((error: unknown) => {
      log.warn("peer_request_failed", { path: request.url, error: String(error) });
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
  await chmod(path, 0o600);
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse, handlers: PeerApiHandlers): Promise<void> {
  const site = siteOfIdentity(String(request.headers[PEER_IDENTITY_HEADER]));
  const own = site === handlers.site;
  if (request.method === "GET" && request.url === "/v1/catalog" && site !== undefined) {
    handlers.feed.serve(response, site);
    return;
  }
  if (request.method === "POST" && request.url === "/v1/certificate" && own && handlers.sign !== undefined) {
    const certificate = await handlers.sign(await readBody(request, LARGEST_BODY));
    response.writeHead(200, { "content-type": "application/x-pem-file" }).end(certificate);
    return;
  }
  const redeem = handlers.redeem();
  if (request.method === "POST" && request.url === REDEEM_PATH && redeem !== undefined) {
    const result = await redeem(await readBody(request, LARGEST_BODY));
    response.writeHead(result.status, { "content-type": "application/json" }).end(result.body);
    return;
  }
  response.writeHead(404).end();
}
