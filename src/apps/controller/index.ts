/**
 * The controller as a process: what `tandem controller` runs.
 * @module
 */
export { Controller } from "./controller.ts";
