/** What the report page says beside its figures. */
export const reportTexts = {
  title: 'Report',
  lead: 'Counts the requests that people made in a period: each belongs to the day on which the person made it.',
  from: 'First day',
  to: 'Last day',
  timeZone: 'Whose days',
  timeZoneHint: 'A time zone such as Europe/Berlin.',
  make: 'Make the report',
  cost: 'It looks at each request of the period: a large one takes a while.',
  badPeriod: (why: string) => `The period cannot be used: ${why}.`,
  of: (from: string, to: string) => `From ${from} to ${to}`,
  figure: 'Figure',
  all: 'All',
  csv: 'Download as CSV',
  remarks: 'Before you use the figures',
  chart: (title: string) => `${title}: the figures of the table below as bars`,
} as const;
