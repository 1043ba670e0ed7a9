/** A page to read the description of the API. Plain HTML: no script, nothing from elsewhere. */
import { htmlText } from '../domain/text';

type Json = Readonly<Record<string, unknown>>;

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description?: string;
  }[];
  readonly requestBody?: { readonly content: Json };
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

export function openApiPage(document: Json): string {
  const { info, paths } = document as {
    readonly info: { readonly title: string; readonly version: string; readonly description: string };
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationHtml(method.toUpperCase(), path, operation)),
  );
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${htmlText(info.title)}</title></head>`,
    '<body><main>',
    `<h1>${htmlText(info.title)} ${htmlText(info.version)}</h1>`,
    `<p>${htmlText(info.description)}</p>`,
    '<p>Machines read <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>',
    ...operations,
    '</main></body></html>',
    '',
  ].join('\n');
}

function operationHtml(method: string, path: string, operation: Operation): string {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  return [
    `<section aria-labelledby="${htmlText(operationId)}">`,
    `<h2 id="${htmlText(operationId)}"><code>${method} ${htmlText(path)}</code></h2>`,
    `<p><strong>${htmlText(summary)}</strong></p>`,
    ...description.split('\n\n').map((paragraph) => `<p>${htmlText(paragraph)}</p>`),
    ...(parameters.length === 0
      ? []
      : [
          '<dl>',
          ...parameters.map(
            (one) =>
              `<dt><code>${htmlText(one.name)}</code> (${one.in}${one.required ? ', needed' : ''})</dt><dd>${htmlText(one.description ?? '')}</dd>`,
          ),
          '</dl>',
        ]),
    ...(requestBody === undefined
      ? []
      : [`<p>Body: ${Object.keys(requestBody.content).map(htmlText).join(' or ')}</p>`]),
    '<ul>',
    ...Object.entries(responses).map(([status, answer]) => `<li>${status}: ${htmlText(answer.description)}</li>`),
    '</ul>',
    '</section>',
  ].join('\n');
}
