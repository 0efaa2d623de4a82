import type { ControlFamily } from '../ops/control.ts';
import type { DetectionAttrs, DetectionFamily } from '../ops/detection.ts';
import type { SuppressionFamily } from '../ops/suppression.ts';
import type { SvdfFamily } from '../ops/svdf.ts';
import type { UpdateSliceFamily } from '../ops/update_slice.ts';
import { type FlexMap, readFlexMap, writeFlexMap } from './flexbuffer.ts';
import { type RecurrentFamily, recurrentOperators } from './recurrent_operators.ts';
import { type OperatorRow, plain, row } from './rows.ts';

interface Stateful
  extends RecurrentFamily,
    SvdfFamily,
    SuppressionFamily,
    DetectionFamily,
    ControlFamily,
    UpdateSliceFamily {}

/** TFLite's names for the attributes of the detection's options. */
const DETECTION_KEYS: Readonly<Record<keyof DetectionAttrs, string>> = {
  maxDetections: 'max_detections',
  maxClassesPerDetection: 'max_classes_per_detection',
  detectionsPerClass: 'detections_per_class',
  useRegularNms: 'use_regular_nms',
  scoreThreshold: 'nms_score_threshold',
  iouThreshold: 'nms_iou_threshold',
  numClasses: 'num_classes',
  yScale: 'y_scale',
  xScale: 'x_scale',
  hScale: 'h_scale',
  wScale: 'w_scale',
};

function readDetection(map: FlexMap): DetectionAttrs {
  // A name that is left out counts as 0, but for these two.
  const given: FlexMap = { detections_per_class: 100, use_regular_nms: false, ...map };
  const entries = Object.entries(DETECTION_KEYS).map(([attr, key]) => {
    const value = given[key] ?? 0;
    return [attr, attr === 'useRegularNms' ? Boolean(value) : Math.fround(Number(value))] as const;
  });
  return Object.fromEntries(entries) as unknown as DetectionAttrs;
}

export const statefulOperators: { readonly [K in keyof Stateful]: OperatorRow<K> } = {
  ...recurrentOperators,
  'nn.svdf': row({
    builtin: 'SVDF',
    options: 'SVDFOptions',
    versions: { int8: 3 },
    read: (o) => ({
      rank: o.rank,
      activation: o.fusedActivationFunction,
      asymmetricQuantizeInputs: o.asymmetricQuantizeInputs,
    }),
    write: (a) => ({
      rank: a.rank,
      fusedActivationFunction: a.activation,
      asymmetricQuantizeInputs: a.asymmetricQuantizeInputs,
    }),
  }),
  'vision.non_max_suppression': plain('NON_MAX_SUPPRESSION_V4', 'NonMaxSuppressionV4Options'),
  'vision.soft_non_max_suppression': plain('NON_MAX_SUPPRESSION_V5', 'NonMaxSuppressionV5Options'),
  'vision.detection_postprocess': {
    builtin: 'CUSTOM',
    options: null,
    versions: {},
    custom: 'TFLite_Detection_PostProcess',
    read: (bytes) => {
      const map = readFlexMap(bytes as Uint8Array);
      return typeof map === 'string' ? map : readDetection(map);
    },
    write: () => ({}),
    writeCustom: (attrs) =>
      writeFlexMap(
        Object.fromEntries(
          Object.entries(DETECTION_KEYS).map(([attr, key]) => [key, attrs[attr as keyof DetectionAttrs]]),
        ),
      ),
  },
  dynamic_update_slice: plain('DYNAMIC_UPDATE_SLICE', 'DynamicUpdateSliceOptions'),
  if: row({
    builtin: 'IF',
    options: 'IfOptions',
    read: (o) => ({ thenGraph: o.thenSubgraphIndex, elseGraph: o.elseSubgraphIndex }),
    write: (a) => ({ thenSubgraphIndex: a.thenGraph, elseSubgraphIndex: a.elseGraph }),
  }),
  while: row({
    builtin: 'WHILE',
    options: 'WhileOptions',
    read: (o) => ({ condition: o.condSubgraphIndex, body: o.bodySubgraphIndex }),
    write: (a) => ({ condSubgraphIndex: a.condition, bodySubgraphIndex: a.body }),
  }),
  call_once: row({
    builtin: 'CALL_ONCE',
    options: 'CallOnceOptions',
    read: (o) => ({ init: o.initSubgraphIndex }),
    write: (a) => ({ initSubgraphIndex: a.init }),
  }),
  var_handle: row({
    builtin: 'VAR_HANDLE',
    options: 'VarHandleOptions',
    read: (o) => ({ container: o.container ?? '', sharedName: o.sharedName ?? '' }),
    write: (a) => ({ container: a.container, sharedName: a.sharedName }),
  }),
  read_variable: plain('READ_VARIABLE', 'ReadVariableOptions'),
  assign_variable: plain('ASSIGN_VARIABLE', 'AssignVariableOptions'),
};
