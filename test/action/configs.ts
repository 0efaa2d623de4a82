const model = (name: string, int8: string, thresholds: string): string => `  - name: ${name}
    int8: ${int8}
    fp32: examples/shapes/shapes_fp32.tflite
    data:
      inputs: examples/shapes/data/*.png
      labels: examples/shapes/data/labels.csv
      preprocess: { scale: 0.00392156862745098, mean: 0.45, std: 0.25 }
      limit: 60
    metric: top1
    thresholds:
${thresholds}`;

/** The folders that the configurations below need in the workspace. */
export const FOLDERS = ['examples/shapes', 'examples/broken'];

const head = 'version: 1\ntargets: [host]\nmodels:\n';
const good = model('shapes', 'examples/shapes/shapes_int8.tflite', '      max-accuracy-drop: 5\n');
const bad = model('badly-calibrated', 'examples/broken/shapes_int8.tflite', '      max-accuracy-drop: 1.5\n');

/** A model that keeps its accuracy. */
export const PASSING = head + good;
/** The same, and one that was calibrated on the wrong range. */
export const FAILING = head + good + bad;
/** Line of the threshold that FAILING breaks. */
export const FAILING_LINE = FAILING.split('\n').findIndex((line) => line.includes('max-accuracy-drop: 1.5')) + 1;
