/* suppression.h: non-maximum suppression, hard and soft, and the detections of an SSD head. ISA: portable C.
 * Arithmetic: TFLite reference/non_max_suppression.h, detection_postprocess.cc. */
#ifndef IG_SUPPRESSION_H
#define IG_SUPPRESSION_H

#include <math.h>

#include "transcendental.h"

/* std::min and std::max: the operand that they return beside a NaN is part of the arithmetic. */
IG_INLINE float ig_lesser(float a, float b) { return b < a ? b : a; }
IG_INLINE float ig_greater(float a, float b) { return a < b ? b : a; }

/* Intersection over union of boxes given by opposite corners (y, x, y, x); 0 if one has no area. */
IG_FUNC float ig_overlap(const float *boxes, int32_t i, int32_t j) {
  const float *a = boxes + 4 * (size_t)i, *b = boxes + 4 * (size_t)j;
  float span[2], area_a = 1, area_b = 1;
  for (int k = 0; k < 2; k++) {
    const float a0 = ig_lesser(a[k], a[k + 2]), a1 = ig_greater(a[k], a[k + 2]);
    const float b0 = ig_lesser(b[k], b[k + 2]), b1 = ig_greater(b[k], b[k + 2]);
    area_a *= a1 - a0;
    area_b *= b1 - b0;
    span[k] = ig_greater(ig_lesser(a1, b1) - ig_greater(a0, b0), 0.0f);
  }
  if (area_a <= 0 || area_b <= 0) return 0;
  const float shared = span[0] * span[1], all = area_a + area_b - shared;
  return all == 0 ? 0 : shared / all;
}

typedef struct {
  float score;
  int32_t index, from; /* from: first selected box it has not been compared with */
} ig_candidate;

IG_INLINE void ig_sift_up(ig_candidate *heap, int32_t hole, ig_candidate c) {
  for (; hole > 0 && heap[(hole - 1) / 2].score < c.score; hole = (hole - 1) / 2) heap[hole] = heap[(hole - 1) / 2];
  heap[hole] = c;
}

/* Pops the best candidate. Ties are resolved as by the heaps of C++ libraries: the hole sinks to a leaf, to the right
 * if both children are equal, and the last element rises from there. */
IG_INLINE ig_candidate ig_take_best(ig_candidate *heap, int32_t *size) {
  const ig_candidate best = heap[0], last = heap[--*size];
  int32_t hole = 0;
  for (int32_t child = 2; child <= *size && *size > 0; child = 2 * hole + 2) {
    if (child == *size || heap[child].score < heap[child - 1].score) child--;
    heap[hole] = heap[child];
    hole = child;
  }
  if (*size > 0) ig_sift_up(heap, hole, last);
  return best;
}

/* Returns the number of selected boxes; entries beyond them are 0. selected_scores may be NULL; sigma 0: hard. */
IG_FUNC int32_t ig_suppress(const float *boxes, const float *scores, int32_t n, int32_t most, float overlap,
                            float least, float sigma, int32_t *selected, float *selected_scores, ig_candidate *heap) {
  const float decay = sigma > 0 ? -0.5f / sigma : 0.0f;
  int32_t size = 0, count = 0;
  for (int32_t i = 0; i < n; i++)
    if (scores[i] > least) ig_sift_up(heap, size++, (ig_candidate){scores[i], i, 0});
  const int32_t wanted = ig_min(size, most);
  for (int32_t i = 0; i < most; i++) {
    selected[i] = 0;
    if (selected_scores) selected_scores[i] = 0;
  }
  while (count < wanted && size > 0) {
    ig_candidate next = ig_take_best(heap, &size);
    const float before = next.score;
    int gone = 0;
    for (int32_t j = count - 1; j >= next.from; j--) {
      const float shared = ig_overlap(boxes, next.index, selected[j]);
      if ((gone = shared >= overlap)) break;
      if (sigma > 0) next.score = next.score * ig_exp_f32(decay * shared * shared);
      if (next.score <= least) break;
    }
    next.from = count;
    if (gone) continue;
    if (next.score == before) {
      selected[count] = next.index;
      if (selected_scores) selected_scores[count] = next.score;
      count++;
    }
    if (next.score > least) ig_sift_up(heap, size++, next);
  }
  return count;
}

typedef struct {
  int32_t boxes, length, scores_per_box, classes, most, classes_per_box, per_class, regular;
  float least, overlap, y_scale, x_scale, h_scale, w_scale;
} ig_detection;

IG_FUNC void ig_decode_boxes(const ig_detection *p, const float *encodings, const float *anchors, float *boxes) {
  for (int32_t i = 0; i < p->boxes; i++, encodings += p->length, anchors += 4, boxes += 4) {
    const float y = (float)((double)encodings[0] / p->y_scale * anchors[2] + anchors[0]);
    const float x = (float)((double)encodings[1] / p->x_scale * anchors[3] + anchors[1]);
    const float h = (float)(0.5 * exp((double)encodings[2] / p->h_scale) * anchors[2]);
    const float w = (float)(0.5 * exp((double)encodings[3] / p->w_scale) * anchors[3]);
    boxes[0] = y - h;
    boxes[1] = x - w;
    boxes[2] = y + h;
    boxes[3] = x + w;
  }
}

