/** What a staff member or a service may do at the server. Each is given by itself: whoever may decide need not be able to look. */
export const accessRoles = ['view', 'file', 'decide', 'approve'] as const;
export type AccessRole = (typeof accessRoles)[number];

export const accessRoleMeaning: Readonly<Record<AccessRole, string>> = {
  view: 'look at requests, certificates and reports',
  file: 'file requests',
  decide: 'take every decision but to approve or reject',
  approve: 'approve or reject a request that somebody else has filed',
};
