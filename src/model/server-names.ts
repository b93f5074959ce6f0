/**
 * TLS server names (SNI) by which one gateway port tells apart what comes in; both sides of a connection use them.
 * @module
 */

/** HTTP traffic and probes. */
export const HTTP_SERVER_NAME = "http.tandem";
/** The exchange between agents. */
export const CATALOG_SERVER_NAME = "catalog.tandem";
/** Redeeming a token: the one place without a client certificate. */
export const JOIN_SERVER_NAME = "join.tandem";
