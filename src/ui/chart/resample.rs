//! Points of a series summed into bars: the sum stays what it is.
//!
//! Must not know: what is counted, how it is drawn.

/// `points` summed into `bars` equal parts of `from..to`. A point's amount is spread evenly over the `step` seconds it
/// covers, so that the sum stays what it is and a coarse series on a wide chart is a plateau, not a comb. Points
/// outside, and amounts that aren't finite and positive, count nothing.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // indices below 2^16, clamped
pub fn resample(points: &[(i64, f64)], step: i64, (from, to): (i64, i64), bars: usize) -> Vec<f64> {
    let mut sums = vec![0.0; bars];
    if bars == 0 || to <= from {
        return sums;
    }
    let per = (to as f64 - from as f64) / bars as f64;
    // rounding of huge times must not put the last bar's end before a point that lies inside
    let place = |t: i64| ((t as f64 - from as f64) / per).clamp(0.0, bars as f64);
    for &(t, amount) in points.iter().filter(|(_, amount)| amount.is_finite() && *amount > 0.0) {
        let end = t.saturating_add(step.max(0));
        if end < from || t >= to || (end == from && step > 0) || (step <= 0 && t < from) {
            continue;
        }
        if step <= 0 {
            if let Some(sum) = sums.get_mut((place(t) as usize).min(bars - 1)) {
                *sum += amount;
            }
            continue;
        }
        let (a, b) = (place(t), place(end));
        let density = amount * per / step as f64;
        for (i, sum) in
            sums.iter_mut().enumerate().skip(a as usize).take(b.ceil() as usize - (a as usize).min(b.ceil() as usize))
        {
            let covered = b.min(i as f64 + 1.0) - a.max(i as f64);
            *sum += density * covered.max(0.0);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
    }

    #[test]
    fn the_sum_stays_what_it_is() {
        let points: Vec<_> = (0..60).map(|i| (i64::from(i) * 60, f64::from(i % 7))).collect();
        let sum: f64 = points.iter().map(|p| p.1).sum();
        for bars in [1, 2, 7, 59, 60, 61, 130, 500] {
            for step in [0, 60] {
                assert!(close(resample(&points, step, (0, 3600), bars).iter().sum(), sum), "{bars} {step}");
            }
        }
    }

    #[test]
    fn what_lies_outside_or_is_no_number_counts_nothing() {
        let points = [(-10, 5.0), (0, 1.0), (10, 5.0), (3, f64::NAN), (4, -1.0), (5, f64::INFINITY)];
        assert_eq!(resample(&points, 0, (0, 10), 2), [1.0, 0.0]);
        assert_eq!(resample(&[(-5, 10.0)], 10, (0, 10), 2), [5.0, 0.0]);
        assert_eq!(resample(&points, 1, (10, 0), 2), [0.0, 0.0]);
        assert!(resample(&points, 1, (0, 10), 0).is_empty());
        resample(&[(i64::MAX, 1.0), (i64::MIN, 1.0)], i64::MAX, (i64::MIN, i64::MAX), 9);
    }

    #[test]
    fn a_coarse_series_is_a_plateau() {
        assert_eq!(resample(&[(0, 6.0), (60, 0.0)], 60, (0, 120), 6), [2.0, 2.0, 2.0, 0.0, 0.0, 0.0]);
    }
}
