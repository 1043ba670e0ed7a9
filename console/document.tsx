/** A whole page as HTML: what is around the body, and what the body is made to. */
import type { VNode } from 'preact';
import { render } from 'preact-render-to-string';
import type { Principal } from '../access/principal';
import { Layout } from './components/layout';
import type { ShownPage } from './page';

export function documentOf(
  { title, body, scripts = [] }: Pick<ShownPage, 'title' | 'body' | 'scripts'>,
  { principal, path }: { readonly principal: Principal | undefined; readonly path: string },
): string {
  const page = (
    <Layout title={title} principal={principal} path={path} scripts={scripts}>
      {body}
    </Layout>
  );
  return `<!doctype html>\n${render(page)}\n`;
}

/** A part of a page, for what is renewed without reloading. */
export function documentPart(body: VNode): string {
  return render(body);
}
