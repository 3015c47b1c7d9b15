/** A picture of figures, kept as its data; `svg.ts` draws it. */
export type Plot =
  | {
      readonly kind: 'bars';
      readonly name: string;
      readonly title: string;
      readonly unit: string;
      readonly bars: readonly { readonly label: string; readonly value: number }[];
    }
  | {
      readonly kind: 'lines';
      readonly name: string;
      readonly title: string;
      readonly xUnit: string;
      /** Whether all lines are drawn to the scale of the highest. */
      readonly sharesScale?: boolean;
      /** Drawn below each other, each with its own scale from zero where they do not share one. */
      readonly lines: readonly {
        readonly label: string;
        readonly unit: string;
        readonly points: readonly (readonly [x: number, y: number])[];
      }[];
    };
