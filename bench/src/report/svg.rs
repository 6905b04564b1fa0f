//! A picture: one panel for each question, one group of bars for each row.
//!
//! Where values lie far apart the scale is logarithmic, and the panel says so.

use std::fmt::Write as _;

use super::{Run, number};
use crate::harness::{OURS, Report, Verdict};

const WIDTH: f64 = 900.0;
const MARGIN: f64 = 20.0;
/// Room for a peer's name, left of its bar.
const LABEL: f64 = 110.0;
/// Room for the value, right of the longest bar.
const VALUE: f64 = 210.0;
const BAR: f64 = 13.0;
const GAP: f64 = 10.0;
const TITLE: f64 = 24.0;

const OURS_COLOUR: &str = "#1f6feb";
const PEER_COLOUR: &str = "#9aa4b2";

/// A whole document.
pub fn render(run: &Run) -> String {
    let mut body = String::new();
    let mut y = MARGIN;
    for report in &run.reports {
        y = panel(&mut body, report, y) + 2.0 * GAP;
    }
    let machine = &run.machine;
    let origin = format!(
        "{}, {} cores, {}; {}; {}",
        machine.processor, machine.cores, machine.kernel, machine.compiler, machine.date
    );
    text(&mut body, MARGIN, y, "start", "#57606a", &origin);
    let height = y + MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

/// Draws one question from `y` down and returns where it ends.
fn panel(out: &mut String, report: &Report, mut y: f64) -> f64 {
    let scale = Scale::of(report);
    let kind = if scale.is_logarithmic { ", logarithmic" } else { "" };
    let title = format!("{} ({}{kind})", report.sentence, report.unit);
    let _ = writeln!(
        out,
        "<text x=\"{MARGIN}\" y=\"{y}\" font-size=\"15\" font-weight=\"bold\">{}</text>",
        escaped(&title)
    );
    y += TITLE;
    for row in &report.rows {
        text(out, MARGIN, y, "start", "black", &row.name);
        y += 5.0;
        for (peer, verdict) in report.peers.iter().zip(&row.results) {
            bar(out, &scale, y, peer, verdict);
            y += BAR + 2.0;
        }
        y += GAP + BAR;
    }
    y
}

fn bar(out: &mut String, scale: &Scale, y: f64, peer: &str, verdict: &Verdict) {
    let base = y + BAR - 3.0;
    let left = MARGIN + LABEL;
    text(out, left - 6.0, base, "end", "#24292f", peer);
    match verdict {
        Verdict::Measured { summary, ratio, remark } => {
            let colour = if peer == OURS { OURS_COLOUR } else { PEER_COLOUR };
            let width = scale.width(summary.median);
            let _ = writeln!(
                out,
                "<rect x=\"{left}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>"
            );
            // The quartiles, as a thin line across the bar's end.
            let (from, to) = (scale.width(summary.p25), scale.width(summary.p75));
            if to - from > 0.5 {
                let middle = y + BAR / 2.0;
                let _ = writeln!(
                    out,
                    "<path d=\"M{:.1} {middle}H{:.1}\" stroke=\"black\"/>",
                    left + from,
                    left + to
                );
            }
            let mut label = number(summary.median);
            if let Some(ratio) = ratio.filter(|_| peer != OURS) {
                let _ = write!(label, "  ×{}", number(ratio));
            }
            if let Some(remark) = remark {
                let _ = write!(label, "  {remark}");
            }
            text(
                out,
                left + width.max(scale.width(summary.p75)) + 5.0,
                base,
                "start",
                "#24292f",
                &short(&label),
            );
        }
        Verdict::Cannot(_) => text(out, left + 2.0, base, "start", "#57606a", "–"),
        Verdict::Wrong(reason) => {
            text(out, left + 2.0, base, "start", "#cf222e", &short(&format!("wrong: {reason}")));
        }
    }
}

/// From values to lengths, the same for a whole panel.
struct Scale {
    from: f64,
    to: f64,
    is_logarithmic: bool,
}

impl Scale {
    fn of(report: &Report) -> Self {
        let values =
            report.rows.iter().flat_map(|row| &row.results).filter_map(|verdict| match verdict {
                Verdict::Measured { summary, .. } => Some(summary.median),
                _ => None,
            });
        let (mut least, mut most) = (f64::INFINITY, 0.0f64);
        for value in values {
            least = least.min(value);
            most = most.max(value);
        }
        let is_logarithmic = least > 0.0 && most / least > 50.0;
        if is_logarithmic {
            // A bar for the least as well: the axis begins at the power of ten below it.
            return Self {
                from: least.log10().floor().min(least.log10() - 0.1),
                to: most.log10(),
                is_logarithmic,
            };
        }
        Self { from: 0.0, to: most.max(f64::MIN_POSITIVE), is_logarithmic }
    }

    fn width(&self, value: f64) -> f64 {
        let at = if self.is_logarithmic { value.log10() } else { value };
        let share = (at - self.from) / (self.to - self.from);
        share.clamp(0.0, 1.0) * (WIDTH - 2.0 * MARGIN - LABEL - VALUE)
    }
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, colour: &str, words: &str) {
    let words = escaped(words);
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{words}</text>"
    );
}

/// What fits beside a bar.
fn short(label: &str) -> String {
    const MOST: usize = 60;
    if label.chars().count() <= MOST {
        return label.to_owned();
    }
    label.chars().take(MOST - 1).chain(['…']).collect()
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::{Scale, escaped, short};

    #[test]
    fn a_logarithmic_bar_grows_by_decades() {
        let scale = Scale { from: 1.0, to: 4.0, is_logarithmic: true };
        let decade = scale.width(100.0);
        assert!(decade > 0.0 && scale.width(10.0) == 0.0);
        assert!((scale.width(1000.0) - 2.0 * decade).abs() < 1e-9);
        assert!((scale.width(10_000.0) - 3.0 * decade).abs() < 1e-9);
    }

    #[test]
    fn words_are_made_fit() {
        assert_eq!(escaped("a<b & c"), "a&lt;b &amp; c");
        assert_eq!(short(&"x".repeat(99)).chars().count(), 60);
    }
}
