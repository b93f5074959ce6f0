/** The port on which a controller says whether it is ready. */
export const CONTROLLER_READY_PORT = 15_022;
