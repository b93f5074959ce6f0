/** Longest head that is accepted, in characters. */
const maxHead = 64 * 1024;
/** Characters of the body that are kept for a failure's snippet. */
const keptBody = 256;

/**
 * Reads one HTTP/1.1 answer from the bytes of a connection. The body is counted, not kept, but for its start.
 * Chunked and sized bodies end by themselves; any other lasts until the connection ends ({@link finishAtEnd}).
 */
export class HttpReply {
  status = 0;
  servedBy = "";
  /** Whether the connection may carry another request. */
  keepsAlive = false;
  bodyStart = "";
  private head = "";
  private state: "head" | "sized" | "chunks" | "until-end" = "head";
  private left = 0;
  private tail = "";
  private isHead = false;

  /** Prepares for the next answer on the same connection. */
  begin(isHead: boolean): void {
    this.status = 0;
    this.servedBy = "";
    this.keepsAlive = false;
    this.bodyStart = "";
    this.head = "";
    this.state = "head";
    this.left = 0;
    this.tail = "";
    this.isHead = isHead;
  }

  /** Takes the first `length` bytes of `bytes`; true when the answer is complete. Throws when it is not HTTP/1. */
  push(bytes: Buffer, length: number): boolean {
    if (this.state !== "head") return this.pushBody(bytes.toString("latin1", 0, length));
    this.head += bytes.toString("latin1", 0, length);
    for (;;) {
      const end = this.head.indexOf("\r\n\r\n");
      if (end < 0) {
        if (this.head.length > maxHead) throw new Error("the head of the answer is too long");
        return false;
      }
      const rest = this.head.slice(end + 4);
      const isFinal = this.readHead(this.head.slice(0, end + 2));
      this.head = rest;
      if (isFinal) return this.hasNoBody() || this.pushBody(rest);
    }
  }

  /** The connection ended: true when that completes the answer. */
  finishAtEnd(): boolean {
    return this.state === "until-end";
  }

  private readHead(head: string): boolean {
    if (!head.startsWith("HTTP/1.")) throw new Error("the answer is not HTTP/1");
    this.status = Number(head.slice(9, 12));
    // 100 Continue and its like come before the answer.
    if (this.status < 200) return false;
    const lower = head.toLowerCase();
    this.servedBy = field(head, lower, "x-served-by");
    const connection = field(head, lower, "connection").toLowerCase();
    this.keepsAlive = connection === "" ? head.startsWith("HTTP/1.1") : !connection.includes("close");
    const length = field(head, lower, "content-length");
    if (field(head, lower, "transfer-encoding").toLowerCase().includes("chunked")) this.state = "chunks";
    else this.state = length === "" ? "until-end" : "sized";
    this.left = this.state === "sized" ? Number(length) : 0;
    return true;
  }

  private hasNoBody(): boolean {
    return this.isHead || this.status === 204 || this.status === 304 || (this.state === "sized" && this.left === 0);
  }

  private pushBody(text: string): boolean {
    switch (this.state) {
      case "chunks":
        return this.pushChunks(text);
      case "sized":
        this.keep(text);
        this.left -= text.length;
        return this.left <= 0;
      default:
        this.keep(text);
        this.keepsAlive = false;
        return false;
    }
  }

  private pushChunks(text: string): boolean {
    this.tail += text;
    for (;;) {
      // `left` counts the chunk's bytes and the line end after them.
      const taken = Math.min(this.left, this.tail.length);
      this.keep(this.tail.slice(0, Math.max(0, Math.min(taken, this.left - 2))));
      this.tail = this.tail.slice(taken);
      this.left -= taken;
      const end = this.tail.indexOf("\r\n");
      if (this.left > 0 || end < 0) return false;
      const size = Number.parseInt(this.tail.slice(0, end), 16);
      if (Number.isNaN(size)) throw new Error("a chunk has no size");
      // Trailers end with an empty line; none of ours matter.
      if (size === 0) return this.tail.endsWith("\r\n\r\n");
      this.tail = this.tail.slice(end + 2);
      this.left = size + 2;
    }
  }

  private keep(text: string): void {
    if (this.bodyStart.length < keptBody) this.bodyStart = (this.bodyStart + text).slice(0, keptBody);
  }
}

function field(head: string, lower: string, name: string): string {
  const start = lower.indexOf(`\r\n${name}:`);
  if (start < 0) return "";
  const from = start + name.length + 3;
  return head.slice(from, head.indexOf("\r\n", from)).trim();
}
