/**
 * What a person types to get at a command: messages that name a next step name it as it works here.
 * @module
 */

/** What `tandem lab` is typed as. @param environment npm says there which of its scripts runs */
export function typedLabCommand(environment: Readonly<Record<string, string | undefined>>): string {
  return environment["npm_lifecycle_event"] === "lab" ? "npm run lab --" : "tandem lab";
}
