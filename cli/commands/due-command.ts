import type { Command } from 'commander';
import { defined } from '../../domain/defined';
import type { ClockFacts, ClockPlace } from '../../domain/law/counting/due-dates';
import type { PolicyFile } from '../../config/policy-file';
import { parseInstant } from '../../domain/instant';
import { noClockMeaning } from '../../domain/law/legal-clock';
import { problemOfInformationReceived } from '../../domain/request/request';
import { expectedRegulation, isRegulation, type Regulation } from '../../domain/law/regulation';
import { clockFactsOf } from '../../client/clock-facts';
import { print, printJson, type CommandContext } from '../context';
import { InputError } from '../command-failure';
import { readPolicy } from '../policy';

interface DueOptions {
  readonly policy?: string;
  readonly timeZone?: string;
  readonly calendar?: readonly string[];
  readonly identityAskedAt?: string;
  readonly informationReceivedAt?: string;
  readonly checkedAt?: string;
  readonly json?: boolean;
}

export function addDue(program: Command, context: CommandContext): void {
  program
    .command('due')
    .description('explain by when a person must be answered, rule by rule; sends nothing')
    .argument('<LAW>', 'gdpr, uk-gdpr, ccpa, vcdpa, ctdpa, tdpsa, fdbr, or own:<code> of the policy file')
    .argument('<RECEIVED>', 'when the request was received, e.g. 2026-03-05T10:00:00+01:00')
    .option('--policy <FILE>', 'the policy file; else ERASURE_POLICY_FILE, else what is built in')
    .option('--time-zone <ZONE>', 'in place of that of the policy, e.g. Europe/Berlin')
    .option(
      '--calendar <CODE...>',
      'in place of those of the policy, e.g. DE-BY; of several, the days that are free in each',
    )
    .option('--identity-asked-at <INSTANT>', 'when the person was asked to prove who they are')
    .option('--information-received-at <INSTANT>', 'when what they were asked for arrived')
    .option('--checked-at <INSTANT>', 'when it was found good')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Each line in square brackets is the article, or says that it is our reading. It is arithmetic, and no legal advice.

Examples:
  erasure due gdpr 2026-03-05T10:00:00+01:00 --time-zone Europe/Berlin --calendar DE
  erasure due ccpa 2026-03-05T10:00:00-08:00`,
    )
    .action((law: string, received: string, options: DueOptions) => due({ law, received }, options, context));
}

async function due(
  { law, received }: { readonly law: string; readonly received: string },
  options: DueOptions,
  context: CommandContext,
): Promise<void> {
  if (!isRegulation(law)) throw new InputError(`LAW: ${expectedRegulation}.`);
  const facts = factsOf(law, received, options);
  const { problemsOfCalendars } = await import('../../domain/law/counting/chosen-calendars.js');
  const { explainedClockFor } = await import('../../domain/law/counting/due-dates.js');
  const { ConfigurationError } = await import('../../config/environment.js');
  const { policy: file } = await readPolicy(options.policy, context);
  const policy = withPlace(file, law, options);
  const problems = problemsOfCalendars(policy);
  if (problems.length > 0) throw new ConfigurationError(problems);
  const counted = explainedClockFor(policy, facts);
  if (counted === 'no-calendar') {
    throw new InputError(
      `There is no due date: ${noClockMeaning[counted]}. Name --time-zone and --calendar, or --policy.`,
    );
  }
  if (typeof counted === 'string') throw new InputError(`There is no due date: ${noClockMeaning[counted]}.`);
  const { dueText } = await import('../due-text.js');
  if (options.json === true) printJson(context, { ...counted.clock, reasons: counted.rule.reasons });
  else print(context, dueText(counted));
}

function withPlace(policy: PolicyFile, law: Regulation, { timeZone, calendar }: DueOptions): PolicyFile {
  if (timeZone === undefined && calendar === undefined) return policy;
  const settled = policy.calendars[law];
  const zone = timeZone ?? settled?.timeZone;
  if (zone === undefined) throw new InputError('--calendar: name --time-zone as well.');
  const chosen = calendar ?? settled?.calendar;
  const place: ClockPlace = { timeZone: zone, ...defined({ calendar: chosen }) };
  return { ...policy, calendars: { ...policy.calendars, [law]: place } };
}

function factsOf(regulation: Regulation, submittedAt: string, options: DueOptions): ClockFacts {
  const { identityAskedAt, informationReceivedAt, checkedAt } = options;
  for (const [name, typed] of Object.entries({
    '--identity-asked-at': identityAskedAt,
    '--information-received-at': informationReceivedAt,
    '--checked-at': checkedAt,
    RECEIVED: submittedAt,
  })) {
    if (typed === undefined || parseInstant(typed) !== undefined) continue;
    throw new InputError(`${name}: expected an instant with a zone, e.g. 2026-03-05T10:00:00+01:00.`);
  }
  const verification = checkedAt === undefined ? undefined : { at: checkedAt };
  const fields = { identityAskedAt, informationReceivedAt, verification };
  // What is planned may lie ahead.
  const problem = problemOfInformationReceived(fields, Infinity);
  if (problem !== undefined) throw new InputError(`informationReceivedAt: ${problem}.`);
  return clockFactsOf({ regulation, submittedAt, ...fields });
}
