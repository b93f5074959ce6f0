import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RecordedListener } from "../../../test/catalog/recorded-listener.ts";
import type { CatalogEntry, CatalogMessage } from "../../model/catalog.ts";
import { CatalogFeed } from "./catalog-feed.ts";

const ENTRY: CatalogEntry = { ports: [80], policyHash: "x" };
const OTHER: CatalogEntry = { ports: [80], policyHash: "y" };

let feed: CatalogFeed;
beforeEach(() => {
  vi.useFakeTimers();
  feed = new CatalogFeed(() => []);
});
afterEach(() => {
  feed.close();
  vi.useRealTimers();
});

function listenerOf(site: string): RecordedListener {
  const listener = new RecordedListener();
  feed.serve(listener.response, site);
  listener.take();
  return listener;
}

function heard(listener: RecordedListener): CatalogMessage[] {
  vi.advanceTimersByTime(20);
  return listener.take();
}

function told(entry: CatalogEntry | null): CatalogMessage {
  return { type: "service", service: "shop/web", entry };
}

describe("of a service", () => {
  test("only the sites hear that may", () => {
    const [east, north] = [listenerOf("east"), listenerOf("north")];
    feed.tellService("shop/web", ENTRY, new Set(["west", "east"]));
    expect([heard(east), heard(north)]).toEqual([[told(ENTRY)], []]);
  });

  test("a site that may not hear of it any more hears that it is gone, and then nothing", () => {
    const [east, north] = [listenerOf("east"), listenerOf("north")];
    feed.tellService("shop/web", ENTRY, new Set(["west", "east", "north"]));
    heard(east);
    heard(north);
    feed.tellService("shop/web", ENTRY, new Set(["west", "east"]));
    expect([heard(east), heard(north)]).toEqual([[], [told(null)]]);
    feed.tellService("shop/web", OTHER, new Set(["west", "east"]));
    expect([heard(east), heard(north)]).toEqual([[told(OTHER)], []]);
  });

  test("a site that may hear of it from now on does, and nobody else again", () => {
    const [east, north] = [listenerOf("east"), listenerOf("north")];
    feed.tellService("shop/web", ENTRY, new Set(["west", "east"]));
    heard(east);
    const added = feed.tellService("shop/web", ENTRY, new Set(["west", "east", "north"]));
    expect(added).toEqual(new Set(["north"]));
    expect([heard(east), heard(north)]).toEqual([[], [told(ENTRY)]]);
  });

  test("nothing is told twice", () => {
    const east = listenerOf("east");
    feed.tellService("shop/web", ENTRY, new Set(["east"]));
    feed.tellService("shop/web", ENTRY, new Set(["east"]));
    expect(heard(east)).toEqual([told(ENTRY)]);
  });
});

test("a site cannot take the places of the others", () => {
  const ofEast = Array.from({ length: 33 }, () => listenerOf("east"));
  expect(ofEast.map(({ status }) => status)).toEqual([...Array.from({ length: 32 }, () => 200), 503]);
  expect(listenerOf("north").status).toBe(200);
  ofEast[0]?.leave();
  expect(listenerOf("east").status).toBe(200);
});
