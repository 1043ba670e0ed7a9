/** The first page: what needs somebody, most urgent first. */
import type { PageRoute } from '../page';
import type { ConsoleServices } from '../console-services';
import { inboxTexts } from '../texts/inbox';

export function inboxPages({ client }: ConsoleServices): readonly PageRoute[] {
  return [
    {
      method: 'GET',
      path: '/',
      role: 'view',
      name: 'inboxPage',
      show: async () => {
        const { requests } = await client.page({ limit: 50 });
        return {
          title: inboxTexts.title,
          body: (
            <>
              <h1>{inboxTexts.title}</h1>
              <ul>
                {requests.map(({ requestId }) => (
                  <li key={requestId}>
                    <a href={`/requests/${requestId}`}>{requestId}</a>
                  </li>
                ))}
              </ul>
            </>
          ),
        };
      },
    },
  ];
}
