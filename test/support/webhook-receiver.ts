/** Somebody who is told: keeps what came, checked by the library that receivers use, and answers what the test says. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export interface Received {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Of a good signature only. */
  readonly body: unknown;
  readonly answered: number;
}

export class WebhookReceiver {
  readonly secretText = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  readonly received: Received[] = [];
  status = 204;
  headers: Readonly<Record<string, string>> = {};
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const { headers } = request;
        const { status } = this;
        const body = new Webhook(this.secretText).verify(text, headers as Record<string, string>);
        this.received.push({ id: String(headers['webhook-id']), headers, text, body, answered: status });
        response.writeHead(status, this.headers).end();
      });
    });
  }

  static async open(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/told`;
  }

  get settings(): Readonly<Record<string, string>> {
    return { ERASURE_WEBHOOK_PRIVATE_HOSTS: `127.0.0.1:${this.port}`, ERASURE_WEBHOOK_SECRET: this.secretText };
  }

  /** Those that were taken. */
  get taken(): readonly Received[] {
    return this.received.filter(({ answered }) => answered < 300);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
