//! The law of growth behind some points, in words: a power of the size, or a factor for each unit, whichever the
//! logarithms of the points lie closer to.

/// A straight line through points, and how much of their variation it explains.
fn line(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let count = points.len() as f64;
    let (mean_x, mean_y) =
        (points.iter().map(|p| p.0).sum::<f64>() / count, points.iter().map(|p| p.1).sum::<f64>() / count);
    let covariance: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    let (spread_x, spread_y): (f64, f64) =
        (points.iter().map(|p| (p.0 - mean_x).powi(2)).sum(), points.iter().map(|p| (p.1 - mean_y).powi(2)).sum());
    if points.len() < 3 || spread_x == 0.0 {
        return None;
    }
    let slope = covariance / spread_x;
    Some((slope, if spread_y == 0.0 { 1.0 } else { covariance * slope / spread_y }))
}

#[allow(dead_code, reason = "each bench uses one of these")]
/// The power of the size that values grow like: least squares on the logarithms of both.
pub fn power(values: &[(f64, f64)]) -> Option<f64> {
    let positive = values.iter().filter(|(_, value)| *value > 0.0);
    line(&positive.map(|(x, y)| (x.ln(), y.ln())).collect::<Vec<_>>()).map(|(exponent, _)| exponent)
}

#[allow(dead_code, reason = "each bench uses one of these")]
/// How `values` grow with the sizes.
pub fn law(values: &[(f64, f64)]) -> String {
    let positive: Vec<(f64, f64)> = values.iter().copied().filter(|(_, value)| *value > 0.0).collect();
    let power = line(&positive.iter().map(|(x, y)| (x.ln(), y.ln())).collect::<Vec<_>>());
    let factor = line(&positive.iter().map(|(x, y)| (*x, y.ln())).collect::<Vec<_>>());
    match (power, factor) {
        (Some((exponent, _)), _) if exponent.abs() < 0.1 => "hardly changes".to_owned(),
        (Some((exponent, fits)), Some((_, other))) if fits >= other => format!("grows like the power {exponent:.1}"),
        (_, Some((slope, _))) => format!("grows by a factor of {:.2} for each more", slope.exp()),
        _ => "too few points for a law".to_owned(),
    }
}
