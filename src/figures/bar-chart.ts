import type { TopLevelSpec } from 'vega-lite';
import type { BarPair } from '../experiment/run/shown.js';
import { counted } from '../numbers.js';
import { printable } from '../printable.js';
import { frame, leastWidth } from './frame.js';

export interface Bar {
  readonly relation: string;
  readonly group: string;
  /** Mean change of the answer's probability, a fraction. */
  readonly change: number;
  readonly facts: number;
}

/** The two bars of each relation, in order: what knowledge neurons do to two kinds of facts, or two kinds of neurons to a fact. */
const FACTS = ['Related facts', 'Unrelated facts'];
const NEURONS = ['Knowledge neurons', 'Baseline neurons'];

/** Blue and orange of Okabe and Ito (2008): told apart with any colour vision, and by lightness in grey. */
const COLOURS = ['#0072b2', '#e69f00'];

/** Two bars and the space to the next two, in pixels. */
const WIDTH_OF_RELATION = 35;

export function barsOf(means: ReadonlyMap<string, BarPair>): Bar[] {
  return [...means].flatMap(([relation, { related, unrelated, baseline, facts }]) =>
    [related, baseline ?? unrelated].map((change, i) => ({
      relation,
      group: (baseline === undefined ? FACTS : NEURONS)[i],
      change,
      facts,
    })),
  );
}

/** A group of two bars a relation: the form of the paper's Figures 3 and 4. */
export function barChart(measured: readonly Bar[], title: string): TopLevelSpec {
  // A relation may have any name that a file may have; Vega and XML take no control characters.
  const bars = measured.map(bar => ({ ...bar, relation: printable(bar.relation) }));
  const relations = [...new Set(bars.map(({ relation }) => relation))];
  const groups = bars.some(({ group }) => group === NEURONS[0]) ? NEURONS : FACTS;
  const facts = bars.filter(({ group }) => group === groups[0]).reduce((sum, bar) => sum + bar.facts, 0);
  const measure = groups === NEURONS ? 'Mean change by mean probability, all prompts of' : 'Mean over';
  const subtitle = `${measure} ${counted(facts, 'fact')} of ${counted(relations.length, 'relation')}`;
  return {
    ...frame(title, subtitle),
    data: { values: bars },
    width: Math.max(leastWidth(title, subtitle), relations.length * WIDTH_OF_RELATION),
    height: 320,
    layer: [
      {
        mark: { type: 'bar' },
        encoding: {
          x: {
            field: 'relation',
            type: 'nominal',
            sort: relations,
            scale: { paddingInner: 0.25 },
            axis: {
              title: 'Relation',
              labelAngle: -90,
              labelLimit: 0,
              labelOverlap: false,
              ticks: false,
              domain: false,
            },
          },
          xOffset: { field: 'group', type: 'nominal', sort: groups },
          y: {
            field: 'change',
            type: 'quantitative',
            axis: {
              title: 'Change of the correct probability',
              format: '.3~p',
              tickCount: 8,
              gridColor: '#ddd',
            },
          },
          color: {
            field: 'group',
            type: 'nominal',
            sort: groups,
            scale: { domain: groups, range: COLOURS },
            legend: { title: null, orient: 'top', labelLimit: 0 },
          },
        },
      },
      { mark: { type: 'rule', color: '#333' }, encoding: { y: { datum: 0 } } },
    ],
  };
}
