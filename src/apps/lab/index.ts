/**
 * The lab: a whole network on one machine.
 * @module
 */
export { runDemo } from "./demo/demo.ts";
export { DEMO_SCRIPTS } from "./demo/script.ts";
export { checkLabOptions, checkLoad, checkShare } from "./network/check-options.ts";
export { breakIt, heal, parseTarget, SERVICE_FAULTS } from "./network/faults.ts";
export { Lab } from "./network/lab.ts";
export { LAB_DEFAULTS } from "./network/layout.ts";
export { startLoad } from "./network/load.ts";
