/**
 * The import graph between layers: only downwards, and apps never each other (docs/adr/0002-one-binary.md has the
 * one exception). Project references refuse most of this at compile time already; this also sees type-only imports,
 * tests and what node_modules a layer may use.
 * @module
 */

const belowOf = {
  model: [],
  core: ["model"],
  ports: ["model"],
  runtime: ["model", "core", "ports"],
  adapters: ["model", "ports"],
};

const layerRules = Object.entries(belowOf).map(([layer, below]) => ({
  name: `${layer}-imports-downwards`,
  severity: "error",
  comment: `src/${layer} may import ${below.length === 0 ? "no other layer" : below.map((name) => `src/${name}`).join(", ")}.`,
  from: { path: `^src/${layer}/`, pathNot: "\\.test\\.ts$" },
  to: {
    path: "^(src|test|tools|bench|bin)/",
    // src/gen has its own rule below.
    pathNot: [layer, ...below, "gen"].map((name) => `^src/${name}/`),
  },
}));

/** Everything that is not a file of this project. */
const outside = ["npm", "npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "npm-unknown", "core"];

export default {
  forbidden: [
    ...layerRules,
    {
      name: "only-adapters-run-generated-code",
      severity: "error",
      comment: "Above and below, Envoy's resources are JSON described by generated types: `import type` only.",
      from: { path: "^src/", pathNot: ["^src/(adapters|gen)/", "\\.test\\.ts$"] },
      to: { path: "^src/gen/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "model-uses-zod-only",
      severity: "error",
      comment: "src/model is schemas and data: zod, and nothing else from outside.",
      from: { path: "^src/model/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: outside, pathNot: "node_modules/zod/" },
    },
    {
      name: "core-and-ports-use-no-packages",
      severity: "error",
      comment: "Decisions and interfaces need no package and nothing of Node: I/O lives in src/adapters.",
      from: { path: "^src/(core|ports)/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: outside },
    },
    {
      name: "apps-never-import-each-other",
      severity: "error",
      comment: "Only the cli may import another app, and of it only its index.ts: docs/adr/0002-one-binary.md.",
      from: { path: "^src/apps/([^/]+)/", pathNot: "^src/apps/cli/" },
      to: { path: "^src/apps/", pathNot: ["^src/apps/$1/"] },
    },
    {
      name: "cli-imports-public-faces-only",
      severity: "error",
      comment:
        "The one binary's entry point starts the other apps through their index.ts: docs/adr/0002-one-binary.md.",
      from: { path: "^src/apps/cli/" },
      to: { path: "^src/apps/", pathNot: ["^src/apps/cli/", "^src/apps/[^/]+/index\\.ts$"] },
    },
    {
      name: "product-imports-no-tests",
      severity: "error",
      comment: "src/apps and below never need tests, tools or benchmarks.",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(test|tools|bench)/|\\.test\\.ts$" },
    },
    {
      name: "no-dev-dependency-in-the-product",
      severity: "error",
      comment: "What src/ imports at run time must be in `dependencies`, or the packed package does not start.",
      from: { path: "^(src|bin)/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "nothing-unresolved",
      severity: "error",
      comment: "An import that leads nowhere would also escape every rule above.",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-cycles",
      severity: "error",
      comment: "A cycle has no order to read it in.",
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "^src/gen/"] },
    exclude: { path: "^(dist|\\.tsbuild)/" },
    // Also imports that vanish in compilation: a type may not point upwards either.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".mjs", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types"],
    },
  },
};
