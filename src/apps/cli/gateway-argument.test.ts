import { expect, test } from "vitest";
import { addressProblems } from "./gateway-argument.ts";

const at = (address: string, name = "west-1", port = 15443): { name: string; address: string; port: number } => ({
  name,
  address,
  port,
});

test.each(["192.0.2.10", "2001:db8::1", "gw.example.com", "gw.example.com.", "GW1", "localhost"])(
  "a gateway can be at %s",
  (address) => {
    expect(addressProblems([at(address)])).toEqual([]);
  },
);

test.each(["999.1.1.1", "1.2.3", "12", "gw_1", "-gw", "a b", "2001:db8::x", "::ffff::1"])(
  "%s is no address",
  (address) => {
    expect(addressProblems([at(address)])).toEqual([
      `--gateway west-1: "${address}" is neither an IP address nor a DNS name`,
    ]);
  },
);

test("two gateways share neither name nor address and port; all problems are said", () => {
  expect(addressProblems([at("192.0.2.1"), at("192.0.2.1", "west-2", 15444)])).toEqual([]);
  expect(addressProblems([at("gw"), at("GW", "west-2"), at("192.0.2.3", "west-2"), at("999.1.1.1", "west-3")])).toEqual(
    [
      '--gateway west-3: "999.1.1.1" is neither an IP address nor a DNS name',
      "--gateway west-1 and west-2 have the same address GW, port 15443",
      "--gateway west-2 is given twice",
    ],
  );
});
