import type { InstallOptions } from "../../src/core/install/index.ts";

/** An installation as most people want one. */
export const EXAMPLE: InstallOptions = {
  site: "west",
  labels: { region: "eu-west" },
  advertised: [
    { name: "gateway-1", address: "203.0.113.10", port: 15_443 },
    { name: "gateway-2", address: "gw.example.com", port: 30_443 },
  ],
  gateways: 2,
  namespace: "tandem-system",
  namespaces: undefined,
  image: "tandem:1.2.3",
  serviceType: "LoadBalancer",
};
