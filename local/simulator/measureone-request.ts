/** The purge request as MeasureOne's document has it. Fields it does not name are let pass, as such servers do. */
import { z } from 'zod';

const httpUrl = z.url({ protocol: /^https?$/ });
const object = z.record(z.string(), z.unknown());

const tokenCredentials = z.looseObject({
  token_type: z.literal('JWT'),
  http_method: z.literal('POST'),
  url: httpUrl,
  key_id: z.exactOptional(z.string()),
  headers: z.exactOptional(object),
  data: z.exactOptional(object),
  response_token_path: z.exactOptional(z.string()),
});

export const deliveryDetail = z.looseObject({
  event_type: z.literal('individual.purged'),
  url: httpUrl,
  headers: z.exactOptional(object),
  x_auth_token_credentials: z.exactOptional(tokenCredentials),
});

export const purgeRequestSchema = z.looseObject({
  individual_id: z.string().min(1),
  delivery_details: z.exactOptional(z.array(deliveryDetail)),
});

export type TokenCredentials = z.infer<typeof tokenCredentials>;
export type DeliveryDetail = z.infer<typeof deliveryDetail>;
export type PurgeRequest = z.infer<typeof purgeRequestSchema>;
