/**
 * A site's certificate authority: ECDSA P-256, one SPIFFE trust domain.
 * @module
 */
import "reflect-metadata";
import { createPrivateKey, webcrypto, X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;

const DAY_MS = 24 * 3_600_000;
const AUTHORITY_DAYS = 3_650;

/** How long a gateway's certificate lives, in milliseconds. It is renewed daily, so an issuer may be away for almost as long. */
export const LEAF_LIFE_MS = 30 * DAY_MS;

/** Certificates begin a little in the past: clocks of two sites are never the same. */
const BACK_DATED_MS = 3_600_000;

/** A key pair in PEM. */
export interface PemPair {
  /** Certificate, PEM. */
  readonly certificate: string;
  /** PKCS #8 key, PEM. Secret. */
  readonly key: string;
}

/** Makes a new authority for a trust domain. */
export async function createAuthority(trustDomain: string, now: number): Promise<PemPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=Tandem ${trustDomain}`,
    notBefore: new Date(now - BACK_DATED_MS),
    notAfter: new Date(now + AUTHORITY_DAYS * DAY_MS),
    signingAlgorithm: SIGNATURE,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.SubjectAlternativeNameExtension([{ type: "url", value: `spiffe://${trustDomain}` }]),
    ],
  });
  return { certificate: certificate.toString("pem"), key: await exportKey(keys.privateKey) };
}

/** A new key and a request for a certificate for it, PEM. The key never leaves the gateway. */
export async function createRequest(): Promise<{ readonly request: string; readonly key: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "CN=gateway",
    keys,
    signingAlgorithm: SIGNATURE,
  });
  return { request: request.toString("pem"), key: await exportKey(keys.privateKey) };
}

/**
 * Issues a certificate with the identity `uri` for the key of a request. What else the request asks for is not looked at.
 * @throws when the request is damaged or not signed by its own key
 */
export async function issueLeaf(
  authority: PemPair,
  request: string,
  leaf: { readonly uri: string; readonly now: number },
): Promise<string> {
  const asked = new x509.Pkcs10CertificateRequest(request);
  if (!(await asked.verify())) throw new Error("the certificate request is not signed by its own key");
  const issuer = new x509.X509Certificate(authority.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: "CN=gateway",
    issuer: issuer.subject,
    notBefore: new Date(leaf.now - BACK_DATED_MS),
    notAfter: new Date(leaf.now + LEAF_LIFE_MS),
    signingAlgorithm: SIGNATURE,
    publicKey: asked.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: "url", value: leaf.uri }]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return certificate.toString("pem");
}

/** Whether a text holds a certificate, PEM. */
export function isCertificate(text: string): boolean {
  try {
    return new x509.X509Certificate(text).subject !== "" && new X509Certificate(text).raw.length > 0;
  } catch {
    return false;
  }
}

/** Whether a text holds a key that this authority's code can sign with, and whether it is the certificate's. */
export async function checkKey(certificate: string, key: string): Promise<"fits" | "of another" | "unreadable"> {
  try {
    await importKey(key);
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)) ? "fits" : "of another";
  } catch {
    return "unreadable";
  }
}

/** Unix milliseconds at which a certificate ends. */
export function notAfter(certificate: string): number {
  return new x509.X509Certificate(certificate).notAfter.getTime();
}

function serial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  // A leading zero bit keeps the number positive.
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return Buffer.from(bytes).toString("hex");
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(pem), ALGORITHM, false, ["sign"]);
}
