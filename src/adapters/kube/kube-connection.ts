/**
 * How an API server is reached and by whom: kubeconfig files and service accounts, as kubectl reads them.
 * @module
 */
import type { Agent as HttpAgent, OutgoingHttpHeaders } from "node:http";
import { Agent, type RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { TandemError } from "../../model/errors.ts";

/** Most connections to one API server: watches take one each, and there are requests besides. */
const MOST_CONNECTIONS = 64;

/** Where from a connection is loaded. */
export interface KubeConnectionSource {
  /** Path of a kubeconfig file; without it `KUBECONFIG`, `~/.kube/config`, or the pod's service account, in this order. */
  readonly kubeconfig?: string;
  /** Context in it; the current one when absent. */
  readonly context?: string;
  /** The pod's service account, whatever kubeconfig there is. */
  readonly inCluster?: true;
}

/** What a request needs. */
export interface KubeCredentials {
  readonly headers: OutgoingHttpHeaders;
  readonly agent: HttpAgent | Agent;
}

/** An API server and who asks it. */
export interface KubeConnection {
  /** E.g. `https://10.0.0.1:6443`, perhaps with a path, without a slash at the end. */
  readonly server: string;
  /** The context's namespace. */
  readonly namespace: string;
  /** For the next request; tokens and certificates that were renewed meanwhile are read anew. */
  readonly credentials: () => Promise<KubeCredentials>;
}

/**
 * Loads a connection.
 * @throws TandemError KubeConfigUnusable
 */
export async function loadKubeConnection(source: KubeConnectionSource): Promise<KubeConnection> {
  // Loaded when it is needed: it takes longer to load than most commands to run.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  const where = source.kubeconfig ?? "the kubeconfig";
  try {
    if (source.inCluster === true) config.loadFromCluster();
    else if (source.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(source.kubeconfig);
  } catch (error) {
    throw new TandemError("KubeConfigUnusable", `${where} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  const contexts = config.getContexts().map(({ name }) => name);
  if (source.context !== undefined) {
    if (!contexts.includes(source.context))
      throw new TandemError(
        "KubeConfigUnusable",
        `${where} has no context ${source.context}; it has ${contexts.join(", ") || "none"}`,
      );
    config.setCurrentContext(source.context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw new TandemError(
      "KubeConfigUnusable",
      `${where} names no cluster for the context ${config.getCurrentContext() || "(none)"}`,
    );
  return {
    server: cluster.server.replace(/\/+$/, ""),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? "default",
    credentials: credentialsOf(config, cluster.proxyUrl !== undefined),
  };
}

/** The library's own agent closes each connection after one request: a switch has no time for handshakes. */
function credentialsOf(config: KubeConfig, proxied: boolean): KubeConnection["credentials"] {
  let kept: { readonly secrets: string; readonly agent: Agent } | undefined;
  return async () => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const headers = { ...(options.headers as OutgoingHttpHeaders | undefined) };
    if (typeof options.auth === "string")
      headers["authorization"] = `Basic ${Buffer.from(options.auth).toString("base64")}`;
    if (proxied || !(options.agent instanceof Agent)) return { headers, agent: options.agent as HttpAgent };
    const { ca, cert, key, servername, rejectUnauthorized } = options;
    const secrets = [ca, cert, key].map(String).join("\n");
    if (kept?.secrets !== secrets) {
      // What is under way over the old one ends in its time.
      const tls = { ca, cert, key, servername, rejectUnauthorized };
      const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
      kept = { secrets, agent: new Agent({ ...given, keepAlive: true, maxSockets: MOST_CONNECTIONS }) };
    }
    return { headers, agent: kept.agent };
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
