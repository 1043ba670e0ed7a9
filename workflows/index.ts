/** What the worker's bundle offers to Temporal. */
export { erasureRequest } from './erasure-request';
export { erasureSweep } from './sweep';
export { providerBrake } from './provider-brake';
export { webhookDelivery } from './webhook-delivery';
