/** What the command's exit code says; the same numbers stand in `erasure --help`. */
export const exitCode = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  unavailable: 5,
  refused: 6,
  withExceptions: 7,
  withdrawn: 8,
  noCertificate: 9,
  stillRunning: 10,
  found: 11,
  nothing: 12,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

export const exitCodeHelp = `Exit codes:
    0  done; of a request: completed, or (status, withdraw) still running
    1  unexpected error; ERASURE_DEBUG=1 shows where
    2  wrong usage, input, keys or settings; some rows were rejected (submit --file); the namespace is not set up (setup)
    3  no such request
    4  the request id is taken by another request, or some of a file are
    5  Temporal, the server or the identity provider cannot be reached, or no worker answers
    6  refused: the certificate does not hold, the decision was not taken or signed, the login failed, or the request is over
    7  completed with exceptions (status, watch, submit --wait)
    8  withdrawn (status, watch, submit --wait)
    9  ended without a certificate (status, watch, submit --wait, certificate)
   10  still running, so there is no certificate yet (certificate)
   11  the sweep found something, or does not run by itself (sweep); a brake is on (brake list)
   12  the filter names no open request, so that nothing was done (retry, hold, release with --where)
  130  interrupted while waiting, and the request goes on; or in the middle of many, and a repetition goes on`;
