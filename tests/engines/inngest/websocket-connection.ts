import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

const acceptance = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const opcodes = { binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The server's end of a WebSocket (RFC 6455), for whole binary messages. */
export class WebsocketConnection {
  readonly #socket: Duplex;
  #received = Buffer.alloc(0);

  constructor(socket: Duplex, head: Buffer, onMessage: (message: Buffer) => void) {
    this.#socket = socket;
    const receive = (bytes: Buffer): void => {
      this.#received = Buffer.concat([this.#received, bytes]);
      for (let frame = this.#take(); frame !== null; frame = this.#take()) {
        if (frame.opcode === opcodes.binary) onMessage(frame.payload);
        else if (frame.opcode === opcodes.ping) this.#write(opcodes.pong, frame.payload);
        else if (frame.opcode === opcodes.close) this.close();
        else if (frame.opcode !== opcodes.pong) throw new Error(`Not for these tests: a frame of kind ${frame.opcode}`);
      }
    };
    socket.on('data', receive);
    socket.on('error', () => socket.destroy());
    // Sockets of an HTTP server stay half open otherwise, when the other end is gone.
    socket.on('end', () => socket.destroy());
    if (head.length > 0) receive(head);
  }

  /** Answers a request that wants to become one. */
  static accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    onMessage: (message: Buffer) => void,
  ): WebsocketConnection {
    const { 'sec-websocket-key': key, 'sec-websocket-protocol': protocol } = request.headers;
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${createHash('sha1').update(`${key}${acceptance}`).digest('base64')}`,
      ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    return new WebsocketConnection(socket, head, onMessage);
  }

  send(message: Uint8Array): void {
    this.#write(opcodes.binary, message);
  }

  close(): void {
    if (!this.#socket.writable) return;
    this.#write(opcodes.close, new Uint8Array(0));
    this.#socket.end();
  }

  /** As a network that breaks. */
  destroy(): void {
    this.#socket.destroy();
  }

  onClose(closed: () => void): void {
    this.#socket.once('close', closed);
  }

  #write(opcode: number, payload: Uint8Array): void {
    if (!this.#socket.writable) return;
    const { length } = payload;
    const head = length < 126 ? Buffer.from([0x80 | opcode, length]) : Buffer.alloc(length < 65_536 ? 4 : 10);
    if (length >= 126) {
      head[0] = 0x80 | opcode;
      head[1] = length < 65_536 ? 126 : 127;
      if (length < 65_536) head.writeUInt16BE(length, 2);
      else head.writeBigUInt64BE(BigInt(length), 2);
    }
    this.#socket.write(Buffer.concat([head, payload]));
  }

  /** The next whole frame; null where it is not there yet. What a client sends is masked. */
  #take(): { readonly opcode: number; readonly payload: Buffer } | null {
    const bytes = this.#received;
    if (bytes.length < 2) return null;
    const short = (bytes[1] ?? 0) & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const start = 2 + lengthBytes + 4;
    if (bytes.length < start) return null;
    const length =
      lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < start + length) return null;
    const mask = bytes.subarray(start - 4, start);
    const payload = Buffer.from(bytes.subarray(start, start + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
    this.#received = Buffer.from(bytes.subarray(start + length));
    return { opcode: (bytes[0] ?? 0) & 0x0f, payload };
  }
}
