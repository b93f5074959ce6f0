/**
 * Where sites and gateways are let in: issues tokens, redeems them, and keeps the door open only while one is live.
 * @module
 */
import { ZodError } from "zod";
import { Redemption, type Redeemed } from "../../adapters/peers/redemption.ts";
import { type Token, TokenDesk, type TokenKind } from "../../adapters/pki/token.ts";
import { type ErrorCode, TandemError } from "../../model/errors.ts";
import { endpointKey } from "../../model/service-view.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Agent } from "./agent.ts";

/** What is wrong with the one who comes; anything else is wrong here. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["TokenRefused", "SiteNameTaken"]);

/** The desk of the site's issuer. */
export class JoinDesk {
  readonly #agent: Agent;
  readonly #desk: TokenDesk;
  readonly #clock: Clock;
  readonly #log: Logger;
  #cancel: (() => void) | undefined;

  private constructor(agent: Agent, desk: TokenDesk, tools: { readonly clock: Clock; readonly log: Logger }) {
    this.#agent = agent;
    this.#desk = desk;
    this.#clock = tools.clock;
    this.#log = tools.log;
  }

  /** Opens the desk; tokens that were live before a restart still are. */
  static async open(agent: Agent, tools: { readonly clock: Clock; readonly log: Logger }): Promise<JoinDesk> {
    const desk = new JoinDesk(agent, await TokenDesk.open(agent.paths.tokens), tools);
    desk.#setDoor();
    return desk;
  }

  /**
   * Issues a token for a site or a further gateway.
   * @throws TandemError NotIssuer
   */
  async issue(kind: TokenKind, name: string): Promise<Token> {
    const { record } = this.#agent;
    if (this.#agent.sign === undefined)
      throw new TandemError("NotIssuer", `${record.gateway} does not hold the key of ${record.site}'s authority`);
    const own = this.#agent.ownSite();
    // Only this gateway can redeem it: no other holds the authority's key.
    const addresses = own.gateways
      .filter((gateway) => gateway.name === record.gateway)
      .map((gateway) => endpointKey(gateway.address, gateway.port));
    const token = await this.#desk.issue(
      { kind, for: name, site: record.site, addresses, authority: own.trustBundle },
      this.#clock.now(),
    );
    this.#setDoor();
    this.#log.info("token_issued", { kind, for: name, expires: new Date(token.expires).toISOString() });
    return token;
  }

  /** Stops its timer. */
  close(): void {
    this.#cancel?.();
  }

  #setDoor(): void {
    this.#cancel?.();
    const until = this.#desk.liveUntil(this.#clock.now());
    this.#agent.openJoin(until === undefined ? undefined : (body) => this.#redeem(body));
    if (until !== undefined) this.#cancel = this.#clock.after(until - this.#clock.now(), () => this.#setDoor());
  }

  async #redeem(body: string): Promise<{ readonly status: number; readonly body: string }> {
    try {
      const shown = Redemption.parse(JSON.parse(body));
      const redeemed = await this.#grant(shown);
      this.#log.info("token_redeemed", { kind: shown.kind, for: shown.for });
      return { status: 200, body: JSON.stringify(redeemed) };
    } catch (error) {
      this.#logFailure(error);
      // A refusal says nothing about why: the one who asks has proved nothing.
      return { status: error instanceof TandemError && error.code === "SiteNameTaken" ? 409 : 403, body: "{}" };
    } finally {
      this.#setDoor();
    }
  }

  #logFailure(error: unknown): void {
    if (error instanceof ZodError || error instanceof SyntaxError)
      this.#log.warn("token_refused", { error: "malformed request" });
    else if (error instanceof TandemError && REFUSALS.has(error.code))
      this.#log.warn("token_refused", { error: error.code });
    else this.#log.error("token_not_redeemed", { error: String(error) });
  }

  async #grant(shown: Redemption): Promise<Redeemed> {
    await this.#desk.use(shown, this.#clock.now());
    const site = this.#agent.ownSite();
    if (shown.kind === "gateway") {
      const certificate = await this.#agent.sign?.(shown.request);
      if (certificate === undefined) throw new TandemError("NotIssuer", "the authority's key is not here");
      return { site, certificate };
    }
    const known = this.#agent.members().find((member) => member.name === shown.for);
    const takesOwnName = shown.for === this.#agent.record.site;
    if (takesOwnName || (known !== undefined && known.trustBundle !== shown.site.trustBundle))
      throw new TandemError("SiteNameTaken", `${shown.for} is known with another authority`);
    await this.#agent.admit({ ...shown.site, name: shown.for, accepted: true, at: this.#clock.now() });
    return { site };
  }
}
