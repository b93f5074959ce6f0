/**
 * Generates `src/gen/` (JavaScript, declarations and a registry of all files) from the protos of Envoy's API that
 * `@grpc/grpc-js-xds` ships. Runs offline. Does nothing when its inputs are those of the last run.
 *
 * Usage: `node tools/generate-protos.mjs`, or as a step of `tools/setup.mjs`.
 * @module
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, posix, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { applyProtoPatch, protoPatches } from "./proto-patches.mjs";

const run = promisify(execFile);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outDir = join(root, "src", "gen");
const stampFile = join(outDir, ".stamp");
const modules = ["envoy-api", "xds", "googleapis", "protoc-gen-validate"];

/** Folders and files to generate, below the proto roots; what they import is generated with them. */
const roots = [
  "envoy/config/bootstrap/v3",
  "envoy/config/cluster/v3",
  "envoy/config/core/v3",
  "envoy/config/endpoint/v3",
  "envoy/config/listener/v3",
  "envoy/config/rbac/v3",
  "envoy/config/route/v3",
  "envoy/extensions/clusters/aggregate/v3",
  "envoy/extensions/common/matching/v3",
  "envoy/extensions/filters/common/matcher/action/v3",
  "envoy/extensions/filters/http/composite/v3",
  "envoy/extensions/filters/http/header_mutation/v3",
  "envoy/extensions/filters/http/health_check/v3",
  "envoy/extensions/filters/http/rbac/v3",
  "envoy/extensions/filters/http/router/v3",
  "envoy/extensions/filters/http/upstream_codec/v3",
  "envoy/extensions/filters/listener/tls_inspector/v3",
  "envoy/extensions/filters/network/http_connection_manager/v3",
  "envoy/extensions/filters/network/local_ratelimit/v3",
  "envoy/extensions/filters/network/rbac/v3",
  "envoy/extensions/filters/network/tcp_proxy/v3",
  "envoy/extensions/health_check/event_sinks/file/v3",
  "envoy/extensions/http/early_header_mutation/header_mutation/v3",
  "envoy/extensions/http/header_formatters/preserve_case/v3",
  "envoy/extensions/retry/host/previous_hosts/v3",
  "envoy/extensions/retry/priority/previous_priorities/v3",
  "envoy/extensions/transport_sockets/raw_buffer/v3",
  "envoy/extensions/transport_sockets/tls/v3",
  "envoy/extensions/upstreams/http/v3",
  "envoy/service/discovery/v3",
  "xds/type/matcher/v3",
];

/**
 * Says whether `src/gen/` was generated from other inputs than today's, or never.
 * @returns {boolean} true when {@link generateProtos} has work to do
 */
export function protosAreStale() {
  return !existsSync(stampFile) || readFileSync(stampFile, "utf8") !== inputStamp();
}

/**
 * Generates into a temporary folder and swaps it in, so that a run that fails or is interrupted leaves the old files.
 * @returns {Promise<number>} how many proto files were generated
 * @throws {Error} when `buf` refuses a proto or a patch no longer applies
 */
export async function generateProtos() {
  const stamp = inputStamp();
  const work = await mkdtemp(join(tmpdir(), "tandem-protos-"));
  // In the work tree, since a rename cannot cross file systems.
  const staging = `${outDir}.${process.pid}.new`;
  try {
    await copyProtos(work);
    await applyPatches(work);
    await runBuf(work, staging);
    const files = await generatedFiles(staging);
    await writeRegistry(staging, files);
    await writeFile(join(staging, ".stamp"), stamp);
    await rm(outDir, { recursive: true, force: true });
    await rename(staging, outDir);
    return files.length;
  } finally {
    await rm(work, { recursive: true, force: true });
    await rm(staging, { recursive: true, force: true });
  }
}

function inputStamp() {
  const hash = createHash("sha256");
  for (const name of ["@grpc/grpc-js-xds", "@bufbuild/protoc-gen-es", "@bufbuild/buf"]) {
    hash.update(readFileSync(join(root, "node_modules", name, "package.json")));
  }
  hash.update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(readFileSync(new URL("./proto-patches.mjs", import.meta.url)));
  return hash.digest("hex");
}

