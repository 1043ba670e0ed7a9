import { Context } from '@temporalio/activity';
import type { LegalClock } from '../domain/legal-clock';
import type { Policy } from '../domain/policy';
import type { Regulation } from '../domain/request';
import type { Intake, Rules } from '../domain/rules';
import type { Fact } from '../domain/fact';
import type { FactSigner } from '../security/facts';
import { serveOwnRunOnly, type RunOfRequest } from './own-run';
import { isKnownCalendar, isKnownTimeZone } from './legal-clock/calendar';
import { computeLegalClock, type ClockPlace } from './legal-clock/legal-clock';
import { legalRules } from './legal-clock/rules';

/** What rules and due dates depend on. Instants in epoch ms. */
export interface IntakeQuestion extends RunOfRequest {
  readonly regulation: Regulation;
  readonly submittedAt: number;
  /** The request's own settings, over those of the rules. */
  readonly policy: Readonly<Partial<Policy>>;
  /** When the person was asked to prove who they are, and did so. */
  readonly identity?: { readonly askedAt: number; readonly provenAt?: number };
  /** Of a request that has its due dates already: only the start of its clock may move. */
  readonly pinned?: LegalClock;
}

export interface IntakeActivities {
  /** Looks up what the request will be held to: the rules as they are now, and its due dates under its law. */
  takeOnRequest(question: IntakeQuestion): Promise<Intake>;
}

/** Where under each law the days are counted; a law that is missing has no due dates. */
export type Calendars = Readonly<Partial<Record<Regulation, ClockPlace>>>;

export function createIntakeActivities(parts: {
  readonly rules: Rules;
  readonly calendars: Calendars;
  /** Whether the namespace knows the search attributes. */
  readonly isIndexed: boolean;
  readonly signer: FactSigner;
}): IntakeActivities {
  const { rules, calendars, isIndexed, signer } = parts;
  return {
    takeOnRequest: async ({ requestId, run, regulation, submittedAt, policy, identity, pinned }) => {
      await serveOwnRunOnly({ requestId, run });
      const place = pinned ?? calendars[regulation];
      const facts = { regulation, submittedAt, ...(identity === undefined ? {} : { identity }) };
      const computed = place === undefined ? undefined : computeLegalClock(facts, place);
      // A release that counts by another rule keeps the dates that were given: they are the earliest that can hold.
      const clock = pinned !== undefined && computed?.rule !== pinned.rule ? pinned : computed;
      const intake = {
        rules: { ...rules, patience: { ...rules.patience, ...policy } },
        ...(clock === undefined ? {} : { clock }),
      };
      const at = Context.current().info.currentAttemptScheduledTimestampMs;
      const sign = (fact: Pick<Fact, 'kind' | 'content'>) => signer.sign({ requestId, run, ...fact }, at);
      const { approvalNeeded, decisionMode } = rules;
      return {
        ...intake,
        isIndexed,
        witness: sign({ kind: 'rules', content: intake }),
        gateWitness: sign({ kind: 'gate', content: { approvalNeeded, decisionMode } }),
      };
    },
  };
}

/** What is wrong with the calendars that somebody chose: plain sentences, none where they are right. */
export function problemsOfCalendars(calendars: Calendars): readonly string[] {
  return (Object.entries(calendars) as [Regulation, ClockPlace][]).flatMap(([regulation, { timeZone, calendar }]) => [
    ...(isKnownTimeZone(timeZone)
      ? []
      : [`policy file: calendars.${regulation}.timeZone: expected an IANA name such as Europe/Berlin`]),
    ...(isKnownCalendar(calendar, regulation)
      ? []
      : [
          `policy file: calendars.${regulation}.calendar: expected a calendar of this law, such as ${legalRules[regulation].calendars[0]}`,
        ]),
  ]);
}
