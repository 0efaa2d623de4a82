import type { CropConfig, ResizeConfig } from '../config/data_schema.ts';
import { roundHalfEven } from './resample.ts';

/** Extents in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** A part of an image, or its place in another. */
export interface Box extends Size {
  readonly top: number;
  readonly left: number;
}

/** The middle part of an image that keeps a fraction of its height and width. */
export function centralCrop(image: Size, crop: CropConfig): Box {
  const { fraction, rule } = typeof crop === 'number' ? { fraction: crop, rule: 'floor' as const } : crop;
  const [height, width] = [image.height, image.width].map((n) =>
    // tf.image.central_crop computes what is cut off at either side, in doubles.
    rule === 'tensorflow' ? n - 2 * Math.trunc((n - n * fraction) / 2) : Math.max(1, Math.floor(n * fraction)),
  );
  return {
    ...{ height, width },
    top: Math.floor((image.height - height) / 2),
    left: Math.floor((image.width - width) / 2),
  };
}

/** What is resized to which size, and where it then lies in the model's input (negative: what sticks out is cut off). */
export function fit(image: Size, model: Size, resize: ResizeConfig): Box {
  if (resize['shorter-side'] !== undefined) return shorterSide(image, model, resize['shorter-side']);
  if (resize.letterbox === undefined) return { top: 0, left: 0, ...model };
  return resize.method.startsWith('pillow') ? pillowPad(image, model) : tensorflowPad(image, model);
}

/** torchvision's Resize(side) and CenterCrop. */
function shorterSide({ height, width }: Size, model: Size, side: number): Box {
  const long = Math.trunc((side * Math.max(height, width)) / Math.min(height, width));
  const size = width <= height ? { width: side, height: long } : { width: long, height: side };
  return {
    ...size,
    top: -roundHalfEven((size.height - model.height) / 2),
    left: -roundHalfEven((size.width - model.width) / 2),
  };
}

/** Pillow's ImageOps.pad. */
function pillowPad({ height, width }: Size, model: Size): Box {
  const wide = width / height > model.width / model.height;
  const tall = width / height < model.width / model.height;
  const size = {
    height: wide ? Math.max(1, roundHalfEven((height / width) * model.width)) : model.height,
    width: tall ? Math.max(1, roundHalfEven((width / height) * model.height)) : model.width,
  };
  return {
    ...size,
    top: roundHalfEven((model.height - size.height) * 0.5),
    left: roundHalfEven((model.width - size.width) * 0.5),
  };
}

/** tf.image.resize_with_pad, in its float32 arithmetic. */
function tensorflowPad({ height, width }: Size, model: Size): Box {
  const f32 = Math.fround;
  const ratio = Math.max(f32(width / model.width), f32(height / model.height));
  const [h, w] = [f32(height / ratio), f32(width / ratio)];
  return {
    height: Math.max(1, Math.floor(h)),
    width: Math.max(1, Math.floor(w)),
    top: Math.max(0, Math.floor(f32(f32(model.height - h) / 2))),
    left: Math.max(0, Math.floor(f32(f32(model.width - w) / 2))),
  };
}
