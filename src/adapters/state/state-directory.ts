/**
 * The private folder of one gateway: keys, what it remembers, and the sockets between its processes.
 * @module
 */
import { access, chmod, constants, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { TandemError } from "../../model/errors.ts";
import { DnsLabel } from "../../model/kinds/index.ts";
import { peerHopSocket } from "../../model/peer-hop.ts";
import { makeDirectory } from "./make-directory.ts";
import { replaceFile } from "./write-file.ts";

/** Longest path of a Unix socket on Linux, in bytes. */
const LONGEST_SOCKET_PATH = 107;

/** Which gateway of which site a state directory belongs to. */
export const GatewayRecord = z.strictObject({
  site: DnsLabel,
  gateway: DnsLabel,
  /** This agent holds the key of the site's authority: it issues certificates and redeems tokens. */
  issuer: z.boolean(),
});
export type GatewayRecord = z.infer<typeof GatewayRecord>;

/** Paths below a state directory. */
export interface StatePaths {
  readonly root: string;
  readonly record: string;
  readonly authorityCertificate: string;
  /** Only where the issuer is. */
  readonly authorityKey: string;
  /** This gateway's certificate and its key. */
  readonly leaf: string;
  /** A directory. */
  readonly snapshot: string;
  /** A directory. */
  readonly memory: string;
  readonly tokens: string;
  readonly bootstrap: string;
  readonly eventLog: string;
  readonly adsSocket: string;
  readonly adminSocket: string;
  readonly localSocket: string;
  readonly peerSocket: string;
  readonly writeSocket: string;
  readonly gatewayProcess: string;
}

/** The paths of a state directory, absolute. */
export function statePaths(directory: string): StatePaths {
  const root = resolve(directory);
  const at = (...parts: string[]): string => join(root, ...parts);
  return {
    root,
    record: at("gateway.json"),
    authorityCertificate: at("authority.pem"),
    authorityKey: at("authority.key"),
    leaf: at("leaf.pem"),
    snapshot: at("snapshot.d"),
    memory: at("memory.d"),
    tokens: at("tokens"),
    bootstrap: at("envoy.json"),
    eventLog: at("events.log"),
    adsSocket: at("ads.sock"),
    adminSocket: at("admin.sock"),
    localSocket: at("agent.sock"),
    peerSocket: at("peer.sock"),
    writeSocket: at("write.sock"),
    gatewayProcess: at("envoy.pid.json"),
  };
}

/** Makes a state directory that only this user can enter. It belongs to nobody until its record is written. */
export async function createStateDirectory(directory: string): Promise<StatePaths> {
  const paths = statePaths(directory);
  await makeDirectory(paths.root, 0o700);
  await chmod(paths.root, 0o700);
  return paths;
}

/** Says which gateway a state directory belongs to: the last of all that is written when one is set up. */
export async function writeGatewayRecord(paths: StatePaths, record: GatewayRecord): Promise<void> {
  await replaceFile(paths.record, `${JSON.stringify(record, undefined, 2)}\n`);
}

/**
 * Makes sure that the sockets of a state directory can be made, which needs a path that is short enough.
 * @throws TandemError InvalidArgument
 */
export function requireShortPath(paths: StatePaths): void {
  const problem = lengthProblem(paths);
  if (problem !== undefined) throw new TandemError("InvalidArgument", `--state ${paths.root}: ${problem}`);
}

function lengthProblem(paths: StatePaths): string | undefined {
  const toPeer = peerHopSocket(paths.root, { address: "255.255.255.255", port: 65_535 });
  const longest = Math.max(
    ...[paths.adsSocket, paths.adminSocket, paths.localSocket, paths.peerSocket, paths.writeSocket, toPeer].map(
      (path) => Buffer.byteLength(path),
    ),
  );
  return longest > LONGEST_SOCKET_PATH
    ? `its path is ${longest - LONGEST_SOCKET_PATH} bytes too long for a Unix socket; use a shorter one`
    : undefined;
}

/** What is wrong with a state directory before anything is started from it; empty when nothing is. */
export async function checkStateDirectory(paths: StatePaths): Promise<readonly string[]> {
  const tooLong = lengthProblem(paths);
  const problems = tooLong === undefined ? [] : [tooLong];
  await access(paths.root, constants.W_OK | constants.X_OK).catch((error: NodeJS.ErrnoException) =>
    problems.push(`this user cannot write in it (${error.code ?? String(error)})`),
  );
  for (const path of [paths.leaf, paths.authorityKey]) {
    const mode = await stat(path).then(
      (stats) => stats.mode & 0o077,
      () => 0,
    );
    if (mode !== 0) problems.push(`${path} can be read by others; run chmod 600 ${path}`);
  }
  return problems;
}

/**
 * Reads which gateway a state directory belongs to; undefined when it was never set up.
 * @throws TandemError AgentCannotStart when the record is damaged
 */
export async function readGatewayRecord(paths: StatePaths): Promise<GatewayRecord | undefined> {
  let text: string;
  try {
    text = await readFile(paths.record, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return GatewayRecord.parse(JSON.parse(text));
  } catch (error) {
    throw new TandemError("AgentCannotStart", `${paths.record} does not say which gateway of which site this is`, {
      remedy: "Restore the file from a backup; without one, remove the directory and set the gateway up again",
      cause: error,
    });
  }
}

/**
 * Reads which gateway a state directory belongs to.
 * @throws TandemError AgentCannotStart when it was never set up, or its record is damaged
 */
export async function requireGatewayRecord(paths: StatePaths): Promise<GatewayRecord> {
  const record = await readGatewayRecord(paths);
  if (record !== undefined) return record;
  throw new TandemError("AgentCannotStart", `${paths.root} is not the state directory of a gateway`, {
    remedy: "Run `tandem site init`, or `tandem gateway enrol TOKEN` for a further gateway of a site",
  });
}
