/** The way to a request's page, by its id. */
export function RequestLink({ requestId }: { readonly requestId: string }) {
  return (
    <a href={`/requests/${requestId}`}>
      <code>{requestId}</code>
    </a>
  );
}
