/** What stands around every page. */
import type { ComponentChildren } from 'preact';
import type { Principal } from '../../access/principal';
import { iconUrl, scriptUrl, stylesheetUrl } from '../assets';
import { common } from '../texts/common';

const places = [
  { path: '/', text: common.inbox, role: 'view' },
  { path: '/requests/new', text: common.newRequest, role: 'file' },
  { path: '/many', text: common.manyRequests, role: 'file' },
  { path: '/report', text: common.report, role: 'view' },
  { path: '/verify', text: common.verify, role: 'view' },
] as const;

export interface LayoutProps {
  readonly title: string;
  readonly principal: Principal | undefined;
  readonly path: string;
  readonly scripts: readonly string[];
  readonly children: ComponentChildren;
}

export function Layout({ title, principal, path, scripts, children }: LayoutProps) {
  return (
    <html lang={common.language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · ${common.product}`}</title>
        <link rel="stylesheet" href={stylesheetUrl} />
        <link rel="icon" href={iconUrl} />
        {['times.js', ...scripts].map((name) => (
          <script key={name} src={scriptUrl(name)} defer />
        ))}
      </head>
      <body>
        <a class="skip" href="#content">
          {common.skip}
        </a>
        <header class="top">
          <a class="product" href="/">
            {common.product}
          </a>
          {principal !== undefined && (
            <nav aria-label={common.mainNavigation}>
              <ul>
                {places
                  .filter(({ role }) => principal.roles.has(role))
                  .map((place) => (
                    <li key={place.path}>
                      <a href={place.path} aria-current={isWithin(path, place.path) ? 'page' : undefined}>
                        {place.text}
                      </a>
                    </li>
                  ))}
              </ul>
            </nav>
          )}
          {principal !== undefined && (
            <form class="who" method="post" action="/logout">
              <span>{common.loggedInAs(principal.id)}</span>
              <button class="quiet">{common.logOut}</button>
            </form>
          )}
        </header>
        <main id="content" tabIndex={-1}>
          {children}
        </main>
      </body>
    </html>
  );
}

/** Also where a form of the page is shown again. */
function isWithin(path: string, place: string): boolean {
  return path === place || (place !== '/' && path.startsWith(`${place}/`));
}
