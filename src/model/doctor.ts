/**
 * What `tandem doctor` reads, and what it finds.
 * @module
 */
import type { Namespace, NetworkPolicy } from "./network-policy.ts";
import type { ServiceKey } from "./service-key.ts";

/** Something that is wrong, or soon will be. */
export interface Fault {
  /** `error`: something does not work. `warning`: something will not work when it is needed. */
  readonly level: "warning" | "error";
  /** What it is about, e.g. `Service shop/web`. */
  readonly subject: string;
  /** A sentence without a full stop. */
  readonly message: string;
  /** What to do; an imperative sentence. */
  readonly remedy: string;
}

/** One thing that is looked at. */
export interface Check<P> {
  /** Word for people and programs, listed in docs/doctor.md. */
  readonly name: string;
  /** What is wrong; empty: nothing is. Undefined: what it takes could not be read. */
  readonly find: (picture: P) => readonly Fault[] | undefined;
}

/** What became of one check. */
export interface CheckResult {
  readonly check: string;
  readonly result: "ok" | "warning" | "error" | "unknown";
  readonly faults: readonly Fault[];
}

/** A condition as doctors read it. */
export interface ConditionPicture {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** Something that has conditions: a policy, or one port of a Service. */
export interface ConditionedPicture {
  readonly subject: string;
  readonly conditions: readonly ConditionPicture[];
}

/** A site. */
export interface SitePicture {
  readonly name: string;
  readonly own: boolean;
  readonly gateways: readonly GatewayPicture[];
  readonly labels: Readonly<Record<string, string>>;
}

/** A gateway as others reach it. */
export interface GatewayPicture {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Whether somebody takes connections there, seen from here; undefined: not tried. */
  readonly open: boolean | undefined;
}

/** A certificate. */
export interface CertificatePicture {
  readonly subject: string;
  /** Unix milliseconds. */
  readonly from: number;
  readonly until: number;
  /** How long before its end it should have been renewed, in milliseconds. */
  readonly renewedBeforeMs: number;
}

/** What can be looked at wherever there is Tandem. */
export interface CommonPicture {
  readonly now: number;
  readonly conditioned: readonly ConditionedPicture[] | undefined;
  readonly sites: readonly SitePicture[] | undefined;
  readonly certificates: readonly CertificatePicture[];
  /** Versions of Tandem that are in use, each with who uses it. */
  readonly versions: readonly { readonly who: string; readonly version: string }[];
}

/** A gateway, as its agent sees itself. */
export interface AgentPicture extends CommonPicture {
  readonly gateway: string;
  readonly envoy: "absent" | "configuring" | "ready";
  readonly peers: readonly { readonly name: string; readonly connected: boolean }[];
  /** Each as a sentence, with its remedy. */
  readonly problems: readonly { readonly message: string; readonly remedy: string }[];
}

/** A definition of a kind, compared with the one that this version makes. */
export interface DefinitionPicture {
  readonly name: string;
  /** Undefined: it is not there. */
  readonly found:
    | { readonly established: boolean; readonly served: readonly string[]; readonly sameSchema: boolean }
    | undefined;
  /** The version that this program reads and writes. */
  readonly wanted: string;
}

/** A protected Service of a cluster. */
export interface ServicePicture {
  readonly key: ServiceKey;
  readonly held: boolean;
  /** Keys of the selector besides the mark of being held. */
  readonly selectorKeys: readonly string[];
  /** It says that it was held, and what its selector was. */
  readonly hasCopy: boolean;
  /** Who else writes its selector, by `managedFields`. */
  readonly selectorManagers: readonly string[];
  readonly hasPolicy: boolean;
  readonly namespace: Namespace;
  /** Labels of its pods, of which NetworkPolicies speak. */
  readonly podLabels: Readonly<Record<string, string>>;
  /** Zones of its ready endpoints, one each; undefined where an endpoint says none. */
  readonly zones: readonly (string | undefined)[];
}

/** A pod of Tandem's. */
export interface TandemPodPicture {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly addresses: readonly string[];
  /** Undefined: its node is not known, or says none. */
  readonly zone: string | undefined;
}

/** A cluster, as its API server shows it. What the person may not read is undefined. */
export interface ClusterPicture extends CommonPicture {
  /** How far the API server's clock is ahead of this machine's, in milliseconds. */
  readonly serverAheadMs: number | undefined;
  /** Who leads; `null`: there is no Lease. */
  readonly lease:
    | { readonly holder: string; readonly renewedAgoMs: number; readonly durationMs: number }
    | null
    | undefined;
  readonly definitions: readonly DefinitionPicture[] | undefined;
  /** Who may not do what, e.g. `You`: `patch services`. */
  readonly denied: readonly { readonly who: string; readonly what: string; readonly isTandem: boolean }[] | undefined;
  readonly policies:
    | readonly { readonly key: string; readonly paused: boolean; readonly reported: boolean }[]
    | undefined;
  readonly services: readonly ServicePicture[] | undefined;
  readonly networkPolicies: readonly NetworkPolicy[] | undefined;
  /** Namespace of Tandem's own pods, and these. */
  readonly tandem: { readonly namespace: Namespace; readonly pods: readonly TandemPodPicture[] } | undefined;
}