/* Boxes kept, in descending order of score; scores are `step` apart. gone: scratch, one byte per box. */
IG_FUNC int32_t ig_select_boxes(const ig_detection *p, const float *boxes, const float *scores, int32_t step,
                                int32_t most, uint8_t *gone, int32_t *selected) {
  int32_t count = 0;
  for (int32_t i = 0; i < p->boxes; i++) gone[i] = !(scores[(size_t)i * step] >= p->least);
  while (count < most) {
    int32_t best = -1;
    for (int32_t i = 0; i < p->boxes; i++)
      if (!gone[i] && (best < 0 || scores[(size_t)i * step] > scores[(size_t)best * step])) best = i;
    if (best < 0) break;
    selected[count++] = best;
    gone[best] = 1;
    for (int32_t i = 0; i < p->boxes; i++)
      if (!gone[i] && ig_overlap(boxes, best, i) > p->overlap) gone[i] = 1;
  }
  return count;
}

/* NaN ranks as -INFINITY; in TFLite its rank depends on the C++ library. */
IG_INLINE float ig_rank(float score) { return score != score ? -INFINITY : score; }

/* The class that follows (score, class) in descending order of score; ties in ascending order of class. */
IG_INLINE int32_t ig_next_class(const float *scores, int32_t n, int32_t last) {
  int32_t best = -1;
  for (int32_t c = 0; c < n; c++) {
    const float rank = ig_rank(scores[c]);
    if (last >= 0 && !(rank < ig_rank(scores[last]) || (rank == ig_rank(scores[last]) && c > last))) continue;
    if (best < 0 || rank > ig_rank(scores[best])) best = c;
  }
  return best;
}

typedef struct {
  float *boxes, *top;
  int32_t *selected;
  uint8_t *gone;
} ig_detection_scratch;

IG_FUNC int32_t ig_detect_fast(const ig_detection *p, const float *scores, const ig_detection_scratch *s,
                               float *out_boxes, float *out_classes, float *out_scores) {
  for (int32_t i = 0; i < p->boxes; i++) {
    const float *own = scores + (size_t)i * p->scores_per_box;
    const int32_t best = ig_next_class(own, p->classes, -1);
    s->top[i] = own[best < 0 ? 0 : best];
  }
  const int32_t count = ig_select_boxes(p, s->boxes, s->top, 1, p->most, s->gone, s->selected);
  for (int32_t i = 0; i < count; i++) {
    const float *own = scores + (size_t)s->selected[i] * p->scores_per_box;
    int32_t c = -1;
    for (int32_t k = 0; k < ig_min(p->classes_per_box, p->classes); k++) {
      const size_t place = (size_t)i * p->classes_per_box + k;
      c = ig_next_class(own, p->classes, c);
      if (c < 0) break;
      memcpy(out_boxes + 4 * place, s->boxes + 4 * (size_t)s->selected[i], 16);
      out_classes[place] = (float)c;
      out_scores[place] = own[c];
    }
  }
  return count;
}

IG_FUNC int32_t ig_detect_regular(const ig_detection *p, const float *scores, const ig_detection_scratch *s,
                                  float *out_boxes, float *out_classes, float *out_scores) {
  int32_t count = 0;
  for (int32_t c = 0; c < p->classes; c++) {
    const int32_t found = ig_select_boxes(p, s->boxes, scores + c, p->scores_per_box, ig_min(p->per_class, p->most),
                                          s->gone, s->selected);
    for (int32_t i = 0; i < found; i++) {
      const float score = scores[(size_t)s->selected[i] * p->scores_per_box + c];
      int32_t place = count;
      while (place > 0 && out_scores[place - 1] < score) place--;
      if (place >= p->most) continue;
      if (count < p->most) count++;
      const size_t after = (size_t)(count - 1 - place);
      memmove(out_scores + place + 1, out_scores + place, 4 * after);
      memmove(out_classes + place + 1, out_classes + place, 4 * after);
      memmove(out_boxes + 4 * (place + 1), out_boxes + 4 * place, 16 * after);
      out_scores[place] = score;
      out_classes[place] = (float)c;
      memcpy(out_boxes + 4 * place, s->boxes + 4 * (size_t)s->selected[i], 16);
    }
  }
  return count;
}

/* scores: from the first class that is not the background */
IG_FUNC void ig_detect(const ig_detection *p, const float *encodings, const float *scores, const float *anchors,
                       const ig_detection_scratch *s, float *out_boxes, float *out_classes, float *out_scores,
                       float *out_count) {
  const size_t places = (size_t)p->most * p->classes_per_box;
  memset(out_boxes, 0, 16 * places);
  memset(out_classes, 0, 4 * places);
  memset(out_scores, 0, 4 * places);
  ig_decode_boxes(p, encodings, anchors, s->boxes);
  out_count[0] =
      (float)(p->regular ? ig_detect_regular : ig_detect_fast)(p, scores, s, out_boxes, out_classes, out_scores);
}

#endif
