/** The certificate of a request: signed, as JSON, as text, or as a page to read and print. */
import { decodeJwt } from 'jose';
import { certificateText } from '../../domain/certificate/certificate-text';
import type { CertificateClaims } from '../../domain/certificate/certificate';
import { ApiProblem } from '../problem';
import { route, type ApiAnswer, type ApiRoute } from '../route';
import { certificateShape, requestIdParameter } from '../schemas';
import type { ApiServices } from '../services';
import { htmlText } from '../../domain/text';

const forms = ['application/json', 'application/jose', 'text/plain', 'text/html'] as const;
type Form = (typeof forms)[number];

export function certificateRoute({ client }: ApiServices): ApiRoute {
  return route({
    method: 'GET',
    path: '/requests/{requestId}/certificate',
    role: 'view',
    name: 'getCertificate',
    summary: 'The certificate of a request',
    description:
      'There from the moment that every provider has settled. `Accept` says in which form: application/json (where absent), application/jose (the signed text alone), text/plain or text/html (to read; not checked here, verify the signed text with erasure verify).',
    parameters: requestIdParameter,
    answers: {
      200: {
        description: 'The certificate',
        content: {
          'application/json': certificateShape,
          'application/jose': 'text',
          'text/plain': 'text',
          'text/html': 'text',
        },
      },
    },
    problems: ['request-not-found', 'no-certificate-yet', 'no-certificate', 'no-worker', 'not-acceptable'],
    handle: async ({ parameters: { requestId }, request }) => {
      const form = formFor(request.headers.accept);
      const certificate = await client.certificate(requestId);
      return answerIn[form](requestId, certificate);
    },
  });
}

const answerIn: Readonly<Record<Form, (requestId: string, certificate: string) => ApiAnswer>> = {
  'application/json': (requestId, certificate) => ({
    status: 200,
    body: { requestId, certificate, claims: decodeJwt(certificate) },
  }),
  'application/jose': (_, certificate) => ({ status: 200, body: certificate, contentType: 'application/jose' }),
  'text/plain': (_, certificate) => ({
    status: 200,
    body: `${textOf(certificate)}\n`,
    contentType: 'text/plain; charset=utf-8',
  }),
  'text/html': (requestId, certificate) => ({
    status: 200,
    body: pageOf(requestId, textOf(certificate)),
    contentType: 'text/html; charset=utf-8',
  }),
};

function textOf(certificate: string): string {
  return certificateText(decodeJwt(certificate) as unknown as CertificateClaims);
}

function pageOf(requestId: string, text: string): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><title>Erasure certificate ${htmlText(requestId)}</title></head>`,
    `<body><main><h1>Erasure certificate</h1><pre>${htmlText(text)}</pre></main></body>`,
    '</html>',
    '',
  ].join('\n');
}

/** The form that comes first in `Accept`, by its weights. */
function formFor(accept: string | undefined): Form {
  if (accept === undefined || accept.trim() === '') return 'application/json';
  const wanted = accept
    .split(',')
    .map((part) => {
      const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
      const weight = parameters.flatMap((text) => /^q=([01](\.\d{1,3})?)$/.exec(text)?.[1] ?? [])[0];
      return { type, weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight);
  for (const { type } of wanted) {
    const form = forms.find((one) => type === one || type === '*/*' || type === `${one.split('/')[0]}/*`);
    if (form !== undefined) return form;
  }
  throw new ApiProblem('not-acceptable', { detail: `It can be given as ${forms.join(', ')}.` });
}
