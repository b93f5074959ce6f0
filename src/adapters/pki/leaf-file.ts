/**
 * A gateway's certificate and its key in one file: a crash at any instant leaves a pair that fits.
 * @module
 */
import { readFile } from "node:fs/promises";
import { TandemError } from "../../model/errors.ts";
import { replaceFile } from "../state/write-file.ts";
import type { PemPair } from "./certificate-authority.ts";

const KEY_BEGINS = "-----BEGIN PRIVATE KEY-----";

/** Replaces the pair, which only this user can read, and gives it as {@link readLeaf} will, byte by byte: Envoy has it already then. */
export async function writeLeaf(path: string, pair: PemPair): Promise<PemPair> {
  const kept = { certificate: `${pair.certificate.trimEnd()}\n`, key: `${pair.key.trimEnd()}\n` };
  await replaceFile(path, kept.certificate + kept.key);
  return kept;
}

/**
 * Reads the pair; undefined when there is none.
 * @throws TandemError AgentCannotStart when the file does not hold both
 */
export async function readLeaf(path: string): Promise<PemPair | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const end = text.indexOf(KEY_BEGINS);
  if (end <= 0)
    throw new TandemError("AgentCannotStart", `${path} does not hold a certificate followed by its key`, {
      remedy: "Remove it: the site's first gateway makes itself a new one, any other has to be enrolled again",
    });
  return { certificate: text.slice(0, end), key: text.slice(end) };
}
