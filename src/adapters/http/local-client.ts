/**
 * Calls to the agent on this machine, over its Unix socket.
 * @module
 */
import { request } from "node:http";
import { connect } from "node:net";
import { z } from "zod";
import { ERRORS, type ErrorCode, systemErrorCode, TandemError } from "../../model/errors.ts";
import { nobodyListens } from "./nobody-listens.ts";
import { readBody } from "./read-body.ts";

const LARGEST_ANSWER = 64 * 1024 * 1024;
const TIMEOUT_MS = 20_000;

const Failure = z.object({ code: z.string(), message: z.string(), remedy: z.string().optional() });

/**
 * Calls an operation of the agent; the answer is its JSON, or text where the operation gives text.
 * @throws TandemError what the agent answered, AgentNotRunning, or SystemRefused when the socket is another user's
 */
export async function callLocal(
  socketPath: string,
  method: "GET" | "POST",
  path: string,
  body?: unknown,
): Promise<unknown> {
  const { status, text, isJson } = await send(socketPath, { method, path }, body);
  const answer: unknown = isJson && text !== "" ? JSON.parse(text) : text;
  if (status === 200) return answer;
  const failure = Failure.safeParse(answer);
  if (!failure.success) throw new Error(`the agent answered ${status} to ${method} ${path}`);
  const { code, message, remedy } = failure.data;
  if (Object.hasOwn(ERRORS, code))
    throw new TandemError(code as ErrorCode, message, remedy === undefined ? {} : { remedy });
  // What the system refused to the agent keeps its name, by which the command line finds a remedy.
  const refused = Object.assign(new Error(message), { code });
  throw systemErrorCode(refused) === undefined ? new Error(message) : refused;
}

/** Whether an agent listens on a socket. Rejects when that cannot be found out. */
export function isAgentListening(socketPath: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => (nobodyListens(error) ? resolve(false) : reject(error)));
  });
}

function send(
  socketPath: string,
  call: { readonly method: "GET" | "POST"; readonly path: string },
  body: unknown,
): Promise<{ readonly status: number; readonly text: string; readonly isJson: boolean }> {
  const text = body === undefined ? "" : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath,
        ...call,
        timeout: TIMEOUT_MS,
        headers: { host: "agent", "content-length": Buffer.byteLength(text) },
      },
      (response) => {
        const status = response.statusCode ?? 0;
        const isJson = response.headers["content-type"] === "application/json";
        readBody(response, LARGEST_ANSWER).then((answer) => resolve({ status, text: answer, isJson }), reject);
      },
    );
    sent.on("timeout", () => sent.destroy(new Error(`the agent did not answer within ${TIMEOUT_MS} ms`)));
    sent.on("error", (error) => reject(connectFailure(error, socketPath)));
    sent.end(text);
  });
}

function connectFailure(error: Error, socketPath: string): Error {
  if (nobodyListens(error))
    return new TandemError("AgentNotRunning", `no agent answers on ${socketPath}`, { cause: error });
  const code = systemErrorCode(error);
  if (code !== "EACCES" && code !== "EPERM") return error;
  return new TandemError("SystemRefused", `this user may not open the agent's socket ${socketPath}`, {
    remedy: "Run the command as the user that runs the agent, for example with sudo",
    cause: error,
  });
}
