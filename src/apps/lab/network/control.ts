import { request } from "node:http";
import type { Fault } from "../backend/fault.ts";

/** Sets a fault of an endpoint. */
export async function setFault(socketPath: string, fault: Fault): Promise<void> {
  await ask(socketPath, "POST", "/fault", JSON.stringify(fault));
}

function ask(socketPath: string, method: string, path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { host: "endpoint", "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request({ socketPath, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (response.statusCode === 200 || response.statusCode === 204) resolve(text);
        else reject(new Error(`the endpoint answered ${response.statusCode ?? 0}: ${text}`));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
