import type { ClassFigure } from '../gate/figures/classes.ts';
import { formatCount, formatFigure } from '../gate/figures/format.ts';
import type { Report } from '../gate/verdict/report.ts';

/** Classes that a sentence names. */
const MOST_SHOWN = 4;

/** A sentence on the classes of models that lose more than the others, and the rows it holds for. */
export function classRemarksOf(report: Report): { readonly note: string; readonly where: readonly string[] }[] {
  const byNote = new Map<string, string[]>();
  for (const model of report.models) {
    for (const { target, accuracy } of model.targets) {
      const { count = 0, significant = 0, worst = [] } = accuracy?.classes ?? {};
      if (significant === 0) continue;
      const shown = worst.slice(0, Math.min(significant, MOST_SHOWN)).map(told);
      const rest = significant > shown.length ? `, and ${significant - shown.length} more` : '';
      const lose = significant === 1 ? 'loses' : 'lose';
      const note = `${significant} of ${formatCount(count)} classes ${lose} more than the others: ${shown.join('; ')}${rest}.`;
      byNote.set(note, [...(byNote.get(note) ?? []), `${model.name} on ${target}`]);
    }
  }
  return [...byNote].map(([note, where]) => ({ note, where }));
}

function told({ class: label, name, samples, int8, fp32, adjusted }: ClassFigure): string {
  const who = name === null ? `class ${label}` : `${name} (class ${label})`;
  const [from, to] = [fp32, int8].map((share) => formatFigure(share, 'share'));
  return `${who} from ${from} to ${to} of ${formatCount(samples)}, p = ${Number(adjusted.toPrecision(2))}`;
}
