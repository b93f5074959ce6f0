/**
 * The certificate that the simulated API server shows.
 * @module
 */
import "reflect-metadata";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;
const LIFE_MS = 10 * 365 * 24 * 3_600_000;

/** A serving certificate with its key and the authority that signed it, all PEM. */
export interface ServingCertificate {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** The certificate in a file; made for an address and written there when the file is not there. */
export async function servingCertificate(address: string, file: string | undefined): Promise<ServingCertificate> {
  if (file !== undefined && existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as ServingCertificate;
  const made = await issue(address);
  if (file !== undefined) writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  return made;
}

async function issue(address: string): Promise<ServingCertificate> {
  const [authorityKeys, keys] = await Promise.all([generate(), generate()]);
  const notBefore = new Date(Date.now() - LIFE_MS);
  const notAfter = new Date(Date.now() + LIFE_MS);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=kubernetes",
    notBefore,
    notAfter,
    signingAlgorithm: SIGNATURE,
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: "02",
    subject: "CN=kube-apiserver",
    issuer: authority.subject,
    notBefore,
    notAfter,
    signingAlgorithm: SIGNATURE,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: "ip", value: address },
        { type: "dns", value: "kubernetes.default.svc" },
        { type: "dns", value: "localhost" },
      ]),
    ],
  });
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    ca: authority.toString("pem"),
    certificate: certificate.toString("pem"),
    key: x509.PemConverter.encode(key, "PRIVATE KEY"),
  };
}

function generate(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}
