import type { Letter } from "@stipend/platform/kafka/letter";

/** "membership.v1/3/17": topic without the installation's prefix, partition and offset in its topic of dead letters. */
export function placeOf(letter: Pick<Letter, "topic" | "partition" | "offset">, prefix: string): string {
  return `${letter.topic.slice(prefix.length + 1)}/${letter.partition}/${letter.offset}`;
}

/** The letters at these places, in the order asked for; and the places where there is none. */
export function pick(
  letters: readonly Letter[],
  places: readonly string[],
  prefix: string,
): { readonly found: readonly Letter[]; readonly missing: readonly string[] } {
  const byPlace = new Map(letters.map((letter) => [placeOf(letter, prefix), letter]));
  return {
    found: places.flatMap((place) => byPlace.get(place) ?? []),
    missing: places.filter((place) => !byPlace.has(place)),
  };
}
