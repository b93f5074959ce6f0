/**
 * Where the gateways of all sites are, as IP addresses. Names are resolved now and then; the last answer is kept.
 * @module
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { TandemError } from "../../model/errors.ts";
import type { GatewayAddress } from "../../model/kinds/index.ts";
import { endpointKey, type PeerGateway } from "../../model/service-view.ts";
import type { Members } from "../../runtime/members.ts";
import type { PeerKnowledge } from "../../runtime/peer-knowledge.ts";
import type { SiteDirectoryPort } from "../../runtime/gateway-context.ts";
import type { ObjectStore } from "../../ports/object-store.ts";

const RESOLVE_EVERY_MS = 30_000;

/** Members' gateways by their addresses now. */
export class GatewayAddresses implements SiteDirectoryPort {
  readonly #site: string;
  readonly #store: ObjectStore;
  readonly #members: Members;
  readonly #knowledge: PeerKnowledge;
  readonly #changed: () => void;
  readonly #resolved = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    sources: {
      readonly site: string;
      readonly store: ObjectStore;
      readonly members: Members;
      readonly knowledge: PeerKnowledge;
    },
    changed: () => void,
  ) {
    this.#site = sources.site;
    this.#store = sources.store;
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

  /** The own site's gateways besides `gateway`. */
  siblingsOf(gateway: string): readonly { readonly name: string; readonly address: string; readonly port: number }[] {
    return this.#own().flatMap((one) => {
      const address = this.#addressOf(one);
      return one.name === gateway || address === undefined ? [] : [{ name: one.name, address, port: one.port }];
    });
  }

  /** This gateway's own entry in the own Site. */
  ownEntry(gateway: string): GatewayAddress | undefined {
    return this.#own().find((one) => one.name === gateway);
  }

  /**
   * Makes sure that the own Site has an entry of this gateway.
   * @param directory where its manifest should be
   * @throws TandemError AgentCannotStart
   */
  requireOwnEntry(gateway: string, directory: string): void {
    if (this.ownEntry(gateway) !== undefined) return;
    throw new TandemError(
      "AgentCannotStart",
      this.#store.site(this.#site) === undefined
        ? `${directory} has no valid Site named ${this.#site}`
        : `the Site ${this.#site} has no gateway named ${gateway}`,
      {
        remedy: `Add ${gateway} with its address to spec.gateways of the Site ${this.#site}; \`tandem validate ${directory}\` shows what is wrong`,
      },
    );
  }

  isGatewayAddress(address: string, port: number): boolean {
    const key = endpointKey(address, port);
    const all = [...this.#own(), ...this.#members.all().flatMap((member) => member.gateways)];
    return all.some((gateway) => {
      const at = this.#addressOf(gateway);
      return at !== undefined && endpointKey(at, gateway.port) === key;
    });
  }

  #own(): readonly GatewayAddress[] {
    return this.#store.site(this.#site)?.spec.gateways ?? [];
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
