/**
 * Nodes of a cluster as network namespaces of this machine, on one bridge: a node that is cut off drops packets, as one
 * without power does, and refuses nothing.
 * @module
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Everything of a test begins with it, so that what a killed one has left behind is known by its name. */
const NAME = "td-node";
const BRIDGE = `${NAME}-br`;

/** One node. */
export class NetworkNode {
  readonly #namespace: string;
  readonly #cable: string;

  private constructor(index: number) {
    this.#namespace = `${NAME}-${index}`;
    this.#cable = `${NAME}-v${index}`;
  }

  /** Makes a node that has these addresses, each with its prefix length. */
  static async open(index: number, addresses: readonly string[]): Promise<NetworkNode> {
    const node = new NetworkNode(index);
    const inside = `${NAME}-i${index}`;
    await ip("netns", "add", node.#namespace);
    await ip("link", "add", node.#cable, "type", "veth", "peer", "name", inside);
    await ip("link", "set", inside, "netns", node.#namespace);
    await ip("link", "set", node.#cable, "master", BRIDGE, "up");
    for (const address of addresses) await ip("-n", node.#namespace, "address", "add", address, "dev", inside);
    for (const link of [inside, "lo"]) await ip("-n", node.#namespace, "link", "set", link, "up");
    return node;
  }

  /** A command that runs what follows it on this node. */
  get through(): readonly string[] {
    return ["ip", "netns", "exec", this.#namespace];
  }

  /** From now on every packet from it and to it is lost. */
  async cutOff(): Promise<void> {
    await ip("link", "set", this.#cable, "down");
  }

  /** It is reached again. */
  async reconnect(): Promise<void> {
    await ip("link", "set", this.#cable, "up");
  }
}

/**
 * Makes the network that nodes are on; this machine itself has an address there.
 * @throws Error without root or without iproute2: what needs nodes cannot be tested then
 */
export async function openNodeNetwork(address: string): Promise<void> {
  try {
    await closeNodeNetwork();
    await ip("link", "add", BRIDGE, "type", "bridge");
  } catch (error) {
    throw new Error(
      "nodes are network namespaces, which need root and iproute2: run this as root, after `apt-get install iproute2`",
      { cause: error },
    );
  }
  await ip("address", "add", address, "dev", BRIDGE);
  await ip("link", "set", BRIDGE, "up");
}

/** Removes all nodes and their network, also those of a test that was killed, with the processes that are left on them. */
export async function closeNodeNetwork(): Promise<void> {
  const isOurs = (name: string | undefined): name is string => name?.startsWith(`${NAME}-`) === true;
  const namespaces = (await ip("netns", "list")).split("\n").map((line) => line.split(" ")[0]);
  for (const namespace of namespaces.filter(isOurs)) {
    for (const pid of (await ip("netns", "pids", namespace)).split("\n").filter(Boolean)) end(Number(pid));
    await ip("netns", "delete", namespace);
  }
  const links = JSON.parse((await ip("-j", "link", "show")) || "[]") as readonly { readonly ifname: string }[];
  // One end of a pair takes the other one with it.
  for (const { ifname } of links) if (isOurs(ifname)) await ip("link", "delete", ifname).catch(() => undefined);
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

async function ip(...args: readonly string[]): Promise<string> {
  return (await run("ip", [...args])).stdout;
}
