/** The complementary error function, which JavaScript lacks; about 13 digits. */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  // Beyond, no double is left; NaN goes the same way as the numbers.
  if (x > 27) return 0;
  const gauss = Math.exp(-x * x);
  return x < 2 ? 1 - (2 / Math.sqrt(Math.PI)) * gauss * series(x) : (gauss / Math.sqrt(Math.PI)) * fraction(x);
}

/** x + 2x³/3 + 4x⁵/(3·5) + …: all terms have one sign, so nothing cancels. */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return sum;
}

/** 1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))), from the inside out. */
function fraction(x: number): number {
  let rest = x;
  for (let n = 80; n > 0; n--) rest = x + n / 2 / rest;
  return 1 / rest;
}
