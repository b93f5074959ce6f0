/**
 * Redeeming a token: the joiner's side and the form of what passes.
 * @module
 */
import { z } from "zod";
import { SiteRecord } from "../../model/catalog.ts";
import { TandemError } from "../../model/errors.ts";
import type { Token } from "../pki/token.ts";
import { askPeer, type PeerAnswer } from "./peer-connection.ts";

/** Where tokens are redeemed. */
export const REDEEM_PATH = "/join/redeem";

const Shown = { id: z.string().max(64), secret: z.string().max(128), for: z.string().max(63) };

/** What a joiner sends. */
export const Redemption = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("site"), ...Shown, site: SiteRecord }),
  z.strictObject({ kind: z.literal("gateway"), ...Shown, request: z.string().max(8_192) }),
]);
export type Redemption = z.infer<typeof Redemption>;

/** What it gets: the inviting site, and for a gateway its certificate. */
export const Redeemed = z.object({ site: SiteRecord, certificate: z.string().optional() });
export type Redeemed = z.infer<typeof Redeemed>;

/**
 * Redeems a token at the first of its addresses that answers.
 * @param peerIdentity identity that the gateway there must prove
 * @throws TandemError TokenRefused, SiteNameTaken, or JoinFailed when no address answers
 */
export async function redeemToken(token: Token, what: Redemption, peerIdentity: string): Promise<Redeemed> {
  const failures: string[] = [];
  for (const address of token.addresses) {
    const answer = await ask(token, what, { address, peerIdentity }).catch((error: unknown) => {
      failures.push(`${address}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    });
    if (answer === undefined) continue;
    if (answer.status === 200) return Redeemed.parse(JSON.parse(answer.body));
    if (answer.status === 409)
      throw new TandemError("SiteNameTaken", `${token.site} knows ${token.for} with another authority`);
    throw new TandemError("TokenRefused", `${token.site} refused the token: used, expired, or for another name`, {
      remedy: `Ask ${token.site} for a new one with \`tandem token create ${token.kind === "site" ? "--for" : "--gateway"} ${token.for}\`; it is good for 15 minutes and one use`,
    });
  }
  throw new TandemError("JoinFailed", `no gateway of ${token.site} answered: ${failures.join("; ")}`);
}

function ask(
  token: Token,
  what: Redemption,
  to: { readonly address: string; readonly peerIdentity: string },
): Promise<PeerAnswer> {
  return askPeer(
    splitAddress(to.address),
    { peerBundle: token.authority, peerIdentity: to.peerIdentity },
    { method: "POST", path: REDEEM_PATH, body: JSON.stringify(what) },
  );
}

function splitAddress(address: string): { readonly address: string; readonly port: number } {
  const end = address.lastIndexOf(":");
  return { address: address.slice(0, end).replace(/^\[|\]$/g, ""), port: Number(address.slice(end + 1)) };
}
