//! A plot of one axis: seconds over size, both logarithmic.

use crate::axes::Axis;
use crate::page::Curves;
use anyhow::{Result, anyhow};
use plotters::prelude::*;
use std::path::Path;

const COLOURS: [RGBColor; 2] = [RGBColor(31, 119, 180), RGBColor(214, 96, 30)];

/// Draws into a file.
pub fn draw(file: &Path, axis: &Axis, curves: &Curves) -> Result<()> {
    let area = SVGBackend::new(file, (640, 400)).into_drawing_area();
    let failed = |error: &dyn std::fmt::Display| anyhow!("cannot draw {}: {error}", file.display());
    area.fill(&WHITE).map_err(|error| failed(&error))?;
    let (first, last) = (axis.sizes[0], axis.sizes[axis.sizes.len() - 1]);
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d((f64::from(first)..f64::from(last)).log_scale(), (0.001..100.0).log_scale())
        .map_err(|error| failed(&error))?;
    chart
        .configure_mesh()
        .x_desc(axis.unit)
        .y_desc("seconds")
        .x_label_formatter(&|size| format!("{size:.0}"))
        .draw()
        .map_err(|error| failed(&error))?;
    for ((engine, points), colour) in curves.iter().zip(COLOURS) {
        let ended = || points.iter().filter(|point| point.verdict != "unknown");
        let place = |point: &crate::point::Point| (f64::from(point.size), point.seconds().max(0.001));
        chart
            .draw_series(LineSeries::new(ended().map(place), colour.stroke_width(2)))
            .map_err(|error| failed(&error))?
            .label(*engine)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
        chart
            .draw_series(ended().map(|point| Circle::new(place(point), 3, colour.filled())))
            .map_err(|error| failed(&error))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .border_style(BLACK.mix(0.3))
        .background_style(WHITE)
        .draw()
        .map_err(|error| failed(&error))?;
    area.present().map_err(|error| failed(&error))
}
