//! Curves: latency against load, and cost against size.
#![expect(
    clippy::float_arithmetic,
    reason = "a plot is drawn in floats; no mark is among its figures"
)]

use anyhow::anyhow;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

use crate::records::{Records, number, rows};
use crate::units::round;

const SIZE: (u32, u32) = (860, 440);
/// Room for the curves' names at the right.
const NAMES: u32 = 190;
const FONT: &str = "sans-serif";
/// Told apart by whoever sees no colours too: they differ in brightness.
const COLOURS: [RGBColor; 10] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(120, 60, 140),
    RGBColor(230, 159, 0),
    RGBColor(40, 40, 40),
    RGBColor(86, 180, 233),
    RGBColor(204, 121, 167),
    RGBColor(110, 110, 30),
    RGBColor(160, 160, 160),
];

/// A curve and its name.
struct Curve {
    name: String,
    points: Vec<(f64, f64)>,
}

/// What is drawn, and how its axes are called.
struct Plot {
    title: String,
    x: &'static str,
    y: &'static str,
    /// Whether a step along the lower axis is a multiple.
    log_x: bool,
    curves: Vec<Curve>,
}

/// Shows the plots of a bench that there are, beside the page.
pub fn shown(bench: &str, folder: &str, records: &Records) -> anyhow::Result<String> {
    let plots = all(records)?.into_iter();
    let plots = plots.filter(|(name, _)| name.starts_with(bench));
    let shown = plots.map(|(name, _)| {
        let what = name.trim_end_matches(".svg").replace('-', " on ");
        format!("![{what}]({folder}{name})\n")
    });
    Ok(shown.collect())
}

/// Every plot for which there are figures: its file's name and its text.
pub fn all(records: &Records) -> anyhow::Result<Vec<(String, String)>> {
    let mut plots = Vec::new();
    for (engine, name) in [("SQLite", "sqlite"), ("MariaDB and Redis", "mariadb")] {
        let of = |bench: &str| records.get(&format!("{bench}-{name}"));
        let drawn = [
            ("load", of("load-steps").map(|it| load(it, engine))),
            ("growth", of("growth").map(|it| growth(it, engine))),
        ];
        for (bench, plot) in drawn {
            if let Some(plot) = plot.filter(|plot| !plot.curves.is_empty()) {
                plots.push((format!("{bench}-{name}.svg"), plot.draw()?));
            }
        }
    }
    Ok(plots)
}

/// How long people wait, with more and more of them at work.
fn load(record: &serde_json::Value, engine: &str) -> Plot {
    let steps = rows(record, "figures/steps");
    let curves = [("median", "p50"), ("p95", "p95"), ("p99", "p99")];
    let curves = curves.map(|(name, at)| Curve {
        name: name.to_owned(),
        points: points(&steps, "people", &format!("times/{at}")),
    });
    Plot {
        title: format!("Latency against load, {engine}"),
        x: "people at work",
        y: "milliseconds a call",
        log_x: false,
        curves: filled(curves),
    }
}

/// What the server and its database take for each call, in schools of several sizes.
fn growth(record: &serde_json::Value, engine: &str) -> Plot {
    let steps = rows(record, "figures/steps");
    let calls = steps.first().map(|step| rows(step, "calls"));
    let calls = calls.unwrap_or_default().into_iter().enumerate();
    let curves = calls.filter_map(|(place, call)| {
        Some(Curve {
            name: call.get("call")?.as_str()?.to_owned(),
            points: points(&steps, "marks", &format!("calls/{place}/server/p50")),
        })
    });
    Plot {
        title: format!("Cost of a call against the size of the school, {engine}"),
        x: "marks in the school",
        y: "milliseconds in server and database (median)",
        log_x: true,
        curves: filled(curves),
    }
}

/// Where a number of each step and a time in microseconds are.
fn points(steps: &[&serde_json::Value], x: &str, y: &str) -> Vec<(f64, f64)> {
    let steps = steps.iter();
    let point = |step: &&_| Some((number(step, x)?, number(step, y)? / 1000.0));
    steps.filter_map(point).collect()
}

fn filled(curves: impl IntoIterator<Item = Curve>) -> Vec<Curve> {
    let curves = curves.into_iter();
    curves.filter(|curve| !curve.points.is_empty()).collect()
}

impl Plot {
    fn draw(&self) -> anyhow::Result<String> {
        let all = || self.curves.iter().flat_map(|curve| curve.points.iter());
        let span = |of: fn(&(f64, f64)) -> f64| {
            let least = all().map(of).fold(f64::MAX, f64::min);
            (least, all().map(of).fold(f64::MIN, f64::max))
        };
        let ((from, to), (low, high)) = (span(|point| point.0), span(|point| point.1));
        let y = ((low * 0.7).max(0.001)..high * 1.5).log_scale();
        match self.log_x {
            true => self.on((from * 0.8..to * 1.25).log_scale(), y),
            false => self.on(0.0..to * 1.05, y),
        }
    }

    fn on<X, Y>(&self, x: X, y: Y) -> anyhow::Result<String>
    where
        X: AsRangedCoord<Value = f64>,
        Y: AsRangedCoord<Value = f64>,
        X::CoordDescType: ValueFormatter<f64>,
        Y::CoordDescType: ValueFormatter<f64>,
    {
        let mut text = String::new();
        self.onto(&mut text, x, y)
            .map_err(|error| anyhow!("cannot draw {:?}: {error}", self.title))?;
        Ok(text + "\n")
    }

    fn onto<X, Y>(&self, text: &mut String, x: X, y: Y) -> Result<(), Box<dyn std::error::Error>>
    where
        X: AsRangedCoord<Value = f64>,
        Y: AsRangedCoord<Value = f64>,
        X::CoordDescType: ValueFormatter<f64>,
        Y::CoordDescType: ValueFormatter<f64>,
    {
        let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.title, (FONT, 17))
            .margin(12)
            .margin_right(NAMES)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .x_desc(self.x)
            .y_desc(self.y)
            .y_labels(9)
            .label_style((FONT, 13))
            .max_light_lines(1)
            .bold_line_style(RGBColor(225, 225, 225))
            .x_label_formatter(&|number| round(*number))
            .y_label_formatter(&|number| round(*number))
            .draw()?;
        let left = i32::try_from(SIZE.0 - NAMES)? + 14;
        let colours = COLOURS.iter().cycle();
        for (place, (curve, colour)) in (2..).zip(self.curves.iter().zip(colours)) {
            let line = LineSeries::new(curve.points.clone(), colour.stroke_width(2));
            chart.draw_series(line.point_size(3))?;
            let y = place * 20;
            let sample = [(left, y), (left + 16, y)];
            area.draw(&PathElement::new(sample, colour.stroke_width(3)))?;
            let name = curve.name.clone();
            area.draw(&Text::new(name, (left + 22, y - 7), (FONT, 13)))?;
        }
        area.present()?;
        Ok(())
    }
}
