/**
 * Three projects, two files at a time: first `unit`, then `e2e`, whose files start real Envoys on addresses of their own, then
 * `model`, whose tests compute.
 * @module
 */
import { defineConfig } from "vitest/config";

/** They take a whole processor for long, so nothing that waits for something in time runs beside them. */
const MODEL = ["test/scheduler/**/*.test.ts", "src/core/scheduling/**/*.test.ts", "src/core/simulate/**/*.test.ts"];

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/**/*.test.ts", "tools/**/*.test.ts"],
          exclude: ["test/e2e/**", ...MODEL],
          // A test that hangs ends; one on a machine that is busy does not.
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "model",
          include: MODEL,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
