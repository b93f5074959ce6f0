import { expect, test } from "vitest";
import { schedulerConfig } from "./scheduler-config.ts";

test("the configuration that a scheduler needs", async () => {
  const config = schedulerConfig({ extender: "127.0.0.1:18888", kubeconfig: "/etc/scheduler.kubeconfig" });
  await expect(config).toMatchFileSnapshot("golden/scheduler-config.yaml");
});

test("without an extender none is named, and JSON is asked for only when it has to be", () => {
  expect(schedulerConfig({})).not.toMatch(/extenders|contentType/);
  expect(schedulerConfig({ json: true })).toContain("contentType: application/json");
});
