/** The messages of Inngest's gateway, read and written with the codecs of its SDK, which the package keeps to itself. */

interface Codec<Message> {
  create(message: Partial<Message>): Message;
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

interface ConnectMessages {
  readonly GatewayMessageType: Readonly<Record<string, number>>;
  readonly SDKResponseStatus: { readonly NOT_COMPLETED: number; readonly DONE: number; readonly ERROR: number };
  readonly ConnectMessage: Codec<{ readonly kind: number; readonly payload: Uint8Array }>;
  readonly StartResponse: Codec<{
    readonly connectionId: string;
    readonly gatewayEndpoint: string;
    readonly gatewayGroup: string;
    readonly sessionToken: string;
    readonly syncToken: string;
  }>;
  readonly WorkerConnectRequestData: Codec<{
    readonly connectionId: string;
    readonly authData: { readonly sessionToken: string };
    readonly apps: readonly { readonly appName: string; readonly functions: Uint8Array }[];
    readonly maxWorkerConcurrency: number;
  }>;
  readonly GatewayConnectionReadyData: Codec<{
    readonly heartbeatInterval: string;
    readonly extendLeaseInterval: string;
    readonly statusInterval: string;
  }>;
  readonly GatewayExecutorRequestData: Codec<{
    readonly requestId: string;
    readonly appName: string;
    readonly functionSlug: string;
    readonly requestPayload: Uint8Array;
    readonly runId: string;
    readonly leaseId: string;
  }>;
  readonly WorkerRequestExtendLeaseData: Codec<{ readonly requestId: string; readonly leaseId: string }>;
  readonly WorkerRequestExtendLeaseAckData: Codec<{ readonly requestId: string; readonly newLeaseId: string }>;
  readonly SDKResponse: Codec<{
    readonly requestId: string;
    readonly status: number;
    readonly body: Uint8Array;
    readonly noRetry: boolean;
  }>;
  readonly WorkerReplyAckData: Codec<{ readonly requestId: string }>;
}

const place = 'proto/src/components/connect/protobuf/connect.js';
const module = new URL(place, import.meta.resolve('inngest'));

export const messages = (await import(module.href)) as ConnectMessages;
