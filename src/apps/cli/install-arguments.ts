import { isIP } from "node:net";
import type { InstallOptions } from "../../core/install/index.ts";
import { DnsLabel, GATEWAY_PORT, type GatewayAddress, SiteLabels } from "../../model/kinds/index.ts";
import { isAddress } from "./gateway-argument.ts";

/** The arguments of `tandem install` as they are given. */
export interface InstallArguments {
  readonly site: string;
  readonly advertise: readonly string[];
  readonly label: Readonly<Record<string, string>>;
  readonly gateways: number;
  readonly namespace: string;
  readonly namespaces?: string;
  readonly image: string;
  readonly serviceType: InstallOptions["serviceType"];
}

/** Most gateways of a site: its `Site` has room for as many addresses. */
export const MOST_GATEWAYS = 32;

/** What the arguments mean, or everything that is wrong with them, a sentence each. */
export function parseInstallArguments(given: InstallArguments): InstallOptions | readonly string[] {
  const namespaces = given.namespaces?.split(",").map((name) => name.trim());
  const advertised = given.advertise.map(parseAddress);
  const problems = [
    ...nameProblems("--site", given.site),
    ...nameProblems("--namespace", given.namespace),
    ...(namespaces ?? []).flatMap((name) => nameProblems("--namespaces", name)),
    ...duplicates(namespaces ?? []).map((name) => `--namespaces: ${name} is given twice`),
    ...advertiseProblems(given.advertise, advertised),
    ...labelProblems(given.label),
    ...(IMAGE.test(given.image)
      ? []
      : [`--image: "${given.image}" is no reference of an image, such as REGISTRY/tandem:1.2.3`]),
  ];
  if (problems.length > 0) return problems;
  const { site, label: labels, gateways, namespace, image, serviceType } = given;
  return {
    site,
    labels,
    gateways,
    namespace,
    namespaces,
    image,
    serviceType,
    advertised: advertised.flatMap((one, index) =>
      one === undefined ? [] : [{ name: `gateway-${index + 1}`, ...one }],
    ),
  };
}

/** https://pkg.go.dev/github.com/distribution/reference#hdr-Grammar, without its limits of lengths. */
const IMAGE =
  /^([a-zA-Z0-9.-]+(:\d+)?\/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

/** `HOST`, `HOST:PORT` or `[IPV6]:PORT`; undefined when it is none of them. */
function parseAddress(text: string): Omit<GatewayAddress, "name"> | undefined {
  if (isIP(text) === 6) return { address: text, port: GATEWAY_PORT };
  const [, bracketed, plain, port = String(GATEWAY_PORT)] =
    /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? "";
  const isRight = bracketed === undefined ? isAddress(address) : isIP(address) === 6;
  return isRight && Number(port) >= 1 && Number(port) <= 65_535 ? { address, port: Number(port) } : undefined;
}

function advertiseProblems(
  given: readonly string[],
  parsed: readonly (Omit<GatewayAddress, "name"> | undefined)[],
): readonly string[] {
  if (given.length === 0) return ["--advertise is missing: where do other sites reach the gateways?"];
  const many =
    given.length > MOST_GATEWAYS ? [`--advertise is given ${given.length} times; ${MOST_GATEWAYS} are the most`] : [];
  const bad = given.filter((_, index) => parsed[index] === undefined);
  const places = parsed.flatMap((one) => (one === undefined ? [] : [`${one.address.toLowerCase()} port ${one.port}`]));
  return [
    ...many,
    ...bad.map((text) => `--advertise: "${text}" is not of the form HOST:PORT, an IP address or a DNS name and a port`),
    ...duplicates(places).map((place) => `--advertise: ${place} is given twice`),
  ];
}

function nameProblems(option: string, name: string): readonly string[] {
  const issues = DnsLabel.safeParse(name).error?.issues ?? [];
  return issues.map(({ message }) => `${option}: "${name}" ${message}`);
}

function labelProblems(labels: Readonly<Record<string, string>>): readonly string[] {
  const issues = SiteLabels.safeParse(labels).error?.issues ?? [];
  return issues.map(({ path, message }) => `--label ${path.map(String).join(".")}: ${message}`);
}

function duplicates(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.filter((text, index) => texts.indexOf(text) !== index))];
}
