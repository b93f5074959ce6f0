import type { AuditRule } from "../rule.ts";
import { isLongRunning, nameOf, podField } from "../workload.ts";

/** Images without a tag, or with the tag latest. */
export const mutableImage: AuditRule = {
  id: "mutable-image",
  title: "An image that can change under its name",
  severity: "low",
  breaks: "A pod that moves to another node may run another version than its siblings, or one that does not start.",
  check: ({ workloads }) =>
    workloads.filter(isLongRunning).flatMap((workload) =>
      (["containers", "initContainers"] as const).flatMap((list) =>
        workload.template.spec[list].flatMap(({ name, image }, index) => {
          const tag = tagOf(image);
          if (image === "" || (tag !== undefined && tag !== "latest")) return [];
          return [
            {
              of: workload,
              message: `container ${name} of ${nameOf(workload)} runs ${image}, ${tag === undefined ? "without a tag" : "whatever that is now"}`,
              fields: [podField(workload, [list, index, "image"], image)],
            },
          ];
        }),
      ),
    ),
  page: {
    text: `No tag, or \`latest\`. A digest is immutable whatever the tag says; the port of a registry (\`registry:5000/web\`) is no tag.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "registry:5000/web"}]
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "registry:5000/web:1.4.2"}]
`,
  },
};

/** The tag, or the digest, of an image. */
function tagOf(image: string): string | undefined {
  if (image.includes("@")) return image.slice(image.indexOf("@") + 1);
  const last = image.slice(image.lastIndexOf("/") + 1);
  return last.includes(":") ? last.slice(last.indexOf(":") + 1) : undefined;
}
