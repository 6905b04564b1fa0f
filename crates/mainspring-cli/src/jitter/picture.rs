//! Draws lateness as SVG: for each period a panel, for each timer a line from the median to the worst.
//!
//! Both axes are logarithmic: to the right each step is ten times as rare, upward ten times as late.

use std::fmt::Write as _;
use std::time::Duration;

use super::measure::{Series, TIMERS};
use super::table::short;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 130.0;
const TOP: f64 = 46.0;
const BOTTOM: f64 = 34.0;

const COLOURS: [&str; 4] = ["#9aa4b2", "#1f6feb", "#2da44e", "#cf222e"];

/// From half of the ticks to one in 10,000.
const SHARES: [(f64, &str); 5] =
    [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99")];

pub(super) fn draw(all: &[Series]) -> String {
    let groups: Vec<_> = all.chunk_by(|one, next| one.period == next.period).collect();
    let height = HEIGHT * groups.len() as f64;
    let mut body = String::new();
    for (index, group) in groups.iter().enumerate() {
        panel(&mut body, group, HEIGHT * index as f64);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

fn panel(out: &mut String, group: &[Series], top: f64) {
    let worst = group.iter().map(|series| series.lateness.summary().max).max();
    let scale = Scale::up_to(worst.unwrap_or_default(), top);
    let title = format!("Every {}: how late a tick is", short(group[0].period));
    text(out, LEFT, top + 24.0, "start", "black", &title);
    for decade in 0..=scale.decades {
        let late = Duration::from_nanos(FLOOR_NS * 10_u64.pow(decade));
        let y = scale.y(late);
        line(out, &[(LEFT, y), (WIDTH - RIGHT, y)], "#d0d7de");
        let less = if decade == 0 { "≤ " } else { "" };
        text(out, LEFT - 8.0, y + 4.0, "end", "#57606a", &format!("{less}{}", short(late)));
    }
    for (share, name) in SHARES {
        text(out, x(share), top + HEIGHT - BOTTOM + 18.0, "middle", "#57606a", name);
    }
    let mut names = Vec::new();
    for series in group {
        let place = TIMERS.iter().position(|timer| *timer == series.timer);
        let colour = COLOURS[place.unwrap_or(0) % COLOURS.len()];
        // A share that is rarer than one tick has not been seen.
        let rarest = 1.0 / series.lateness.summary().count.max(2) as f64;
        // So many points that the curve looks like one.
        let shares = (0..=80).map(|step| 1.0 - 0.5 * 10_f64.powf(-f64::from(step) * 3.7 / 80.0));
        let points: Vec<_> = shares
            .take_while(|share| 1.0 - share >= rarest)
            .map(|share| (x(share), scale.y(series.lateness.quantile(share))))
            .collect();
        line(out, &points, colour);
        names.extend(points.last().map(|end| (*end, colour, series.timer.name())));
    }
    for ((x, y), colour, name) in apart(names) {
        text(out, x + 8.0, y + 4.0, "start", colour, name);
    }
}

type Name = ((f64, f64), &'static str, &'static str);

/// Moves names down until none covers another.
fn apart(mut names: Vec<Name>) -> Vec<Name> {
    const LINE: f64 = 13.0;
    names.sort_by(|one, other| one.0.1.total_cmp(&other.0.1));
    for index in 1..names.len() {
        names[index].0.1 = names[index].0.1.max(names[index - 1].0.1 + LINE);
    }
    names
}

/// The lowest lateness that is drawn apart.
const FLOOR_NS: u64 = 100;

struct Scale {
    top: f64,
    decades: u32,
}

impl Scale {
    fn up_to(worst: Duration, top: f64) -> Self {
        let nanos = (worst.as_nanos() as f64).max(FLOOR_NS as f64 * 10.0);
        Self { top, decades: (nanos / FLOOR_NS as f64).log10().ceil() as u32 }
    }

    fn y(&self, late: Duration) -> f64 {
        let nanos = (late.as_nanos() as f64).max(FLOOR_NS as f64);
        let share = (nanos / FLOOR_NS as f64).log10() / f64::from(self.decades);
        self.top + HEIGHT - BOTTOM - share.min(1.0) * (HEIGHT - TOP - BOTTOM)
    }
}

/// Where a share of the ticks stands: by how rare the rest is.
fn x(share: f64) -> f64 {
    let rare = -((1.0 - share) / 0.5).log10() / 3.7;
    LEFT + rare.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
}

fn line(out: &mut String, points: &[(f64, f64)], colour: &str) {
    let points: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let points = points.join(" ");
    let _ = writeln!(
        out,
        "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>"
    );
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, colour: &str, words: &str) {
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{words}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::{HEIGHT, LEFT, RIGHT, Scale, WIDTH, apart, x};
    use std::time::Duration;

    #[test]
    fn axes_are_logarithmic_and_end_where_the_panel_does() {
        assert_eq!(x(0.5), LEFT);
        assert!((x(0.9999) - (WIDTH - RIGHT)).abs() < 1.0);
        assert!(((x(0.999) - x(0.99)) - (x(0.99) - x(0.9))).abs() < 1e-6);
        let scale = Scale::up_to(Duration::from_micros(850), 0.0);
        assert_eq!(scale.decades, 4);
        assert!(scale.y(Duration::from_micros(1)) < HEIGHT && scale.y(Duration::MAX) > 0.0);
    }

    #[test]
    fn names_do_not_cover_each_other() {
        let names = [80.0, 20.0, 21.0, 22.0].map(|y| ((500.0, y), "black", "name"));
        let heights: Vec<_> = apart(names.to_vec()).iter().map(|name| name.0.1).collect();
        assert_eq!(heights, [20.0, 33.0, 46.0, 80.0]);
    }
}
