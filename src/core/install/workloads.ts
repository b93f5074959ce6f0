/**
 * The Deployments. The commands are those of src/apps/cli.
 * @module
 */
import { GATEWAY_PORT, READY_PORT } from "../../model/kinds/index.ts";
import type { InstallOptions } from "./install-options.ts";
import type { InstalledObject } from "./installed-object.ts";
import { CONTROLLER_READY_PORT } from "./ports.ts";
import { CONTAINER_SECURITY, CREDENTIALS_MOUNT, deployment, STATE_DIRECTORY, STATE_MOUNT } from "./pod.ts";

/** One leads, the other one is warm. */
const CONTROLLERS = 2;

/** Seconds in which a controller lets the other one lead. */
const CONTROLLER_GRACE_S = 30;

/** How long a gateway that drains goes on serving while kube-proxies, of which some are slow, learn that it does. */
const GATEWAY_NOTICE_S = 10;

/** A gateway's drain takes 44 s at most, Envoy's end 5, the agent's end what is left. */
const GATEWAY_GRACE_S = 75;

/** Seconds that a new gateway has to be ready before the next old one goes: controllers and peers take it in meanwhile. */
const GATEWAY_SETTLE_S = 5;

/** Envoy refuses requests at this heap, in MiB; beyond it comes what is not heap. */
const ENVOY_HEAP_MIB = 1_024;

/** On large nodes a thread a core would cost memory that nobody needs. */
const ENVOY_THREADS = 4;

/** The two replicas of the controller. */
export function controllers({ namespace, site, image }: InstallOptions): InstalledObject {
  return deployment({
    component: "controller",
    namespace,
    replicas: CONTROLLERS,
    maxUnavailable: 1,
    graceSeconds: CONTROLLER_GRACE_S,
    containers: [
      {
        name: "controller",
        image,
        args: [
          ["controller", "--in-cluster", "--namespace", namespace, "--site", site, "--state", STATE_DIRECTORY],
          ["--probe-address", `0.0.0.0:${CONTROLLER_READY_PORT}`],
        ].flat(),
        ports: [{ name: "ready", containerPort: CONTROLLER_READY_PORT }],
        // No liveness probe: a replica that does not renew its Lease is replaced by the other one within seconds.
        readinessProbe: { httpGet: { path: "/ready", port: "ready" }, periodSeconds: 5, timeoutSeconds: 2 },
        resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
        securityContext: CONTAINER_SECURITY,
        volumeMounts: [STATE_MOUNT, CREDENTIALS_MOUNT],
      },
    ],
  });
}

/**
 * The gateways: each a pod of an agent and an Envoy. The agent is a sidecar in Kubernetes' sense (an init container that
 * goes on): there before Envoy's process asks for its record, and ended after Envoy has drained, to which it belongs.
 */
export function gateways({ namespace, site, image, gateways: replicas }: InstallOptions): InstalledObject {
  const found = deployment({
    component: "gateway",
    namespace,
    replicas,
    maxUnavailable: 0,
    graceSeconds: GATEWAY_GRACE_S,
    initContainers: [agent({ namespace, site, image })],
    containers: [envoy(image)],
  });
  return { ...found, spec: { ...(found["spec"] as object), minReadySeconds: GATEWAY_SETTLE_S } };
}

function agent({ namespace, site, image }: Pick<InstallOptions, "namespace" | "site" | "image">): unknown {
  return {
    name: "agent",
    image,
    restartPolicy: "Always",
    args: [
      ["agent", "--in-cluster", "--namespace", namespace, "--as", `${site}/$(POD_NAME)`],
      ["--node-address", "$(POD_IPS)", "--state", STATE_DIRECTORY],
    ].flat(),
    env: [
      { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "POD_IPS", valueFrom: { fieldRef: { fieldPath: "status.podIPs" } } },
    ],
    // It has a record and serves Envoy. No readiness probe: a gateway whose agent is dead goes on serving.
    startupProbe: {
      exec: { command: ["test", "-S", `${STATE_DIRECTORY}/ads.sock`] },
      periodSeconds: 1,
      failureThreshold: 300,
    },
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [STATE_MOUNT, CREDENTIALS_MOUNT],
  };
}

function envoy(image: string): unknown {
  return {
    name: "envoy",
    image,
    args: [
      ["gateway", "run", "--state", STATE_DIRECTORY],
      ["--concurrency", String(ENVOY_THREADS), "--max-heap", String(ENVOY_HEAP_MIB)],
      ["--notice", `${GATEWAY_NOTICE_S}s`],
    ].flat(),
    ports: [
      { name: "peers", containerPort: GATEWAY_PORT },
      { name: "ready", containerPort: READY_PORT },
    ],
    // No liveness probe: an Envoy without configuration, or one that drains, must not be ended.
    readinessProbe: {
      httpGet: { path: "/ready", port: "ready" },
      periodSeconds: 1,
      timeoutSeconds: 1,
      failureThreshold: 2,
    },
    resources: { requests: { cpu: "200m", memory: "256Mi" }, limits: { memory: "1536Mi" } },
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [STATE_MOUNT],
  };
}
