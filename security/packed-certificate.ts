/**
 * A certificate as a run's history holds it, in a third of the bytes: `zip.`, and the compact JWS after it with its payload
 * deflated (RFC 1951) before it was encoded. The signature is over the certificate as it was, so unpack it before anything else.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { isRecord } from '../domain/text';
import { CERTIFICATE_LENGTH_MAX } from './certificate-signature';
import { compactParts } from './compact-text';

const MARK = 'zip.';

/** What cannot be packed, such as a text that is no compact JWS, stays as it is. */
export function packCertificate(certificate: string): string {
  const [header, payload, signature] = compactParts(certificate, { count: 3, lengthMax: CERTIFICATE_LENGTH_MAX }) ?? [];
  if (payload === undefined) return certificate;
  const packed = deflateRawSync(Buffer.from(payload, 'base64url')).toString('base64url');
  return `${MARK}${header}.${packed}.${signature}`;
}

/**
 * The certificate as it was signed. What is not packed stays as it is: certificates of runs that began before release 0.4,
 * and texts that are none.
 */
export function unpackCertificate(text: string): string {
  if (!text.startsWith(MARK)) return text;
  const parts = compactParts(text.slice(MARK.length), { count: 3, lengthMax: CERTIFICATE_LENGTH_MAX });
  if (parts === undefined) return text;
  const [header, packed = '', signature] = parts;
  try {
    const payload = inflateRawSync(Buffer.from(packed, 'base64url'), { maxOutputLength: CERTIFICATE_LENGTH_MAX });
    return `${header}.${payload.toString('base64url')}.${signature}`;
  } catch {
    return text;
  }
}

/** A run's result, or the answer that its certificate is in. Whoever may write to the namespace can leave anything there. */
export function withUnpacked<Holder extends { readonly certificate: string }>(holder: Holder): Holder {
  return isRecord(holder) && typeof holder.certificate === 'string'
    ? { ...holder, certificate: unpackCertificate(holder.certificate) }
    : holder;
}
