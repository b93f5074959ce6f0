import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RecordedListener } from "../../../test/catalog/recorded-listener.ts";
import type { CatalogEntry, CatalogMessage, SiteRecord, SwitchRecord } from "../../model/catalog.ts";
import type { ServiceKey } from "../../model/service-key.ts";
import { Members } from "../../runtime/members.ts";
import { PeerKnowledge } from "../../runtime/peer-knowledge.ts";
import { PeerExchange } from "./peer-exchange.ts";

const ENTRY: CatalogEntry = { ports: [80], policyHash: "x" };
const OWN = { site: "west", gateway: "west-1" };

let listed: Record<ServiceKey, string[]>;
let ownSite: SiteRecord;
let knowledge: PeerKnowledge;
let exchange: PeerExchange;

beforeEach(() => {
  vi.useFakeTimers();
  listed = { "shop/web": ["west", "east"], "shop/private": ["west"] };
  ownSite = siteAt("192.0.2.1");
  const tools = {
    clock: { now: () => Date.now(), after: () => () => {} },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    sitesOf: (service: ServiceKey) => listed[service] ?? [],
  };
  knowledge = new PeerKnowledge(OWN, tools);
  exchange = new PeerExchange({
    ...tools,
    own: OWN,
    members: new Members(),
    knowledge,
    random: () => 0,
    targets: () => [],
    credentialsFor: () => ({ peerBundle: "", peerIdentity: "" }),
    ownSite: () => ownSite,
    draining: () => false,
    offered: () => [
      ["shop/web", ENTRY],
      ["shop/private", ENTRY],
    ],
    holds: () => [["shop/web/80", [{ site: "east", trigger: "CheckFailed" }]]],
    reports: () => [{ type: "report", service: "shop/web/80", report: null }],
    siblings: () => [{ type: "siblings", dead: [] }],
    admit: () => Promise.resolve(),
    switchHeard: () => {},
    look: () => {},
  });
  exchange.update();
});
afterEach(() => {
  exchange.close();
  vi.useRealTimers();
});

function siteAt(address: string): SiteRecord {
  const gateways = [{ name: "west-1", address, port: 15443 }];
  return { name: "west", gateways, trustBundle: "", labels: {}, accepted: true, at: 1 };
}

function switchOf(service: ServiceKey): SwitchRecord {
  return { service, to: "west", reason: "", at: Date.now(), origin: "west", over: false };
}

/** Services and switches in what a listener heard. */
function named(messages: readonly CatalogMessage[]): string[] {
  return messages.flatMap((message) => {
    if (message.type === "service") return [`${message.service} ${message.entry === null ? "gone" : "offered"}`];
    return message.type === "switch" ? [`switch ${message.switch.service}`] : [];
  });
}

function listenerOf(site: string): RecordedListener {
  const listener = new RecordedListener();
  exchange.feed.serve(listener.response, site);
  return listener;
}

function heard(listener: RecordedListener): CatalogMessage[] {
  vi.advanceTimersByTime(20);
  return listener.take();
}

describe("a new listener", () => {
  beforeEach(() => {
    knowledge.orderSwitch(switchOf("shop/web"));
    knowledge.orderSwitch(switchOf("shop/private"));
  });

  test("of another site hears of the services whose policy lists it", () => {
    const messages = listenerOf("east").take();
    expect(named(messages)).toEqual(["shop/web offered", "switch shop/web"]);
    expect(messages.some(({ type }) => type === "holds")).toBe(false);
    expect(named(listenerOf("north").take())).toEqual([]);
  });

  test("of the own site hears of all", () => {
    const messages = listenerOf("west").take();
    expect(named(messages)).toEqual([
      "shop/web offered",
      "shop/private offered",
      "switch shop/web",
      "switch shop/private",
    ]);
    expect(messages.some(({ type }) => type === "holds")).toBe(true);
  });
});

test("a switch is told to the sites of its service's policy, and to siblings", () => {
  const [sibling, east, north] = [listenerOf("west"), listenerOf("east"), listenerOf("north")];
  for (const listener of [sibling, east, north]) listener.take();
  exchange.tellSwitch(switchOf("shop/web"));
  exchange.tellSwitch(switchOf("shop/private"));
  expect([sibling, east, north].map((listener) => named(heard(listener)))).toEqual([
    ["switch shop/web", "switch shop/private"],
    ["switch shop/web"],
    [],
  ]);
});

test("a site that is added to a policy hears of the service and its switch, one that is taken off that it is gone", () => {
  const [east, north] = [listenerOf("east"), listenerOf("north")];
  exchange.tellService("shop/web", ENTRY);
  knowledge.orderSwitch(switchOf("shop/web"));
  for (const listener of [east, north]) heard(listener);
  listed["shop/web"] = ["west", "north"];
  exchange.tellService("shop/web", ENTRY);
  expect(named(heard(north))).toEqual(["shop/web offered", "switch shop/web"]);
  expect(named(heard(east))).toEqual(["shop/web gone"]);
});

describe("a change of the own site", () => {
  test("is told to everybody, once", () => {
    const east = listenerOf("east");
    heard(east);
    ownSite = siteAt("192.0.2.2");
    exchange.update();
    exchange.update();
    expect(heard(east)).toEqual([{ type: "site", site: ownSite }]);
  });

  test("is not told when there is none", () => {
    const east = listenerOf("east");
    heard(east);
    ownSite = { ...ownSite, at: 2 };
    exchange.update();
    expect(heard(east)).toEqual([]);
  });

  test("is not told while its manifest is missing", () => {
    const east = listenerOf("east");
    heard(east);
    ownSite = { ...ownSite, gateways: [] };
    exchange.update();
    expect(heard(east)).toEqual([]);
  });
});
