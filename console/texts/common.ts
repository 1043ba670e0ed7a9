/** What is the same on every page. A translation replaces the modules of this folder. */
export const common = {
  language: 'en',
  product: 'Erasure console',
  skip: 'Skip to the content',
  mainNavigation: 'Main',
  inbox: 'Inbox',
  newRequest: 'New request',
  manyRequests: 'Many at once',
  report: 'Report',
  verify: 'Check a certificate',
  loggedInAs: (id: string) => `Logged in as ${id}`,
  logOut: 'Log out',
  wrong: 'What you sent cannot be taken yet',
  backToInbox: 'Back to the inbox',
  needed: 'needed',
  optional: 'if there is one',
} as const;
