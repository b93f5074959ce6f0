/**
 * Where the gateways of all sites are, as IP addresses. Names are resolved now and then; the last answer is kept.
 * @module
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { TandemError } from "../../model/errors.ts";
import type { GatewayAddress } from "../../model/kinds/index.ts";
import type { Problem } from "../../model/problem.ts";
import { endpointKey, type PeerGateway } from "../../model/service-view.ts";
import type { Members } from "../../runtime/members.ts";
import type { PeerKnowledge } from "../../runtime/peer-knowledge.ts";
import type { GatewayDirectory } from "../../runtime/gateway-context.ts";
import type { GatewayRegistry, OwnGateway } from "../../ports/gateway-registry.ts";
import type { OpenableStore } from "../../ports/object-store.ts";

const RESOLVE_EVERY_MS = 30_000;

/** A gateway by its IP address. */
export interface ReachedGateway extends Omit<PeerGateway, "draining"> {
  readonly otherAddresses?: readonly string[];
}

/** Where gateways say themselves that they are there: what this one says, and where the others are found. */
export interface Registration {
  readonly own: OwnGateway;
  readonly registry: GatewayRegistry;
}

/** Members' gateways by their addresses now. */
export class GatewayAddresses implements GatewayDirectory {
  readonly #site: string;
  readonly #gateway: string;
  readonly #store: OpenableStore;
  readonly #registration: Registration | undefined;
  readonly #members: Members;
  readonly #knowledge: PeerKnowledge;
  readonly #changed: () => void;
  readonly #resolved = new Map<string, string>();
  #lastOwn: ReachedGateway | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    sources: {
      readonly site: string;
      readonly gateway: string;
      readonly store: OpenableStore;
      readonly registration: Registration | undefined;
      readonly members: Members;
      readonly knowledge: PeerKnowledge;
    },
    changed: () => void,
  ) {
    this.#site = sources.site;
    this.#gateway = sources.gateway;
    this.#store = sources.store;
    this.#registration = sources.registration;
    this.#members = sources.members;
    this.#knowledge = sources.knowledge;
    this.#changed = changed;
  }

  /** Names with their last addresses, which {@link open} takes after a restart. */
  resolved(): readonly (readonly [name: string, address: string])[] {
    return [...this.#resolved];
  }

  /** Starts resolving names; until DNS answers, `known` counts. Addresses need no DNS, so nothing waits for it. */
  open(known: readonly (readonly [name: string, address: string])[]): void {
    for (const [name, address] of known) this.#resolved.set(name, address);
    this.#timer = setInterval(() => void this.#resolveAll(), RESOLVE_EVERY_MS);
    void this.#resolveAll();
  }

  /** Stops resolving. */
  close(): void {
    clearInterval(this.#timer);
  }

  gatewaysOf(site: string): readonly PeerGateway[] | undefined {
    const member = this.#members.get(site);
    if (member === undefined || !member.accepted) return undefined;
    return member.gateways.flatMap((gateway) => {
      const address = this.#addressOf(gateway);
      return address === undefined
        ? []
        : [{ name: gateway.name, address, port: gateway.port, draining: this.#knowledge.draining(site, gateway.name) }];
    });
  }

  /** Gateways of the own site, this one included; at least one. */
  ownGateways(): number {
    return Math.max(1, this.#own().length);
  }

  /** The own site's other gateways. */
  siblings(): readonly ReachedGateway[] {
    return this.#own().flatMap((one) => (one.name === this.#gateway ? [] : this.#reached(one)));
  }

  /** All other gateways, of the own site and of accepted peers. */
  others(): readonly { readonly site: string; readonly gateway: string; readonly target: ReachedGateway }[] {
    const at = (site: string, gateways: readonly ReachedGateway[]) =>
      gateways.map((target) => ({ site, gateway: target.name, target }));
    const peers = this.#members.all().flatMap(({ name }) => at(name, this.gatewaysOf(name) ?? []));
    return [...at(this.#site, this.siblings()), ...peers];
  }

  /**
   * This gateway as others reach it; undefined until DNS has said where it is. A gateway that is no longer listed goes on
   * as it was: a slip in a file must not take it away from its clients.
   */
  ownGateway(): ReachedGateway | undefined {
    const listed = this.#own().find((one) => one.name === this.#gateway);
    this.#lastOwn = listed === undefined ? this.#lastOwn : this.#reached(listed)[0];
    return this.#lastOwn;
  }

  /** The own site's gateways as they register; none where they do not. */
  registered(): readonly GatewayAddress[] {
    return this.#registration === undefined
      ? []
      : this.#own().map(({ name, address, port }) => ({ name, address, port }));
  }

  /**
   * Makes sure that the own Site has an entry of this gateway.
   * @throws TandemError AgentCannotStart
   */
  requireOwnEntry(): void {
    if (this.#isListed()) return;
    const { place, inspection } = this.#store;
    throw new TandemError(
      "AgentCannotStart",
      this.#store.site(this.#site) === undefined
        ? `${place} has no valid Site named ${this.#site}`
        : `the Site ${this.#site} has no gateway named ${this.#gateway}`,
      {
        remedy: `Add ${this.#gateway} with its address to spec.gateways of the Site ${this.#site}; \`${inspection}\` shows what is wrong`,
      },
    );
  }

  /** What is wrong with the Sites in this site's directory. */
  problems(): readonly Problem[] {
    const foreign = this.#store.sitesAreMembers
      ? []
      : this.#store.sites().filter((site) => site.metadata.name !== this.#site);
    const problems = foreign.map(({ metadata: { name } }) => ({
      message: `Site ${name} does not count here: this is ${this.#site}, and sites that join tell of themselves`,
      remedy: "Remove it from this site's directory",
    }));
    if (!this.#isListed())
      problems.push({
        message: `the Site ${this.#site} no longer lists ${this.#gateway}, this gateway: it goes on as it was, and nobody new finds it`,
        remedy: `Add ${this.#gateway} with its address to spec.gateways, or drain this gateway`,
      });
    return problems;
  }

  isGatewayAddress(address: string, port: number): boolean {
    const key = endpointKey(address, port);
    const all = [...this.#own(), ...this.#members.all().flatMap((member) => member.gateways)];
    return all.some((gateway: OwnGateway) =>
      [this.#addressOf(gateway), ...(gateway.otherAddresses ?? [])].some(
        (at) => at !== undefined && endpointKey(at, gateway.port) === key,
      ),
    );
  }

  #isListed(): boolean {
    return this.#own().some((one) => one.name === this.#gateway);
  }

  #own(): readonly OwnGateway[] {
    if (this.#registration !== undefined) {
      const { own, registry } = this.#registration;
      return [own, ...registry.gateways().filter(({ name }) => name !== own.name)];
    }
    return this.#store.site(this.#site)?.spec.gateways ?? [];
  }

  #reached({ otherAddresses = [], ...gateway }: OwnGateway): ReachedGateway[] {
    const address = this.#addressOf(gateway);
    const more = otherAddresses.length === 0 ? {} : { otherAddresses };
    return address === undefined ? [] : [{ name: gateway.name, address, port: gateway.port, ...more }];
  }

  #addressOf(gateway: GatewayAddress): string | undefined {
    return isIP(gateway.address) === 0 ? this.#resolved.get(gateway.address) : gateway.address;
  }

  async #resolveAll(): Promise<void> {
    const names = [...this.#own(), ...this.#members.all().flatMap((member) => member.gateways)]
      .map((gateway) => gateway.address)
      .filter((address) => isIP(address) === 0);
    let changed = false;
    for (const name of new Set(names)) {
      // A name that does not resolve now keeps its last answer: DNS is one more thing that may be down.
      const answer = await lookup(name).catch(() => undefined);
      if (answer === undefined || this.#resolved.get(name) === answer.address) continue;
      this.#resolved.set(name, answer.address);
      changed = true;
    }
    if (changed) this.#changed();
  }
}
