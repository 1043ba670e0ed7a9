/** What is said where a page cannot be shown. Keys are the codes of api/problem.ts, and what only browsers meet. */
export const problemTexts = {
  loggedOutTitle: 'You are logged out',
  loggedOut: 'Your session here has ended.',
  stillThere: 'You may still be logged in at your company’s identity provider.',
  endThere: 'Log out there as well',
  logInAgain: 'Log in again',
  sessionOverTitle: 'Your session is over',
  sessionOver:
    'Nothing was sent. Log in again in a new tab, then come back to this one and reload it: the browser sends your form again.',
  logInNewTab: 'Log in again (opens a new tab)',
  foreignFormTitle: 'This form was not sent from here',
  foreignForm:
    'Nothing was done. Forms are taken only from pages of this console. If you did not follow a link from somewhere else, open the page again from the inbox.',
  loginRefusedTitle: 'You could not be logged in',
  loginRefused: (reason: string) => `The identity provider’s answer does not let you in (${reason}).`,
  loginStale: 'This login was begun too long ago, in another browser, or used already.',
  loginAway: 'The identity provider cannot be reached now. Try again in a moment.',
  noRolesTitle: 'There is nothing here for you yet',
  noRoles: (id: string) =>
    `You are logged in as ${id}, but none of your roles lets you use the console. Whoever runs it maps roles in SERVER_OIDC_ROLES; after a change, log out and in again.`,
  notAllowedTitle: 'You may not do this',
  notAllowed: (role: string) => `None of your roles allows this: it needs ${role}.`,
  notFoundTitle: 'There is no such page',
  notFound: 'The address may be mistyped, or the page is gone.',
  requestNotFoundTitle: 'There is no such request',
  requestNotFound:
    'The id may be mistyped, or the request ended so long ago that Temporal has forgotten it. Certificates are kept elsewhere.',
  temporalAwayTitle: 'Temporal does not answer',
  temporalAway:
    'Nothing is lost: requests go on by themselves when it is back. A form that you just sent may still have been taken: look before you send it again. This page tries again by itself.',
  noWorkerTitle: 'No worker answers',
  noWorker:
    'The request is safe, but nothing that could say how it stands is running. Whoever runs the workers should know. A decision that you just sent may still be taken: look before you send it again.',
  notSetUpTitle: 'The list is not set up',
  notSetUp: 'Whoever runs this has to run “erasure setup” once for this namespace of Temporal.',
  tooLargeTitle: 'That is too much at once',
  tooLarge: 'What was sent is larger than a page of this console sends.',
  tooManyTitle: 'Too many calls',
  tooMany: (seconds: number) => `Wait ${seconds} seconds, then reload this page.`,
  invalidTitle: 'That cannot be used',
  invalid: 'The address or the form holds something that cannot be used here.',
  internalTitle: 'Something went wrong inside',
  internal: (callId: string) => `It is our fault, and it is in the log under ${callId}. Nothing more was done.`,
  callId: (callId: string) => `Call ${callId}`,
  tryAgain: 'Try again',
} as const;
