import type { LoadTarget } from "./options.ts";

/** A gateway as the clients see it. */
export interface Target {
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly ready: string | null;
  /** What its readiness last said; true when it is never asked. */
  isReady: boolean;
  /** False once it left the list: it gets no new connections, its open ones stay in use. */
  isListed: boolean;
}

/** The gateways of the local site, taken in turn, as kube-proxy or a list of hosts would. */
export class TargetList {
  private targets: Target[];
  private turn = 0;

  constructor(targets: readonly LoadTarget[]) {
    this.targets = targets.map(toTarget);
  }

  get all(): readonly Target[] {
    return this.targets;
  }

  /**
   * The next target in turn that takes a new connection, or has an open one to use (`hasIdle`); null when none is left
   * besides those in `refused`. When no listed target is ready all of them count: a client with a list of hosts tries
   * rather than gives up.
   */
  next(hasIdle: (target: Target) => boolean, refused: readonly Target[]): Target | null {
    const anyReady = this.targets.some((target) => target.isListed && target.isReady);
    for (let step = 1; step <= this.targets.length; step += 1) {
      const index = (this.turn + step) % this.targets.length;
      const target = this.targets[index];
      if (target === undefined || refused.includes(target)) continue;
      if (!takesConnections(target, anyReady) && !hasIdle(target)) continue;
      this.turn = index;
      return target;
    }
    return null;
  }

  /** Replaces the list. Targets that stay keep their connections; those that leave only finish what is open. */
  replace(addresses: readonly string[]): void {
    for (const target of this.targets) target.isListed = addresses.includes(target.address);
    const known = new Set(this.targets.map((target) => target.address));
    const added = addresses.filter((address) => !known.has(address));
    this.targets = [...this.targets, ...added.map((address) => toTarget({ address, ready: null }))];
  }
}

function takesConnections(target: Target, anyReady: boolean): boolean {
  return target.isListed && (target.isReady || !anyReady);
}

function toTarget({ address, ready }: LoadTarget): Target {
  const colon = address.lastIndexOf(":");
  return {
    address,
    host: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    ready,
    isReady: true,
    isListed: true,
  };
}
