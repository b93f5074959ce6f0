/**
 * How the kube-scheduler has to be started that the model is compared with.
 * @module
 */
import { stringify } from "yaml";

/** What the configuration depends on. */
export interface SchedulerConfigOptions {
  /** `ADDRESS:PORT` at which the scheduler reaches the extender; absent: it runs without one. */
  readonly extender?: string;
  /** Path of the scheduler's kubeconfig. */
  readonly kubeconfig?: string;
  /** For API servers that speak JSON only. */
  readonly json?: boolean;
}

/** The path below the extender's address at which it is asked. */
export const FILTER_VERB = "filter";

/** A KubeSchedulerConfiguration, YAML, with what else is needed of the cluster in comments. */
export function schedulerConfig({ extender, kubeconfig, json = false }: SchedulerConfigOptions): string {
  const configuration = {
    apiVersion: "kubescheduler.config.k8s.io/v1",
    kind: "KubeSchedulerConfiguration",
    clientConnection: {
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(json ? { contentType: "application/json", acceptContentTypes: "application/json" } : {}),
      qps: 5_000,
      burst: 10_000,
    },
    leaderElection: { leaderElect: false },
    percentageOfNodesToScore: 100,
    podInitialBackoffSeconds: 1,
    podMaxBackoffSeconds: 1,
    ...(extender === undefined
      ? {}
      : {
          extenders: [
            {
              urlPrefix: `http://${extender}`,
              filterVerb: FILTER_VERB,
              nodeCacheCapable: true,
              ignorable: false,
              httpTimeout: "30s",
            },
          ],
        }),
  };
  return `${PREFACE}${stringify(configuration)}`;
}

const PREFACE = `# For a kube-scheduler that a model is compared with: npm run verify:scheduler
#   kube-scheduler --config THIS_FILE --leader-elect=false
# The cluster: etcd and a kube-apiserver with
#   --disable-admission-plugins=ServiceAccount,TaintNodesByCondition,DefaultTolerationSeconds,Priority,RuntimeClass
# and without nodes. No kube-controller-manager (it would mark the nodes as lost), no kubelet.
`;
