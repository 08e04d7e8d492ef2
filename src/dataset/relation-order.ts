/** PARAREL's relations in the order of the replication (EleutherAI, knowledge_neurons/data.py) and its figures. */
const PARAREL_ORDER = (
  'P39 P264 P37 P108 P131 P103 P176 P30 P178 P138 P47 P17 P413 P27 P463 P364 P495 P449 P20 P1376 ' +
  'P1001 P361 P36 P1303 P530 P19 P190 P740 P136 P127 P1412 P407 P140 P279 P276 P159 P106 P101 P937'
).split(' ');

const place = new Map(PARAREL_ORDER.map((relation, index) => [relation, index]));

/** PARAREL's relations in its order, then any others by name, P9 before P10. */
export function inRelationOrder(relations: Iterable<string>): string[] {
  const rank = (relation: string) => place.get(relation) ?? PARAREL_ORDER.length;
  return [...relations].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, 'en', { numeric: true }));
}
