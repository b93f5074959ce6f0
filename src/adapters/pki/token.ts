/**
 * Tokens: how a site or a gateway is let in. One use, 15 minutes, bound to a name and to the inviting site's authority.
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { TandemError } from "../../model/errors.ts";
import { DnsLabel } from "../../model/kinds/index.ts";
import { replaceFile } from "../state/write-file.ts";

/** How long a token is good. */
export const TOKEN_LIFE_MS = 15 * 60_000;

const PREFIX = "tandem-1.";

/** What is let in. */
export type TokenKind = "site" | "gateway";

/** The content of a token. The secret in it is as good as a key: mode 0600, never in logs or arguments that others can read. */
export const Token = z.strictObject({
  kind: z.enum(["site", "gateway"]),
  /** Site that invites. */
  site: DnsLabel,
  /** Name of the site or gateway that is invited. */
  for: DnsLabel,
  /** Gateways where it can be redeemed, `address:port`. */
  addresses: z.array(z.string()).min(1).max(32),
  /** The inviting site's authority, PEM: the joiner trusts nobody else on the way. */
  authority: z.string().max(8_192),
  id: z.string().max(64),
  secret: z.string().max(128),
  /** Unix milliseconds. */
  expires: z.number(),
});
export type Token = z.infer<typeof Token>;

/** Writes a token as one word. */
export function formatToken(token: Token): string {
  return PREFIX + Buffer.from(JSON.stringify(token)).toString("base64url");
}

/**
 * Reads a token.
 * @throws TandemError TokenInvalid
 */
export function parseToken(text: string): Token {
  try {
    const word = text.trim();
    if (!word.startsWith(PREFIX)) throw new Error("it does not begin with tandem-1.");
    return Token.parse(JSON.parse(Buffer.from(word.slice(PREFIX.length), "base64url").toString("utf8")));
  } catch (error) {
    throw new TandemError("TokenInvalid", "this is not a complete token", { cause: error });
  }
}

/** Tokens that were issued and not used yet. Only digests of their secrets are kept. */
export const IssuedTokens = z.array(
  z.strictObject({
    id: z.string(),
    digest: z.string(),
    kind: z.enum(["site", "gateway"]),
    for: DnsLabel,
    expires: z.number(),
  }),
);
export type IssuedTokens = z.infer<typeof IssuedTokens>;

/** What a token is to say besides its secret. */
export type WantedToken = Pick<Token, "kind" | "for" | "site" | "authority"> & {
  readonly addresses: readonly string[];
};

/** Who comes with a token: a digest of its secret, so that it can be passed on without it. */
export interface ShownToken {
  readonly id: string;
  readonly digest: string;
  readonly for: string;
  readonly kind: TokenKind;
}

/** A new token, and what is issued with it. */
export function issueToken(
  issued: IssuedTokens,
  wanted: WantedToken,
  now: number,
): { readonly token: Token; readonly issued: IssuedTokens } {
  const token: Token = {
    ...wanted,
    addresses: [...wanted.addresses],
    id: randomBytes(9).toString("base64url"),
    secret: randomBytes(32).toString("base64url"),
    expires: now + TOKEN_LIFE_MS,
  };
  const { id, kind, expires } = token;
  const live = issued.filter((one) => one.expires > now);
  return { token, issued: [...live, { id, digest: tokenDigest(token.secret), kind, for: token.for, expires }] };
}

/**
 * What is issued still once a token was used up.
 * @throws TandemError TokenRefused
 */
export function useToken(issued: IssuedTokens, shown: ShownToken, now: number): IssuedTokens {
  const known = issued.find((one) => one.id === shown.id);
  // Of one length, whatever was shown.
  const isRight = timingSafeEqual(
    Buffer.from(tokenDigest(known?.digest ?? "")),
    Buffer.from(tokenDigest(shown.digest)),
  );
  if (known === undefined || !isRight || known.expires <= now || known.for !== shown.for || known.kind !== shown.kind) {
    throw new TandemError("TokenRefused", "the token was refused");
  }
  return issued.filter((one) => one.id !== shown.id);
}

/** Unix milliseconds until which some token is live; undefined when none is. */
export function liveUntil(issued: IssuedTokens, now: number): number | undefined {
  const live = issued.filter((one) => one.expires > now).map((one) => one.expires);
  return live.length === 0 ? undefined : Math.max(...live);
}

/** What is kept of a token's secret. */
export function tokenDigest(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** The tokens of a state directory that are live. */
export class TokenDesk {
  readonly #path: string;
  #issued: IssuedTokens;
  #saving: Promise<void> = Promise.resolve();

  private constructor(path: string, issued: IssuedTokens) {
    this.#path = path;
    this.#issued = issued;
  }

  /**
   * Opens the desk of a state directory.
   * @throws TandemError AgentCannotStart when the file is damaged
   */
  static async open(path: string): Promise<TokenDesk> {
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "[]";
      throw error;
    });
    try {
      return new TokenDesk(path, IssuedTokens.parse(JSON.parse(text)));
    } catch (error) {
      throw new TandemError("AgentCannotStart", `${path} does not hold the tokens that were issued`, {
        remedy: "Remove it; tokens that nobody has used yet are not good any more then",
        cause: error,
      });
    }
  }

  /** Issues a token. It is on disk before it is given away. */
  async issue(wanted: WantedToken, now: number): Promise<Token> {
    const { token, issued } = issueToken(this.#issued, wanted, now);
    this.#issued = issued;
    await this.#save();
    return token;
  }

  /** See {@link liveUntil}. */
  liveUntil(now: number): number | undefined {
    return liveUntil(this.#issued, now);
  }

  /**
   * Uses a token up. Of two at once exactly one succeeds: the check and the removal are one step, on disk before anything is granted.
   * @throws TandemError TokenRefused
   */
  async use(
    shown: { readonly id: string; readonly secret: string; readonly for: string; readonly kind: TokenKind },
    now: number,
  ): Promise<void> {
    this.#issued = useToken(this.#issued, { ...shown, digest: tokenDigest(shown.secret) }, now);
    await this.#save();
  }

  /** One after the other, each with what is live when its turn comes: an older list must never replace a newer one. */
  #save(): Promise<void> {
    const write = (): Promise<void> => replaceFile(this.#path, JSON.stringify(this.#issued));
    this.#saving = this.#saving.then(write, write);
    return this.#saving;
  }
}
