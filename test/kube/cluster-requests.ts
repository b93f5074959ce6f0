import { type ApiAccess, ask } from "./api-client.ts";
import type { Json, JsonObject } from "./api/json.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** An answer with its body parsed. */
export interface Reply {
  readonly status: number;
  readonly body: JsonObject;
  /** The texts of `Warning` headers. */
  readonly warning: string;
}

const CONTENT_TYPES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

/** Requests of one user, for tests: whatever the status, they answer. */
export class ClusterRequests {
  readonly #access: ApiAccess;

  constructor(cluster: SimulatedCluster, user: string | null = "admin") {
    this.#access = cluster.access(user);
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return this.#ask({ path, headers });
  }

  create(path: string, body: Json): Promise<Reply> {
    return this.#ask({ method: "POST", path, body });
  }

  replace(path: string, body: Json): Promise<Reply> {
    return this.#ask({ method: "PUT", path, body });
  }

  patch(kind: keyof typeof CONTENT_TYPES, path: string, body: Json): Promise<Reply> {
    return this.#ask({ method: "PATCH", path, body, contentType: CONTENT_TYPES[kind] });
  }

  delete(path: string, body?: Json): Promise<Reply> {
    return this.#ask({ method: "DELETE", path, body });
  }

  async #ask(request: Parameters<typeof ask>[1]): Promise<Reply> {
    const { status, headers, text } = await ask(this.#access, request);
    const isJson = headers["content-type"] === "application/json";
    return {
      status,
      body: isJson ? (JSON.parse(text) as JsonObject) : { text },
      warning: String(headers["warning"] ?? ""),
    };
  }
}
