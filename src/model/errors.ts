/**
 * The one catalogue of errors that people meet. `docs/errors.md` is held equal to it by a test.
 * @module
 */

/** Exit codes of the command line. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  environment: 3,
  unreachable: 4,
  invalidInput: 5,
  timedOut: 6,
} as const;

interface CatalogueEntry {
  readonly exit: number;
  /** What it means, one sentence. */
  readonly meaning: string;
  /** What to do. */
  readonly remedy: string;
}

/** Every error by its code. */
export const ERRORS = {
  AgentNotRunning: {
    exit: EXIT.unreachable,
    meaning: "No agent answers on the socket of this state directory.",
    remedy: "Start it with `tandem agent --site DIR --state DIR`, or name another directory with --state",
  },
  AgentCannotStart: {
    exit: EXIT.environment,
    meaning: "The agent's state or site directory cannot be used.",
    remedy: "Correct what the message names and start again",
  },
  AgentRunning: {
    exit: EXIT.failed,
    meaning: "Another agent runs from this state directory.",
    remedy: "Stop it first; two agents cannot share one state directory",
  },
  AlreadyInitialised: {
    exit: EXIT.invalidInput,
    meaning: "The state directory belongs to a gateway already; its keys are not overwritten.",
    remedy: "Use another --state directory, or remove this one if the gateway is gone for good",
  },
  ClusterRefused: {
    exit: EXIT.failed,
    meaning: "The API server refused a request; the message has its words.",
    remedy: "See the message; it names a missing permission, a wrong field or an object that is not there",
  },
  ClusterUnreachable: {
    exit: EXIT.unreachable,
    meaning: "The API server did not answer.",
    remedy: "Check the address in the kubeconfig and the way there (a VPN, a proxy, a firewall), then run it again",
  },
  DirectoryInUse: {
    exit: EXIT.invalidInput,
    meaning: "The directory holds files that are not a lab's; nothing in it was touched.",
    remedy: "Name a new or an empty directory with --dir, or remove the files yourself",
  },
  EnvoyNotFound: {
    exit: EXIT.environment,
    meaning: "No supported Envoy was found and none could be fetched.",
    remedy: "Install Envoy 1.39 to 1.41, or set TANDEM_ENVOY to its path",
  },
  GatewayRunning: {
    exit: EXIT.failed,
    meaning: "Another gateway runs from this state directory.",
    remedy: "Stop it first; two Envoys cannot share one state directory",
  },
  InstallationExists: {
    exit: EXIT.invalidInput,
    meaning: "Tandem is installed in the cluster already; nothing was changed.",
    remedy: "Apply over it with `tandem install --upgrade` and all your options, or remove it with `tandem uninstall`",
  },
  InstallationMissing: {
    exit: EXIT.invalidInput,
    meaning: "Nothing in the cluster belongs to an installation in the namespace.",
    remedy: "Name the namespace that Tandem was installed in with --namespace, or another cluster with --context",
  },
  InvalidArgument: {
    exit: EXIT.usage,
    meaning: "An argument of a command is not of the form it takes.",
    remedy: "See the command's --help for its form and examples",
  },
  InvalidManifests: {
    exit: EXIT.invalidInput,
    meaning: "At least one manifest is wrong; each problem is listed with file, line and field.",
    remedy: "Correct the listed fields; the last good content stays in force until then",
  },
  JoinFailed: {
    exit: EXIT.failed,
    meaning: "The token could not be redeemed.",
    remedy:
      "Check that a gateway of the other site is reachable on the address the token names (maybe a firewall blocks port 15443), then ask for a new token; one that was used or has expired finds that port closed, too",
  },
  KubeConfigUnusable: {
    exit: EXIT.environment,
    meaning: "No API server and credentials could be read from the kubeconfig.",
    remedy:
      "Name another file with --kubeconfig or another context with --context; kubectl config get-contexts lists them",
  },
  LabNotRunning: {
    exit: EXIT.unreachable,
    meaning: "No lab runs in this directory.",
    remedy: "Start one with `tandem lab up`",
  },
  LabFailed: {
    exit: EXIT.failed,
    meaning: "A process of the lab did not come up.",
    remedy: "Read the named log file; `tandem lab down` clears what is left",
  },
  NamespaceUnknown: {
    exit: EXIT.invalidInput,
    meaning: "The cluster has no namespace of this name.",
    remedy: "Correct the name, or name another cluster with --context; kubectl get namespaces lists them",
  },
  NotConfirmed: {
    exit: EXIT.usage,
    meaning: "The command removes things for good and was not told that it may.",
    remedy: "Read what it would remove, then add --yes",
  },
  NotIssuer: {
    exit: EXIT.failed,
    meaning: "This gateway does not hold the key of the site's authority.",
    remedy: "Run the command against the state directory of the site's first gateway",
  },
  NotProtectable: {
    exit: EXIT.invalidInput,
    meaning:
      "The Service cannot be protected as was asked; each reason is listed with what to do, and nothing was written.",
    remedy: "Do what is listed and run the command again",
  },
  NotReleased: {
    exit: EXIT.failed,
    meaning:
      "At least one Service is not yet what it was before Tandem; each is listed with the reason and what to do.",
    remedy: "Do what is listed and run the command again: it goes on where it stands",
  },
  ObjectsOfOthers: {
    exit: EXIT.invalidInput,
    meaning: "Others own objects or fields that the command would write; nothing was changed.",
    remedy: "Use what made them to install or remove Tandem, or take them over with --force",
  },
  RequestsLost: {
    exit: EXIT.failed,
    meaning: "The demo lost requests.",
    remedy:
      "Read the failures in its report; on a very busy machine run it again with fewer requests a second (--rate)",
  },
  ServiceUnknown: {
    exit: EXIT.invalidInput,
    meaning: "No FailoverPolicy of this site targets the Service.",
    remedy: "Check namespace and name with `tandem status`",
  },
  SiteManifestDiffers: {
    exit: EXIT.invalidInput,
    meaning: "The site's manifest exists already and says something else than the command; nothing was written.",
    remedy: "Give the command the values of the manifest, remove the manifest, or name another directory with --site",
  },
  SiteNameTaken: {
    exit: EXIT.failed,
    meaning: "A site of this name has joined before with another authority; names and authorities are bound for ever.",
    remedy: "Join under another name, or restore the authority's key of that site",
  },
  SiteUnknown: {
    exit: EXIT.invalidInput,
    meaning: "The site is not one that the policy lists.",
    remedy: "Use a site of the policy's spec.sites; `tandem status` shows them",
  },
  StateNotWritten: {
    exit: EXIT.environment,
    meaning:
      "What was ordered is in force, but could not be written to the state directory: a restart would forget it.",
    remedy: "Make room on the disk or correct the directory's permissions, then order it again",
  },
  SwitchFromManifest: {
    exit: EXIT.invalidInput,
    meaning: "A switch that a manifest orders cannot be ended by command: the manifest would order it again.",
    remedy:
      "Delete the manifest that the message names, at the site that it names; or order another switch, which counts as the newer one",
  },
  SystemRefused: {
    exit: EXIT.environment,
    meaning: "The operating system refused a file, a directory or a socket that the command needs.",
    remedy: "Correct the path, its permissions or the space on its disk, whatever the message names, and try again",
  },
  TokenInvalid: {
    exit: EXIT.invalidInput,
    meaning: "The text is not a token of this version, or it was cut.",
    remedy: "Copy the whole token, or ask for a new one with `tandem token create`",
  },
  TokenRefused: {
    exit: EXIT.failed,
    meaning: "The token was used already, has expired, or is for another name.",
    remedy: "Ask for a new one with `tandem token create --for NAME`; it is good for 15 minutes and one use",
  },
  WaitTimedOut: {
    exit: EXIT.timedOut,
    meaning: "What the command waits for did not happen in time; what it ordered stays in force.",
    remedy: "Look at `tandem status`, or wait longer with --timeout",
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;

/** The system's name of what it refused, such as `EACCES`; undefined when an error is not the system's. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  // Node's own removal of files puts a prefix before it.
  return /^(?:ERR_FS_)?(E[A-Z0-9]+)$/.exec(error.code)?.[1];
}

/** Code of an error in the catalogue. */
export type ErrorCode = keyof typeof ERRORS;

/** An error of the catalogue: what went wrong in this case, and what to do. */
export class TandemError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;

  /** @param remedy replaces the catalogue's when this case has a better one */
  constructor(code: ErrorCode, message: string, options: { readonly remedy?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "TandemError";
    this.code = code;
    this.remedy = options.remedy ?? ERRORS[code].remedy;
  }

  /** Exit code of a command that ends with it. */
  get exit(): number {
    return ERRORS[this.code].exit;
  }
}
