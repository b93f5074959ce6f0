import { X509Certificate } from "node:crypto";
import type { CertificatePicture } from "../../../model/doctor.ts";

/** An authority should be rolled over this long before its end, in milliseconds: leaves of it have to end before. */
const AUTHORITY_RENEWED_BEFORE_MS = 60 * 24 * 3_600_000;

/** The authorities in a trust bundle, PEM; what is no certificate is left out. */
export function bundleCertificates(site: string, bundle: string): readonly CertificatePicture[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((pem) => {
    try {
      const { validFrom, validTo } = new X509Certificate(pem);
      return [
        {
          subject: `The authority of ${site}`,
          from: Date.parse(validFrom),
          until: Date.parse(validTo),
          renewedBeforeMs: AUTHORITY_RENEWED_BEFORE_MS,
        },
      ];
    } catch {
      return [];
    }
  });
}
