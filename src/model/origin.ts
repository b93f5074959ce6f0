/**
 * The origin of a Service: a headless Service with its selector and ports that exists for as long as a policy protects
 * it. Its EndpointSlices are where gateways find the Service's pods, whatever the Service itself points at meanwhile,
 * and its selector is the durable copy of the one that is put back.
 * @module
 */

/**
 * Label of an origin whose value is the name of its Service. Kubernetes copies a Service's labels to the EndpointSlices
 * that it makes for it, so that API servers give gateways these slices alone.
 */
export const ORIGIN_LABEL = "tandem.dev/origin-of";

/**
 * Annotation of an origin whose Service goes to its pods again: since when, RFC 3339. Gateways still serve who comes, and
 * say good-bye to connections, until the origin goes.
 */
export const RELEASED_ANNOTATION = "tandem.dev/released";

/**
 * Annotation of an origin with the check that gateways use where the policy gives none, as JSON in the form of
 * `FailoverPolicy.spec.healthCheck`: what the pods' readiness probe comes to.
 */
export const CHECK_ANNOTATION = "tandem.dev/check";
