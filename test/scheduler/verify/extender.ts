/**
 * A scheduler extender: it is asked with exactly the nodes that pass all filters, and says which of them a pod may have.
 * https://kubernetes.io/docs/concepts/extend-kubernetes/#scheduler-extensions
 * @module
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readBody } from "../../../src/adapters/http/read-body.ts";

/** Why a node that passes all filters is not given; kube-scheduler counts it among its reasons. */
export const PASSED = "node(s) passed all filters";

const LARGEST_QUESTION = 8 * 1024 * 1024;

/** What the scheduler asks. */
export interface ExtenderQuestion {
  /** `<namespace>/<name>`. */
  readonly pod: string;
  readonly uid: string;
  /** Names of the nodes that pass, sorted. */
  readonly nodes: readonly string[];
}

/** Those of the nodes that the pod may have. */
export type ExtenderChoice = (question: ExtenderQuestion) => readonly string[];

/** Answers the scheduler; who starts it has to close it. */
export class Extender {
  /** Asked for each pod. */
  choose: ExtenderChoice = () => [];
  readonly #server: Server;
  readonly #questions = new Map<string, ExtenderQuestion>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param place `ADDRESS:PORT`; port 0 takes a free one @throws Error when the address is taken */
  static async listen(place: string): Promise<Extender> {
    const colon = place.lastIndexOf(":");
    const server = createServer();
    const extender = new Extender(server);
    server.on("request", (request, response) => {
      void readBody(request, LARGEST_QUESTION)
        .then((body) => response.setHeader("content-type", "application/json").end(extender.#answer(body)))
        .catch(() => response.writeHead(500).end());
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(Number(place.slice(colon + 1)), place.slice(0, colon), resolve);
    });
    return extender;
  }

  /** `ADDRESS:PORT`. */
  get place(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `${address}:${port}`;
  }

  /** What was asked last about the pod of a uid. */
  questionOf(uid: string): ExtenderQuestion | undefined {
    return this.#questions.get(uid);
  }

  /** Forgets what was asked. */
  forget(): void {
    this.#questions.clear();
  }

  /** Ends, with its connections. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(body: string): string {
    const question = readQuestion(body);
    this.#questions.set(question.uid, question);
    const chosen = this.choose(question);
    const others = question.nodes.filter((node) => !chosen.includes(node)).map((node) => [node, PASSED] as const);
    return JSON.stringify({
      NodeNames: chosen,
      FailedAndUnresolvableNodes: Object.fromEntries(others),
    });
  }
}

/** Go writes the names of these fields in any case that it likes. */
interface Question {
  readonly pod: { readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string } };
  readonly nodenames: readonly string[] | null;
}

function readQuestion(body: string): ExtenderQuestion {
  const fields = Object.entries(JSON.parse(body) as object).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  const { pod, nodenames } = Object.fromEntries(fields) as unknown as Question;
  const { namespace, name, uid } = pod.metadata;
  return { pod: `${namespace}/${name}`, uid, nodes: (nodenames ?? []).toSorted() };
}
