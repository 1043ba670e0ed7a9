/** One request, kept up to date while somebody looks at it. */
import { documentPart } from '../document';
import { RequestView } from '../components/request-view';
import type { ConsoleServices } from '../console-services';
import { valueOf, type PageRoute } from '../page';
import { decisionTexts } from '../texts/decisions';
import { requestTexts as texts } from '../texts/one-request';
import { isDecisionKind } from '../../domain/decision/decision';

export function requestPages({ client }: ConsoleServices): readonly PageRoute[] {
  return [
    {
      method: 'GET',
      path: '/requests/:requestId',
      role: 'view',
      name: 'requestPage',
      show: async ({ parameters: { requestId = '' }, principal, query, now }) => {
        const status = await client.get(requestId);
        const taken = valueOf(query, 'taken');
        const isLive = status.status === 'running';
        return {
          title: texts.title(requestId.slice(0, 8)),
          scripts: isLive ? ['live.js'] : [],
          body: (
            <>
              <h1>
                {texts.title('')}
                <code>{requestId}</code>
              </h1>
              {taken !== undefined && isDecisionKind(taken) && (
                <p class="panel good" role="status">
                  <strong>{`${texts.taken}: ${decisionTexts[taken].title}.`}</strong> {texts.takenNote}
                </p>
              )}
              <div id="live" data-live={isLive ? `/requests/${requestId}/live` : undefined}>
                <RequestView status={status} principal={principal} now={now} />
              </div>
              <p class="note visually-hidden" role="status" id="live-news" data-changed={texts.changed} />
            </>
          ),
        };
      },
    },
    {
      method: 'GET',
      path: '/requests/:requestId/live',
      role: 'view',
      name: 'requestLive',
      isBackground: true,
      show: async ({ parameters: { requestId = '' }, principal, now }) => {
        const status = await client.get(requestId);
        return {
          content: documentPart(<RequestView status={status} principal={principal} now={now} />),
          type: 'text/html; charset=utf-8',
          headers: { 'x-still-running': String(status.status === 'running') },
        };
      },
    },
  ];
}