/** @param {string} work */
async function copyProtos(work) {
  const source = join(root, "node_modules", "@grpc", "grpc-js-xds", "deps");
  for (const module of modules) {
    await cp(join(source, module), join(work, module), {
      recursive: true,
      // java/ and tests/ hold test protos with imports that are not shipped.
      filter: (path) => !/[/\\](java|tests)$/.test(path),
    });
  }
}

/** @param {string} work */
async function applyPatches(work) {
  for (const patch of protoPatches) {
    const path = modules.map((module) => join(work, module, patch.file)).find((candidate) => existsSync(candidate));
    if (path === undefined) {
      throw new Error(`proto patch: no file ${patch.file}`);
    }
    await writeFile(path, applyProtoPatch(await readFile(path, "utf8"), patch));
  }
}

/**
 * @param {string} work
 * @param {string} out
 */
async function runBuf(work, out) {
  await writeFile(
    join(work, "buf.yaml"),
    JSON.stringify({ version: "v2", modules: modules.map((module) => ({ path: module })) }),
  );
  await writeFile(
    join(work, "buf.gen.yaml"),
    JSON.stringify({
      version: "v2",
      plugins: [
        {
          local: "protoc-gen-es",
          out,
          opt: ["target=js+dts", "import_extension=js", "json_types=true"],
          // One start of the plugin, not one for each folder: 3 s instead of 25.
          strategy: "all",
        },
      ],
    }),
  );
  const present = roots.flatMap((path) =>
    modules.map((module) => join(work, module, path)).filter((candidate) => existsSync(candidate)),
  );
  if (present.length !== roots.length) {
    throw new Error(
      `only ${present.length} of ${roots.length} proto roots exist: update the list in generate-protos.mjs`,
    );
  }
  const bin = join(root, "node_modules", ".bin");
  await mkdir(out, { recursive: true });
  await run(
    join(bin, "buf"),
    // --path also keeps buf away from the v2 folders, which do not compile.
    ["generate", "--include-imports", ...present.flatMap((path) => ["--path", path])],
    {
      cwd: work,
      env: {
        ...process.env,
        PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`,
        BUF_CACHE_DIR: join(work, ".cache"),
      },
      maxBuffer: 16 * 1024 * 1024,
    },
  );
}

/** @param {string} dir */
async function generatedFiles(dir) {
  const entries = await readdir(dir, { recursive: true });
  return entries
    .filter((entry) => entry.endsWith("_pb.js"))
    .map((entry) => entry.split(sep).join(posix.sep))
    .sort();
}

/**
 * @param {string} dir
 * @param {readonly string[]} all
 */
async function writeRegistry(dir, all) {
  // The bootstrap is written as JSON and never encoded; what only it needs would cost every process its memory.
  const files = all.filter((file) => !file.startsWith("envoy/config/bootstrap/"));
  const names = await Promise.all(
    files.map(async (file) => {
      const name = /^export const (file_\w+) =/m.exec(await readFile(join(dir, file), "utf8"))?.[1];
      if (name === undefined) {
        throw new Error(`${file} exports no file descriptor`);
      }
      return name;
    }),
  );
  const imports = files.map((file, index) => `import { ${names[index]} } from "./${file}";`);
  const doc = "/** All generated files: `createRegistry(...envoyFiles)` resolves every Any type of Envoy's API. */";
  await writeFile(
    join(dir, "registry.js"),
    `${imports.join("\n")}\n\n${doc}\nexport const envoyFiles = [\n${names.map((name) => `  ${name},\n`).join("")}];\n`,
  );
  await writeFile(
    join(dir, "registry.d.ts"),
    `import type { GenFile } from "@bufbuild/protobuf/codegenv2";\n\n${doc}\nexport declare const envoyFiles: readonly GenFile[];\n`,
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(protosAreStale() ? `generated ${await generateProtos()} proto files` : "src/gen is up to date");
}
