/** Things measured in turn, so that what else the machine does meets all alike: A B C, C B A, A B C … */
export async function inTurn<Name extends string, Measured>(
  rounds: number,
  things: Readonly<Record<Name, () => Promise<Measured>>>,
): Promise<Readonly<Record<Name, Measured>>[]> {
  const names = Object.keys(things) as Name[];
  const measured: Record<Name, Measured>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const found: Partial<Record<Name, Measured>> = {};
    for (const name of round % 2 === 0 ? names : names.toReversed()) found[name] = await things[name]();
    measured.push(found as Record<Name, Measured>);
  }
  return measured;
}

/** Two of them: A B, B A, A B … */
export async function interleaved<A, B>(
  pairs: number,
  one: () => Promise<A>,
  other: () => Promise<B>,
): Promise<{ readonly one: A; readonly other: B }[]> {
  return (await inTurn<'one' | 'other', A | B>(pairs, { one, other })) as { one: A; other: B }[];
}
