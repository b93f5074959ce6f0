import { expect, test } from "vitest";
import { gatewayIdentity, siteOfIdentity } from "./identity.ts";

test("the identity of a site's gateways names the site", () => {
  expect(siteOfIdentity(gatewayIdentity("east"))).toBe("east");
});

test.each([
  "",
  "spiffe://east.tandem/backup",
  "spiffe://east.tandem/gateway,spiffe://west.tandem/gateway",
  "spiffe://east.tandem.example/gateway",
])("%j is no gateway's identity", (identity) => {
  expect(siteOfIdentity(identity)).toBeUndefined();
});
