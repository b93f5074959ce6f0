import { describe, expect, test } from "vitest";
import { formatProblem } from "../model/problem.ts";
import { objectsOf, policyText, serviceText, switchText } from "../../test/view/object-set.ts";
import { auditReferences } from "./audit-references.ts";

const NOW = Date.parse("2026-05-01T12:00:00Z");
const WEB = serviceText("web") + policyText("web");

function problemsOf(files: Readonly<Record<string, string>>): readonly string[] {
  return auditReferences(objectsOf(files), NOW).map(formatProblem);
}

describe("what manifests refer to", () => {
  test("nothing is wrong with a switch to a site of the policy, in time", () => {
    const order = switchText("away", "east", {
      spec: ', until: "2026-05-01T12:00:01Z"',
      metadata: ', creationTimestamp: "2026-05-01T12:05:00Z"',
    });
    expect(problemsOf({ "web.yaml": WEB, "away.yaml": order })).toEqual([]);
  });

  test.each([
    [
      "a policy for a Service that is not there",
      { "web.yaml": WEB, "api.yaml": policyText("api") },
      "api.yaml:1: spec.targetRefs[0].name: there is no Service shop/api. Add the Service, or correct the name or namespace",
    ],
    [
      "a policy for a Service whose name is almost right",
      { "web.yaml": WEB, "weg.yaml": policyText("wep") },
      "weg.yaml:1: spec.targetRefs[0].name: there is no Service shop/wep. Did you mean web?",
    ],
    [
      "a switch of a Service that is not there",
      { "web.yaml": WEB, "away.yaml": switchText("away", "east", { target: "checkout" }) },
      "away.yaml:1: spec.targetRef.name: there is no Service shop/checkout. Add the Service, or correct the name or namespace",
    ],
    [
      "a switch of a Service without a policy",
      { "web.yaml": serviceText("web"), "away.yaml": switchText("away", "east") },
      "away.yaml:1: spec.targetRef.name: no FailoverPolicy targets Service shop/web, so this switches nothing. Add a FailoverPolicy for the Service, or correct the name",
    ],
    [
      "a switch to a site that the policy does not list",
      { "web.yaml": WEB, "away.yaml": switchText("away", "north") },
      "away.yaml:1: spec.to: FailoverPolicy shop/web does not list the site north. Write one of west, east",
    ],
    [
      "a switch to a site whose name is almost right",
      { "web.yaml": WEB, "away.yaml": switchText("away", "eas") },
      "away.yaml:1: spec.to: FailoverPolicy shop/web does not list the site eas. Did you mean east?",
    ],
    [
      "a switch that is over",
      { "web.yaml": WEB, "away.yaml": switchText("away", "east", { spec: ', until: "2026-05-01T12:00:00Z"' }) },
      "away.yaml:1: spec.until: 2026-05-01T12:00:00Z is past, so this switches nothing. Remove the manifest, or write a later time",
    ],
    [
      "a switch that is dated ahead",
      {
        "web.yaml": WEB,
        "away.yaml": switchText("away", "east", { metadata: ', creationTimestamp: "2026-05-01T12:05:01Z"' }),
      },
      "away.yaml:1: metadata.creationTimestamp: 2026-05-01T12:05:01.000Z lies more than 5m ahead of the clock here. Write when it is ordered, or leave it out: then the time of the file counts",
    ],
  ])("%s is a problem", (_name, files, problem) => {
    expect(problemsOf(files)).toEqual([problem]);
  });
});
