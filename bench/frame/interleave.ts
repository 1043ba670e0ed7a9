/** Two things measured in turn, so that what else the machine does meets both alike: A B, B A, A B … */

export async function interleaved<A, B>(
  pairs: number,
  one: () => Promise<A>,
  other: () => Promise<B>,
): Promise<{ readonly one: A; readonly other: B }[]> {
  const measured: { readonly one: A; readonly other: B }[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    if (pair % 2 === 0) {
      const first = await one();
      measured.push({ one: first, other: await other() });
    } else {
      const first = await other();
      measured.push({ other: first, one: await one() });
    }
  }
  return measured;
}
